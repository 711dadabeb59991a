"""Trainings that go on where they were killed."""

import contextlib
import pathlib
import time

import keras

from kgan import files
from kgan.game.players import is_finite
from kgan.gan import GAN
from kgan.protocols import ResumableData
from kgan.resumption import backups


class BackupAndRestore(keras.callbacks.Callback):
    """Lets a training that was killed go on where it was: run the same program again.

    `keras.callbacks.BackupAndRestore` begins the interrupted epoch anew; this one goes on within
    it, and `fit` ends with the weights, the logs and the history of a training that was never
    disturbed. To the last bit that is so with a data set of `kgan.datasets`, on a CPU, without
    XLA, and with `tf.config.experimental.enable_op_determinism()`, as TensorFlow's threads may add
    in another order otherwise. With other data nothing is lost, and the end is the same if its
    order does not depend on the process: a tf.data.Dataset is skipped through to where it was.

    When training has ended, or a callback such as `EarlyStopping` has stopped it, its last backup
    stays: the same program does nothing then, and one with more `epochs` goes on. The state of
    other callbacks is not in a backup.

    Args:
        folder: where the backups are, the newest and the one before; made if need be. One
            training at a time may use it.
        every_seconds: how long a training may be that is lost; a backup is made after the first
            batch that ends so long after the last one, and when training ends. A game whose
            weights have become NaN is not backed up.

    Raises:
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
    The training in ... has had its 2 epochs. With more `epochs` it goes on.
    >>> again.history == first.history
    True
    """

    def __init__(self, folder, *, every_seconds=60):
        super().__init__()
        if not every_seconds >= 0:
            raise ValueError(
                f"`every_seconds` must be at least 0. Received: every_seconds={every_seconds!r}."
            )
        self.folder = pathlib.Path(folder).expanduser()
        self.every_seconds = every_seconds

    def set_model(self, model):
        if not isinstance(model, GAN):
            raise TypeError(
                "kgan.callbacks.BackupAndRestore is for a kgan.GAN; for any other model there is "
                f"keras.callbacks.BackupAndRestore. Received: {model!r}."
            )
        super().set_model(model)

    @contextlib.contextmanager
    def restore_training(self, gan, data):
        """Puts `gan` where the newest intact backup left it, for as long as the context lasts.

        `GAN.fit` calls this.

        Returns:
            A context manager that gives a `Position`, or None where there is no backup yet.
        """
        with files.held(self.folder):
            self._game = backups.describe(gan)
            self._data = data.identity if isinstance(data, ResumableData) else None
            self._restored = backups.restore(self.folder, gan, self._data)
            self._game["config"]["seed"] = gan.seed
            self._epoch = None
            yield self._restored
            if self._epoch is not None:  # After what other callbacks do when training ends.
                self._save(self._epoch + 1, 0, ended=self.params["epochs"])

    def on_train_begin(self, logs=None):
        self._saved = time.monotonic()
        if self._restored:
            self.model.history.history = self._restored.history.get("history", {})
            self._announce()

    def _announce(self):
        epoch, epochs = self._restored.epoch, self.params["epochs"]
        if not self._restored.leaves(epochs):
            had = f"has had its {epoch} epochs"
            if epoch < epochs:
                had = f"was stopped by a callback after {epoch} of {self._restored.ended} epochs"
            print(f"The training in {self.folder} {had}. With more `epochs` it goes on.")
        else:
            batch = f", batch {self._restored.batch} of {self._restored.steps}"
            within = batch if self._restored.batch else ""
            print(f"Going on from {self.folder}: {epoch} of {epochs} epochs{within}.")

    def _put_back(self):
        """The history, and the logs of the interrupted epoch: Keras has just reset both."""
        if self._restored is None:
            return
        for name, value in self._restored.history.items():
            setattr(self.model.history, name, value)
        if self._restored.batch:
            log = self.model.game_log
            for variable, value in zip(log.variables, self._restored.running, strict=True):
                variable.assign(value)
        self._restored = None

    def on_epoch_begin(self, epoch, logs=None):
        within = self._restored and self._restored.batch
        self._put_back()
        self._epoch = epoch
        if not within:
            self._save_if_due(epoch, 0)

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params.get("steps")
        if steps and batch + 1 < steps:  # Else the epoch's end comes first, and all that it does.
            self._save_if_due(self._epoch, batch + 1)

    def on_train_end(self, logs=None):
        self._put_back()

    def _save_if_due(self, epoch, batch):
        if time.monotonic() - self._saved >= self.every_seconds:
            self._save(epoch, batch)

    def _save(self, epoch, batch, ended=None):
        if is_finite(self.model):
            running = [variable.numpy().tolist() for variable in self.model.game_log.variables]
            history = self.model.history
            history = {"epoch": history.epoch, "history": history.history}
            known = {"steps": self.params.get("steps"), "game": self._game, "data": self._data}
            known |= {"history": history, "running": running, "ended": ended}
            backups.save(self.folder, self.model, backups.Position(epoch, batch, **known))
        self._saved = time.monotonic()
