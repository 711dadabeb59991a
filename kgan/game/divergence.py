"""What to say and do when a loss is no longer a finite number."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.game.batches import is_array
from kgan.game.logs import LOSSES
from kgan.game.players import is_finite
from kgan.protocols import StartsAnywhere

__all__ = ["StopDiverged", "cause", "infinite_loss"]

# How many batches are looked at for the cause.
MOST = 1000

RATE = (
    "The data is finite, so the game itself has diverged: a lower learning rate may help, or a "
    "penalty such as kgan.penalties.R1(0.1)."
)
UNKNOWN = (
    "Either the data holds values that are not finite, or the learning rate is too high; a penalty "
    "such as kgan.penalties.R1(0.1) may help too."
)


def infinite_loss(logs: dict[str, Any] | None) -> str | None:
    """The name and value of the first loss among `logs` that is not finite; None if all are."""
    for name in LOSSES:
        value = float((logs or {}).get(name, 0.0))
        if not math.isfinite(value):
            return f"{name} is {value}"
    return None


def cause(data: Any) -> str:
    """Why a loss is no longer finite: the data, if some of it is not, or else the learning rate.

    Args:
        data: what `fit` was given as `x`. An array was looked at before training; of a
            tf.data.Dataset or a keras.utils.PyDataset the first thousand batches are looked at now.
    """
    if is_array(data) or isinstance(data, StartsAnywhere):
        return RATE
    batches = _batches(data)
    if batches is None:
        return UNKNOWN
    for number, batch in enumerate(batches):
        images = np.asarray(tf.nest.flatten(batch)[0])
        if not np.isfinite(images).all():
            return f"Batch {number} of the data (counted from 0) holds NaN or infinite values."
    return RATE


def _batches(data: Any) -> Iterator[Any] | None:
    if isinstance(data, tf.data.Dataset):
        return iter(data.take(MOST))
    if isinstance(data, keras.utils.PyDataset):
        return (data[i] for i in range(min(MOST, data.num_batches or MOST)))
    return None


class StopDiverged(keras.callbacks.Callback):
    """Stops training after an epoch with a loss that is not finite, and says why.

    `GAN.fit` adds it: with weights that are NaN nothing more can be learned. It costs nothing, as
    the logs of an epoch are at hand; `kgan.callbacks.TerminateOnNaN` looks at every batch.

    Args:
        data: what is trained on.
    """

    def __init__(self, data: Any) -> None:
        super().__init__()
        self.data = data

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        said = infinite_loss(logs)
        if said and not self.model.stop_training and not is_finite(self.model):
            warnings.warn(
                f"Training stops after epoch {epoch + 1}: {said}. {cause(self.data)}", stacklevel=2
            )
            self.model.stop_training = True
