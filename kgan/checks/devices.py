"""Whether a game can be trained on the devices that it is to be trained on."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from kgan.game import batches, networks, replicas
from kgan.protocols import ChecksNumber

__all__ = [
    "check_callback",
    "check_execution",
    "check_optimizers",
    "check_place",
    "check_scope",
    "check_within_scope",
]

SCOPE = """
with strategy.scope():
    generator, discriminator = ...
    gan = kgan.GAN(generator, discriminator)
    gan.compile(...)"""


def check_scope(strategy: tf.distribute.Strategy, *players: keras.Model) -> None:
    """Raises where networks were made in another scope than the GAN that gets them.

    Args:
        strategy: of the GAN.
        *players: the generator and the discriminator.

    Raises:
        ValueError: if so; for a strategy that kgan does not train under; for a BatchNormalization
            that would see only its own device's share of a batch.
    """
    is_one_device = isinstance(strategy, tf.distribute.OneDeviceStrategy)
    is_known = replicas.are_mirrored(strategy) or is_one_device
    if tf.distribute.has_strategy() and not is_known:
        raise ValueError(
            "kgan trains under tf.distribute.MirroredStrategy, on several devices of one machine, "
            "or MultiWorkerMirroredStrategy, on several machines. "
            f"Received: {type(strategy).__name__}."
        )
    for name, player in zip(("generator", "discriminator"), players, strict=True):
        _check_made_within(strategy, name, player.variables)
    if strategy.num_replicas_in_sync > 1:
        for player in players:
            _check_synchronized(player)


def check_place(gan: Any, x: Any, shuffle: Any = True, **others: Any) -> None:
    """Raises where `fit` cannot train this GAN here, or not on this data.

    Raises:
        ValueError: if so.
    """
    check_scope(gan.distribute_strategy, gan.generator, gan.discriminator)
    if replicas.number_of_workers(gan.distribute_strategy) == 1:
        return
    if tf.distribute.has_strategy():
        raise ValueError(
            "`fit` must be called outside of `strategy.scope()` where there are several workers: "
            "what callbacks make on the chief alone would wait for the others forever. Received: "
            "a call within a scope."
        )
    if batches.is_array(x) and shuffle:
        raise ValueError(
            "`x` must not be a shuffled array where there are several workers: each would shuffle "
            "it in its own way, and some samples would come twice, others never. Use "
            "kgan.datasets.from_arrays(x, y), which shuffles it for all of them, or shuffle=False. "
            f"Received: an array, shuffle={shuffle}."
        )


def check_callback(gan: Any, callback: keras.callbacks.Callback) -> None:
    """Raises for a callback of Keras that would write to the chief's files.

    Raises:
        ValueError: if so.
    """
    known = keras.callbacks
    if not gan.is_chief and isinstance(
        callback, known.CSVLogger | known.ModelCheckpoint | known.TensorBoard
    ):
        raise ValueError(
            f"`callbacks`: keras.callbacks.{type(callback).__name__} must be given to the chief "
            "alone, or all workers write to the same files: callbacks = [...] if gan.is_chief else "
            "[]. Those of kgan.callbacks know of each other. Received: one on another worker."
        )


def _check_made_within(
    strategy: tf.distribute.Strategy, name: str, variables: Iterable[keras.Variable]
) -> None:
    is_inside = replicas.are_mirrored(strategy)
    if any(replicas.is_mirrored(variable) != is_inside for variable in variables):
        places = "outside of the scope of a strategy", "within the scope of a strategy"
        raise ValueError(
            f"`{name}` must be made in the same scope as the GAN. Received: one that was made "
            f"{places[not is_inside]}, and a GAN {places[is_inside]}. Move all of it into the "
            f"scope, or none:{SCOPE}"
        )


def _check_synchronized(player: keras.Model) -> None:
    for layer in networks.normalizations(player):
        if not layer.synchronized:
            raise ValueError(
                f"{networks.describe(layer)} must have `synchronized=True` under several replicas: "
                "else each device normalizes its own share of the batch, and only the first one's "
                "statistics are kept. Received: synchronized=False."
            )


def check_within_scope(gan: Any, metrics: Iterable[keras.metrics.Metric]) -> None:
    """Raises where metrics were made in another scope than the GAN: each worker would have its own.

    Those of kgan collect the samples of all workers themselves.

    Raises:
        ValueError: if so.
    """
    for metric in metrics:
        if not isinstance(metric, ChecksNumber):
            _check_made_within(gan.distribute_strategy, "metrics", metric.variables)


def check_optimizers(gan: Any, *optimizers: Any) -> None:
    """Raises where optimizers were made in another scope than the GAN.

    Raises:
        ValueError: if so, or if they cannot do under several replicas what they are to do.
    """
    names = "generator_optimizer", "discriminator_optimizer"
    for name, optimizer in zip(names, optimizers, strict=True):
        if isinstance(optimizer, keras.optimizers.Optimizer):
            _check_made_within(gan.distribute_strategy, name, [optimizer.iterations])
            if gan.distribute_strategy.num_replicas_in_sync > 1:
                _check_whole_gradient(name, getattr(optimizer, "inner_optimizer", optimizer))


def _check_whole_gradient(name: str, optimizer: keras.optimizers.Optimizer) -> None:
    """Raises for what Keras does with the gradient of each replica before it sums them."""
    for option in ("clipnorm", "clipvalue", "global_clipnorm", "gradient_accumulation_steps"):
        value = getattr(optimizer, option, None)
        if value:
            raise ValueError(
                f"`{name}` must not have `{option}` under several replicas: Keras would apply it "
                "to the gradient of each replica, before they are summed. "
                f"Received: {option}={value}."
            )
    every = getattr(optimizer, "ema_overwrite_frequency", None)
    if every:
        raise ValueError(
            f"`{name}` must not have `ema_overwrite_frequency` under several replicas, where Keras "
            "cannot overwrite weights. A GAN has an averaged generator: kgan.GAN(ema_decay=...). "
            f"Received: ema_overwrite_frequency={every}."
        )


def check_execution(gan: Any, steps_per_execution: int, jit_compile: Any) -> None:
    """Raises where several replicas cannot execute a step as `compile` was asked to.

    Raises:
        ValueError: if so.
    """
    number = gan.distribute_strategy.num_replicas_in_sync
    if number > 1 and steps_per_execution > 1:
        raise ValueError(
            "`steps_per_execution` must be 1 under several replicas: TensorFlow cannot have them "
            f"talk within a loop. Received: steps_per_execution={steps_per_execution}, "
            f"{number} replicas."
        )
    if number > 1 and jit_compile is True:
        raise ValueError(
            "`jit_compile` must be False or 'auto' under several replicas: XLA cannot have them "
            f"talk within a step. Received: jit_compile=True, {number} replicas."
        )
