"""What watches a training of `kgan train`: measures, the doctor, and what ends it."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kgan import callbacks, datasets, metrics, recipes, runs
from kgan.cli import data_of_runs
from kgan.cli.saying import tell
from kgan.diagnosis.exams import LEAST_SAMPLES
from kgan.game.looking import LEAST_HELD_OUT

__all__ = ["some", "watching"]

# From so many held-out pictures on they are more than Inception has features.
LEAST_OF_FRECHET = 2049
# How many held-out samples the doctor is given, and what ends a training.
FOR_DOCTOR, FOR_STOPPING = 1000, 2000


def watching(
    recipe: recipes.Recipe,
    dataset: datasets.Dataset,
    held_out: datasets.Dataset | None,
    others: Mapping[str, Any],
    doctor: bool = True,
    num_replicas: int = 1,
) -> tuple[dict[str, Any], list[keras.metrics.Metric]]:
    """What watches a training.

    Args:
        recipe: what is trained.
        dataset: its data.
        held_out: what of the data nobody trains on; None for the data's own test or validation
            split, if it has one.
        others: what else was asked for, of a `Plan`: `best` and `stop`.
        doctor: whether a doctor is to watch.
        num_replicas: how many devices share a batch.

    Returns:
        Arguments of `_fit` in `training.py`, by name, and the metrics to compile the GAN with.

    Raises:
        RunError: if held-out data is needed and there is none, or too little data to judge by.
        ValueError, OSError: if held-out data is needed and cannot be read.
    """
    found: dict[str, Any] = {}
    measures: list[keras.metrics.Metric] = []
    best, stop = (bool(others.get(name)) for name in ("best", "stop"))
    if held_out is None and (best or stop or doctor):
        with contextlib.nullcontext() if best else contextlib.suppress(ValueError, OSError):
            held_out = _own_split(recipe, dataset)
    if best:
        found, measures = _validation(recipe, dataset, held_out, num_replicas)
    if doctor:
        found["doctor"] = callbacks.Doctor(some(held_out, FOR_DOCTOR), seed=recipe.seed)
    if stop:
        found["stopping"] = _stopping(recipe, dataset, held_out)
    return found, measures


def some(held_out: datasets.Dataset | None, number: int) -> Any:
    """So many samples and labels of held-out data at most; None where there are too few."""
    chosen = _chosen(held_out, number)
    if chosen is None:
        return None
    if chosen.labels is not None and chosen.labels.min() < 0:  # A test split with secret labels.
        return None
    return chosen.samples, chosen.labels


def _chosen(held_out, number):
    """So many rows of held-out data at most; None where there are too few."""
    if held_out is None or held_out.num_samples < LEAST_HELD_OUT:
        return None
    rows = np.random.default_rng(0).permutation(held_out.num_samples)[:number]
    return held_out.subset(np.sort(rows), batch_size=1)


def _own_split(recipe, dataset):
    """The test or validation split of the data; None where it has none."""
    if datasets.is_directory(recipe.dataset):
        return None
    options = {"image_size": recipe.image_size, "with_labels": recipe.conditional}
    options |= {"batch_size": 1, "seed": recipe.seed}
    if datasets.takes_image_size(recipe.dataset):
        options["value_range"] = dataset.value_range
    return datasets.load_held_out(recipe.dataset, **options)


def _stopping(recipe, dataset, held_out):
    """What ends a training when its work is done."""
    if dataset.num_samples < LEAST_SAMPLES:
        raise runs.RunError(
            f"--stop needs at least {LEAST_SAMPLES} training samples to compare generated ones "
            f"with. Received: {dataset.num_samples}."
        )
    features = data_of_runs.classifier_for(recipe.dataset, dataset.sample_shape) or "raw"
    chosen = _chosen(held_out, FOR_STOPPING)
    if chosen is None:
        tell(
            f"There are no {LEAST_HELD_OUT} held-out samples, so --stop compares samples with "
            "training data alone: copies go unnoticed."
        )
    samples = None if chosen is None else chosen.samples
    return callbacks.EquilibriumStopping(samples, features=features, seed=recipe.seed)


def _validation(recipe, dataset, held_out, num_replicas):
    """What the best epoch is told by: arguments of `_fit`, and a list of one metric."""
    if held_out is None:
        raise runs.RunError(
            f"--best needs data that nobody trains on, and {recipe.dataset} has none. A folder has "
            "some from 300 pictures on, without --recipe; a data set of TensorFlow Datasets, where "
            "it has a test or a validation split."
        )
    number = num_replicas * recipe.packing  # Each replica gets as many, in whole packs.
    size = 100
    if datasets.is_directory(recipe.dataset):  # Batches of one size that leave few samples over.
        size = held_out.num_samples // math.ceil(held_out.num_samples / 100)
    held_out = held_out.batched(size - size % number)
    features = data_of_runs.features_for(recipe.dataset, dataset.sample_shape)
    # The Fréchet distance needs more samples than features; the kernel distance has no bias.
    is_small = features not in data_of_runs.CLASSIFIED and held_out.num_samples < LEAST_OF_FRECHET
    of_kernel = features == "raw" or is_small
    measure = metrics.KernelDistance if of_kernel else metrics.FrechetDistance
    metric = measure(features)
    return {"held_out": held_out, "monitor": f"val_{metric.name}"}, [metric]
