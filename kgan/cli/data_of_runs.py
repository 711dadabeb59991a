"""The data that a run was trained on, and what looks at it."""

import math
import warnings

import numpy as np
import rich.markup
import tensorflow as tf

from kgan import datasets, runs
from kgan import features as features_module
from kgan.cli.saying import console

# The data whose classifiers come with kgan, under the same names.
CLASSIFIED = ("digits", "mnist", "fashion_mnist")
# With how many images an export is compared; and the most pixels of one where no network looks.
NUM_REFERENCE, MOST_PIXELS = 2000, 1000


def name(run, model, dataset=None):
    """The name of the data that a run was trained on, or `dataset`, if somebody says it.

    Raises:
        RunError: if nobody does.
    """
    found = dataset or (run.asked or {}).get("dataset")
    if found is None:
        raise runs.RunError(
            f"Nothing beside {model} says which data it was trained on (there is no "
            f"{run.description.name}). Say so: --dataset mnist, or a folder of pictures."
        )
    return found


def load(how, run, gan, dataset):
    """The data of this name, as the run had it.

    Args:
        how: `kgan.datasets.load`, or `kgan.datasets.load_held_out`.
        run: the `Run`.
        gan: its GAN.
        dataset: the name.

    Raises:
        RunError: if it cannot be read.
    """
    asked = run.asked or {}
    options = {
        "batch_size": 1,
        "image_size": asked.get("image_size"),
        "with_labels": bool(gan.num_classes) or dataset in CLASSIFIED,
        "seed": asked.get("seed", 0),  # On which the points of a mixture depend.
    }
    if datasets.is_directory(dataset):
        options["image_size"] = gan.generator.output_shape[1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What is skipped `kgan train` has told.
            return how(dataset, **options)
    except (ValueError, OSError) as error:
        raise runs.RunError(
            f"The data of this run, {dataset!r}, cannot be read: {error}\nIf it is elsewhere "
            "now, say where: --dataset FOLDER (or TFDS_DATA_DIR for TensorFlow Datasets)."
        ) from error


def features_for(dataset, shape):
    """The features that suit data of this name, and samples of this shape.

    Those of the data's own classifier; for pictures those of Inception, if they can be had.
    """
    if _has_classifier(dataset, shape):
        return dataset
    is_picture = len(shape) == 3 and shape[-1] in (1, 3) and min(shape[:2]) >= 32
    if not is_picture:
        return "raw"
    try:
        features_module.get("inception_v3")
        return "inception_v3"
    except ConnectionError as error:
        console.print(f"{rich.markup.escape(str(error))}\nMeasured is on 'raw' pixels.")
        return "raw"


def reference(dataset, data):
    """What an export is to be compared with: options of `kgan.export`, or none if nothing suits.

    Args:
        dataset: the name of the data.
        data: all of it, a `kgan.datasets.Dataset`.
    """
    shape = tuple(tf.nest.flatten(data.element_spec)[0].shape[1:])
    enough = math.prod(shape) < min(data.num_samples, MOST_PIXELS)
    if not _has_classifier(dataset, shape) and not enough:
        return {}
    chosen = np.random.default_rng(0).permutation(data.num_samples)[:NUM_REFERENCE]
    features = dataset if _has_classifier(dataset, shape) else "raw"
    return {"reference_images": data.samples[chosen], "features": features}


def _has_classifier(dataset, shape):
    return dataset in CLASSIFIED and features_module.get(dataset).fits(shape)
