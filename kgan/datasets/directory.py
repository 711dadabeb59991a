"""Pictures as people have them: a folder of files of all kinds."""

import collections
import concurrent.futures
import functools
import os
import pathlib
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import PIL.Image

from kgan import checks
from kgan.datasets import pictures, scaling
from kgan.datasets.dataset import Dataset
from kgan.datasets.pictures import BYTES, ImageSize, Picture

__all__ = ["CHANNELS", "files", "from_directory"]

CHANNELS = (1, 3, 4)

Skipped = list[tuple[pathlib.Path, str]]


def from_directory(
    directory: str | os.PathLike[str],
    image_size: ImageSize,
    *,
    batch_size: int = 64,
    channels: int | None = None,
    with_labels: bool = False,
    seed: int = 0,
    value_range: scaling.ValueRange = None,
) -> Dataset:
    """A data set of the pictures in a folder and its sub-folders.

    Reads any format that Pillow reads, in any size, colour mode and orientation. Pictures are
    turned as their EXIF data says, transparency is laid on white unless `channels` is 4, the
    largest middle part of the shape of `image_size` is cut out and scaled. Each page of a TIFF and
    each frame of an animation is a sample. Links are followed, and files whose names begin with a
    dot are passed over.

    Values become [-1, 1] by one rule for all pictures, that of `from_arrays`. What cannot be read,
    or has values of another kind than most (16 bits among 8), is skipped, with a warning that
    counts and names it, and listed in `dataset.skipped`.

    Args:
        directory: the folder.
        image_size: the pixels of a side, for squares; or the pair (height, width).
        batch_size: images per batch.
        channels: 1 for grey, 3 for RGB, or 4 for RGB and opacity, where what is fully transparent
            is black. `None`: 1 if all pictures are grey, else 3.
        with_labels: whether batches are `(images, labels)`: each sub-folder with a picture is a
            class, in the order of their names, which `dataset.class_names` keeps.
        seed: decides the order.
        value_range: the pair of values that become -1 and 1, instead of the rule; pictures with
            values outside of it are skipped.

    Returns:
        A `Dataset` of float32 images `(batch_size, height, width, 1, 3 or 4)` in [-1, 1].

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if no picture in it can be read, it has no sub-folders to be labels, the rule
            does not cover its values, or they take more memory than there is.
    """
    directory = pathlib.Path(directory).expanduser()
    _check_arguments(directory, channels, value_range)
    size = pictures.height_and_width(image_size)
    checks.check_positive_integer("batch_size", batch_size)
    checks.check_seed(seed)
    skipped: Skipped = []
    paths = _paths(directory, with_labels, skipped)
    _check_memory(len(paths), size, channels or 3)
    read = functools.partial(pictures.read, size=size, with_opacity=channels == 4)
    found = _read_all(paths, read, value_range, skipped)
    found, value_range = _agree(found, read, value_range, skipped)
    classes = _top_folders([picture.path for picture in found], directory)
    unread = set(_top_folders(paths, directory)) - set(classes) if with_labels else set()
    _report(directory, len({picture.path for picture in found}), skipped, unread)
    no_class = "no picture in it can be read: no class"
    skipped += [(directory / name, no_class) for name in sorted(unread)]
    labels = [classes.index(picture.path.relative_to(directory).parts[0]) for picture in found]
    return _dataset(
        found,
        channels,
        value_range,
        labels=np.array(labels) if with_labels else None,
        batch_size=batch_size,
        seed=seed,
        num_classes=len(classes) if with_labels else None,
        class_names=tuple(classes) if with_labels else None,
        skipped=tuple(skipped),
    )


def _check_arguments(directory, channels, value_range):
    if not directory.is_dir():
        raise FileNotFoundError(f"`directory` must be a folder. Received: directory={directory}.")
    if channels not in (None, *CHANNELS) or isinstance(channels, bool):
        raise ValueError(
            "`channels` must be 1 (grey), 3 (RGB), 4 (RGB and opacity) or None. "
            f"Received: channels={channels!r}."
        )
    if value_range is not None:
        scaling.check_value_range(value_range)


def _check_memory(number, size, channels):
    """Raises where the pictures alone are more than this machine can hold."""
    height, width = size
    needed = 2 * number * height * width * channels  # Each by itself, then all in one array.
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise ValueError(
            f"`image_size` must be smaller, or the pictures fewer: {number:,} of {height}×{width} "
            f"pixels take {needed / 1e9:,.0f} GB, and this machine has {there / 1e9:,.0f}. "
            f"Received: image_size={height if height == width else size}."
        )


