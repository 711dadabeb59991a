"""Pictures as people have them: a folder of files of all kinds."""

import concurrent.futures
import os
import pathlib
import warnings

import numpy as np
import PIL.Image
import PIL.ImageOps

from kgan import checks
from kgan.datasets.dataset import Dataset

__all__ = ["MODES", "from_directory"]

MODES = {"rgb": "RGB", "grayscale": "L"}


def from_directory(
    directory: str | os.PathLike[str],
    image_size: int,
    *,
    batch_size: int = 64,
    color_mode: str = "rgb",
    with_labels: bool = False,
    seed: int = 0,
) -> Dataset:
    """A data set of the pictures in a folder and its sub-folders.

    Any format that Pillow reads, in any size, colour mode and orientation: a picture is turned as
    its EXIF data says, transparency is laid on white, the middle square is cut out and scaled.
    Links are followed, and files whose names begin with a dot are passed over; what cannot be read
    is skipped, with a warning that counts and names it, and listed in `dataset.skipped`. Values of
    more than 8 bits are scaled by the depth of their format; those in floating point count as
    [0, 1], [0, 255] or [0, 65535], the first of these that holds all of a picture.

    Args:
        directory: the folder.
        image_size: the pixels of a side.
        batch_size: images a batch.
        color_mode: `"rgb"` or `"grayscale"`, as in Keras.
        with_labels: whether batches are `(images, labels)`: each sub-folder with a picture is a
            class, in the order of their names, which `dataset.class_names` keeps.
        seed: decides the order.

    Returns:
        A `Dataset` of float32 images `(batch_size, image_size, image_size, 3 or 1)` in [-1, 1].

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if no picture in it can be read, or it has no sub-folders to be labels.
    """
    directory = pathlib.Path(directory).expanduser()
    _check_arguments(directory, color_mode)
    checks.check_positive_integer("image_size", image_size)
    checks.check_positive_integer("batch_size", batch_size)
    checks.check_seed(seed)
    files = _files(directory)
    skipped: list[tuple[pathlib.Path, str]] = []
    if with_labels:
        files = _files_with_a_label(files, directory, skipped)
    images, paths = _read_all(files, image_size, MODES[color_mode], skipped)
    classes = _top_folders(paths, directory)
    unread = set(_top_folders(files, directory)) - set(classes) if with_labels else ()
    _report(directory, len(images), skipped, unread)
    skipped += [
        (directory / name, "no picture in it can be read: no class") for name in sorted(unread)
    ]
    labels = [classes.index(path.relative_to(directory).parts[0]) for path in paths]
    return Dataset(
        np.stack(images),
        np.array(labels) if with_labels else None,
        batch_size=batch_size,
        seed=seed,
        num_classes=len(classes) if with_labels else None,
        class_names=tuple(classes) if with_labels else None,
        skipped=tuple(skipped),
    )


def _check_arguments(directory, color_mode):
    if not directory.is_dir():
        raise FileNotFoundError(f"`directory` must be a folder. Received: directory={directory}.")
    if color_mode not in MODES:
        raise ValueError(
            f"`color_mode` must be one of {list(MODES)}. Received: color_mode={color_mode!r}."
        )


def _files(folder, above=()):
    """All files below a folder, through links too, but hidden ones and what links back above."""
    real = folder.resolve()
    if real in above:
        return []
    files = []
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            files += _files(path, (*above, real))
        elif path.is_file():
            files.append(path)
    return sorted(files)


def _files_with_a_label(files, directory, skipped):
    top_level = [path for path in files if path.parent == directory]
    skipped += [(path, "in no sub-folder, so without a label") for path in top_level]
    files = [path for path in files if path.parent != directory]
    if not files:
        raise ValueError(
            "`with_labels` makes each sub-folder a class, and there is none with a file. "
            f"Received: directory={directory}."
        )
    return files


def _top_folders(paths, directory):
    return sorted({path.relative_to(directory).parts[0] for path in paths})


def _read_all(files, image_size, mode, skipped):
    images, paths = [], []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for path, result in zip(
            files, pool.map(lambda path: _read(path, image_size, mode), files), strict=True
        ):
            if isinstance(result, str):
                skipped.append((path, result))
            else:
                images.append(result)
                paths.append(path)
    return images, paths


def _read(path, image_size, mode):
    """The picture as uint8 `(image_size, image_size, channels)`, or the reason why not."""
    try:
        with PIL.Image.open(path) as picture:
            picture.draft(mode, (2 * image_size, 2 * image_size))
            picture = PIL.ImageOps.exif_transpose(picture)
            picture = _flatten(picture).convert(mode)
    except Exception as error:  # Each decoder has its own: AVIF's raises RuntimeError.
        return str(error).replace(str(path), path.name) or type(error).__name__
    size = (image_size, image_size)
    picture = PIL.ImageOps.fit(picture, size, PIL.Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(image_size, image_size, -1)


def _flatten(picture):
    """The picture in 8 bits, and without transparency."""
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture, "float32")
        deep = picture.mode.startswith("I;16") or values.max(initial=0) > 255
        top = 65535 if deep else 1 if picture.mode == "F" and values.max(initial=0) <= 1 else 255
        return PIL.Image.fromarray(np.clip(values * (255 / top), 0, 255).astype("uint8"))
    if "A" in picture.mode or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", picture.size, "white")
        return PIL.Image.alpha_composite(white, picture)
    return picture


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
