"""A data set by one word, for the command line."""

import difflib
import os
import pathlib
import re
from typing import Any

from kgan.datasets.dataset import Dataset
from kgan.datasets.digits import digits
from kgan.datasets.directory import from_directory
from kgan.datasets.mixture import MIXTURES, gaussian_mixture
from kgan.datasets.pictures import ImageSize
from kgan.datasets.scaling import ValueRange
from kgan.datasets.tfds import from_tfds, held_out_split

__all__ = ["is_directory", "load", "load_held_out", "takes_image_size"]


def load(
    dataset: str | os.PathLike[str],
    *,
    batch_size: int = 64,
    image_size: ImageSize | None = None,
    channels: int | None = None,
    with_labels: bool = False,
    seed: int = 0,
    value_range: ValueRange = None,
) -> Dataset:
    """The training data that one word means.

    Args:
        dataset: `"digits"`; the name of a `gaussian_mixture`; a name of TensorFlow Datasets, such
            as `"mnist"` or `"downsampled_imagenet/64x64"`; or else the path of a folder of
            pictures. For a folder that has the name of a data set say `"./mnist"`.
        batch_size: samples per batch.
        image_size: the pixels of a side, for squares; or the pair (height, width). Needed for a
            folder of pictures.
        channels: of a folder of pictures, as in `from_directory`.
        with_labels: whether batches are `(samples, labels)`.
        seed: decides the order.
        value_range: the values that become -1 and 1, as in `from_arrays`.

    Returns:
        A `Dataset`.

    Raises:
        ValueError: if it is none of these, with the nearest names.
    """
    options: dict[str, Any] = {"batch_size": batch_size, "with_labels": with_labels, "seed": seed}
    name = str(dataset)
    _check_options(name, image_size=image_size, channels=channels, value_range=value_range)
    if name == "digits":
        return digits(**options)
    if name in MIXTURES:
        return gaussian_mixture(name, **options)
    options["value_range"] = value_range
    path = pathlib.Path(name).expanduser()
    if is_directory(name):
        if image_size is None:
            raise ValueError(
                "`image_size` is needed for a folder of pictures, such as 64 or (48, 64). "
                "Received: image_size=None."
            )
        return from_directory(path, image_size, channels=channels, **options)
    _check_known(name)
    return from_tfds(name, image_size=image_size, **options)


def load_held_out(
    dataset: str | os.PathLike[str],
    *,
    batch_size: int = 64,
    image_size: ImageSize | None = None,
    channels: int | None = None,
    with_labels: bool = False,
    seed: int = 0,
    value_range: ValueRange = None,
) -> Dataset | None:
    """Data of the same kind that `load` does not give: for measuring, never for training.

    The test split; of a mixture, which is endless, other points.

    Args:
        dataset, batch_size, image_size, channels, with_labels, seed, value_range: as in `load`.

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
    options |= {"image_size": image_size, "value_range": value_range}
    return from_tfds(name, split, batch_size=batch_size, **options)


def _check_options(name, **options):
    """Raises for options that the data of this name cannot take."""
    for option, value in options.items():
        if value is None:
            continue
        if not takes_image_size(name):
            raise ValueError(
                f"`{option}` is for pictures from a folder or from TensorFlow Datasets; {name!r} "
                f"comes in one form. Received: {option}={value!r}."
            )
        if option == "channels" and not is_directory(name):
            raise ValueError(
                f"`channels` is for a folder of pictures. Received: channels={value!r}, and the "
                f"data set {name!r}."
            )


def is_directory(dataset: str | os.PathLike[str]) -> bool:
    """Whether `load` takes this word for a folder: there is one, and no data set is called so."""
    path = pathlib.Path(dataset).expanduser()
    return path.is_dir() and ("/" in str(dataset) or str(dataset) not in _known())


def takes_image_size(dataset: str | os.PathLike[str]) -> bool:
    """Whether what this word means to `load` can be had in any size."""
    return str(dataset) not in ("digits", *MIXTURES)


def _check_known(name):
    """Raises unless `name`, which is not a folder, is the name of a data set."""
    if _base(name) in _known():
        return
    path = pathlib.Path(name).expanduser()
    if path.exists() or "/" in name:
        raise FileNotFoundError(f"There is no folder {name}, to read pictures from.")
    folders = [one.name for one in pathlib.Path().iterdir() if one.is_dir()]
    near = difflib.get_close_matches(name, [*folders, *_known()], n=3, cutoff=0.6)
    meant = f" Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""
    raise ValueError(
        f"`dataset` must be a folder of pictures, and there is no folder {path.resolve()}, or the "
        f"name of a data set: digits, mnist, or another of TensorFlow Datasets.{meant} "
        f"Received: dataset={name!r}."
    )


def _base(name):
    """A name of TensorFlow Datasets without its configuration and version."""
    return re.split("[/:]", name)[0]


def _known():
    import tensorflow_datasets as tfds  # Late: it is slow to import.

    return ["digits", *MIXTURES, *tfds.list_builders(with_community_datasets=False)]
