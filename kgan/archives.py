"""Whether a .keras file from elsewhere can be opened without harm."""

import os
import pathlib
import zipfile

import h5py

__all__ = ["check_sizes"]

# How many times its size in the file anything may take in memory. Keras compresses nothing, and a
# file that somebody has zipped again, full of the zeros of new optimizers, stays below this.
MOST_TIMES = 100
SPARE = 2**20


def check_sizes(path: str | os.PathLike[str]) -> None:
    """Raises where reading a .keras file would take far more memory than the file has bytes.

    A few megabytes of compressed zeros are enough to fill the memory of a machine.

    Args:
        path: the file, an archive with weights as HDF5.

    Raises:
        ValueError: naming the part of the file, and what it would take.
        OSError, zipfile.BadZipFile: if it cannot be read.
    """
    path = pathlib.Path(path)
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            _check(path, entry.filename, entry.file_size, entry.compress_size)
            if entry.filename.endswith(".h5"):
                with archive.open(entry) as file, h5py.File(file) as weights:
                    _check(path, entry.filename, _num_bytes(weights), entry.file_size)


def _num_bytes(weights: h5py.File) -> int:
    """What the arrays of an HDF5 file take in memory."""
    sizes: list[int] = []

    def add(name: str, thing: object) -> None:
        if isinstance(thing, h5py.Dataset):
            sizes.append(int(thing.size or 0) * thing.dtype.itemsize)

    weights.visititems(add)
    return sum(sizes)


def _check(path: pathlib.Path, name: str, needed: int, size: int) -> None:
    if needed > MOST_TIMES * size + SPARE:
        raise ValueError(
            f"{name} in {path} has {size:,} bytes, and would take {needed:,} in memory. No GAN is "
            "compressed like that: do not open this file."
        )
