"""The logs of training as a table."""

import csv
import io
import os
import pathlib
from typing import Any

import keras

from kgan import files
from kgan.game import replicas

__all__ = ["CSVLogger"]


class CSVLogger(keras.callbacks.Callback):
    """Writes the logs of each epoch as a row, like `keras.callbacks.CSVLogger`, counted from 1.

    The file is always whole, since it is written next to its place and renamed, and continues when
    training resumes: rows of earlier epochs stay, those of later ones are replaced. A value that an
    epoch does not have, such as `val_` logs where only some epochs are validated, is left empty.

    Args:
        filename: the file.

    Raises:
        ValueError: by `fit`, if the file holds something else.
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        super().__init__()
        self.filename = pathlib.Path(filename).expanduser()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not replicas.is_chief(self.model.distribute_strategy):
            return
        rows = [row for row in self._rows() if int(row["epoch"]) <= epoch]
        rows.append({"epoch": epoch + 1, **(logs or {})})
        text = io.StringIO(newline="")
        names = dict.fromkeys(name for row in rows for name in row)  # Not all epochs have all.
        writer = csv.DictWriter(text, list(names))
        writer.writeheader()
        writer.writerows(rows)
        files.write_atomically(self.filename, text.getvalue().encode())

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._rows()

    def _rows(self) -> list[dict[str, Any]]:
        if not self.filename.exists():
            return []
        rows = csv.DictReader(io.StringIO(self.filename.read_text(), newline=""))
        if "epoch" not in (rows.fieldnames or ["epoch"]):
            raise ValueError(
                f"`filename` must be a log, or not exist yet. Received: {self.filename}, which "
                "holds something else, and is left as it is."
            )
        return list(rows)
