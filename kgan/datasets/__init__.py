"""Data to learn from, one function a kind; each returns a `Dataset`, which is a tf.data.Dataset."""

from kgan.datasets.arrays import from_arrays
from kgan.datasets.dataset import Dataset
from kgan.datasets.digits import digits
from kgan.datasets.directory import from_directory
from kgan.datasets.holding_out import hold_out
from kgan.datasets.loading import is_directory, load, load_held_out, takes_image_size
from kgan.datasets.mixture import GaussianMixture, gaussian_mixture
from kgan.datasets.tfds import from_tfds

__all__ = [
    "Dataset",
    "GaussianMixture",
    "digits",
    "from_arrays",
    "from_directory",
    "from_tfds",
    "gaussian_mixture",
    "hold_out",
    "is_directory",
    "load",
    "load_held_out",
    "takes_image_size",
]
