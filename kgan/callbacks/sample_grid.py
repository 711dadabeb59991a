"""Pictures of what the generator draws, during training."""

import importlib.util
import math
import os
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan import checks, files, images, plots

__all__ = ["SampleGrid"]

FILM = "samples.gif"


class SampleGrid(keras.callbacks.Callback):
    """Draws the same latents every time, so that one sees each sample take shape.

    Writes `epoch_0001.png`, ... and, when training ends, the film of all of them, `samples.gif`.
    Images become a grid (with labels: one class per column), points in the plane a scatter plot,
    other vectors histograms. Drawing does not change training. A new game removes the pictures that
    another left in the folder.

    Args:
        folder: where the pictures go; created if needed.
        num_samples: how many samples. `None`: 64 images, or 1,000 points or vectors.
        every_epochs: how many epochs pass between two pictures; the last epoch always has one.
        seed: of the latents; it has nothing to do with the seed of the GAN.
        real_samples: points or vectors of the data, `(num, size)`, to draw next to the generated.
        log_dir: also write the pictures for TensorBoard, into this folder.

    Raises:
        ImportError: if `log_dir` is given and TensorBoard is not installed.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        num_samples: int | None = None,
        every_epochs: int = 1,
        seed: int = 0,
        real_samples: np.ndarray | None = None,
        log_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__()
        checks.check_positive_integer("every_epochs", every_epochs)
        checks.check_positive_integer("num_samples", 1 if num_samples is None else num_samples)
        if log_dir is not None and importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "`log_dir` needs TensorBoard: pip install tensorboard. "
                f"Received: log_dir={log_dir}."
            )
        self.folder = pathlib.Path(folder).expanduser()
        self.num_samples = num_samples
        self.every_epochs = every_epochs
        self.seed = seed
        self.real_samples = real_samples
        self.log_dir = log_dir
        self.writer: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._epoch = self._drawn = 0
        if not self.model.is_chief:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.log_dir is not None and self.writer is None:
            self.writer = tf.summary.create_file_writer(str(self.log_dir))
        if not self.model.step.numpy():  # A new game; pictures of another would mix with its own.
            for path in [*self._pictures().values(), self.folder / FILM]:
                path.unlink(missing_ok=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch + 1
        if self._epoch % self.every_epochs == 0 and self.model.is_chief:
            self._write()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if not self.model.is_chief:
            return
        if self._drawn < self._epoch:
            self._write()
        drawn = self._pictures()
        last = self._epoch or math.inf  # What an older run drew later is not of this film.
        frames = [images.load(drawn[epoch]) for epoch in sorted(drawn) if epoch <= last]
        frames = [frame for frame in frames if frame.size == frames[-1].size]
        if frames:
            images.save_gif(self.folder / FILM, frames)

    def _pictures(self) -> dict[int, pathlib.Path]:
        """The pictures in the folder, by their epochs."""
        drawn = {path.stem[6:]: path for path in self.folder.glob("epoch_*.png")}
        return {int(epoch): path for epoch, path in drawn.items() if epoch.isdecimal()}

    def _name(self) -> str:
        return f"epoch_{self._epoch:04d}.png"

    def _write(self) -> None:
        picture = self.draw(title=f"epoch {self._epoch}")
        files.write_atomically(self.folder / self._name(), picture)
        self._drawn = self._epoch
        if self.writer is not None:
            with self.writer.as_default():
                decoded = tf.io.decode_png(picture)[None]
                tf.summary.image("samples", decoded, step=self._epoch)
                self.writer.flush()

    def draw(self, title: str = "") -> bytes:
        """A picture of what the generator draws now, as the bytes of a PNG file."""
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
