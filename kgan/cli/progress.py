"""The line that the terminal shows while a GAN trains."""

import time
from typing import Any

import keras
import rich.progress

from kgan.game.logs import SYMBOLS

__all__ = ["ProgressLine"]


class ProgressLine(keras.callbacks.Callback):
    """One line: the epochs, the players, the time left.

    Args:
        console: a `rich.console.Console`.
        every_seconds: how often it changes.

    Example: `with line.bar: gan.fit(dataset, callbacks=[line], verbose=0)`.
    """

    def __init__(self, console: rich.console.Console, every_seconds: float = 0.2) -> None:
        super().__init__()
        self.every_seconds = every_seconds
        self.bar = rich.progress.Progress(
            rich.progress.TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            rich.progress.BarColumn(),
            rich.progress.TextColumn("{task.description}"),
            rich.progress.TimeElapsedColumn(),
            rich.progress.TextColumn("left"),
            rich.progress.TimeRemainingColumn(),
            console=console,
        )
        self._task: Any = None
        self._shown = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        epochs, steps = self.params["epochs"], self.params["steps"]
        if self._task is None:
            total, fields = epochs * steps, {"epoch": epoch, "epochs": epochs}
            self._task = self.bar.add_task("", total=total, completed=epoch * steps, **fields)
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if time.monotonic() - self._shown >= self.every_seconds:
            self._show(batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._show(self.params["steps"], logs)

    def _show(self, batches, logs):
        self._shown = time.monotonic()
        answers = [f"{SYMBOLS[name]} {logs[name]:.2f}" for name in SYMBOLS if name in logs]
        done = self._epoch * self.params["steps"] + batches
        epoch = done // self.params["steps"]
        description = ", ".join(answers)
        self.bar.update(self._task, completed=done, epoch=epoch, description=description)
