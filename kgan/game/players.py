"""What the game needs of a player: its samples, how it learns, its optimizer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kgan import features
from kgan.game import logs, networks, replicas
from kgan.game.replicas import WHOLE, Share
from kgan.protocols import TakesLabels

__all__ = [
    "Move",
    "build_optimizer",
    "is_finite",
    "learn",
    "play",
    "update_metrics",
]

LossScaleOptimizer = keras.optimizers.LossScaleOptimizer


class Move(NamedTuple):
    """One step of one player: down the gradient of `objective`, a scalar, by its optimizer."""

    player: keras.Model
    optimizer: keras.optimizers.Optimizer
    objective: Any


def play(generator: keras.Model, latents: Any, labels: Any, training: bool) -> Any:
    """Samples of a generator, in float32 whatever it computes in."""
    inputs = latents if labels is None else [latents, labels]
    return ops.cast(generator(inputs, training=training), "float32")


def learn(
    tape: tf.GradientTape, *moves: Move, share: Share = WHOLE, with_norms: bool = True
) -> list[Any]:
    """Makes the moves, all from the point where `tape` recorded their objectives.

    All gradients are computed before any weight moves. TensorFlow promises this for each variable,
    but where there is a gradient of a gradient its graph optimizer moves reads of a bias out of
    that order: a penalty occasionally saw a half-updated D, so runs were not reproducible.

    Args:
        tape: recorded the objectives; persistent if there are several moves.
        *moves: who moves.
        share: the rows of the batch that the objectives are means over.
        with_norms: whether the norms are wanted, for which several replicas must talk.

    Returns:
        The Euclidean norm of each player's gradient, a list of float32 scalars; none unless
        `with_norms`. Under a `LossScaleOptimizer` it is unscaled, and 0 where that skips a step
        because the scaled gradient has overflowed.
    """
    scales = [optimizer.scale_loss(tf.ones(())) for _, optimizer, _ in moves]
    weights = [player.trainable_weights for player, _, _ in moves]
    gradients = [
        tape.gradient(objective, weights[i], output_gradients=share.weighted(scales[i]))
        for i, (_, _, objective) in enumerate(moves)
    ]
    is_scaled = any(isinstance(one.optimizer, LossScaleOptimizer) for one in moves)
    sums = gradients
    if replicas.number() > 1 and (with_norms or is_scaled):
        # Norms need the sums; so does a LossScaleOptimizer, which looks for an overflow first.
        sums = [replicas.sums(parts) for parts in gradients]
        gradients = [replicas.shared_out(parts) for parts in sums]
    known = [[part for part in parts if part is not None] for parts in gradients]
    with tf.control_dependencies([part for parts in known for part in parts]):
        for i, (_, optimizer, _) in enumerate(moves):
            optimizer.apply_gradients(zip(gradients[i], weights[i], strict=True))
    if not with_norms:
        return []
    norms = [_norm(parts) / scale for parts, scale in zip(sums, scales, strict=True)]
    return [_applied(norm, optimizer) for norm, (_, optimizer, _) in zip(norms, moves, strict=True)]


def _norm(gradients: Sequence[Any]) -> Any:
    """The Euclidean norm of all gradients together; None is for a weight without one.

    That of an embedding comes as rows, one for each label: what belongs together is summed first.
    """
    return tf.linalg.global_norm(
        [tf.convert_to_tensor(part) for part in gradients if part is not None]
    )


def _applied(norm: Any, optimizer: keras.optimizers.Optimizer) -> Any:
    if isinstance(optimizer, LossScaleOptimizer):
        return tf.where(tf.math.is_finite(norm), norm, 0.0)
    return norm


def update_metrics(
    metrics: Sequence[keras.metrics.Metric], real_images: Any, fake_images: Any, labels: Any
) -> dict[str, Any]:
    """Updates Keras metrics with a batch; returns NaN for each of their results.

    Keras asks for the results themselves after the last batch, outside any graph.
    """
    with features.shared():
        for metric in metrics:
            needs_labels = isinstance(metric, TakesLabels) and metric.needs_labels
            options = {"labels": labels} if needs_labels else {}
            metric.update_state(real_images, fake_images, **options)
    return dict.fromkeys(logs.result_names(metrics), ops.convert_to_tensor(np.nan))


def is_finite(model: keras.Model) -> bool:
    """Whether all weights of `model` are finite numbers."""
    return all(np.isfinite(weight.numpy()).all() for weight in model.weights)


def build_optimizer(identifier: Any, network: keras.Model) -> keras.optimizers.Optimizer:
    """The optimizer that `identifier` names or is, built so that its state can be loaded.

    Args:
        identifier: what `keras.optimizers.get` takes; None for the DCGAN paper's Adam.
        network: what it optimizes. Where that computes in float16, the loss is scaled.
    """
    optimizer = keras.optimizers.get(identifier or keras.optimizers.Adam(2e-4, beta_1=0.5))
    is_scaled = isinstance(optimizer, LossScaleOptimizer)
    if networks.computes_in_float16(network) and not is_scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    if not optimizer.built:
        optimizer.build(network.trainable_variables)
    return optimizer
