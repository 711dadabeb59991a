"""The embedded handwritten digits: real data that needs no network."""

import importlib.resources
import io

import numpy as np

from kgan.datasets.dataset import Dataset
from kgan.lookup import by_name

__all__ = ["SPLITS", "digits"]

# The file seems to be in order of writers: nearly all of what is held out was written by others.
SPLITS = {"train": slice(0, 1437), "test": slice(1437, 1797), "all": slice(0, 1797)}


def digits(
    split: str = "train", *, batch_size: int = 64, with_labels: bool = False, seed: int = 0
) -> Dataset:
    """1,797 handwritten digits of 8×8 pixels, with 17 shades of grey.

    They come with kgan: E. Alpaydin and C. Kaynak 1998, https://doi.org/10.24432/C50P49,
    licensed CC BY 4.0.

    Args:
        split: `"train"` (the first 1,437), `"test"` (the other 360), or `"all"`.
        batch_size: images a batch.
        with_labels: whether batches are `(images, labels)`, labels 0 to 9.
        seed: decides the order.

    Returns:
        A `Dataset` of float32 images `(batch_size, 8, 8, 1)` in [-1, 1].
    """
    rows = by_name(split, SPLITS, "split")
    file = importlib.resources.files("kgan") / "data" / "digits.npz"
    with np.load(io.BytesIO(file.read_bytes())) as arrays:
        images, labels = arrays["images"][rows, ..., None], arrays["labels"][rows]
    return Dataset(
        np.round(images * (255 / 16)).astype("uint8"),
        labels if with_labels else None,
        batch_size=batch_size,
        seed=seed,
        class_names=tuple("0123456789") if with_labels else None,
    )
