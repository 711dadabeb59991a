"""The generator of the best epoch, kept."""

import math
import pathlib

import keras

from kgan import files


class BestGenerator(keras.callbacks.Callback):
    """Saves the GAN after each epoch whose validation distance is the smallest so far.

    As `keras.callbacks.ModelCheckpoint(save_best_only=True)`, which works with a GAN too; but the
    file is whole whenever the process is killed, a training that goes on from a backup knows what
    was best before, NaN is not, and the generator can be put back when training ends. The measure
    is of the averaged generator, on the `validation_data` of `fit`.

    Args:
        filepath: a `.keras` file; what is in it is replaced.
        monitor: the name of a log, such as `"val_frechet_distance_mnist"`.
        mode: `"min"`, or `"max"` where more is better.
        restore_best_weights: whether `gan.averaged_generator` gets the best weights when training
            ends. Where averaging is off that is the generator itself.

    Attributes:
        best: the best value so far; None before there is one.

    Raises:
        ValueError: for another mode, a file with another suffix; by `fit`, if there is no such log.

    Example:

    >>> import tempfile
    >>> gan = kgan.GAN(*kgan.architectures.mlp((8, 8, 1), latent_dim=8), seed=0)
    >>> gan.compile(metrics=[kgan.metrics.FrechetDistance("digits")])
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

    def __init__(self, filepath, monitor, *, mode="min", restore_best_weights=False):
        super().__init__()
        self.filepath = pathlib.Path(filepath).expanduser()
        if mode not in ("min", "max"):
            raise ValueError(f"`mode` must be 'min' or 'max'. Received: mode={mode!r}.")
        if self.filepath.suffix != ".keras":
            raise ValueError(f"`filepath` must end with .keras. Received: filepath={filepath}.")
        self.monitor = monitor
        self.mode = mode
        self.restore_best_weights = restore_best_weights
        self.best = None

    def on_train_begin(self, logs=None):
        files.check_writable(self.filepath.parent)

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor not in (logs or {}):
            raise ValueError(
                f"`monitor` must be one of the logs: {', '.join(sorted(logs or {}))}; those that "
                "begin with val_ need `validation_data`. "
                f"Received: monitor={self.monitor!r}."
            )
        history, value = self.model.history, float(logs[self.monitor])
        values = zip(history.epoch, history.history.get(self.monitor, []), strict=False)
        for earlier, before in values:  # Of a training that was killed, too.
            if earlier < epoch and self._is_better(before):
                self.best = before
        if self._is_better(value):
            self.best = value
            with files.replacing(self.filepath) as beside:
                self.model.save(beside)

    def on_train_end(self, logs=None):
        if self.restore_best_weights and self.best is not None:
            saved = keras.models.load_model(self.filepath, compile=False)
            self.model.averaged_generator.set_weights(saved.averaged_generator.get_weights())

    def _is_better(self, value):
        if math.isnan(value) or self.best is None:
            return not math.isnan(value)
        return value < self.best if self.mode == "min" else value > self.best
