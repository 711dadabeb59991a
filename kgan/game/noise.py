"""All random numbers of the game: each a function of (seed, step, draw), none of them a state.

A run that is interrupted and resumed therefore draws what it would have drawn, and drawing samples
does not change training.
"""

import math
import random
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.game import replicas

__all__ = [
    "between",
    "few_inputs",
    "fold",
    "label_blocks",
    "labels",
    "latent_blocks",
    "latents",
    "random_seed",
    "set_layer_seeds",
]

# Which kind of number is drawn; the draws of one step are counted from here.
LATENTS, PENALTIES, LAYERS, EVALUATION = (kind << 20 for kind in range(4))


def random_seed() -> int:
    """A fresh seed, an integer in [0, 2³¹).

    It comes from Python's `random`, as the seeds of Keras layers do, so it follows
    `keras.utils.set_random_seed`.
    """
    return random.randrange(2**31)


def fold(seed: Any, draw: Any, step: Any) -> Any:
    """The seed, an int64 tensor `(2,)`, of one draw of one step."""
    draw = tf.cast(draw, "int64")
    base = tf.stack([tf.cast(seed, "int64"), draw])
    return tf.random.experimental.stateless_fold_in(base, tf.cast(step, "int64"))


def latents(distribution: str, shape: Sequence[Any], seed: Any) -> Any:
    """Float32 latents of mean 0 and variance 1.

    Args:
        distribution: `"normal"`, N(0, 1), or `"uniform"`, on [-√3, √3].
        shape: `(num_samples, latent_dim)`.
        seed: integers `(2,)`.
    """
    if distribution == "normal":
        return tf.random.stateless_normal(shape, seed)
    return tf.random.stateless_uniform(shape, seed, minval=-math.sqrt(3), maxval=math.sqrt(3))


def labels(class_counts: Any, num_samples: int, seed: Any) -> Any:
    """Int32 labels `(num_samples,)` with the frequencies of `class_counts` `(num_classes,)`.

    Where nothing was counted yet, all classes are as frequent.
    """
    counts = tf.cast(class_counts, "float32")
    counts = tf.where(tf.reduce_sum(counts) > 0, counts, tf.ones_like(counts))
    logits = tf.math.log(counts)[None]
    return tf.random.stateless_categorical(logits, num_samples, seed, dtype="int32")[0]


def few_inputs(generator: keras.Model, num_classes: int | None) -> Any:
    """A few fixed latents for `generator`, float32; or `[latents, labels]`, where it takes them."""
    few = latents("normal", (4, generator.inputs[0].shape[-1]), [0, 0])
    if not num_classes:
        return few
    return [few, tf.cast(tf.range(4) % num_classes, generator.inputs[1].dtype)]


def latent_blocks(
    distribution: str,
    latent_dim: int,
    blocks: Iterable[tuple[int, int]],
    truncation: float | None = None,
) -> np.ndarray:
    """Latents as an array, block after block, each of `(seed, num_samples)` by itself.

    With `truncation` no component is further from 0 than that: what is, would be drawn again.
    """
    if truncation is None:
        drawn = [latents(distribution, (size, latent_dim), [seed, 0]) for seed, size in blocks]
        return np.concatenate(drawn)
    shares = [
        tf.random.stateless_uniform((size, latent_dim), [seed, 0], dtype="float64")
        for seed, size in blocks
    ]
    shares = 2 * np.concatenate(shares) - 1
    if distribution == "normal":  # The inverse of its distribution function, within the bounds.
        most = math.erf(truncation / math.sqrt(2))
        drawn = math.sqrt(2) * tf.math.erfinv(most * shares).numpy()
        return np.clip(drawn, -truncation, truncation).astype("float32")
    return (min(truncation, math.sqrt(3)) * shares).astype("float32")


def label_blocks(class_counts: Any, blocks: Iterable[tuple[int, int]]) -> np.ndarray:
    """Labels as an array, block after block, each of `(seed, num_samples)` by itself."""
    return np.concatenate([labels(class_counts, size, [seed, 1]) for seed, size in blocks])


def set_layer_seeds(networks: Iterable[keras.Layer], seed: Any, step: Any) -> None:
    """Sets the state of every `keras.random.SeedGenerator` in `networks` from (seed, step).

    Each replica has its own, as it has its own rows.
    """
    states = [
        variable
        for network in networks
        for variable in network.variables
        if not any(variable is weight for weight in network.weights)
    ]
    if not states:
        return
    values = tf.random.stateless_uniform(
        (len(states), 2),
        fold(seed, LAYERS + replicas.place(), step),
        maxval=2**31 - 2,
        dtype="int64",
    )
    for state, value in zip(states, tf.unstack(values), strict=True):
        state.assign(value)


def between(first: np.ndarray, second: np.ndarray, num_steps: int, kind: str) -> np.ndarray:
    """Latents from each of `first` to that of `second`, `(num_pairs, num_steps, latent_dim)`.

    Args:
        first, second: arrays `(num_pairs, latent_dim)`.
        num_steps: how many, both ends included.
        kind: `"linear"`, (1 - t) a + t b; or `"spherical"`, (sin((1 - t) θ) a + sin(t θ) b) / sin θ
            with the angle θ between a and b.

    Raises:
        ValueError: for another kind.
    """
    t = np.linspace(0, 1, num_steps)[None, :, None]
    first, second = first[:, None], second[:, None]
    if kind == "linear":
        return ((1 - t) * first + t * second).astype("float32")
    if kind != "spherical":
        raise ValueError(f"`kind` must be 'linear' or 'spherical'. Received: kind={kind!r}.")
    norms = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosines = np.sum(first * second, axis=-1) / np.maximum(norms, 1e-12)
    angles = np.arccos(np.clip(cosines, -1 + 1e-6, 1 - 1e-6))[..., None]
    weights = np.sin((1 - t) * angles) / np.sin(angles), np.sin(t * angles) / np.sin(angles)
    return (weights[0] * first + weights[1] * second).astype("float32")
