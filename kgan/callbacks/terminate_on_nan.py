"""Ends trainings that have diverged."""

import math
from typing import Any

import keras

from kgan.game.logs import LOSSES

__all__ = ["TerminateOnNaN"]


class TerminateOnNaN(keras.callbacks.Callback):
    """Stops training when a loss of either player is NaN or infinite.

    `keras.callbacks.TerminateOnNaN` looks at the log `loss`, which a GAN does not have.
    """

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        for name in LOSSES:
            value = (logs or {}).get(name)
            if value is not None and not math.isfinite(float(value)):
                print(
                    f"\nBatch {batch}: {name} is {float(value)}; training stops. A lower learning "
                    "rate may help, or a penalty such as kgan.penalties.R1(0.1)."
                )
                self.model.stop_training = True
                return
