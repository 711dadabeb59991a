"""Whether a game can be trained on the devices that it is to be trained on."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from kgan.game import networks, replicas

__all__ = ["check_execution", "check_optimizers", "check_scope"]

SCOPE = """
with strategy.scope():
    generator, discriminator = ...
    gan = kgan.GAN(generator, discriminator)
    gan.compile(...)"""

# What TensorFlow has outside of all scopes.
NONE = type(tf.distribute.get_strategy())


def check_scope(*players: keras.Model) -> None:
    """Raises where networks were made in another scope than the GAN that gets them.

    Args:
        *players: the generator and the discriminator.

    Raises:
        ValueError: if so; for a strategy that kgan does not train under; for a BatchNormalization
            that would see only its own device's share of a batch.
    """
    strategy = tf.distribute.get_strategy()
    allowed = NONE, tf.distribute.OneDeviceStrategy
    if not replicas.are_mirrored(strategy) and not isinstance(strategy, allowed):
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


def check_optimizers(gan: Any, *optimizers: Any) -> None:
    """Raises where optimizers were made in another scope than the GAN.

    Raises:
        ValueError: if so.
    """
    names = "generator_optimizer", "discriminator_optimizer"
    for name, optimizer in zip(names, optimizers, strict=True):
        if isinstance(optimizer, keras.optimizers.Optimizer):
            _check_made_within(gan.distribute_strategy, name, [optimizer.iterations])


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
