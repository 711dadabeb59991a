"""The game of the embedded digits, which several demonstrations share."""

import functools
from typing import Any

import keras
import numpy as np

from kgan import architectures, datasets
from kgan.features import networks
from kgan.gan import GAN
from kgan.theory.demonstrations import games

__all__ = ["BATCH_SIZE", "accuracy", "classifier", "data", "game", "probabilities"]

BATCH_SIZE, STEPS = 64, 2200
CLASSIFIER_STEPS = 400


@functools.cache
def data(split: str = "train") -> datasets.Dataset:
    """The digits of a split, with labels."""
    return datasets.digits(split, batch_size=BATCH_SIZE, with_labels=True)


@functools.cache
def game(length: float = 1.0, conditional: bool = False) -> GAN:
    """A trained game; the same one for all who ask."""
    steps = games.steps_of(STEPS, length)
    keras.utils.set_random_seed(0)
    players = architectures.mlp(
        (8, 8, 1),
        latent_dim=32,
        generator_units=(256, 256),
        discriminator_units=(128, 128),
        num_classes=10 if conditional else None,
    )
    gan = GAN(*players, seed=0)
    adams = [keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)]
    games.compile(gan, steps, *adams)
    games.play(gan, data() if conditional else datasets.digits(batch_size=BATCH_SIZE), steps)
    return gan


def classifier(images: Any, labels: Any, length: float = 1.0, seed: int = 0) -> keras.Model:
    """A classifier of digits that has learned from these pairs: images -> logits `(batch, 10)`.

    Args:
        images: `(num_samples, 8, 8, 1)`, in [-1, 1].
        labels: integers `(num_samples,)`.
        length: the share of its 400 steps.
        seed: of its weights and the order.
    """
    steps = games.steps_of(CLASSIFIER_STEPS, length)
    keras.utils.set_random_seed(seed)
    network = networks.build("digits")
    network = keras.Model(network.input, network.output["logits"])
    network.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=steps <= games.EAGER_STEPS,
    )
    rows = np.random.default_rng(seed).integers(len(images), size=steps * BATCH_SIZE)
    network.fit(images[rows], labels[rows], batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    return network


def probabilities(network: keras.Model, images: Any) -> np.ndarray:
    """p(y | x) by a classifier, `(num_samples, 10)`."""
    logits = network(np.asarray(images, "float32"), training=False)
    return keras.ops.convert_to_numpy(keras.ops.softmax(logits))


def accuracy(network: keras.Model, images: Any, labels: Any) -> float:
    """How many of the images are classified correctly."""
    return float((probabilities(network, images).argmax(axis=1) == labels).mean())
