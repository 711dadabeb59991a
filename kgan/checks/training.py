"""Checks the arguments of `fit` and `evaluate`."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from kgan.checks.batches import check_first_batch
from kgan.checks.devices import check_callback, check_place
from kgan.checks.networks import check_answers, check_learns
from kgan.game import replicas
from kgan.game.batches import array_batch_size, is_array, num_trained_on
from kgan.game.logs import log_names, result_names
from kgan.game.networks import learning_weights
from kgan.protocols import ChecksNumber, StartsAnywhere

__all__ = ["check_evaluate", "check_fit", "flat_callbacks"]


def check_fit(
    gan: Any,
    x: Any,
    y: Any = None,
    batch_size: int | None = None,
    callbacks: Any = None,
    validation_data: Any = None,
    validation_batch_size: int | None = None,
    validation_steps: int | None = None,
    validation_split: float = 0.0,
    steps_per_epoch: int | None = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    **others: Any,
) -> None:
    """Raises where what `fit` was given is not what this GAN can be trained with."""
    _check_unweighted(class_weight=class_weight, sample_weight=sample_weight)
    check_place(gan, x, **others)
    check_learns(gan.discriminator)
    _check_same_weights(gan)
    check_answers(gan.discriminator, gan.num_classes)
    rows = array_batch_size(x, batch_size, steps_per_epoch, validation_split)
    if is_array(x):
        number = num_trained_on(x, validation_split)
        x, y = x[:number], None if y is None else y[:number]
    num_replicas = gan.distribute_strategy.num_replicas_in_sync
    steps = gan.discriminator_steps
    check_first_batch(gan, x, y, rows, discriminator_steps=steps, num_replicas=num_replicas)
    if validation_data is not None:
        x_held_out, y_held_out, weights = keras.utils.unpack_x_y_sample_weight(validation_data)
        rows = validation_batch_size or batch_size
        check_evaluate(gan, x_held_out, y_held_out, rows, validation_steps, weights)
    steps = steps_per_epoch or (x.steps_per_epoch if isinstance(x, StartsAnywhere) else None)
    if steps and steps % gan.steps_per_execution:
        raise ValueError(
            "`steps_per_execution` must divide `steps_per_epoch`, or an epoch would end inside an "
            f"execution. Received: steps_per_execution={gan.steps_per_execution}, "
            f"steps_per_epoch={steps}."
        )
    _check_callbacks(gan, flat_callbacks(callbacks))


def check_evaluate(
    gan: Any,
    x: Any,
    y: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    sample_weight: Any = None,
    **others: Any,
) -> None:
    """Raises where what `evaluate` was given is not what this GAN can be measured on."""
    _check_unweighted(sample_weight=sample_weight)
    strategy = gan.distribute_strategy
    are_split = isinstance(x, StartsAnywhere) and replicas.number_of_workers(strategy) > 1
    num_replicas = strategy.num_replicas_in_sync if are_split else 1
    check_first_batch(gan, x, y, batch_size, num_replicas=num_replicas)
    number = _number_of_samples(x, batch_size or 32, steps)
    for metric in gan.evaluation_metrics:
        if number and isinstance(metric, ChecksNumber):
            metric.check_number(number)


def flat_callbacks(callbacks: Any) -> Sequence[keras.callbacks.Callback]:
    """The callbacks that `fit` was given: one, a list of them, a `CallbackList`, or None."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    return keras.tree.flatten(callbacks or [])


def _number_of_samples(x: Any, batch_size: int, steps: int | None) -> int | None:
    """How many samples are played with, as far as that is known; else None."""
    if is_array(x):
        return min(len(x), steps * batch_size if steps else len(x))
    if not isinstance(x, tf.data.Dataset):
        return None
    rows = tf.nest.flatten(x.element_spec)[0].shape[0]
    if rows is None:  # No batch has more rows than the first one.
        rows = max((len(tf.nest.flatten(batch)[0]) for batch in x.take(1)), default=0)
    batches = int(x.cardinality().numpy())
    batches = min(batches, steps) if batches >= 0 and steps else max(batches, steps or 0)
    return rows * batches


def _check_same_weights(gan: Any) -> None:
    if learning_weights(gan.generator, gan.discriminator) != gan.compiled_weights:
        raise ValueError(
            "A player has other trainable weights than when `compile` was called, for which its "
            "optimizer was built: call `compile` again after a change of `trainable`."
        )


def _check_unweighted(**weights: Any) -> None:
    for name, value in weights.items():
        if value is not None:
            raise ValueError(
                f"`{name}` must be None: in the game every sample counts alike. To see some of "
                f"them more often, repeat them in the data. Received: {name}, a "
                f"{type(value).__name__}."
            )


def _check_callbacks(gan: Any, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    # A callback of the user's own may add logs.
    is_closed = all(type(one).__module__.startswith(("keras.", "kgan.")) for one in callbacks)
    for callback in callbacks:
        _check_callback(gan, callback, is_closed)


def _check_callback(gan: Any, callback: keras.callbacks.Callback, is_closed: bool) -> None:
    """Raises for a callback of Keras that would fail, or do nothing, when an epoch has ended.

    Args:
        gan: a compiled GAN.
        callback: one of those that `fit` was given.
        is_closed: whether no callback adds logs that kgan does not know of.
    """
    check_callback(gan, callback)
    known = keras.callbacks
    name = type(callback).__name__
    if isinstance(callback, known.LearningRateScheduler | known.ReduceLROnPlateau):
        raise ValueError(
            f"`callbacks`: {name} knows one optimizer, and a GAN has two. Give each optimizer a "
            "schedule of keras.optimizers.schedules as its learning rate instead."
        )
    if isinstance(callback, known.SwapEMAWeights):
        raise ValueError(
            f"`callbacks`: {name} knows one optimizer, and a GAN has two. Use "
            "kgan.GAN(ema_decay=...) instead."
        )
    if isinstance(callback, known.TerminateOnNaN):
        raise ValueError(
            f"`callbacks`: keras.callbacks.{name} looks at the log 'loss', which a GAN does not "
            "have, and would never stop it. Use kgan.callbacks.TerminateOnNaN()."
        )
    if isinstance(callback, known.TensorBoard) and callback.write_steps_per_second:
        raise ValueError(
            f"`callbacks`: {name}(write_steps_per_second=True) knows one optimizer, and a GAN has "
            "two. Leave that out."
        )
    if isinstance(callback, known.EarlyStopping) or getattr(callback, "save_best_only", False):
        _check_monitor(gan, callback, name, is_closed)


def _check_monitor(gan: Any, callback: Any, name: str, is_closed: bool) -> None:
    known = {*gan.game_log.names, *log_names(gan)}
    is_unknown = callback.monitor.removeprefix("val_") not in known
    if is_unknown and (is_closed or callback.monitor in ("loss", "val_loss")):
        names = ", ".join([*gan.game_log.names, *result_names(gan.evaluation_metrics)])
        raise ValueError(
            f"`callbacks`: {name} must monitor a log that a GAN has: one of {names}, with val_ "
            f"before it for the one of `validation_data`. Received: monitor={callback.monitor!r}."
        )
    if callback.mode == "auto":
        raise ValueError(
            f"`callbacks`: {name} must be told whether less or more of {callback.monitor!r} is "
            "better: mode='min' or mode='max'. Received: mode='auto'."
        )
