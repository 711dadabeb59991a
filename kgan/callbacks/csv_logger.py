"""The logs of training as a table."""

import csv
import io
import pathlib

import keras

from kgan import files


class CSVLogger(keras.callbacks.Callback):
    """Writes the logs of each epoch as a row, as `keras.callbacks.CSVLogger` does, and whole.

    The file is written beside its place and renamed, and goes on when training does: rows of the
    epochs before the first one stay, those of later ones are replaced. What an epoch has no value
    of, as of `val_` logs where only some are validated, is left empty.

    Args:
        filename: the file.

    Raises:
        ValueError: by `fit`, if the file holds something else.
    """

    def __init__(self, filename):
        super().__init__()
        self.filename = pathlib.Path(filename).expanduser()

    def on_epoch_end(self, epoch, logs=None):
        rows = [row for row in self._rows() if int(row["epoch"]) < epoch]
        rows.append({"epoch": epoch, **(logs or {})})
        text = io.StringIO(newline="")
        names = dict.fromkeys(name for row in rows for name in row)  # Not all epochs have all.
        writer = csv.DictWriter(text, list(names))
        writer.writeheader()
        writer.writerows(rows)
        files.write_atomically(self.filename, text.getvalue().encode())

    def on_train_begin(self, logs=None):
        self._rows()

    def _rows(self):
        if not self.filename.exists():
            return []
        rows = csv.DictReader(io.StringIO(self.filename.read_text(), newline=""))
        if "epoch" not in (rows.fieldnames or ["epoch"]):
            raise ValueError(
                f"`filename` must be a log, or not exist yet. Received: {self.filename}, which "
                "holds something else, and is left as it is."
            )
        return list(rows)
