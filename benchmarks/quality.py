"""What generated images are held to, as a classifier sees them; for `recipes.py` and the tests."""

import dataclasses

import keras
import numpy as np

import kgan

# A classifier for each size of image: the widths of its convolutions, before each halving. The
# images of 8×8 pixels are few: 1,437.
SIZES = {
    8: {"widths": ((32, 64),), "epochs": 60},
    28: {"widths": ((32,), (64,), (128,)), "epochs": 6},
}


@dataclasses.dataclass(frozen=True)
class Quality:
    """What a classifier says of samples, beside what it says of real ones.

    Args:
        shares: the share of each class among the samples.
        total_variation: how far they are from those of real images: half the sum of differences.
        confidence: the mean probability of the likeliest class, over that of real images.
        diversity: the mean distance of two samples of one class, over that of real images.
        label_accuracy: the share of samples that are what they were asked to be; None without
            labels.
    """

    shares: np.ndarray
    total_variation: float
    confidence: float
    diversity: float
    label_accuracy: float | None = None

    def passes(self, label_accuracy=0.95):
        """Whether these are what they ought to be.

        Args:
            label_accuracy: how many samples must be what they were asked to be.
        """
        balanced = self.shares.min() >= 0.04 and self.total_variation <= 0.10
        right = self.label_accuracy is None or self.label_accuracy >= label_accuracy
        return bool(balanced and right and self.confidence >= 0.92 and self.diversity >= 0.6)

    def to_json(self):
        """The numbers, as JSON can hold them."""
        return dataclasses.asdict(self) | {"shares": self.shares.tolist()}


@dataclasses.dataclass(frozen=True)
class Judge:
    """A classifier, and real images that neither it nor any GAN was trained on.

    Args:
        classifier: from images in [-1, 1] to the probabilities of ten classes.
        images, labels: the held-out ones.
    """

    classifier: keras.Model
    images: np.ndarray
    labels: np.ndarray

    def accuracy(self):
        """The share of held-out images that the classifier tells rightly."""
        return float(np.mean(self._classes(self.images) == self.labels))

    def measure(self, samples, labels=None):
        """The `Quality` of samples in [-1, 1], which were asked to be of `labels`, if given."""
        probabilities = self._probabilities(samples)
        real_probabilities = self._probabilities(self.images)
        classes, real_classes = probabilities.argmax(axis=1), real_probabilities.argmax(axis=1)
        shares = np.bincount(classes, minlength=10) / len(samples)
        real_shares = np.bincount(self.labels, minlength=10) / len(self.labels)
        spread = _spread(samples, classes) / _spread(self.images, real_classes)
        return Quality(
            shares=shares,
            total_variation=float(np.abs(shares - real_shares).sum() / 2),
            confidence=float(probabilities.max(axis=1).mean() / real_probabilities.max(1).mean()),
            diversity=spread,
            label_accuracy=None if labels is None else float(np.mean(classes == labels)),
        )

    def controls(self, untrained):
        """Samples that must not pass: noise, ten copied prototypes, an untrained generator's."""
        noise = np.random.default_rng(0).uniform(-1, 1, (1000, *self.images.shape[1:]))
        prototypes = [self.images[self.labels == i % 10][0] for i in range(1000)]
        return {
            "noise": noise.astype("float32"),
            "prototypes": np.stack(prototypes),
            "untrained": untrained,
        }

    def _probabilities(self, images):
        return self.classifier.predict(images, verbose=0, batch_size=256)

    def _classes(self, images):
        return self._probabilities(images).argmax(axis=1)


def judge(dataset):
    """The `Judge` for a data set by name: `"digits"`, `"mnist"`, `"fashion_mnist"`."""
    if dataset == "digits":
        train, test = (kgan.datasets.digits(split, with_labels=True) for split in ("train", "test"))
    else:
        train, test = (
            kgan.datasets.from_tfds(dataset, split, with_labels=True) for split in ("train", "test")
        )
    classifier = _trained_classifier(train.samples, train.labels)
    return Judge(classifier, test.samples, test.labels)


def _trained_classifier(images, labels):
    size = SIZES[images.shape[1]]
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input(images.shape[1:])
    for widths in size["widths"]:
        for width in widths:
            x = keras.layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = keras.layers.Dropout(0.25)(keras.layers.MaxPooling2D()(x))
    x = keras.layers.Dense(128, activation="relu")(keras.layers.Flatten()(x))
    x = keras.layers.Dense(10, activation="softmax")(keras.layers.Dropout(0.5)(x))
    classifier = keras.Model(inputs, x)
    steps = size["epochs"] * -(-len(images) // 64)
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    classifier.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
    classifier.fit(images, labels, batch_size=64, epochs=size["epochs"], verbose=0)
    return classifier


def _spread(images, classes, most=200):
    """The mean distance of two images of one class, averaged over the classes that occur."""
    spreads = []
    for label in np.unique(classes):
        flat = images[classes == label][:most]
        flat = flat.reshape(len(flat), -1)
        if len(flat) > 1:
            distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
            spreads.append(distances.sum() / (len(flat) * (len(flat) - 1)))
    return float(np.mean(spreads)) if spreads else 0.0
