"""The data that a run was trained on, and what looks at it."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from kgan import datasets
from kgan import features as features_module
from kgan.cli.saying import tell
from kgan.gan import GAN
from kgan.runs import Run

__all__ = [
    "CLASSIFIED",
    "MOST_PIXELS",
    "NUM_REFERENCE",
    "classifier_for",
    "features_for",
    "load",
    "load_all",
    "reference",
]

# The data whose classifiers come with kgan, under the same names.
CLASSIFIED = ("digits", "mnist", "fashion_mnist")
# With how many images an export is compared; and the most pixels of one where no network looks.
NUM_REFERENCE, MOST_PIXELS = 2000, 1000


def load(run: Run, gan: GAN, dataset: str) -> datasets.Dataset:
    """The data of this name that the run was trained on.

    Args:
        run: the `Run`.
        gan: its GAN.
        dataset: the name.

    Raises:
        ValueError, OSError: if it cannot be read.
    """
    whole = _read(datasets.load, run, gan, dataset)
    return _split(whole, run, dataset)[0]


def load_all(run: Run, gan: GAN, dataset: str) -> tuple[datasets.Dataset, datasets.Dataset | None]:
    """The same, and data that the run was not trained on, or None; as `load`."""
    whole = _read(datasets.load, run, gan, dataset)
    if datasets.is_directory(dataset):
        return _split(whole, run, dataset)
    trained_on = (run.asked or {}).get("dataset", dataset)
    if dataset != trained_on:
        tell(
            f"This run was trained on {trained_on}, not on {dataset}. Below, training samples are "
            f"those of {dataset}."
        )
    return whole, _read(datasets.load_held_out, run, gan, dataset)


def _split(whole, run, dataset):
    """What a run was trained on of a folder, and what it was not; of other data all, and None."""
    trained_on, held_out = datasets.hold_out(whole) if run.num_held_out else (whole, None)
    if run.learns_from(trained_on):
        return trained_on, held_out
    number = run.trained_on["num_samples"]
    tell(
        f"The pictures in {dataset} are not the {number:,} that this run was trained on. Copies "
        "are looked for among those that are there now, so copies of others are not found, and "
        "none count as held out."
    )
    return whole, None


def _read(how, run, gan, dataset):
    asked = run.asked or {}
    options = {
        "batch_size": 1,
        "image_size": asked.get("image_size") or run.chosen.get("image_size"),
        "with_labels": bool(gan.num_classes) or dataset in CLASSIFIED,
        "seed": asked.get("seed", 0),  # On which the points of a mixture depend.
    }
    if datasets.takes_image_size(dataset):
        options["value_range"] = run.value_range
    shape = gan.generator.output_shape[1:]
    if datasets.is_directory(dataset) and len(shape) == 3:
        options["image_size"], options["channels"] = shape[:2], shape[2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # What is skipped `kgan train` has told.
        return how(dataset, **options)


def features_for(dataset: str, shape: tuple[int, ...]) -> str:
    """The features that suit data of this name, and samples of this shape.

    Those of the data's own classifier; for pictures those of Inception, if they are on this disk.
    """
    if classifier := classifier_for(dataset, shape):
        return classifier
    is_picture = len(shape) == 3 and shape[-1] in (1, 3) and min(shape[:2]) >= 32
    if not is_picture:
        return "raw"
    if features_module.has_inception_v3():
        return "inception_v3"
    tell(
        "Pixels are compared, since no network that knows pictures is on this disk: `kgan evaluate "
        "--features inception_v3` downloads one (96 MB)."
    )
    return "raw"


def reference(dataset: str, shape: tuple[int, ...], load: Callable[[], Any]) -> dict[str, Any]:
    """What an export is to be compared with: options of `kgan.export`, or none if nothing suits.

    Args:
        dataset: the name of the data.
        shape: of a sample.
        load: a function that gives the data, a `kgan.datasets.Dataset`, if it is needed.
    """
    size, classifier = math.prod(shape), classifier_for(dataset, shape)
    if not classifier and size > MOST_PIXELS:
        return {}
    data = load()
    if not classifier and size >= data.num_samples:
        return {}
    chosen = np.random.default_rng(0).permutation(data.num_samples)[:NUM_REFERENCE]
    return {"reference_images": data.samples[chosen], "features": classifier or "raw"}


def classifier_for(dataset: str, shape: tuple[int, ...]) -> str | None:
    """The features of the data's own classifier, by their name; None where it has none."""
    has = dataset in CLASSIFIED and features_module.get(dataset).fits(shape)
    return dataset if has else None
