"""The generator of the best epoch, kept."""

import math
import os
import pathlib
import warnings
from typing import Any

import keras

from kgan import files
from kgan.game import replicas
from kgan.game.logs import log_names

__all__ = ["BestGenerator"]


class BestGenerator(keras.callbacks.Callback):
    """Saves the GAN after each epoch whose validation distance is the smallest so far.

    Like `keras.callbacks.ModelCheckpoint(save_best_only=True)`, which works with a GAN too; but the
    file is whole even if the process is killed, a training that resumes from a backup remembers the
    best value, NaN never counts as best, and the generator can be restored when training ends. The
    measure is of the averaged generator, on the `validation_data` of `fit`: data that has chosen is
    no longer held out, and a distance to it is not that of `kgan.evaluate`, which is to the
    training data.

    Args:
        filepath: a `.keras` file; what is in it is replaced.
        monitor: the name of a log, such as `"val_frechet_distance_mnist"`.
        mode: `"min"`, or `"max"` where more is better.
        restore_best_weights: whether `gan.averaged_generator` gets the best weights when training
            ends. Where averaging is off that is the generator itself. A backup that is made then
            has them too: a training that is to be prolonged leaves this off, and reads the file.

    Attributes:
        best: the best value so far; None before there is one.

    Raises:
        ValueError: for another mode, a file with another suffix; by `fit`, for an unknown log.

    Example:

    >>> import tempfile
    >>> gan = kgan.GAN(*kgan.architectures.mlp((8, 8, 1), latent_dim=8), seed=0)
    >>> gan.compile(metrics=[kgan.metrics.FrechetDistance("digits", num_samples=100)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     best = kgan.callbacks.BestGenerator(
    ...         f"{folder}/best.keras", "val_frechet_distance_digits", restore_best_weights=True
    ...     )
    ...     history = gan.fit(
    ...         kgan.datasets.digits(),
    ...         epochs=2,
    ...         validation_data=kgan.datasets.digits("test"),
    ...         callbacks=[best],
    ...         verbose=0,
    ...     )
    >>> best.best == min(history.history["val_frechet_distance_digits"])
    True
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str,
        *,
        mode: str = "min",
        restore_best_weights: bool = False,
    ) -> None:
        super().__init__()
        self.filepath = pathlib.Path(filepath).expanduser()
        if mode not in ("min", "max"):
            raise ValueError(f"`mode` must be 'min' or 'max'. Received: mode={mode!r}.")
        if self.filepath.suffix != ".keras":
            raise ValueError(f"`filepath` must end with .keras. Received: filepath={filepath}.")
        self.monitor = monitor
        self.mode = mode
        self.restore_best_weights = restore_best_weights
        self.best: float | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.model.is_chief:
            files.check_writable(self.filepath.parent)
        names = log_names(self.model)
        if self.monitor.removeprefix("val_") not in names:
            raise ValueError(
                f"`monitor` must be one of {', '.join(sorted(names))}, with val_ before it for the "
                f"one of `validation_data`. Received: monitor={self.monitor!r}."
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._remember()
        logs = logs or {}
        if self.monitor not in logs:  # Where only some epochs are validated.
            return
        value = float(logs[self.monitor])
        if self._is_better(value):
            self.best = value
            if not self.model.is_chief:
                return
            with files.replacing(self.filepath) as beside:
                self.model.save(beside)

    def _remember(self) -> None:
        """Reads the best value so far from the history, which a backup restores."""
        for before in self.model.history.history.get(self.monitor, []):
            if self._is_better(before):
                self.best = before

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._remember()
        if self.best is None:
            warnings.warn(
                f"There never was a {self.monitor!r} that is a number, so nothing was saved; those "
                "that begin with val_ need `validation_data`.",
                stacklevel=2,
            )
        if self.restore_best_weights and self.best is not None:
            replicas.of_workers(self.model.distribute_strategy, 0)  # The chief has saved it.
            saved = keras.models.load_model(self.filepath, compile=False)
            self.model.averaged_generator.set_weights(saved.averaged_generator.get_weights())

    def _is_better(self, value: float) -> bool:
        if math.isnan(value) or self.best is None:
            return not math.isnan(value)
        return value < self.best if self.mode == "min" else value > self.best
