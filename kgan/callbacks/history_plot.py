"""The training curves, redrawn during training."""

import os
import pathlib
import time
from typing import Any

import keras

from kgan import plots
from kgan.game import replicas

__all__ = ["HistoryPlot"]


class HistoryPlot(keras.callbacks.Callback):
    """Keeps a picture of the training curves up to date, `kgan.plots.history`.

    It is drawn again during training, also within an epoch, whose logs so far are then the last
    point of each curve; and when training ends. After `BackupAndRestore` has resumed a training, it
    shows all of it. The file is always whole, and only the chief of several workers writes it.

    Args:
        filename: the file, a PNG.
        every_seconds: how old the picture may be before it is drawn again. Drawing takes about
            half a second.
        in_steps: whether the x-axis counts steps instead of epochs.

    Raises:
        ValueError: if `every_seconds` is negative.
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        *,
        every_seconds: float = 60,
        in_steps: bool = False,
    ) -> None:
        super().__init__()
        if not every_seconds >= 0:
            raise ValueError(
                f"`every_seconds` must be at least 0. Received: every_seconds={every_seconds!r}."
            )
        self.filename = pathlib.Path(filename).expanduser()
        self.every_seconds = every_seconds
        self.in_steps = in_steps

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._drawn = time.monotonic()

    # Because of a callback with `on_train_batch_end` Keras would wait for each batch's logs.
    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        steps = self.params.get("steps")
        if batch and steps and self._is_due():
            running = {name: float(value) for name, value in self.model.game_log.result().items()}
            self._draw(running, progress=batch / steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._is_due():
            history = self.model.history
            is_over = epoch in history.epoch[-1:]  # It may be told before this callback, or after.
            self._draw({} if is_over else logs or {})

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.model.history.history and replicas.is_chief(self.model.distribute_strategy):
            self._draw()

    def _is_due(self) -> bool:
        is_chief = replicas.is_chief(self.model.distribute_strategy)
        return is_chief and time.monotonic() - self._drawn >= self.every_seconds

    def _draw(self, running: dict[str, float] | None = None, progress: float = 1.0) -> None:
        steps = self.params.get("steps") if self.in_steps else None
        figure = plots.history(self.model.history.history, running, progress, steps)
        plots.save(self.filename, figure)
        self._drawn = time.monotonic()
