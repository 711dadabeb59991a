"""Ends trainings that have diverged."""

from typing import Any

import keras

from kgan.game.divergence import cause, infinite_loss

__all__ = ["TerminateOnNaN"]


class TerminateOnNaN(keras.callbacks.Callback):
    """Stops training when a loss of either player is NaN or infinite, and says why.

    `keras.callbacks.TerminateOnNaN` looks at the log `loss`, which a GAN does not have. Without
    this callback `fit` stops at the end of an epoch; with it, after the batch.
    """

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        said = infinite_loss(logs)
        if said and not self.model.stop_training:
            print(f"\nBatch {batch}: {said}; training stops. {cause(self.model.training_data)}")
            self.model.stop_training = True
