"""What each number of an evaluation says.

Each sentence is made of a value, what real data gets, and `noise`: how far the two may differ by
chance, 0 where nobody knows.
"""

import math

__all__ = [
    "class_kl",
    "classes",
    "closer",
    "coverage",
    "density",
    "frechet",
    "intra_class",
    "kernel",
    "labels",
    "memorization",
    "modes",
    "pairwise",
    "parzen",
    "precision",
    "quality",
    "rarest",
    "recall",
    "reverse_kl",
    "score",
    "similarity",
    "spread",
    "two_sample",
    "utility_augmented",
    "utility_augmented_both",
    "utility_both",
    "utility_generated",
]


def _percent(value):
    return f"{100 * value:.1f} %"


def frechet(value: float, real: float, noise: float) -> str:
    """Says how far samples are from the training data."""
    if value <= 1.5 * real:
        return "As near to the training data as other real data is, or nearly so."
    return f"{value / max(real, 1e-9):.3g} times the (squared) distance of other real data."


def kernel(value: float, real: float, noise: float) -> str:
    """Says the same, without bias."""
    chance = ", by chance below it" if real < 0 else ""
    return f"0 is the training data's distribution; other real data gets {real:.2g}{chance}."


def precision(value: float, real: float, noise: float) -> str:
    """Says how many samples lie among real data."""
    return f"{_percent(value)} of samples lie among real data; of other real data {_percent(real)}."


def recall(value: float, real: float, noise: float) -> str:
    """Says how much of real data lies among samples."""
    return f"{_percent(value)} of real data lies among samples; among real data {_percent(real)}."


def density(value: float, real: float, noise: float) -> str:
    """Says how densely samples lie among real data."""
    if value > 1.1 * real:
        return "Samples crowd where real data lies densest: what is typical is overdrawn."
    if value < 0.9 * real:
        return "Around real data, samples are sparser than other real data is."
    return "Around real data, samples are as dense as other real data is."


def coverage(value: float, real: float, noise: float) -> str:
    """Says how much of real data has a sample near by."""
    return (
        f"{_percent(value)} of real data has a sample near by; other real data: {_percent(real)}."
    )


def score(value: float, real: float, noise: float) -> str:
    """Says a classifier's score."""
    if value < 0.95 * real:
        return "Less clear to the classifier, or less even over the classes, than real data."
    return "By this score no less clear and even than real data."


def classes(value: float, real: float, noise: float) -> str:
    """Says how many classes come up."""
    missing = math.ceil(real - value - 1e-9)
    return f"{missing} of {round(real)} never come up." if missing > 0 else "Every class comes up."


def rarest(value: float, real: float, noise: float) -> str:
    """Says the share of the rarest class."""
    return f"The rarest class is {_percent(value)} of the samples; of real data {_percent(real)}."


def class_kl(value: float, real: float, noise: float) -> str:
    """Says how unevenly classes come up."""
    return f"0: the classes come up exactly as in the training data; real data gets {real:.2g}."


def two_sample(value: float, real: float, noise: float) -> str:
    """Says how often a fresh classifier is right."""
    if value <= max(real, 0.5) + max(0.02, noise):
        return "A fresh classifier tells samples no better from real data than other real data."
    ease = "easily" if value > 0.9 else "often" if value > 0.7 else "sometimes"
    return f"A fresh classifier {ease} tells samples from real data; 0.5: it can only guess."


def labels(value: float, real: float, noise: float) -> str:
    """Says how many samples are what was asked for."""
    told, right = _percent(value), _percent(real)
    return f"{told} are as asked for; the classifier is right about {right} of real data."


def intra_class(value: float, real: float, noise: float) -> str:
    """Says how far samples are from the training data of the same class."""
    if value <= 1.5 * real:
        return "In each class about as near to the training data as other real data is."
    return f"Within a class {value / max(real, 1e-9):.3g} times the distance of other real data."


def pairwise(value: float, real: float, noise: float) -> str:
    """Says how far apart two samples are."""
    ratio = value / max(real, 1e-9)
    if ratio < 0.1:
        return "All samples are nearly the same: the generator has collapsed."
    if 0.95 < ratio < 1.05:
        return "Two samples differ as much as two of the data."
    varied = "less varied" if ratio < 1 else "more than the data; some may be off it"
    return f"Two samples differ {ratio:.2f} times as much as two of the data: {varied}."


def similarity(value: float, real: float, noise: float) -> str:
    """Says how alike two samples are."""
    if value > real + 0.02:
        return "Two samples are more alike than two of the data: less varied."
    return "Two samples are no more alike than two of the data."


def memorization(value: float, real: float, noise: float) -> str:
    """Says how near the median sample is to training data."""
    if value < 0.5:
        return "The median sample is much nearer to training data than other real data is: copies?"
    if value < 0.9:
        return (
            "The median sample is nearer to training data than other real data is; "
            "so is what is blurred."
        )
    if value > 1.2:
        unlike = ", but perhaps unlike the data, too" if value > 1.5 else ""
        return (
            f"The median sample is {value:.1f} times as far from training data as other real "
            f"data is: no copy{unlike}."
        )
    return "The median sample is about as far from training data as other real data is."


def closer(value: float, real: float, noise: float) -> str:
    """Says how many samples are nearer to it than other real data is."""
    if value > 0.05:
        return (
            f"{_percent(value)} are nearer to training data than 99 % of other real data is: "
            "look at them."
        )
    return f"{_percent(value)} are nearer to training data than 99 % of other real data is."


def parzen(value: float, real: float, noise: float) -> str:
    """Says the 2014 paper's likelihood."""
    return f"In nats, as in the 2014 paper. Real training images get {real:.1f}; blur may get more."


def modes(value: float, real: float, noise: float) -> str:
    """Says how many modes are reached."""
    missing = math.ceil(real - value - 1e-9)
    return f"{missing} of {round(real)} are never reached." if missing > 0 else "Each is reached."


def quality(value: float, real: float, noise: float) -> str:
    """Says how many points are near a mode."""
    return f"{_percent(value)} of samples lie within 3 σ of a mode; of real data {_percent(real)}."


def reverse_kl(value: float, real: float, noise: float) -> str:
    """Says how unevenly modes are reached."""
    return f"0: each mode comes up as often as it should; real data gets {real:.2g}."


def spread(value: float, real: float, noise: float) -> str:
    """Says how far points spread within a mode."""
    return f"Within a mode samples spread {value / max(real, 1e-9):.2f} times as far as real data."


def utility_both(value: float, real: float, noise: float) -> str:
    """Says how good a classifier of real and generated samples is."""
    return f"Accuracy with half of each batch generated; with real samples alone {_percent(real)}."


def utility_generated(value: float, real: float, noise: float) -> str:
    """Says how good a classifier of generated samples alone is."""
    return f"Trained on generated samples alone: {_percent(value)}; on real ones {_percent(real)}."


def utility_augmented(value: float, real: float, noise: float) -> str:
    """Says what flips and shifts achieve, which need no GAN."""
    return f"Half of each batch flipped and shifted, none generated: {_percent(value)}."


def utility_augmented_both(value: float, real: float, noise: float) -> str:
    """Says what generated samples achieve next to flips and shifts."""
    return f"Half of each batch flipped and shifted, half generated: {_percent(value)}."
