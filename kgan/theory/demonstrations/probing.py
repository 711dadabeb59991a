"""What the discriminator learns about its data without a single label."""

from typing import Any

import keras
import numpy as np

from kgan import architectures, datasets, penalties
from kgan.gan import GAN
from kgan.theory.demonstrations import digits, games
from kgan.theory.demonstrations.demonstration import (
    DISCRIMINATOR,
    REAL,
    THEORY,
    Demonstration,
    figure,
    label_panels,
)

__all__ = ["features_without_labels"]

STEPS = 2000
NUM_LABELS = (10, 30, 100, 300, 1000)
DRAWS = 10


def features_without_labels(length: float = 1.0) -> Demonstration:
    """D's features beat pixels, but so do those of an untrained D.

    Radford et al. 2016, https://arxiv.org/abs/1511.06434, section 5, use D as a feature
    extractor in a similar way. The features of an untrained D are measured too. D is that of a
    DCGAN, in a relativistic game with R1 and R2. The classifier is ridge regression on the
    one-hot labels, with features of mean 0 and variance 1; it learns from 10 to 1,000 labelled
    training digits, ten times each, and is scored on the 360 held-out ones.

    Args:
        length: the share of D's training, in (0, 1]; about 15 seconds on two CPU cores for
            1.

    Returns:
        A `Demonstration`: `FEATURES_with_N` is the mean accuracy, for `trained`, `untrained` and
        `pixels`; `FEATURES_with_N_error` its standard error.
    """
    train, test = digits.data(), digits.data("test")
    scores = {name: _scores(extract, train, test) for name, extract in _extractors(length).items()}
    numbers = {}
    for name, found in scores.items():
        for number, accuracies in zip(NUM_LABELS, found, strict=True):
            numbers[f"{name}_with_{number}"] = float(accuracies.mean())
            error = accuracies.std(ddof=1) / np.sqrt(DRAWS)
            numbers[f"{name}_with_{number}_error"] = float(error)
    return Demonstration(numbers, _draw(scores), CAPTION)


CAPTION = (
    "How many held-out digits a linear classifier reads correctly, against the number of labels "
    "that it has learned from. Orange: on the last hidden layer of a discriminator that has "
    "played the game and has never seen a label. Grey: on the same layer before the game. Black: "
    "on the pixels. The discriminator's features beat pixels; but so do those of one that has "
    "not learned. On digits this small the gain comes from the form of the network, not from "
    "what the game has taught it."
)


def _extractors(length):
    steps = games.steps_of(STEPS, length)
    keras.utils.set_random_seed(0)
    generator, trained = architectures.dcgan((8, 8, 1), latent_dim=32, width=32)
    untrained = keras.models.clone_model(trained)
    untrained.set_weights(trained.get_weights())
    gan = GAN(generator, trained, ema_decay=None, seed=0)
    adams = [keras.optimizers.Adam(5e-4, beta_1=0.5) for _ in range(2)]
    rules = {"loss": "relativistic", "penalties": [penalties.R1(0.1), penalties.R2(0.1)]}
    games.compile(gan, steps, *adams, **rules)
    games.play(gan, datasets.digits(batch_size=digits.BATCH_SIZE), steps)
    return {
        "trained": _hidden(trained),
        "untrained": _hidden(untrained),
        "pixels": lambda images: images.reshape(len(images), -1),
    }


def _hidden(discriminator):
    """A function from images to what the last layer of D, which is linear, gets."""
    network = keras.Model(discriminator.input, discriminator.layers[-1].input)
    return lambda images: keras.ops.convert_to_numpy(network(images, training=False))


def _scores(extract: Any, train: Any, test: Any) -> np.ndarray:
    """Accuracies `(len(NUM_LABELS), DRAWS)`."""
    features = extract(train.samples)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6  # These need no labels.
    features, held_out = (features - mean) / spread, (extract(test.samples) - mean) / spread
    found = np.empty((len(NUM_LABELS), DRAWS))
    for i, number in enumerate(NUM_LABELS):
        for draw in range(DRAWS):
            rows = _rows(train.labels, number, np.random.default_rng(draw))
            answers = _ridge(features[rows], train.labels[rows], held_out)
            found[i, draw] = (answers.argmax(axis=1) == test.labels).mean()
    return found


def _rows(labels, number, random):
    """So many rows, of each class as many."""
    order = random.permutation(len(labels))
    return np.concatenate([order[labels[order] == one][: number // 10] for one in range(10)])


def _ridge(features, labels, others, strength=0.1):
    """The scores of `others`, by ridge regression in its dual form."""
    targets = np.eye(10)[labels] - 0.1
    kernel = features @ features.T / features.shape[1]
    weights = np.linalg.solve(kernel + strength * np.eye(len(kernel)), targets)
    return others @ features.T @ weights


def _draw(scores):
    drawn, axes = figure(1, 1, 4.6, 3.2)
    looks = {
        "untrained": (THEORY, "D, untrained", "s", "-"),
        "trained": (DISCRIMINATOR, "D, trained without labels", "o", "--"),
        "pixels": (REAL, "pixels", "o", "-"),
    }
    for name, (color, label, marker, line) in looks.items():
        found = scores[name]
        error = found.std(axis=1, ddof=1) / np.sqrt(DRAWS)
        style = {"color": color, "label": label, "marker": marker, "linestyle": line}
        axes.errorbar(NUM_LABELS, found.mean(axis=1), error, **style)
    axes.set_xscale("log")
    axes.set_xticks(NUM_LABELS, labels=[f"{number:,}" for number in NUM_LABELS])
    label_panels([axes], ("a linear classifier",), "labels", "accuracy on held-out digits")
    axes.legend(loc="lower right", fontsize="small")
    return drawn
