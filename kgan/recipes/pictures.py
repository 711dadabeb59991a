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

__all__ = ["CHOSEN", "choose", "choose_image_size"]

# What is chosen where it is not given; the precision is, by how long a step takes.
CHOSEN = ("image_size", "batch_size", "width", "augmentation", "steps", "precision")

# From so many pictures on, D cannot memorize them in the time that a training takes.
MANY = 20_000
# Steps for each picture, and the fewest and the most of them; more only for very many pictures,
# each of which is to be seen as often as `ROUNDS`.
STEPS_PER_PICTURE, FEWEST_STEPS, MOST_STEPS, ROUNDS = 45, 2000, 10_000, 10
# At how many pictures a size is judged.
NUM_LOOKED_AT = 100


def choose(dataset: Dataset) -> list[Choice]:
    """What suits this data, a list of `Choice`s.

    Raises:
        ValueError: if all pictures are the same.
    """
    _check_varied(dataset)
    number, few = dataset.num_samples, f"{dataset.num_samples:,} pictures"
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    batch_size = min(32, number)
    choices = [
        Choice("batch_size", batch_size, few if number < 32 else "a step is short, and varied"),
        Choice("width", 64 if has_gpu else 32, "for a GPU" if has_gpu else "for CPUs"),
    ]
    if number < MANY and len(dataset.sample_shape) > 1:
        is_image = len(dataset.sample_shape) == 3
        name = "diff_augment" if is_image else "adaptive"
        choices.append(Choice("augmentation", name, f"D would memorize {few}"))
    return [*choices, _choose_steps(number, batch_size)]


def _choose_steps(number, batch_size):
    steps = min(max(STEPS_PER_PICTURE * number, FEWEST_STEPS), MOST_STEPS)
    reason = f"{number:,} pictures"
    if steps < ROUNDS * number / batch_size:
        steps, reason = ROUNDS * number / batch_size, f"each picture {ROUNDS} times"
    return Choice("steps", STEPS_PER_EPOCH * math.ceil(steps / STEPS_PER_EPOCH), reason)


def choose_image_size(folder: str | os.PathLike[str]) -> Choice:
    """How many pixels a side has, for the pictures in a folder: 32, or on a GPU 64.

    Fewer where they have fewer themselves: a multiple of 8.
    """
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    size, machine = (64, "a GPU") if has_gpu else (32, "CPUs")
    sides = [
        min(one)
        for one in itertools.islice(_sizes(pathlib.Path(folder).expanduser()), NUM_LOOKED_AT)
    ]
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
    if np.all(samples == samples[:1]):
        number = len(samples)
        raise ValueError(
            "`dataset` must have pictures that differ: there is nothing to learn from one. "
            f"Received: {'one picture' if number == 1 else f'{number} times the same picture'}."
        )
