"""What a probe computes of samples, logits and gradients, within a graph."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = [
    "auc",
    "by_sample",
    "distances_of_pairs",
    "flat",
    "from_others",
    "norm",
]


def flat(samples: Any) -> Any:
    """Samples as float32 rows."""
    if tf.is_tensor(samples):
        return tf.reshape(samples, (tf.shape(samples)[0], -1))
    return np.asarray(samples, "float32").reshape(len(samples), -1)


def distances_of_pairs(x: Any, y: Any) -> Any:
    """The Euclidean distances of all pairs of rows, by float64: the difference of large numbers."""
    x, y = tf.cast(x, "float64"), tf.cast(y, "float64")
    squared = tf.reduce_sum(x * x, 1)[:, None] + tf.reduce_sum(y * y, 1) - 2 * x @ tf.transpose(y)
    return tf.cast(tf.sqrt(tf.maximum(squared, 0)), "float32")


def from_others(x: Any) -> Any:
    """The mean distances of rows from all others."""
    found = distances_of_pairs(x, x)
    found = tf.linalg.set_diag(found, tf.zeros(tf.shape(found)[0]))
    return tf.reduce_sum(found, axis=1) / tf.cast(tf.shape(found)[0] - 1, "float32")


def by_sample(logits: Any) -> Any:
    """One logit for each sample, or pack: the mean of a map."""
    return tf.reduce_mean(tf.reshape(logits, (tf.shape(logits)[0], -1)), axis=1)


def auc(real_logits: Any, fake_logits: Any) -> Any:
    """How often a real logit is higher than a fake one; equal ones count half."""
    real, fake = by_sample(real_logits), by_sample(fake_logits)
    return tf.reduce_mean((1 + tf.sign(real[:, None] - fake)) / 2)


def norm(tape: tf.GradientTape, loss: Any, player: keras.Model) -> Any:
    """The Euclidean norm of the gradient of `loss` in all trainable weights of a player."""
    gradients = [one for one in tape.gradient(loss, player.trainable_weights) if one is not None]
    return tf.linalg.global_norm([tf.convert_to_tensor(one) for one in gradients])
