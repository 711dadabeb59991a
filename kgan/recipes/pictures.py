"""What the recipe for one's own pictures chooses, by how many there are and how large they are."""

import contextlib
import itertools
import math
import os
import pathlib

import numpy as np
import PIL.Image
import tensorflow as tf

from kgan.datasets import Dataset
from kgan.datasets.dataset import STEPS_PER_EPOCH
from kgan.recipes.recipe import Choice

__all__ = ["choose", "choose_image_size"]

# From so many pictures on, D cannot learn them by heart in the time that a training takes.
MANY = 20_000
# At how many pictures a size is judged.
NUM_LOOKED_AT = 100


def choose(dataset: Dataset) -> list[Choice]:
    """What suits this data, a list of `Choice`s.

    Raises:
        ValueError: if all pictures are the same.
    """
    number = dataset.num_samples
    _check_varied(dataset)
    few = f"{number:,} pictures"
    batch_size = min(32, number)
    choices = [Choice("batch_size", batch_size, "as many as there are" if number < 32 else few)]
    gpu = bool(tf.config.list_physical_devices("GPU"))
    choices.append(Choice("width", 64 if gpu else 32, "for a GPU" if gpu else "for CPUs"))
    if number < MANY:
        choices.append(Choice("augmentation", "adaptive", f"{few}: D would learn them by heart"))
    rounds = 10 * number / batch_size
    steps = STEPS_PER_EPOCH * math.ceil(max(3000, rounds) / STEPS_PER_EPOCH)
    choices.append(Choice("steps", steps, few))
    return choices


def choose_image_size(folder: str | os.PathLike[str]) -> Choice:
    """How many pixels a side has, for the pictures in a folder: 32, or on a GPU 64.

    Fewer where they have fewer themselves: a multiple of 8.
    """
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    size, machine = (64, "a GPU") if has_gpu else (32, "CPUs")
    sides = [min(one) for one in itertools.islice(_sizes(pathlib.Path(folder)), NUM_LOOKED_AT)]
    typical = int(np.median(sides)) if sides else size
    if typical < size:
        return Choice("image_size", max(8, typical // 8 * 8), f"most have {typical} or fewer")
    return Choice("image_size", size, f"for {machine}; twice as many take four times as long")


def _sizes(folder):
    """The sizes of the pictures in a folder, as their files say."""
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(Exception), PIL.Image.open(path) as picture:  # Not all are.
            yield picture.size


def _check_varied(dataset):
    samples = dataset.samples
    if len(samples) > 1 and np.all(samples == samples[:1]):
        raise ValueError(
            "The pictures must differ: there is nothing to learn from one. "
            f"Received: {len(samples)} times the same picture."
        )
