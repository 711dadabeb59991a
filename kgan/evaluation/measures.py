"""The measures of an evaluation: when each fits, how it is taken, and what it says in words."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from kgan import metrics
from kgan.metrics import two_sample
from kgan.metrics.estimates import Estimate

# Of how many samples the nearest of all training samples is looked for, pixel by pixel.
FEW = 2000


@dataclasses.dataclass(frozen=True)
class Measure:
    """One measure, of one number or several.

    Args:
        numbers: a dict from the name of each number to a function from `(value, real)` to a
            sentence that says what it means.
        take: from generated `Samples` and the `Reality` to a tuple of numbers, or of `Estimate`s
            where an error is known.
        fits: whether it can be taken, from the `Reality` and whether the GAN is conditional.
        real: the same as `take`, for held-out data in the place of generated samples.
        of_features: whether it depends on the features, and is named after them.
        most: of how many samples it is taken at most; None for all.
    """

    numbers: dict[str, Callable]
    take: Callable
    fits: Callable = lambda reality, conditional: True
    real: Callable | None = None
    of_features: bool = True
    most: int | None = None


def _percent(value):
    return f"{100 * value:.1f} %"


def _frechet(value, real):
    if value <= 1.5 * real:
        return "As near to the training data as other real data is, or nearly so."
    return f"{value / max(real, 1e-9):.3g} times the (squared) distance of other real data."


def _kernel(value, real):
    return f"0: the same distribution as the training data; other real data gets {real:.2g}."


def _precision(value, real):
    return f"{_percent(value)} of samples lie among real data; of other real data {_percent(real)}."


def _recall(value, real):
    return f"{_percent(value)} of real data lies among samples; among real data {_percent(real)}."


def _density(value, real):
    if value > 1.1 * real:
        return "Samples crowd where real data lies densest: what is typical is overdrawn."
    if value < 0.9 * real:
        return "Samples lie less densely where real data lies than other real data does."
    return "Samples lie as densely where real data lies as other real data does."


def _coverage(value, real):
    return (
        f"{_percent(value)} of real data has a sample near by; other real data: {_percent(real)}."
    )


def _score(value, real):
    if value < 0.95 * real:
        return "Less clear to the classifier, or less even over the classes, than real data."
    return "By this score no less clear and even than real data."


def _classes(value, real):
    missing = math.ceil(real - value - 1e-9)
    return f"{missing} of {round(real)} never come up." if missing > 0 else "Every class comes up."


def _rarest(value, real):
    return f"The rarest class is {_percent(value)} of the samples; of real data {_percent(real)}."


def _class_kl(value, real):
    return f"0: the classes come up exactly as in the training data; real data gets {real:.2g}."


def _two_sample(value, real):
    if value <= max(real, 0.5) + 0.02:
        return "A fresh classifier tells samples no better from real data than other real data."
    ease = "easily" if value > 0.9 else "often" if value > 0.7 else "sometimes"
    return f"A fresh classifier {ease} tells samples from real data; 0.5: it can only guess."


def _labels(value, real):
    told, right = _percent(value), _percent(real)
    return f"{told} are as asked for; the classifier is right about {right} of real data."


def _pairwise(value, real):
    ratio = value / max(real, 1e-9)
    if ratio < 0.1:
        return "All samples are nearly the same: the generator has collapsed."
    if 0.95 < ratio < 1.05:
        return "Two samples differ as much as two of the data."
    varied = "less varied" if ratio < 1 else "more than the data; some may be off it"
    return f"Two samples differ {ratio:.2f} times as much as two of the data: {varied}."


def _similarity(value, real):
    if value > real + 0.02:
        return "Two samples are more alike than two of the data: less varied."
    return "Two samples are no more alike than two of the data."


def _memorization(value, real):
    if value < 0.5:
        return "The median sample is much nearer to training data than new data is: copies?"
    if value < 0.9:
        return (
            "The median sample is nearer to training data than new data is; so is what is blurred."
        )
    return "The median sample is about as far from training data as new data is, or further."


def _closer(value, real):
    if value > 0.05:
        return f"{_percent(value)} are nearer to training data than 99 % of new data: look at them."
    return f"{_percent(value)} are nearer to training data than 99 % of new data is."


def _parzen(value, real):
    return "Nats, as in the 2014 paper. Blur can beat real data at it: a poor judge by itself."


def _modes(value, real):
    missing = math.ceil(real - value - 1e-9)
    return f"{missing} of {round(real)} are never reached." if missing > 0 else "Each is reached."


def _quality(value, real):
    return f"{_percent(value)} of samples lie within 3 σ of a mode; of real data {_percent(real)}."


def _reverse_kl(value, real):
    return f"0: each mode comes up as often as it should; real data gets {real:.2g}."


def _spread(value, real):
    return f"Within a mode samples spread {value / max(real, 1e-9):.2f} times as far as real data."


def _take_frechet(samples, reality):
    return (metrics.frechet_distance(reality.reference.features, samples.features),)


def _take_kernel(samples, reality):
    return (metrics.kernel_distance(reality.reference.features, samples.features),)


def _take_precision(samples, reality):
    return metrics.precision_recall(reality.reference.features, samples.features)


def _take_density(samples, reality):
    return metrics.density_coverage(reality.reference.features, samples.features)


def _take_score(samples, reality):
    return (metrics.classifier_score(samples.probabilities),)


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


def _take_pairwise(samples, reality):
    return (metrics.pairwise_distance(samples.features),)


def _take_similarity(samples, reality):
    return (metrics.multiscale_similarity(samples.values),)


def _take_memorization(samples, reality):
    # The first half of the real data may be what stands for samples.
    new = reality.real.values[len(reality.real) // 2 :][:FEW]
    found = metrics.memorization(samples.values[:FEW], reality.training.values, new)
    return found.ratio, found.share_closer


def _real_memorization(samples, reality):
    return _take_memorization(samples.rows(slice(len(samples) // 2)), reality)


def _take_parzen(samples, reality):
    num_validation = min(1000, len(reality.real) // 10)
    held_out = (reality.real.values + 1) / 2
    validation, test = held_out[:num_validation], held_out[num_validation:]
    found = metrics.parzen_log_likelihood((samples.values + 1) / 2, validation, test)
    return (Estimate(found.value, found.error, len(samples)),)


def _real_parzen(samples, reality):
    """Training images in the place of samples, as many."""
    return _take_parzen(reality.reference.rows(slice(len(samples))), reality)


def _take_mixture(samples, reality):
    modes = reality.distribution
    found = metrics.mixture_coverage(samples.values, modes.means, modes.standard_deviation)
    return found.modes, found.high_quality, found.reverse_kl, found.spread or math.nan


def _held_out(reality, conditional):
    return reality.is_held_out


ALL = {
    "frechet_distance": Measure(
        {"frechet_distance": _frechet},
        _take_frechet,
        fits=lambda reality, conditional: reality.real.features.shape[1] < len(reality.real),
    ),
    "kernel_distance": Measure({"kernel_distance": _kernel}, _take_kernel),
    "precision_recall": Measure({"precision": _precision, "recall": _recall}, _take_precision),
    "density_coverage": Measure({"density": _density, "coverage": _coverage}, _take_density),
    "classifier_score": Measure(
        {"classifier_score": _score},
        _take_score,
        fits=lambda reality, conditional: reality.has_classifier,
    ),
    "class_coverage": Measure(
        {"classes": _classes, "rarest_class": _rarest, "class_kl": _class_kl},
        _take_classes,
        fits=lambda reality, conditional: reality.knows_classes,
    ),
    "label_accuracy": Measure(
        {"label_accuracy": _labels},
        _take_labels,
        fits=lambda reality, conditional: conditional and reality.knows_classes,
    ),
    "two_sample_test": Measure(
        {"two_sample_test": _two_sample}, _take_two_sample, of_features=False
    ),
    "pairwise_distance": Measure({"pairwise_distance": _pairwise}, _take_pairwise),
    "multiscale_similarity": Measure(
        {"multiscale_similarity": _similarity},
        _take_similarity,
        fits=lambda reality, conditional: (
            reality.is_image and min(reality.real.values.shape[1:3]) > 6
        ),
        of_features=False,
        most=2000,
    ),
    "memorization": Measure(
        {"memorization_ratio": _memorization, "memorization_share_closer": _closer},
        _take_memorization,
        fits=_held_out,
        real=_real_memorization,
        most=FEW,
        of_features=False,
    ),
    "parzen_log_likelihood": Measure(
        {"parzen_log_likelihood": _parzen},
        _take_parzen,
        fits=lambda reality, conditional: (
            reality.is_held_out and reality.is_image and reality.real.values[0].size <= 1024
        ),
        real=_real_parzen,
        of_features=False,
    ),
    "mixture_coverage": Measure(
        {"modes": _modes, "high_quality": _quality, "reverse_kl": _reverse_kl, "spread": _spread},
        _take_mixture,
        fits=lambda reality, conditional: reality.distribution is not None,
        of_features=False,
    ),
}
"""All measures, by name; the order is that of the table."""
