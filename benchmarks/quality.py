"""What generated digits are held to, as a classifier sees it; for `digits.py` and the tests."""

import dataclasses

import keras
import numpy as np

import kgan


@dataclasses.dataclass(frozen=True)
class Quality:
    """What a classifier says of samples, beside what it says of real ones.

    Args:
        shares: the share of each class among the samples.
        confidence: the mean probability of the likeliest class, over that of real samples.
        diversity: the mean distance of two samples of one class, over that of real samples.
    """

    shares: np.ndarray
    confidence: float
    diversity: float

    @property
    def passes(self):
        balanced = self.shares.min() >= 0.04 and self.shares.max() <= 0.20
        return bool(balanced and self.confidence >= 0.92 and self.diversity >= 0.6)


def train_classifier(images, labels, epochs=60):
    """A small classifier of 8×8 digits, images in [-1, 1]."""
    keras.utils.set_random_seed(0)
    classifier = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Dropout(0.25),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    classifier.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    classifier.fit(images, labels, batch_size=64, epochs=epochs, verbose=0)
    return classifier


def measure(classifier, samples, real_images):
    """The `Quality` of samples in [-1, 1] beside real images that the classifier never saw."""
    probabilities = classifier.predict(samples, verbose=0)
    real_probabilities = classifier.predict(real_images, verbose=0)
    classes = probabilities.argmax(axis=1)
    return Quality(
        shares=np.bincount(classes, minlength=10) / len(samples),
        confidence=float(probabilities.max(axis=1).mean() / real_probabilities.max(axis=1).mean()),
        diversity=_spread(samples, classes)
        / _spread(real_images, real_probabilities.argmax(axis=1)),
    )


def _spread(images, classes):
    """The mean distance of two images of one class, averaged over the classes that occur."""
    spreads = []
    for label in np.unique(classes):
        flat = images[classes == label].reshape(np.sum(classes == label), -1)
        if len(flat) > 1:
            distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
            spreads.append(distances.sum() / (len(flat) * (len(flat) - 1)))
    return float(np.mean(spreads)) if spreads else 0.0


def digits_classifier():
    """`(classifier, held_out_images, held_out_labels)` of the embedded digits."""
    train = kgan.datasets.digits("train", with_labels=True)
    test = kgan.datasets.digits("test", with_labels=True)
    return train_classifier(train.samples, train.labels), test.samples, test.labels
