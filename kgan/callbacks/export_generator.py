"""The generator as a file for other programs, during training and at its end."""

import os
import pathlib
from collections.abc import Sequence
from typing import Any

import keras

from kgan import checks, exports
from kgan.exports import proof

__all__ = ["ExportGenerator"]


class ExportGenerator(keras.callbacks.Callback):
    """Writes the averaged generator for use without kgan and Keras, when training ends.

    Each export is proved to draw what the generator draws (`kgan.export`), and takes the next name
    that is free: `generator/<N>` for TF Serving, `generator.tflite`, `generator_int8_2.tflite`.

    Args:
        folder: where they go; made if need be.
        formats: names of `kgan.exports.FORMATS`.
        every_epochs: also after each so many epochs; None: when training ends only.
        quantize: the ways of LiteRT to keep weights; one file each.
        class_names: what the classes are called, for clients.
        reference_images, features: what the proofs are to compare with, as in `kgan.export`.

    Attributes:
        proofs: the `kgan.exports.Proof` of each export, a list in their order.

    Raises:
        ImportError: if a format needs an extra that is not installed.
        ExportError: by `fit`, if an export draws something else than the generator.
        ValueError: for unknown formats or ways to keep weights; by `fit`, before it trains, for
            `reference_images` that are not like the generator's.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        formats: Sequence[str] = ("tf_saved_model",),
        *,
        every_epochs: int | None = None,
        quantize: Sequence[str] = ("none",),
        class_names: Sequence[str] = (),
        reference_images: Any = None,
        features: Any = "raw",
    ) -> None:
        super().__init__()
        if every_epochs is not None:
            checks.check_positive_integer("every_epochs", every_epochs)
        self.folder = pathlib.Path(folder).expanduser()
        self.every_epochs = every_epochs
        self.options = {
            "class_names": class_names,
            "reference_images": reference_images,
            "features": features,
        }
        self.kinds = exports.kinds(formats, quantize)
        self.proofs: list[exports.Proof] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        images, features = self.options["reference_images"], self.options["features"]
        # Report bad options before training, not after it.
        proof.reference(self.model.generator, images, features)
        self._is_new = False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._is_new = True
        if self.every_epochs and (epoch + 1) % self.every_epochs == 0:
            self._export()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._is_new:  # There was an epoch since the last export.
            self._export()

    def _export(self) -> None:
        for format, options in self.kinds if self.model.is_chief else ():
            options = options | self.options
            self.proofs.append(exports.export_into(self.model, self.folder, format, **options))
        self._is_new = False
