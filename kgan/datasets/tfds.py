"""TensorFlow Datasets: anything with images, by its name."""

import os
import pathlib
import socket
import urllib.parse
import urllib.request

import numpy as np
import tensorflow as tf

from kgan import checks, files
from kgan.datasets.dataset import Dataset
from kgan.datasets.pictures import ImageSize, height_and_width
from kgan.datasets.scaling import ValueRange
from kgan.lookup import by_name

__all__ = ["from_tfds", "held_out_split"]


def from_tfds(
    name: str,
    split: str = "train",
    *,
    batch_size: int = 64,
    image_size: ImageSize | None = None,
    with_labels: bool = False,
    seed: int = 0,
    data_dir: str | os.PathLike[str] | None = None,
    value_range: ValueRange = None,
) -> Dataset:
    """A data set of TensorFlow Datasets (https://www.tensorflow.org/datasets/catalog).

    It is downloaded and prepared at its first use, then read from disk.

    Args:
        name: as in `tfds.load`: `"mnist"`, `"fashion_mnist"`, `"cifar10"`, ...
        split: as in `tfds.load`: `"train"`, `"test"`, `"train[:1000]"`, ...
        batch_size: images per batch.
        image_size: the pixels of a side, for squares; or the pair (height, width). The largest
            middle part of this shape is cut out and scaled. `None` leaves images as they are, which
            must then be of one size.
        with_labels: whether batches are `(images, labels)`.
        seed: decides the order.
        data_dir: where TFDS keeps its data. Defaults to the environment variable TFDS_DATA_DIR,
            or ~/tensorflow_datasets.
        value_range: the pair of values that become -1 and 1; by default by the rule of
            `from_arrays`.

    Returns:
        A `Dataset` of float32 images `(batch_size, height, width, 1 or 3)` in [-1, 1].

    Raises:
        ValueError: if TFDS knows no such name or split, or the data has no images or labels, or
            images of many sizes and no `image_size` was given.
        ConnectionError: if it is not on this disk and cannot be downloaded.
    """
    checks.check_positive_integer("batch_size", batch_size)
    checks.check_seed(seed)
    size = None if image_size is None else height_and_width(image_size)
    builder = _prepared(name, data_dir)
    image_key, label_key = _keys(builder.info, with_labels)
    features = builder.info.features
    _check_image(features[image_key], name, size)

    def select(example):
        image = _fit(example[image_key], size) if size else example[image_key]
        return (image[..., :3], example[label_key] if with_labels else 0)

    stream = _examples(builder, split).map(select).batch(256).with_options(_without_autotune())
    images, labels = zip(*stream.as_numpy_iterator(), strict=True)
    names = features[label_key].names if with_labels else None
    return Dataset(
        np.concatenate(images),
        np.concatenate(labels) if with_labels else None,
        batch_size=batch_size,
        seed=seed,
        num_classes=features[label_key].num_classes if with_labels else None,
        class_names=tuple(names) if names else None,
        value_range=value_range,
    )


def held_out_split(name: str, data_dir: str | os.PathLike[str] | None = None) -> str | None:
    """The split of a data set that is not for training, `"test"` or `"validation"`; or None."""
    splits = _prepared(name, data_dir).info.splits
    return next((split for split in ("test", "validation") if split in splits), None)


def _prepared(name, data_dir):
    """The builder of a data set that is on this disk; downloads and prepares it if need be."""
    builder = _builder(name, data_dir)
    try:
        if _downloads(builder):
            root = pathlib.Path(builder.data_dir).parents[1]
            _check_reachable(builder, root)
            root.mkdir(parents=True, exist_ok=True)
            with files.in_turn(root):  # Of several workers one prepares, and the others wait.
                builder = _builder(name, data_dir)
                builder.download_and_prepare()
        else:
            builder.download_and_prepare()
    except Exception as error:
        raise ConnectionError(
            f"The data set {name!r} is not prepared in {builder.data_dir}, and could not be "
            f"downloaded: {type(error).__name__}: {error}\nWithout a network use "
            "kgan.datasets.digits(), from_directory(...), gaussian_mixture(...), or `data_dir` "
            "(the environment variable TFDS_DATA_DIR) with a folder in which it is prepared."
        ) from error
    return builder


def _builder(name, data_dir):
    import tensorflow_datasets as tfds  # Late: it is slow to import, and not always needed.

    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        by_name(name, dict.fromkeys(tfds.list_builders()), "name")
        raise
    except AssertionError as error:  # How TFDS says that it has no such version.
        raise ValueError(
            f"`name` must be a data set of TFDS. Received: {name!r}: {error}"
        ) from None


def _downloads(builder):
    """Whether the data must be downloaded and prepared first."""
    # tfds.testing.mock_data puts a function of its own there, which downloads nothing.
    mocked = not builder.download_and_prepare.__module__.startswith("tensorflow_datasets.core")
    return not mocked and not pathlib.Path(builder.data_dir).exists()


def _check_reachable(builder, root):
    """Raises at once where a download cannot succeed; TFDS would try for three minutes."""
    if (root / "downloads").exists() or urllib.request.getproxies():
        return
    for host in {urllib.parse.urlsplit(url).hostname for url in builder.url_infos or ()}:
        socket.getaddrinfo(host, 443)


def _examples(builder, split):
    import tensorflow_datasets as tfds

    known = list(builder.info.splits)
    for part in split.split("+"):
        part = part.split("[")[0].strip()
        if known and part != "all":
            by_name(part, dict.fromkeys(known), "split")
    read_config = tfds.ReadConfig(try_autocache=False, interleave_cycle_length=1)
    return builder.as_dataset(split=split, shuffle_files=False, read_config=read_config)


def _without_autotune():
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def _keys(info, with_labels):
    """Which features are the image and the label."""
    import tensorflow_datasets as tfds

    features = dict(info.features.items())
    images = [key for key, f in features.items() if isinstance(f, tfds.features.Image)]
    labels = [key for key, f in features.items() if isinstance(f, tfds.features.ClassLabel)]
    if not images or (with_labels and not labels):
        missing = "labels" if images else "images"
        raise ValueError(
            f"The data set {info.name!r} has no {missing}. It has: "
            f"{', '.join(f'{key} ({type(f).__name__})' for key, f in features.items())}."
        )
    preferred = [key for key in ("image", "label") if key in images + labels]
    return (
        "image" if "image" in preferred else images[0],
        "label" if "label" in preferred else (labels or [None])[0],
    )


def _check_image(feature, name, size):
    if size is None and None in feature.shape:
        raise ValueError(
            f"`image_size` is needed: the images of {name!r} are of many sizes. "
            "Received: image_size=None."
        )


def _fit(image, size):
    """The largest middle part of an image with the shape of `size`, scaled; of the same type."""
    if image.shape[:2] == size:
        return image
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    rows = tf.clip_by_value(width * size[0] // size[1], 1, height)
    columns = tf.clip_by_value(height * size[1] // size[0], 1, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    image = image[top : top + rows, left : left + columns]
    scaled = tf.image.resize(image, size, antialias=True)
    if image.dtype.is_integer:
        scaled = tf.round(scaled)
    return tf.saturate_cast(scaled, image.dtype)
