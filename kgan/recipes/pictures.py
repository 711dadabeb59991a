"""What the recipe for one's own pictures chooses, by how many there are and how large they are."""

import contextlib
import math
import os
import pathlib
from collections.abc import Collection

import numpy as np
import PIL.Image
import tensorflow as tf

from kgan.datasets import Dataset, directory
from kgan.datasets.dataset import STEPS_PER_EPOCH
from kgan.penalties import R1
from kgan.recipes.recipe import Choice, Recipe

__all__ = ["CHOSEN", "choose", "choose_image_size"]

# What is chosen where it is not given; the precision is, by how long a step takes.
CHOSEN = (
    "image_size",
    "batch_size",
    "width",
    "augmentation",
    "augmentation_steps",
    "penalties",
    "beta_1",
    "decay_steps",
    "steps",
    "precision",
)

# From so many pictures on, D cannot memorize them in the time that a training takes.
MANY = 20_000
# From so many on, trainings are long, and end nearer to the data with an augmentation that grows, a
# lighter penalty, no momentum and rates that fall later (`benchmarks/few_images.py fashion`).
SOME, STEPS_OF_GROWTH, STEPS_OF_DECAY = 300, 6000, 3000
# Steps for each picture, and the fewest and the most of them; more only for very many pictures,
# each of which is to be seen as often as `ROUNDS`.
STEPS_PER_PICTURE, FEWEST_STEPS, MOST_STEPS, ROUNDS = 45, 2000, 10_000, 10
# At how many pictures a size is judged.
NUM_LOOKED_AT = 100


def choose(dataset: Dataset, recipe: Recipe, given: Collection[str] = ()) -> list[Choice]:
    """What suits this data.

    Args:
        dataset: the data.
        recipe: what it is chosen for.
        given: the names of fields that stay as they are.

    Returns:
        A list of `Choice`s.

    Raises:
        ValueError: if all pictures are the same, or fewer than a batch is divided by.
    """
    _check_varied(dataset)
    number, few = dataset.num_samples, f"{dataset.num_samples:,} pictures"
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    batch_size = recipe.batch_size
    if "batch_size" not in given:
        unit = recipe.packing * recipe.discriminator_steps  # What a batch is divided by.
        if unit > number:
            raise ValueError(
                "`packing` times `discriminator_steps` must be at most the number of pictures: a "
                f"batch is divided by it. Received: packing={recipe.packing}, "
                f"discriminator_steps={recipe.discriminator_steps}, and {few}."
            )
        batch_size = max(unit, min(32, number) // unit * unit)
    choices = [
        Choice(
            "batch_size", batch_size, few if number < 32 else "steps are short, and still varied"
        ),
        Choice("width", 64 if has_gpu else 32, "for a GPU" if has_gpu else "for CPUs"),
    ]
    if number < MANY and len(dataset.sample_shape) > 1:
        is_image = len(dataset.sample_shape) == 3
        name = "diff_augment" if is_image else "adaptive"
        choices.append(Choice("augmentation", name, f"D would memorize {few}"))
        if is_image and number >= SOME:
            if "augmentation" not in given or recipe.augmentation == "diff_augment":
                reason = "it grows; at first much of it only slows learning"
                choices.append(Choice("augmentation_steps", STEPS_OF_GROWTH, reason))
            choices.append(Choice("penalties", (R1(0.1),), f"less than for fewer than {SOME}"))
            choices.append(Choice("beta_1", 0.0, "no momentum: the training is long"))
            choices.append(Choice("decay_steps", STEPS_OF_DECAY, "the training is long"))
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
    files = directory.files(pathlib.Path(folder).expanduser())
    some = files[:: max(1, len(files) // NUM_LOOKED_AT)]  # From all sub-folders.
    sides = [min(size) for size in _sizes(some)]
    typical = int(np.median(sides)) if sides else size
    if typical < size:
        return Choice("image_size", max(8, typical // 8 * 8), f"most have {typical} or fewer")
    return Choice("image_size", size, f"suits {machine}; twice the side takes four times as long")


def _sizes(paths):
    """The sizes of pictures, as their files say."""
    for path in paths:
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
