"""Reading data sets in tests, and colours to tell pictures by."""

import itertools

import numpy as np
import PIL.Image
import players
import pytest

from kgan import datasets, images

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
NUM_MODES = {"line": 2, "ring": 8, "grid": 25}


def take(stream, num_batches):
    """The first batches of a stream, each as a tuple of arrays."""
    batches = itertools.islice(stream.as_numpy_iterator(), num_batches)
    return [batch if isinstance(batch, tuple) else (batch,) for batch in batches]


def pixels(dataset):
    """All samples of a data set of images, as bytes."""
    return images.to_uint8(dataset.samples)


def numbered(num_samples=20, **options):
    """Vectors that are their own index."""
    return datasets.from_arrays(np.arange(num_samples, dtype="float32")[:, None], **options)


def colored_folders(tmp_path):
    """Sub-folders in another order than they are made: each of one colour, one of them deeper."""
    places = {"roses/1": RED, "ferns/2": GREEN, "asters/3": BLUE, "ferns/deep/4": GREEN}
    for place, color in places.items():
        path = tmp_path / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("RGB", (4, 4), color).save(path)


def prepared(name):
    """The folder in which a data set of TFDS is prepared; without one the test is skipped."""
    folder = players.prepared_data(name)
    if folder is None:
        pytest.skip(f"{name} is not prepared: set TFDS_DATA_DIR to a folder that holds it")
    return folder
