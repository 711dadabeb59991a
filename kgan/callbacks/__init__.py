"""Callbacks that watch training and write files.

Keras's own `ModelCheckpoint`, `CSVLogger`, `TensorBoard` and `EarlyStopping` work with a GAN as
they are; name the log to watch, and whether less or more of it is better
(`monitor="val_frechet_distance_mnist", mode="min"`), since there is no log called `loss`. Among
several workers, give those that write files to the chief alone (`gan.is_chief`).
`LearningRateScheduler` and `ReduceLROnPlateau` act on `model.optimizer`, which a GAN does not have:
give each of its two optimizers a schedule of `keras.optimizers.schedules` instead. In place of
`SwapEMAWeights` there is `GAN(ema_decay=...)`.
"""

from kgan.callbacks.backup_and_restore import BackupAndRestore
from kgan.callbacks.best_generator import BestGenerator
from kgan.callbacks.csv_logger import CSVLogger
from kgan.callbacks.doctor import Doctor
from kgan.callbacks.equilibrium_stopping import EquilibriumStopping
from kgan.callbacks.export_generator import ExportGenerator
from kgan.callbacks.history_plot import HistoryPlot
from kgan.callbacks.sample_grid import SampleGrid
from kgan.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "BestGenerator",
    "CSVLogger",
    "Doctor",
    "EquilibriumStopping",
    "ExportGenerator",
    "HistoryPlot",
    "SampleGrid",
    "TerminateOnNaN",
]
