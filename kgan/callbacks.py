"""Things that watch training, and write files.

Keras's own `ModelCheckpoint`, `CSVLogger`, `TensorBoard` and `EarlyStopping` work with a GAN as
they are; name the log that they are to watch (`monitor="val_discriminator_accuracy"`), for there
is no log called `loss`. `LearningRateScheduler` and `ReduceLROnPlateau` know one optimizer, and a
GAN has two: give each a schedule of `keras.optimizers.schedules` as its learning rate instead. In
place of `SwapEMAWeights` there is `GAN(ema_decay=...)`.
"""

import contextlib
import csv
import importlib.util
import io
import math
import pathlib
import time

import keras
import numpy as np
import tensorflow as tf

from kgan import backups, checks, files, images, plots
from kgan.gan import GAN


class SampleGrid(keras.callbacks.Callback):
    """Draws the same latents every time, so that one sees a sample become what it will be.

    Writes `epoch_0001.png`, ... and, when training ends, the film of all of them, `samples.gif`.
    Images become a grid (with labels: a class a column), points in the plane a scatter plot, other
    vectors histograms. To draw samples changes nothing of the training.

    Args:
        folder: where the pictures go; made if need be.
        num_samples: how many samples. `None`: 64 images, or 1,000 points or vectors.
        every_epochs: draw after each so many epochs, and after the last one.
        seed: of the latents; it has nothing to do with the seed of the GAN.
        real_samples: points or vectors of the data, `(num, size)`, to draw beside the generated.
        log_dir: also write the pictures for TensorBoard, into this folder.

    Raises:
        ImportError: if `log_dir` is given and TensorBoard is not installed.
    """

    def __init__(
        self, folder, *, num_samples=None, every_epochs=1, seed=0, real_samples=None, log_dir=None
    ):
        super().__init__()
        checks.check_positive_integer("every_epochs", every_epochs)
        checks.check_positive_integer("num_samples", 1 if num_samples is None else num_samples)
        if log_dir is not None and importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "`log_dir` needs TensorBoard: pip install 'kgan[tensorboard]'. "
                f"Received: log_dir={log_dir}."
            )
        self.folder = pathlib.Path(folder).expanduser()
        self.num_samples = num_samples
        self.every_epochs = every_epochs
        self.seed = seed
        self.real_samples = real_samples
        self.writer = None if log_dir is None else tf.summary.create_file_writer(str(log_dir))

    def on_train_begin(self, logs=None):
        self.folder.mkdir(parents=True, exist_ok=True)
        self._epoch = self._drawn = 0

    def on_epoch_end(self, epoch, logs=None):
        self._epoch = epoch + 1
        if self._epoch % self.every_epochs == 0:
            self._write()

    def on_train_end(self, logs=None):
        if self._drawn < self._epoch:
            self._write()
        drawn = {path.stem[6:]: path for path in self.folder.glob("epoch_*.png")}
        drawn = {int(epoch): path for epoch, path in drawn.items() if epoch.isdecimal()}
        last = self._epoch or math.inf  # What an older run drew later is not of this film.
        frames = [images.load(drawn[epoch]) for epoch in sorted(drawn) if epoch <= last]
        frames = [frame for frame in frames if frame.size == frames[-1].size]
        if frames:
            images.save_gif(self.folder / "samples.gif", frames)

    def _name(self):
        return f"epoch_{self._epoch:04d}.png"

    def _write(self):
        picture = self.draw(title=f"epoch {self._epoch}")
        files.write_atomically(self.folder / self._name(), picture)
        self._drawn = self._epoch
        if self.writer is not None:
            with self.writer.as_default():
                decoded = tf.io.decode_png(picture)[None]
                tf.summary.image("samples", decoded, step=self._epoch)
                self.writer.flush()

    def draw(self, title=""):
        """The picture of what the generator makes now, as the bytes of a PNG file."""
        shape = self.model.averaged_generator.output_shape[1:]
        is_image = len(shape) == 3 and shape[-1] in (1, 3)
        num_samples = self.num_samples or (64 if is_image else 1000)
        classes = self.model.num_classes
        columns = classes if is_image else None
        if columns:
            labels = np.arange(classes * math.ceil(num_samples / classes)) % classes
            samples = self.model.generate(len(labels), labels, seed=self.seed)
        else:
            samples = self.model.generate(num_samples, seed=self.seed)
            samples = samples[0] if classes else samples
        return plots.picture(samples, self.real_samples, columns=columns, title=title)


class TerminateOnNaN(keras.callbacks.Callback):
    """Stops training when a loss of either player is NaN or infinite.

    `keras.callbacks.TerminateOnNaN` looks at the log `loss`, which a GAN does not have.
    """

    def on_train_batch_end(self, batch, logs=None):
        for name in ("discriminator_loss", "generator_loss", "penalty"):
            value = (logs or {}).get(name)
            if value is not None and not math.isfinite(float(value)):
                print(
                    f"\nBatch {batch}: {name} is {float(value)}; training stops. A lower learning "
                    "rate may help, or a penalty such as kgan.penalties.R1(0.1)."
                )
                self.model.stop_training = True
                return


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
    def restore(self, gan, data):
        """Puts `gan` where the newest intact backup left it, for as long as the context lasts.

        `GAN.fit` calls this.

        Returns:
            A context manager that gives a `Position`, or None where there is no backup yet.
        """
        with files.held(self.folder):
            self._game, self._data = backups.describe(gan), getattr(data, "identity", None)
            self._restored = backups.restore(self.folder, gan, self._data)
            self._game["config"]["seed"] = gan.seed
            self._epoch = None
            yield self._restored
            if self._epoch is not None:  # After what other callbacks do when training ends.
                self._save(self._epoch + 1, 0, ended=self.params["epochs"])

    def on_train_begin(self, logs=None):
        self._saved = time.monotonic()
        if self._restored:
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
        if all(np.isfinite(weight.numpy()).all() for weight in self.model.weights):
            running = [variable.numpy().tolist() for variable in self.model.game_log.variables]
            history = self.model.history
            history = {"epoch": history.epoch, "history": history.history}
            known = {"steps": self.params.get("steps"), "game": self._game, "data": self._data}
            known |= {"history": history, "running": running, "ended": ended}
            backups.save(self.folder, self.model, backups.Position(epoch, batch, **known))
        self._saved = time.monotonic()


class CSVLogger(keras.callbacks.Callback):
    """Writes the logs of each epoch as a row, as `keras.callbacks.CSVLogger` does, and whole.

    The file is written beside its place and renamed, and goes on when training does: rows of the
    epochs before the first one stay, those of later ones are replaced.

    Args:
        filename: the file.

    Raises:
        ValueError: by `fit`, if the file holds something else.
    """

    def __init__(self, filename):
        super().__init__()
        self.filename = pathlib.Path(filename).expanduser()

    def on_epoch_end(self, epoch, logs=None):
        rows = [row for row in self._rows() if int(row["epoch"]) < epoch]
        rows.append({"epoch": epoch, **(logs or {})})
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[-1]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        files.write_atomically(self.filename, text.getvalue().encode())

    def on_train_begin(self, logs=None):
        self._rows()

    def _rows(self):
        if not self.filename.exists():
            return []
        rows = csv.DictReader(io.StringIO(self.filename.read_text(), newline=""))
        if "epoch" not in (rows.fieldnames or ["epoch"]):
            raise ValueError(
                f"`filename` must be a log, or not exist yet. Received: {self.filename}, which "
                "holds something else, and is left as it is."
            )
        return list(rows)
