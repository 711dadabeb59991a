"""One training of several calls of `keras.Model.fit`: from a backup to the end.

Keras gives every epoch of a `fit` as many steps. What an interrupted epoch lacks is therefore a
`fit` of its own, before that of the whole epochs; callbacks see one training nevertheless.
"""

import contextlib

import keras
import tensorflow as tf

from kgan import checks


@contextlib.contextmanager
def resumed(gan, data, callbacks=None, epochs=1, steps_per_epoch=None, **others):
    """The `Position` from which a `BackupAndRestore` among `callbacks` lets `gan` go on, or None.

    Its folder is held until the training ends.

    Raises:
        ValueError: if there are several of them, or `data` ends in the middle of an epoch.
    """
    callbacks = keras.tree.flatten(getattr(callbacks, "callbacks", callbacks) or [])
    backups = [callback for callback in callbacks if hasattr(callback, "restore_training")]
    if len(backups) > 1:
        raise ValueError(
            f"`callbacks` must have one BackupAndRestore at most. Received: {len(backups)} of them."
        )
    if backups and steps_per_epoch:
        _check_length(data, epochs, steps_per_epoch)
    nothing = contextlib.nullcontext()
    with backups[0].restore_training(gan, data) if backups else nothing as position:
        yield position


def _check_length(data, epochs, steps_per_epoch):
    """Raises where the place in the data cannot be told from the number of epochs.

    Of data that knows its length; of other data it is taken for granted that it is endless.
    """
    if hasattr(data, "from_step") or not isinstance(data, tf.data.Dataset):
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
    gan,
    data,
    position,
    *,
    batch_size=None,
    initial_epoch=0,
    epochs=1,
    steps_per_epoch=None,
    **others,
):
    """The arguments of each call of `keras.Model.fit` that this training is.

    Args:
        gan: a GAN; of a data set of kgan it is given what comes after `gan.step`.
        data: what `fit` was given as `x`.
        position: where to go on, a `Position`, or None.
        batch_size, initial_epoch, epochs, steps_per_epoch, **others: as `fit` was given them.

    Yields:
        A dict of arguments: once, or twice where `position` lies within an epoch.
    """
    epoch = position.epoch if position else initial_epoch
    if position and not position.leaves(epochs):
        epoch = max(epoch, epochs)
    steps_per_epoch = steps_per_epoch or getattr(data, "steps_per_epoch", None)
    if isinstance(data, tf.data.Dataset):
        others["shuffle"] = False  # Its order is its own; Keras warns of anything else.
    # Else Keras would make a batch of what lacks in the interrupted epoch larger than the others.
    split = others.get("validation_split", 0.0)
    others["batch_size"] = checks.array_batch_size(data, batch_size, steps_per_epoch, split)

    def part(first, last, steps, had=0):
        had += max(0, first - initial_epoch) * (steps_per_epoch or 0)
        length = {"initial_epoch": first, "epochs": last, "steps_per_epoch": steps}
        return {"x": _without(gan, data, had), **length, **others}

    if position and position.batch and epoch < epochs:
        others["callbacks"] = _OneTraining(gan, position, epochs, **others)
        rest = position.steps - position.batch
        interrupted = part(epoch, epoch + 1, rest, had=position.batch)
        if isinstance(interrupted["x"], tf.data.Dataset):
            interrupted["x"] = interrupted["x"].take(rest)  # Else an execution could go beyond.
        yield interrupted
        epoch += 1
        if others["callbacks"].ended:
            return
    yield part(epoch, epochs, steps_per_epoch)


def _without(gan, data, batches):
    """The data without what has been trained on; of arrays, whose order is Keras's, all of it."""
    if hasattr(data, "from_step"):
        return data.from_step(int(gan.step.numpy()))
    if isinstance(data, tf.data.Dataset) and batches:
        return data.repeat().skip(batches)  # Repeated, as Keras begins finite data anew.
    return data


class _OneTraining(keras.callbacks.CallbackList):
    """The callbacks of a training in two parts: one beginning, one end, all batches counted."""

    def __init__(self, gan, position, epochs, callbacks=None, verbose="auto", **others):
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

    def on_train_begin(self, logs=None):
        if not self.begun:
            self.begun = True
            super().on_train_begin(logs)

    def on_train_batch_begin(self, batch, logs=None):
        super().on_train_batch_begin(batch + self.first_batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch + self.first_batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.first_batch = 0
        self.ended = self.model.stop_training or epoch + 1 == self.params["epochs"]

    def on_train_end(self, logs=None):
        if self.ended:
            super().on_train_end(logs)
