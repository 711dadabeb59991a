"""A data set by one word, for the command line."""

import os
import pathlib
import re
from typing import Any

from kgan.datasets.dataset import Dataset
from kgan.datasets.digits import digits
from kgan.datasets.directory import from_directory
from kgan.datasets.mixture import MIXTURES, gaussian_mixture
from kgan.datasets.tfds import from_tfds, held_out_split
from kgan.lookup import by_name

__all__ = ["is_directory", "load", "load_held_out", "takes_image_size"]


def load(
    dataset: str | os.PathLike[str],
    *,
    batch_size: int = 64,
    image_size: int | None = None,
    with_labels: bool = False,
    seed: int = 0,
) -> Dataset:
    """The training data that one word means.

    Args:
        dataset: `"digits"`; the name of a `gaussian_mixture`; a name of TensorFlow Datasets, such
            as `"mnist"` or `"downsampled_imagenet/64x64"`; or else the path of a folder of
            pictures. Of a folder that is called like a data set say `"./mnist"`.
        batch_size: samples a batch.
        image_size: the pixels of a side; needed for a folder of pictures.
        with_labels: whether batches are `(samples, labels)`.
        seed: decides the order.

    Returns:
        A `Dataset`.

    Raises:
        ValueError: if it is none of these, with the nearest names.
    """
    options: dict[str, Any] = {"batch_size": batch_size, "with_labels": with_labels, "seed": seed}
    name = str(dataset)
    if not takes_image_size(name) and image_size is not None:
        raise ValueError(
            f"`image_size` is for pictures from a folder or from TensorFlow Datasets; {name!r} "
            f"comes in one size. Received: image_size={image_size}."
        )
    if name == "digits":
        return digits(**options)
    if name in MIXTURES:
        return gaussian_mixture(name, **options)
    path = pathlib.Path(name).expanduser()
    if is_directory(name):
        if image_size is None:
            raise ValueError(
                "`image_size` is needed for a folder of pictures, such as 64. "
                "Received: image_size=None."
            )
        return from_directory(path, image_size, **options)
    if path.exists() or ("/" in name and _base(name) not in _known()):
        raise FileNotFoundError(f"There is no folder {name}, to read pictures from.")
    _check_known(name)
    return from_tfds(name, image_size=image_size, **options)


def load_held_out(
    dataset: str | os.PathLike[str],
    *,
    batch_size: int = 64,
    image_size: int | None = None,
    with_labels: bool = False,
    seed: int = 0,
) -> Dataset | None:
    """Data of the same kind that `load` does not give: for measuring, never for training.

    The test split; of a mixture, which is endless, other points.

    Args:
        dataset, batch_size, image_size, with_labels, seed: as in `load`.

    Returns:
        A `Dataset`; None where there is none: for a folder of pictures, and for data of TensorFlow
        Datasets that has neither a test nor a validation split.

    Raises:
        ValueError, OSError: as `load`.
    """
    options: dict[str, Any] = {"with_labels": with_labels, "seed": seed}
    name = str(dataset)
    if is_directory(name):
        return None
    if name in MIXTURES:
        return gaussian_mixture(
            name, batch_size=batch_size, num_samples=20_000, **options | {"seed": seed + 1}
        )
    if name == "digits":
        return digits("test", batch_size=batch_size, **options)
    _check_known(name)
    split = held_out_split(name)
    if split is None:
        return None
    return from_tfds(name, split, batch_size=batch_size, image_size=image_size, **options)


def is_directory(dataset: str | os.PathLike[str]) -> bool:
    """Whether `load` takes this word for a folder: there is one, and no data set is called so."""
    path = pathlib.Path(dataset).expanduser()
    return path.is_dir() and ("/" in str(dataset) or str(dataset) not in _known())


def takes_image_size(dataset: str | os.PathLike[str]) -> bool:
    """Whether what this word means to `load` can be had in any size."""
    return str(dataset) not in ("digits", *MIXTURES)


def _check_known(name):
    by_name(_base(name), dict.fromkeys(_known()), "dataset")


def _base(name):
    """A name of TensorFlow Datasets without its configuration and version."""
    return re.split("[/:]", name)[0]


def _known():
    import tensorflow_datasets as tfds  # Late: it is slow to import.

    return ["digits", *MIXTURES, *tfds.list_builders(with_community_datasets=False)]
