"""Pictures of what the generator draws, during training."""

import importlib.util
import math
import os
import pathlib
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan import checks, files, images, plots

__all__ = ["SampleGrid"]

FILM = "samples.gif"
# What the name of a picture begins with, and how many digits follow.
EPOCH, STEP = ("epoch", 4), ("step", 6)


class SampleGrid(keras.callbacks.Callback):
    """Draws the same latents every time, so that one sees each sample take shape.

    Writes `epoch_0001.png`, ..., or `step_000100.png`, ..., and, when training ends, the film of
    all of them, `samples.gif`. What samples look like is decided by `kgan.plots.picture`: images
    become a grid, volumes columns of slices, sequences curves (with labels: one class per column),
    points in the plane a scatter plot, other vectors histograms. Drawing does not change training.
    A new game removes the pictures that another left in the folder.

    A long training leaves at most `most` pictures: whenever there would be more, the interval
    between two of them doubles, and every second one is removed. The first and the latest stay.

    Args:
        folder: where the pictures go; created if needed.
        num_samples: how many samples. `None`: 64 images, 16 sequences, 8 volumes, or 1,000 points
            or vectors.
        every_epochs: how many epochs pass between two pictures; the last epoch always has one.
        every_steps: instead, how many steps of the game (`gan.step`) pass between two pictures; the
            last step always has one. With `steps_per_execution`, the first execution that reaches
            a multiple of it ends with a picture.
        most: how many pictures there are at most, 2 or more; `None` for no limit.
        seed: of the latents; it has nothing to do with the seed of the GAN.
        real_samples: sequences, points or vectors of the data, `(num, ...)`, to draw next to the
            generated.
        log_dir: also write the pictures for TensorBoard, into this folder.

    Raises:
        ImportError: if `log_dir` is given and TensorBoard is not installed.
        ValueError: for numbers out of range, or both `every_epochs` and `every_steps`.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        num_samples: int | None = None,
        every_epochs: int | None = None,
        every_steps: int | None = None,
        most: int | None = 200,
        seed: int = 0,
        real_samples: np.ndarray | None = None,
        log_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__()
        _check_numbers(num_samples, every_epochs, every_steps, most)
        if log_dir is not None and importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "`log_dir` needs TensorBoard: pip install tensorboard. "
                f"Received: log_dir={log_dir}."
            )
        self.folder = pathlib.Path(folder).expanduser()
        self.num_samples = num_samples
        self.every_steps = every_steps
        self.every_epochs = None if every_steps else every_epochs or 1
        self.most = most
        self.seed = seed
        self.real_samples = real_samples
        self.log_dir = log_dir
        self.writer: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        # In the unit of the pictures' names: where training is, and where the latest picture was.
        self._position = self._drawn = 0
        if not self.model.is_chief:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.log_dir is not None and self.writer is None:
            self.writer = tf.summary.create_file_writer(str(self.log_dir))
        step = int(self.model.step.numpy())
        if not step:  # A new game; pictures of another would mix with its own.
            for unit in (EPOCH, STEP):
                for path in self._pictures(unit).values():
                    path.unlink()
            (self.folder / FILM).unlink(missing_ok=True)
        drawn = self._pictures()
        self._first = min(drawn, default=None)
        if self.every_steps:
            earlier = [position for position in drawn if position <= step]
            self._position = self._drawn = max(earlier, default=step)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._step_of_batch_0: int | None = None

    # Because of a callback with `on_train_batch_end` Keras would wait for each batch's logs.
    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.every_steps or not self.model.is_chief:
            return
        if self._step_of_batch_0 is None:
            self._step_of_batch_0 = int(self.model.step.numpy()) - batch
        self._reach(self._step_of_batch_0 + batch, since=self._drawn)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.model.is_chief:
            return
        if self.every_steps:
            self._reach(int(self.model.step.numpy()), since=self._drawn)
        else:
            self._reach(epoch + 1, since=epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if not self.model.is_chief:
            return
        if self._drawn < self._position:
            self._write()
        drawn = self._pictures()
        last = self._position or math.inf  # What an older run drew later is not of this film.
        frames = [images.load(drawn[position]) for position in sorted(drawn) if position <= last]
        frames = [frame for frame in frames if frame.size == frames[-1].size]
        if frames:
            images.save_gif(self.folder / FILM, frames)

    @property
    def _unit(self) -> tuple[str, int]:
        return STEP if self.every_steps else EPOCH

    @property
    def _every(self) -> int:
        return self.every_steps or self.every_epochs or 1

    def _pictures(self, unit: tuple[str, int] | None = None) -> dict[int, pathlib.Path]:
        """The pictures in the folder, by their epochs or steps."""
        prefix = (unit or self._unit)[0] + "_"
        paths = self.folder.glob(f"{prefix}*.png")
        drawn = {path.stem.removeprefix(prefix): path for path in paths}
        return {int(position): path for position, path in drawn.items() if position.isdecimal()}

    def _reach(self, position: int, since: int) -> None:
        """Draws a picture if an interval has ended since an earlier position."""
        self._position = position
        interval = self._interval()
        if position // interval > since // interval:
            self._write()

    def _interval(self) -> int:
        """What is between two pictures: a function of the first one and the position alone.

        So a training that is interrupted and resumed leaves the pictures of one that was not.
        """
        interval = self._every
        first = self._position if self._first is None else self._first
        while self.most and self._position // interval - first // interval >= self.most:
            interval *= 2
        return interval

    def _write(self) -> None:
        prefix, digits = self._unit
        picture = self.draw(title=f"{prefix} {self._position}")
        name = f"{prefix}_{self._position:0{digits}d}.png"
        files.write_atomically(self.folder / name, picture)
        self._drawn = self._position
        self._first = self._position if self._first is None else self._first
        self._thin_out()
        if self.writer is not None:
            with self.writer.as_default():
                decoded = tf.io.decode_png(picture)[None]
                tf.summary.image("samples", decoded, step=self._position)
                self.writer.flush()

    def _thin_out(self) -> None:
        """Removes pictures until there are `most`: those of older runs too, but no later ones."""
        drawn = {p: path for p, path in self._pictures().items() if p <= self._position}
        interval = self._interval()
        if self.most is None or (len(drawn) <= self.most and interval == self._every):
            return
        kept = _thinned(drawn, interval)
        while len(kept) > self.most:
            interval *= 2
            kept = _thinned(drawn, interval)
        for position in drawn.keys() - kept:
            drawn[position].unlink()

    def draw(self, title: str = "") -> bytes:
        """A picture of what the generator draws now, as the bytes of a PNG file."""
        view = plots.view_of(self.model.averaged_generator.output_shape[1:])
        num_samples = self.num_samples or view.num_samples
        classes = self.model.num_classes
        columns = classes if view.has_columns else None
        if columns:
            labels = np.arange(classes * math.ceil(num_samples / classes)) % classes
            samples = self.model.generate(len(labels), labels, seed=self.seed)
        else:
            samples = self.model.generate(num_samples, seed=self.seed)
            samples = samples[0] if classes else samples
        return plots.picture(samples, self.real_samples, columns=columns, title=title)


def _thinned(positions: Iterable[int], interval: int) -> set[int]:
    """The first position of each interval, and the last of all."""
    firsts: dict[int, int] = {}
    for position in sorted(positions):
        firsts.setdefault(position // interval, position)
    return {*firsts.values(), max(positions)}


def _check_numbers(num_samples, every_epochs, every_steps, most):
    if every_epochs is not None and every_steps is not None:
        raise ValueError(
            "`every_epochs` and `every_steps` are two ways to say one thing: give one of them. "
            f"Received: every_epochs={every_epochs!r}, every_steps={every_steps!r}."
        )
    numbers = {"every_epochs": every_epochs, "every_steps": every_steps, "num_samples": num_samples}
    for name, value in numbers.items():
        if value is not None:
            checks.check_positive_integer(name, value)
    if most is not None:
        checks.check_positive_integer("most", most)
        if most < 2:
            raise ValueError(
                "`most` must be at least 2, for the first picture and the latest, or None for no "
                f"limit. Received: most={most!r}."
            )
