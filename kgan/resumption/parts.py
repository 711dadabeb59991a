"""One training made of several calls of `keras.Model.fit`: from a backup to the end.

Keras gives every epoch of a `fit` the same number of steps. The rest of an interrupted epoch is
therefore a separate `fit`, before that of the whole epochs; callbacks still see one training.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from kgan.checks.training import flat_callbacks
from kgan.game import replicas
from kgan.game.batches import Peeked, array_batch_size
from kgan.protocols import RestoresTraining, StartsAnywhere
from kgan.resumption.backups import Position

__all__ = ["parts", "resumed", "with_callback"]


@contextlib.contextmanager
def resumed(
    gan: Any,
    data: Any,
    callbacks: Any = None,
    epochs: int = 1,
    steps_per_epoch: int | None = None,
    **others: Any,
) -> Iterator[Position | None]:
    """The `Position` from which a `BackupAndRestore` among `callbacks` resumes `gan`, or None.

    Its folder is locked until the training ends.

    Raises:
        ValueError: if there are several of them, or `data` ends in the middle of an epoch.
    """
    every = flat_callbacks(callbacks)
    backups = [one for one in every if isinstance(one, RestoresTraining)]
    if len(backups) > 1:
        raise ValueError(
            f"`callbacks` must have one BackupAndRestore at most. Received: {len(backups)} of them."
        )
    if backups and steps_per_epoch:
        _check_length(data, epochs, steps_per_epoch)
    nothing = contextlib.nullcontext()
    with backups[0].restore_training(gan, data, every) if backups else nothing as position:
        yield position


def with_callback(callbacks: Any, callback: keras.callbacks.Callback) -> Any:
    """What `fit` was given as `callbacks`, and one more; a `CallbackList` stays as it is.

    A `BackupAndRestore` comes last: when it makes a backup, all others have seen the batch.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    every = [*flat_callbacks(callbacks), callback]
    return sorted(every, key=lambda one: isinstance(one, RestoresTraining))


def _check_length(data: Any, epochs: int, steps_per_epoch: int) -> None:
    """Raises where the number of epochs does not tell the place in the data.

    Checks data of known length; other data is assumed endless.
    """
    if isinstance(data, StartsAnywhere) or not isinstance(data, tf.data.Dataset):
        return
    batches = int(data.cardinality())
    if 0 < batches < epochs * steps_per_epoch and batches % steps_per_epoch:
        raise ValueError(
            "With `BackupAndRestore`, `steps_per_epoch` must divide the number of batches, for "
            "else Keras cuts an epoch short where the data ends. Call `.repeat()` on the data, or "
            "leave `steps_per_epoch` out. "
            f"Received: steps_per_epoch={steps_per_epoch}, {batches} batches."
        )


def parts(
    gan: Any,
    data: Any,
    position: Position | None,
    *,
    batch_size: int | None = None,
    initial_epoch: int = 0,
    epochs: int = 1,
    steps_per_epoch: int | None = None,
    **others: Any,
) -> Iterator[dict[str, Any]]:
    """The arguments of each call of `keras.Model.fit` that this training consists of.

    Args:
        gan: a GAN; of a data set of kgan it gets what comes after `gan.step`.
        data: what `fit` was given as `x`.
        position: where to resume, a `Position`, or None.
        batch_size, initial_epoch, epochs, steps_per_epoch, **others: as `fit` was given them.

    Yields:
        A dict of arguments: once, or twice where `position` lies within an epoch.
    """
    epoch = position.epoch if position else initial_epoch
    if position and not position.leaves(epochs):
        epoch = max(epoch, epochs)
    if not steps_per_epoch and isinstance(data, StartsAnywhere):
        steps_per_epoch = data.steps_per_epoch
    if isinstance(data, tf.data.Dataset):
        others["shuffle"] = False  # Its order is its own; Keras warns of anything else.
    # Otherwise Keras would give the rest of the interrupted epoch larger batches.
    split = others.get("validation_split", 0.0)
    others["batch_size"] = array_batch_size(data, batch_size, steps_per_epoch, split)

    def part(first: int, last: int, steps: int | None, had: int = 0) -> dict[str, Any]:
        had += max(0, first - initial_epoch) * (steps_per_epoch or 0)
        length = {"initial_epoch": first, "epochs": last, "steps_per_epoch": steps}
        return {"x": _without(gan, data, had), **length, **others}

    if position and position.batch and epoch < epochs:
        others["callbacks"] = _OneTraining(gan, position, epochs, **others)
        rest = (position.steps or 0) - position.batch
        interrupted = part(epoch, epoch + 1, rest, had=position.batch)
        several = replicas.number_of_workers(gan.distribute_strategy) > 1
        if isinstance(interrupted["x"], tf.data.Dataset) and not several:
            interrupted["x"] = interrupted["x"].take(rest)  # Or an execution could overshoot.
        yield _for_workers(gan, data, interrupted)
        epoch += 1
        if others["callbacks"].ended:
            return
    yield _for_workers(gan, data, part(epoch, epochs, steps_per_epoch))


def _for_workers(gan: Any, data: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `fit` with what each of several workers gets of a data set of kgan."""
    if not isinstance(data, StartsAnywhere):
        return arguments  # TensorFlow shares it out.
    x = replicas.split_among_workers(gan.distribute_strategy, arguments["x"], is_endless=True)
    return {**arguments, "x": x}


def _without(gan: Any, data: Any, batches: int) -> Any:
    """The data without what has been trained on; of arrays, whose order is Keras's, all of it."""
    if isinstance(data, StartsAnywhere):
        return data.from_step(int(gan.step.numpy()))
    if isinstance(data, tf.data.Dataset) and batches:
        return data.repeat().skip(batches)  # Repeated, as Keras repeats finite data.
    return iter(data) if isinstance(data, Peeked) else data


class _OneTraining(keras.callbacks.CallbackList):
    """The callbacks of a training in two parts: one beginning, one end, all batches counted."""

    def __init__(
        self,
        gan: Any,
        position: Position,
        epochs: int,
        callbacks: Any = None,
        verbose: Any = "auto",
        **others: Any,
    ) -> None:
        super().__init__(
            callbacks,
            add_history=True,
            add_progbar=verbose != 0,
            model=gan,
            verbose=verbose,
            epochs=epochs,
            steps=position.steps,
        )
        self.first_batch = position.batch
        self.begun = self.ended = False

    def on_train_begin(self, logs: dict | None = None) -> None:
        if not self.begun:
            self.begun = True
            super().on_train_begin(logs)

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        super().on_train_batch_begin(batch + self.first_batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        super().on_train_batch_end(batch + self.first_batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        self.first_batch = 0
        self.ended = self.model.stop_training or epoch + 1 == self.params["epochs"]

    def on_train_end(self, logs: dict | None = None) -> None:
        if self.ended:
            super().on_train_end(logs)
