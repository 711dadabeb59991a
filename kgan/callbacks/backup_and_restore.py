"""Trainings that resume where they were interrupted."""

import contextlib
import dataclasses
import os
import pathlib
import time
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from kgan import files
from kgan.callbacks.signals import Signals
from kgan.game import replicas
from kgan.game.players import is_finite
from kgan.gan import GAN
from kgan.protocols import HasIdentity
from kgan.resumption import backups, states

__all__ = ["BackupAndRestore"]


class BackupAndRestore(keras.callbacks.Callback):
    """Resumes an interrupted training where it was: run the same program again.

    `keras.callbacks.BackupAndRestore` repeats the interrupted epoch; this one resumes inside it,
    and `fit` ends with the weights, the logs and the history of a training that was never
    interrupted. They are equal to the last bit with a data set of `kgan.datasets`, on a CPU,
    without XLA, and with `tf.config.experimental.enable_op_determinism()`; otherwise TensorFlow's
    threads may add in another order. With other data nothing is lost, and the end is the same if
    the order of the data does not depend on the process: a tf.data.Dataset is skipped to where it
    was.

    The first Ctrl-C, or SIGTERM, lets the step end, makes a backup, says how far training has come
    and ends it; the second leaves at once. (In the main thread only: other threads get no signals.)

    When training has ended, or a callback such as `EarlyStopping` has stopped it, its last backup
    stays: the same program then does nothing, and one with more `epochs`, or without the
    `EarlyStopping` or `EquilibriumStopping` that stopped it, trains on.

    A backup also keeps what other callbacks remember: Keras's `EarlyStopping` and
    `ModelCheckpoint`, and any callback that has `get_state` and `set_state`
    (`kgan.protocols.HasState`).

    Args:
        folder: where the backups are, the newest and the one before; created if needed. One
            training at a time may use it.
        every_seconds: how much training may be lost, at most: a backup is made after the first
            batch that ends this long after the last backup, and when training ends. A game whose
            weights have become NaN is not backed up.

    Raises:
        KeyboardInterrupt, SystemExit: by `fit`, after Ctrl-C; after SIGTERM, with the code 143.
        BlockingIOError: by `fit`, if another training uses the folder.
        ValueError: by `fit`, if the backups are damaged, or are of another game or other data (the
            message says what differs); or if the data ends in the middle of an epoch.

    Example:

    >>> import tempfile
    >>> def cell():
    ...     networks = kgan.architectures.mlp((8, 8, 1), latent_dim=8)
    ...     gan = kgan.GAN(*networks)
    ...     gan.compile()
    ...     backup = kgan.callbacks.BackupAndRestore(folder)
    ...     data = kgan.datasets.digits(batch_size=256)
    ...     return gan.fit(data, epochs=2, callbacks=[backup], verbose=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = cell()
    ...     again = cell()  # doctest: +ELLIPSIS
    The training in ... has had its 2 epochs. With more `epochs` it resumes.
    >>> again.history == first.history
    True
    """

    def __init__(self, folder: str | os.PathLike[str], *, every_seconds: float = 60) -> None:
        super().__init__()
        if not every_seconds >= 0:
            raise ValueError(
                f"`every_seconds` must be at least 0. Received: every_seconds={every_seconds!r}."
            )
        self.folder = pathlib.Path(folder).expanduser()
        self.every_seconds = every_seconds
        self._signals = Signals()

    def set_model(self, model: keras.Model) -> None:
        if not isinstance(model, GAN):
            raise TypeError(
                "kgan.callbacks.BackupAndRestore is for a kgan.GAN; for any other model there is "
                f"keras.callbacks.BackupAndRestore. Received: {model!r}."
            )
        super().set_model(model)

    @contextlib.contextmanager
    def restore_training(
        self, gan: GAN, data: Any, callbacks: Sequence[keras.callbacks.Callback]
    ) -> Iterator[backups.Position | None]:
        """Puts `gan` where the newest intact backup left it, and locks the folder meanwhile.

        `GAN.fit` calls this.

        Returns:
            A context manager that yields a `Position`, or None where there is no backup yet.
        """
        held = files.held(self.folder) if gan.is_chief else contextlib.nullcontext()
        self._signals.announces = gan.is_chief
        with self._signals, held:
            self._game = backups.describe(gan)
            self._data = data.identity if isinstance(data, HasIdentity) else None
            self._others = [callback for callback in callbacks if callback is not self]
            self._restored = backups.restore(self.folder, gan, self._data)
            self._check_workers_agree(gan)
            self._go_on_without_stopper(gan)
            self._game["config"]["seed"] = gan.seed
            self._epoch: int | None = None
            try:
                yield self._restored
            except replicas.GONE:
                if not gan.is_chief:
                    self._signals.raise_received()
                raise
            if self._epoch is not None:
                # After what other callbacks do when training ends.
                self._save(self._epoch + 1, 0, ended=self.params["epochs"])
                if self._signals.received and gan.is_chief:
                    print(f"The training had ended. It is backed up in {self.folder}.")
                replicas.of_workers(gan.distribute_strategy, 0)  # All wait until it is.
            self._signals.raise_received()

    def _check_workers_agree(self, gan: GAN) -> None:
        """Raises where several workers do not begin at the same place, and with the same data.

        Raises:
            ValueError: if so.
        """
        steps = replicas.of_workers(gan.distribute_strategy, int(gan.step.numpy()))
        digests = replicas.of_workers(
            gan.distribute_strategy, zlib.crc32(repr(self._data).encode())
        )
        if len(set(steps)) > 1:
            raise ValueError(
                f"All workers must resume from the chief's backup, so {self.folder} must be a "
                "folder that they share. Received: workers that found backups of different steps: "
                f"{', '.join(map(str, steps))} (0 is for none)."
            )
        if len(set(digests)) > 1:
            raise ValueError(
                "All workers must train on the same data, in the same order. Received: data sets "
                f"that differ; that of this worker is {self._data}."
            )

    def _go_on_without_stopper(self, gan: GAN) -> None:
        """Forgets that the training was stopped, if the callback that stopped it is gone."""
        before = self._restored
        is_gone = before is not None and states.lacks_stopper(self._others, before.callbacks)
        # The chief decides: other workers need not have all of its callbacks.
        if replicas.of_workers(gan.distribute_strategy, int(is_gone))[0] and before:
            self._restored = dataclasses.replace(before, ended=None)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._saved = time.monotonic()
        self._waits = False
        states.pack(states.states(self._others))  # Fails now, not at the first backup.
        if self._restored:
            self.model.history.history = self._restored.history.get("history", {})
            if self.model.is_chief:
                self._announce(self._restored)

    def _announce(self, position: backups.Position) -> None:
        epoch, epochs = position.epoch, self.params["epochs"]
        if not position.leaves(epochs):
            had = f"has had its {epoch} epoch" + "s" * (epoch != 1)
            if epoch < epochs:
                had = f"was stopped by a callback after {epoch} of {position.ended} epochs"
            print(f"The training in {self.folder} {had}. With more `epochs` it resumes.")
        else:
            done = self._done(epoch, position.batch, position.steps)
            print(f"Resuming from {self.folder}: {done}.")

    def _done(self, epoch, batch, steps):
        """How much of the training has been done, in words."""
        epochs = self.params["epochs"]
        done = f"{epoch} of {epochs} epochs"
        if not steps:  # The length of an epoch is not known.
            return done
        return f"{epoch * steps + batch:,} of {epochs * steps:,} steps ({done})"

    def _put_back(self) -> None:
        """The history, the logs of the interrupted epoch, and what callbacks remember.

        Keras and the callbacks have just reset them.
        """
        if self._restored is None:
            return
        for name, value in self._restored.history.items():
            setattr(self.model.history, name, value)
        if self._restored.batch:
            log = self.model.game_log
            for variable, value in zip(log.variables, self._restored.running, strict=True):
                variable.assign(value)
        states.put_back(self._others, self._restored.callbacks)
        self._restored = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        within = self._restored and self._restored.batch
        self._put_back()
        self._epoch = epoch
        if not within:
            self._save_if_due(epoch, 0)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        steps = self.params.get("steps")
        if not steps and self._signals.received and not self._waits:
            self._waits = True
            print("The length of an epoch is not known yet: finishing this epoch first.")
        if steps and batch + 1 < steps:  # Otherwise the end of the epoch comes first.
            self._save_if_due(self._epoch or 0, batch + 1)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._put_back()

    def _save_if_due(self, epoch: int, batch: int) -> None:
        if not self.model.is_chief:  # It ends when the chief has backed up, and is gone.
            return
        if self._signals.received or time.monotonic() - self._saved >= self.every_seconds:
            self._save(epoch, batch)
        if self._signals.received:
            done = self._done(epoch, batch, self.params["steps"])
            print(
                f"\nTraining was interrupted after {done}. It is backed up in {self.folder}: run "
                "the same again to resume."
                if is_finite(self.model)
                else "\nTraining was interrupted. Its weights are not finite: it was not backed up."
            )
            self._signals.raise_received()

    def _save(self, epoch: int, batch: int, ended: int | None = None) -> None:
        if self.model.is_chief and is_finite(self.model):
            running = [variable.numpy().tolist() for variable in self.model.game_log.variables]
            history = self.model.history
            history = {"epoch": history.epoch, "history": history.history}
            known = {"steps": self.params.get("steps"), "game": self._game, "data": self._data}
            known |= {"history": history, "running": running, "ended": ended}
            known |= {"callbacks": states.states(self._others)}
            backups.save(self.folder, self.model, backups.Position(epoch, batch, **known))
        self._saved = time.monotonic()
