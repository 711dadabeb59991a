"""The measures of an evaluation: when each fits, how it is taken, and what it says in words."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kgan import metrics
from kgan.evaluation import missing, sentences
from kgan.evaluation.reality import Reality, Samples
from kgan.metrics import kernel, parzen, two_sample
from kgan.metrics.estimates import LEAST_SAMPLES, Estimate

__all__ = ["ALL", "FEW", "SPLITS", "Measure", "Requested"]

# Of how many samples the nearest of all training samples is looked for, pixel by pixel.
FEW = 2000
# In how many parts the classifier score is taken, as published.
SPLITS = 10


@dataclasses.dataclass(frozen=True)
class Measure:
    """One measure, of one number or several.

    Args:
        numbers: a dict from the name of each number to a function from `(value, real, noise)` to a
            sentence that says what it means; see `sentences`.
        take: from generated `Samples` and the `Reality` to a tuple of numbers, or of `Estimate`s
            where a standard error is known.
        lacks: what it needs that is not there, in words, from the `Reality` and whether the GAN is
            conditional; empty if it can be taken.
        real: the same as `take`, for held-out data in the place of generated samples.
        of_features: whether it depends on the features, and is named after them.
        most: of how many samples it is taken at most; None for all.
        of_data: whether the error that it knows of is that of the real data that it scores, which
            no further samples make smaller.
        on_request: whether it takes minutes, and so is taken only if it is asked for by name, and
            once; `take` then returns a `Requested`.
    """

    numbers: dict[str, Callable[[float, float, float], str]]
    take: Callable[[Samples, Reality], tuple[Any, ...]]
    lacks: Callable[[Reality, bool], str] = lambda reality, conditional: ""
    real: Callable[[Samples, Reality], tuple[Any, ...]] | None = None
    of_features: bool = True
    most: int | None = None
    of_data: bool = False
    on_request: bool = False


class Requested(NamedTuple):
    """What a measure on request gives.

    Args:
        numbers: as every measure gives them.
        real: what stands next to each of them.
        verdict: a sentence on what follows from all of them.
    """

    numbers: tuple[Any, ...]
    real: tuple[Any, ...]
    verdict: str


def _take_frechet(samples, reality):
    return (metrics.frechet_distance(reality.reference.features, samples.features),)


def _take_kernel(samples, reality):
    found = metrics.kernel_distance(reality.reference.features, samples.features)
    size = kernel.default_subset_size(min(len(reality.reference), len(samples)))
    return (_of_parts(found, len(samples) / size),)


def _take_precision(samples, reality):
    return metrics.precision_recall(reality.reference.features, samples.features)


def _take_density(samples, reality):
    return metrics.density_coverage(reality.reference.features, samples.features)


def _take_score(samples, reality):
    return (_of_parts(metrics.classifier_score(samples.probabilities, num_splits=SPLITS), SPLITS),)


def _of_parts(found, number):
    """From the standard deviation over so many parts of the samples the error of their mean."""
    return found._replace(error=found.error / math.sqrt(number))


def _take_classes(samples, reality):
    num_classes = samples.probabilities.shape[1]
    shares = np.bincount(reality.reference.classes, minlength=num_classes) / len(reality.reference)
    found = metrics.class_coverage(samples.classes, num_classes, real_shares=shares)
    counts = np.bincount(samples.classes, minlength=num_classes)[shares > 0]
    return found.modes, counts.min() / len(samples), found.reverse_kl


def _take_two_sample(samples, reality):
    found = metrics.two_sample_test(reality.reference.values, samples.values)
    # The interval is one of 95 %, which reaches 1.96 standard errors to each side.
    error = (found.high - found.low) / (2 * two_sample.Z)
    return (Estimate(found.accuracy, error, found.num_samples),)


def _take_labels(samples, reality):
    return (metrics.label_accuracy(samples.classes, samples.labels),)


def _take_intra_class(samples, reality):
    real = reality.reference
    least, num_features = missing.rarest_class(real.labels, samples.labels), real.features.shape[1]
    if least <= max(num_features, LEAST_SAMPLES - 1):
        return (math.nan,)  # By chance too few of a class were drawn.
    return (
        metrics.intra_class_frechet_distance(
            real.features, real.labels, samples.features, samples.labels
        ),
    )


def _take_pairwise(samples, reality):
    return (metrics.pairwise_distance(samples.features),)


def _take_similarity(samples, reality):
    return (metrics.multiscale_similarity(samples.values),)


def _take_memorization(samples, reality):
    new = None
    if reality.is_held_out:
        # The first half may be what stands for samples.
        new = reality.real.values[len(reality.real) // 2 :][:FEW]
    found = metrics.memorization(samples.values[:FEW], reality.training.values, new)
    return found.ratio, found.share_closer


def _real_memorization(samples, reality):
    if reality.is_held_out:
        return _take_memorization(samples.rows(slice(len(samples) // 2)), reality)
    # They were trained on: as if only the other half had been.
    found = metrics.memorization(samples.values[:FEW], reality.reference.values)
    return found.ratio, found.share_closer


def _take_parzen(samples, reality):
    found = parzen.of_images(samples.values, reality.real.values)
    return (Estimate(found.value, found.error, len(samples)),)


def _real_parzen(samples, reality):
    """Training images in the place of samples, as many."""
    return _take_parzen(reality.reference.rows(slice(len(samples))), reality)


def _take_mixture(samples, reality):
    modes = reality.distribution
    found = metrics.mixture_coverage(samples.values, modes.means, modes.standard_deviation)
    return (
        found.modes,
        found.high_quality,
        found.reverse_kl,
        math.nan if found.spread is None else found.spread,
    )


def _take_utility(samples, reality):
    training, held_out = reality.training, reality.real
    found = metrics.utility(
        training.values, training.labels, held_out.values, held_out.labels, samples.generate
    )
    numbers = found.both, found.generated, found.augmented, found.augmented_both
    return Requested(numbers, (found.real,) * len(numbers), found.verdict)


ALL = {
    "frechet_distance": Measure(
        {"frechet_distance": sentences.frechet},
        _take_frechet,
        lacks=missing.samples,
    ),
    "kernel_distance": Measure({"kernel_distance": sentences.kernel}, _take_kernel),
    "precision_recall": Measure(
        {"precision": sentences.precision, "recall": sentences.recall}, _take_precision
    ),
    "density_coverage": Measure(
        {"density": sentences.density, "coverage": sentences.coverage}, _take_density
    ),
    "classifier_score": Measure(
        {"classifier_score": sentences.score},
        _take_score,
        lacks=missing.classifier,
    ),
    "class_coverage": Measure(
        {
            "classes": sentences.classes,
            "rarest_class": sentences.rarest,
            "class_kl": sentences.class_kl,
        },
        _take_classes,
        lacks=missing.classes,
    ),
    "label_accuracy": Measure(
        {"label_accuracy": sentences.labels},
        _take_labels,
        lacks=missing.labels,
    ),
    "intra_class_frechet_distance": Measure(
        {"intra_class_frechet_distance": sentences.intra_class},
        _take_intra_class,
        lacks=missing.samples_per_class,
    ),
    "two_sample_test": Measure(
        {"two_sample_test": sentences.two_sample}, _take_two_sample, of_features=False
    ),
    "pairwise_distance": Measure({"pairwise_distance": sentences.pairwise}, _take_pairwise),
    "multiscale_similarity": Measure(
        {"multiscale_similarity": sentences.similarity},
        _take_similarity,
        lacks=missing.large_images,
        of_features=False,
        most=2000,
    ),
    "memorization": Measure(
        {
            "memorization_ratio": sentences.memorization,
            "memorization_share_closer": sentences.closer,
        },
        _take_memorization,
        real=_real_memorization,
        most=FEW,
        of_features=False,
    ),
    "parzen_log_likelihood": Measure(
        {"parzen_log_likelihood": sentences.parzen},
        _take_parzen,
        lacks=missing.small_images,
        real=_real_parzen,
        of_features=False,
        of_data=True,
    ),
    "mixture_coverage": Measure(
        {
            "modes": sentences.modes,
            "high_quality": sentences.quality,
            "reverse_kl": sentences.reverse_kl,
            "spread": sentences.spread,
        },
        _take_mixture,
        lacks=missing.distribution,
        of_features=False,
    ),
    "utility": Measure(
        {
            "utility_both": sentences.utility_both,
            "utility_generated": sentences.utility_generated,
            "utility_augmented": sentences.utility_augmented,
            "utility_augmented_both": sentences.utility_augmented_both,
        },
        _take_utility,
        lacks=missing.pairs,
        of_features=False,
        on_request=True,
    ),
}
"""All measures, by name; the order is that of the table."""
