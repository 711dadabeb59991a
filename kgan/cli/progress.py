"""What the terminal, or a log file, shows while a GAN trains."""

import datetime
import time
from typing import Any

import keras
import rich.progress

from kgan.game.logs import LOSSES, SYMBOLS

__all__ = ["ProgressLine"]

# How often a terminal's line changes, and how often a file gets another, in seconds.
TERMINAL, FILE = 0.2, 5.0


class ProgressLine(keras.callbacks.Callback):
    """The epochs, the players and the time left: one line that changes.

    Where the output is not a terminal, as under nohup, SLURM or Docker, a new line every few
    seconds, with the losses too.

    Args:
        console: a `rich.console.Console`.
        every_seconds: how often the line changes, or another follows; None for what suits.
        in_steps: whether the length of the training was given in steps, and epochs are not shown.

    Example: `with line.bar: gan.fit(dataset, callbacks=[line], verbose=0)`.
    """

    def __init__(
        self,
        console: rich.console.Console,
        every_seconds: float | None = None,
        *,
        in_steps: bool = False,
    ) -> None:
        super().__init__()
        self.console = console
        self.in_steps = in_steps
        suitable = TERMINAL if console.is_terminal else FILE
        self.every_seconds = suitable if every_seconds is None else every_seconds
        self.bar = rich.progress.Progress(
            rich.progress.TextColumn(
                "step {task.completed}/{task.total}"
                if in_steps
                else "epoch {task.fields[epoch]}/{task.fields[epochs]}"
            ),
            rich.progress.BarColumn(),
            rich.progress.TextColumn("{task.description}"),
            rich.progress.TimeElapsedColumn(),
            rich.progress.TextColumn("elapsed,"),
            rich.progress.TimeRemainingColumn(),
            rich.progress.TextColumn("left"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: Any = None
        self._shown, self._done, self._batches = 0.0, -1, 0
        self._began: tuple[float, int] | None = None  # After the first step, which is traced too.

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        epochs, steps = self.params["epochs"], self.params["steps"]
        if self._task is None:
            total, fields = epochs * steps, {"epoch": epoch, "epochs": epochs}
            self._task = self.bar.add_task("", total=total, completed=epoch * steps, **fields)
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._batches = batch + 1
        if time.monotonic() - self._shown >= self.every_seconds:
            self._show(batch + 1, logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        is_last = epoch + 1 == self.params["epochs"]
        due = time.monotonic() - self._shown >= self.every_seconds
        if self.console.is_terminal or is_last or due:
            self._show(self._batches, logs or {})  # Fewer where training was stopped.

    def _show(self, batches: int, logs: dict[str, Any]) -> None:
        self._shown = time.monotonic()
        steps, epochs = self.params["steps"], self.params["epochs"]
        done = self._epoch * steps + batches
        if done == self._done:  # The end of an epoch comes after its last batch.
            return
        self._done = done
        answers = [f"{SYMBOLS[name]} {logs[name]:.2f}" for name in SYMBOLS if name in logs]
        if self.console.is_terminal:
            changes = {"epoch": done // steps, "description": ", ".join(answers)}
            self.bar.update(self._task, completed=done, **changes)
            return
        losses = [f"{name} {logs[name]:.3f}" for name in LOSSES if name in logs]
        place = f"step {done}/{epochs * steps}"
        if not self.in_steps:
            place = f"epoch {min(self._epoch + 1, epochs)}/{epochs}, {place}"
        line = ", ".join([place, *losses, *answers, *self._left(done, epochs * steps)])
        self.console.print(line, highlight=False, soft_wrap=True)

    def _left(self, done: int, total: int) -> list[str]:
        """How long the rest takes, if it is as fast as what was done here; [] if unknown."""
        if self._began is None:
            self._began = time.monotonic(), done
            return []
        since, before = self._began
        seconds = (time.monotonic() - since) / max(1, done - before) * (total - done)
        return [f"{datetime.timedelta(seconds=round(seconds))} left"]