def files(folder: pathlib.Path, above: tuple[pathlib.Path, ...] = ()) -> list[pathlib.Path]:
    """All files below a folder, through links too, but hidden ones and what links back above."""
    real = folder.resolve()
    if real in above:
        return []
    found = []
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            found += files(path, (*above, real))
        elif path.is_file():
            found.append(path)
    return sorted(found)


def _paths(directory, with_labels, skipped):
    paths = files(directory)
    if not with_labels:
        return paths
    top_level = [path for path in paths if path.parent == directory]
    skipped += [(path, "in no sub-folder, so without a label") for path in top_level]
    paths = [path for path in paths if path.parent != directory]
    if not paths:
        raise ValueError(
            "`with_labels` makes each sub-folder a class, and there is none with a file. "
            f"Received: directory={directory}."
        )
    return paths


def _top_folders(paths, directory):
    return sorted({path.relative_to(directory).parts[0] for path in paths})


def _read_all(paths, read, value_range, skipped):
    """All pictures in these files, a list of `Picture`."""
    found: list[Picture] = []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        each = pool.map(lambda path: read(path, value_range=value_range), paths)
        for path, result in zip(paths, each, strict=True):
            if isinstance(result, str):
                skipped.append((path, result))
            else:
                found += result
    return found


def _agree(found, read, value_range, skipped):
    """The pictures that one rule fits, and the values of theirs that become -1 and 1."""
    if not found:
        return [], None
    kinds = collections.Counter(picture.kind for picture in found)
    kind = max(kinds, key=lambda kind: (kinds[kind], kind == BYTES))
    found = _keep(found, lambda p: p.kind == kind, skipped, f"among pictures of {kind}")
    if value_range is not None:
        low, high = value_range
        outside = f"outside of value_range=({low:g}, {high:g})"
        return _keep(
            found, lambda p: low <= p.low and p.high <= high, skipped, outside
        ), value_range
    low, high = min(p.low for p in found), max(p.high for p in found)
    dtype = "uint8" if kind == BYTES else "int32" if kind == pictures.INTEGERS else "float32"
    value_range = scaling.find_value_range(dtype, low, high, is_picture=True)
    if kind == BYTES and value_range != (0, 255):  # Zeros and ones, which are scaled as bytes.
        found = _read_all(sorted({p.path for p in found}), read, value_range, [])
    return found, value_range


def _keep(
    found: Sequence[Picture], fits: Callable[[Picture], bool], skipped: Skipped, reason: str
) -> list[Picture]:
    """The pictures that fit; a file with another is skipped as a whole."""
    others = {
        p.path: f"{p.kind} from {p.low:g} to {p.high:g}, {reason}" for p in found if not fits(p)
    }
    skipped += others.items()
    return [picture for picture in found if picture.path not in others]


def _dataset(found, channels, value_range, **options):
    """A `Dataset` of these pictures, in as many channels as they need, or as was asked for."""
    if channels == 4 and found[0].kind != BYTES:
        raise ValueError(
            "`channels=4` is for pictures of 8 bits: deeper ones are grey, without opacity. Leave "
            f"`channels` out. Received: pictures of {found[0].kind}, as {found[0].path}."
        )
    if channels is None:
        channels = 1 if all(_is_grey(picture.values) for picture in found) else 3
    values = np.stack([_with_channels(picture.values, channels) for picture in found])
    stored = value_range
    if found[0].kind == BYTES:
        stored = (0, 255)
    elif found[0].kind == pictures.INTEGERS:
        values = np.round(values).astype("int32")
    dataset = Dataset(values, options.pop("labels"), value_range=stored or (-1, 1), **options)
    dataset.value_range = value_range
    return dataset


def _is_grey(values):
    return values.shape[-1] == 1 or bool(np.all(values == values[..., :1]))


def _with_channels(values, channels):
    if values.shape[-1] == channels:
        return values
    if channels == 3:
        return np.repeat(values, 3, axis=-1)
    return np.asarray(PIL.Image.fromarray(values).convert("L"))[..., None]


def _report(directory, num_read, skipped, unread):
    if not num_read and not skipped:
        raise ValueError(f"`directory` holds no files. Received: directory={directory}.")
    named = "".join(f"\n  {path.name}: {reason}" for path, reason in skipped[:5])
    more = f"\n  ... and {len(skipped) - 5} more" if len(skipped) > 5 else ""
    if not num_read:
        raise ValueError(
            f"`directory` holds no picture that can be read; all {len(skipped)} files were "
            f"skipped:{named}{more}\nReceived: directory={directory}."
        )
    if skipped:
        total = num_read + len(skipped)
        lost = f"\nSo these are no classes: {', '.join(sorted(unread))}." if unread else ""
        warnings.warn(
            f"{len(skipped)} of {total} files in {directory} were skipped:{named}{more}{lost}",
            stacklevel=3,
        )
