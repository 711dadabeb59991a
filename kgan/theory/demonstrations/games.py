"""The small games that demonstrations play."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
from keras import layers

from kgan.datasets import Dataset
from kgan.game import noise
from kgan.gan import GAN
from kgan.theory.demonstrations.demonstration import check_length

__all__ = [
    "affine",
    "compile",
    "discriminator",
    "generator",
    "logits",
    "play",
    "points",
    "probabilities",
    "restore",
    "samples",
    "snapshot",
    "steps_of",
]

# So few steps take less time than tracing one.
EAGER_STEPS = 40
STEPS_PER_EXECUTION = 10


def steps_of(full: float, length: float) -> int:
    """How many steps a share of a demonstration has; if many, a multiple of what runs at once.

    Raises:
        ValueError: if `length` is not in (0, 1].
    """
    check_length(length)
    steps = full * length
    at_once = 1 if steps < STEPS_PER_EXECUTION else STEPS_PER_EXECUTION
    return at_once * max(1, round(steps / at_once))


def generator(latent_dim: int, dim: int, units: int = 64) -> keras.Model:
    """Latents `(batch, latent_dim)` -> points `(batch, dim)`, by two smooth hidden layers."""
    x = latents = keras.Input((latent_dim,), name="latents")
    for _ in range(2):
        x = layers.Dense(units, activation="silu")(x)
    return keras.Model(latents, layers.Dense(dim)(x), name="generator")


def discriminator(dim: int, units: int = 64, hidden: int = 2) -> keras.Model:
    """Points `(batch, dim)` -> logits `(batch, 1)`, by so many smooth hidden layers."""
    x = inputs = keras.Input((dim,), name="points")
    for _ in range(hidden):
        x = layers.Dense(units, activation="silu")(x)
    return keras.Model(inputs, layers.Dense(1)(x), name="discriminator")


def affine(mean: Any, deviation: float) -> keras.Model:
    """G(z) = mean + deviation · z: of normal latents, samples whose density is known."""
    mean = np.asarray(mean, "float32")
    latents = keras.Input(mean.shape, name="latents")
    layer = layers.Dense(len(mean))
    network = keras.Model(latents, layer(latents), name="generator")
    layer.set_weights([deviation * np.eye(len(mean), dtype="float32"), mean])
    return network


def points(distribution: Any, steps: int, batch_size: int, seed: int = 0) -> Dataset:
    """So many batches of points of a distribution, such as a `GaussianMixture`; none twice."""
    drawn, _ = distribution.draw(steps * batch_size, seed)
    return Dataset(drawn, batch_size=batch_size, seed=seed, distribution=distribution)


def compile(gan: GAN, steps: int, *optimizers: Any, **rules: Any) -> GAN:
    """Compiles a game of which so many steps are to be played, and returns it."""
    eagerly = steps <= EAGER_STEPS
    at_once = 1 if eagerly else STEPS_PER_EXECUTION
    gan.compile(*optimizers, run_eagerly=eagerly, steps_per_execution=at_once, **rules)
    return gan


def play(
    gan: GAN,
    dataset: Any,
    steps: int,
    moments: Iterable[float] = (),
    look: Callable[[], Any] = lambda: None,
) -> list[tuple[int, Any]]:
    """Plays so many steps, and looks at the game now and then.

    Args:
        gan: the game, compiled by `compile`.
        dataset: the data.
        steps: how many.
        moments: when to look, as shares of the steps, from 0 to 1.
        look: what to do then.

    Returns:
        Pairs of a step and what `look` gave there, in order, of different steps.
    """
    at_once = gan.steps_per_execution
    wanted = {at_once * round(share * steps / at_once) for share in moments}
    views = [(0, look())] if 0 in wanted else []

    def watch(batch: int, logs: Any = None) -> None:
        if batch + 1 in wanted:
            views.append((batch + 1, look()))

    watcher = keras.callbacks.LambdaCallback(on_train_batch_end=watch)
    gan.fit(dataset, epochs=1, steps_per_epoch=steps, verbose=0, callbacks=[watcher])
    return views


def samples(
    network: keras.Model, number: int, seed: int = 1, distribution: str = "normal"
) -> np.ndarray:
    """Samples of a generator, `(number, ...)`, all at once: nothing is traced for them."""
    latents = noise.latents(distribution, (number, network.input_shape[1]), [seed, 0])
    return network(latents, training=False).numpy()


def logits(gan: GAN, images: Any) -> np.ndarray:
    """D's logits, `(number,)`."""
    return gan.discriminator(np.asarray(images, "float32"), training=False).numpy()[:, 0]


def probabilities(gan: GAN, images: Any) -> np.ndarray:
    """D(x), `(number,)`."""
    return 1 / (1 + np.exp(-logits(gan, images)))


def snapshot(gan: GAN) -> list[np.ndarray]:
    """All weights of a game and its optimizers."""
    return [variable.numpy() for variable in _variables(gan)]


def restore(gan: GAN, values: list[np.ndarray]) -> None:
    """Puts a game back where `snapshot` found it."""
    for variable, value in zip(_variables(gan), values, strict=True):
        variable.assign(value)


def _variables(gan):
    optimizers = gan.generator_optimizer, gan.discriminator_optimizer
    return [*gan.weights, *(one for optimizer in optimizers for one in optimizer.variables)]
