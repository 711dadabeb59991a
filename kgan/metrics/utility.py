"""Whether generated samples help a classifier."""

import dataclasses
import functools
import math
from typing import Any

import numpy as np

from kgan import checks
from kgan.metrics.estimates import Estimate
from kgan.metrics.trials import ARMS, Trial, checked_pair

__all__ = ["UtilityResult", "utility"]


@dataclasses.dataclass(frozen=True)
class UtilityResult:
    """How well classifiers do that were trained with and without generated samples.

    The first five are accuracies on held-out data, the others differences of those. Their errors
    are standard errors that cover both the seeds and the choice of the held-out samples; those of
    the differences are paired, and so smaller than the accuracies suggest. `num_samples` is the
    number of held-out samples. Vectors can be neither flipped nor shifted: there the fields about
    that are None.

    Args:
        generated: trained on generated samples alone.
        real: on real samples alone.
        both: on batches that are half real, half generated.
        augmented: on batches that are half real as they are, half flipped and shifted.
        augmented_both: on batches that are half generated, half real, flipped and shifted.
        gain: `both` minus `real`.
        gain_over_augmented: `both` minus `augmented`.
        gain_with_augmented: `augmented_both` minus `augmented`.
    """

    generated: Estimate
    real: Estimate
    both: Estimate
    augmented: Estimate | None
    augmented_both: Estimate | None
    gain: Estimate
    gain_over_augmented: Estimate | None
    gain_with_augmented: Estimate | None

    @property
    def verdict(self) -> str:
        """Whether generated samples help, in words; a difference counts from two errors on."""
        return " ".join([self._first_sentence(), *self._second_sentence()])

    def _first_sentence(self):
        sign, over = _sign(self.gain), _sign(self.gain_over_augmented)
        with_them, without = _percent(self.both), _percent(self.real)
        compared = f"{with_them} accuracy with them, {without} without ({_points(self.gain)})"
        if self.augmented is not None:
            compared += f", {_percent(self.augmented)} with flips and shifts instead"
        if sign == 0:
            return (
                f"Generated samples make no clear difference: {compared}. "
                "Within the error nothing can be told."
            )
        if sign < 0:
            return f"Generated samples hurt: {compared}."
        if over is None or over > 0:
            return f"Generated samples help: {compared}."
        rank = "no better" if over == 0 else "worse"
        return f"Generated samples help, but are {rank} than flips and shifts: {compared}."

    def _second_sentence(self):
        """Whether they help next to flips and shifts, where those do no harm themselves."""
        difference = self.gain_with_augmented
        if self.augmented is None or self.augmented.value < self.real.value:
            return
        sign = _sign(difference)
        if sign:
            verb = "add to" if sign > 0 else "take from"
            yield f"They {verb} what flips and shifts reach: {_points(difference)}."
        elif _sign(self.gain) > 0:
            yield f"Added to flips and shifts they make no clear difference: {_points(difference)}."


def _sign(difference):
    """1 or -1 for a difference beyond its error, else 0; None without one."""
    if difference is None:
        return None
    is_clear = abs(difference.value) > 2 * difference.error
    return int(math.copysign(1, difference.value)) if is_clear else 0


def _percent(accuracy):
    return f"{100 * accuracy.value:.1f} %"


def _points(difference):
    return f"{100 * difference.value:+.1f} ± {100 * difference.error:.1f} percentage points"


def utility(
    real: Any,
    real_labels: Any,
    held_out: Any,
    held_out_labels: Any,
    generate: Any,
    *,
    num_seeds: int = 3,
    num_updates: int = 400,
    batch_size: int = 64,
) -> UtilityResult:
    """Trains classifiers with and without generated samples, and scores them on held-out data.

    Training on generated samples alone is the classification accuracy score of Ravuri and Vinyals
    2019, https://arxiv.org/abs/1905.10887. Adding them to real ones only pays if that beats what
    costs nothing: flipping real images left to right half of the time, and shifting them by up to
    a sixteenth of their side (at least one pixel) both ways, edges repeated. Either takes half of
    each batch.

    All classifiers are the same small network (convolutional for images, one hidden layer for
    vectors), trained by the same number of updates. Those of one seed start from the same weights
    and see the same real samples in the same order, so that their difference is more exact than
    they are. Each update uses fresh generated samples.

    Args:
        real: samples `(num_samples, height, width, channels)` or `(num_samples, size)`.
        real_labels: integers from 0, `(num_samples,)`.
        held_out, held_out_labels: the same, of samples that no generator was trained on.
        generate: a function that is called as `generate(number, seed=seed)` and returns a pair of
            samples and labels, as `gan.generate` of a conditional GAN does; or such a pair of
            arrays, whose rows are drawn at random.
        num_seeds: the number of classifiers of each kind, at least 2.
        num_updates: how long each is trained. Flips and shifts need more updates than real samples
            alone to show what they are worth.
        batch_size: samples per update, at least 2.

    Returns:
        A `UtilityResult`.

    Raises:
        ValueError: for samples or labels that do not belong together, fewer than 10 samples,
            NaN, and numbers that are too small.

    Example:

    >>> train, test = (kgan.datasets.digits(split, with_labels=True) for split in ("train", "test"))
    >>> few = slice(30)
    >>> found = kgan.metrics.utility(
    ...     train.samples[few], train.labels[few], test.samples, test.labels,
    ...     (train.samples, train.labels),  # In place of a generator as good as more data.
    ...     num_seeds=2, num_updates=25)
    >>> found.verdict.startswith("Generated samples help: ")
    True
    """
    for name, number in (("num_seeds", num_seeds), ("batch_size", batch_size)):
        if not isinstance(number, int | np.integer) or number < 2:
            raise ValueError(f"`{name}` must be an integer of at least 2. Received: {number!r}.")
    checks.check_positive_integer("num_updates", num_updates)
    shape = np.shape(real)[1:]
    training = checked_pair(real, real_labels, "real", shape)
    scored = checked_pair(held_out, held_out_labels, "held_out", shape)
    num_classes = 1 + max(int(labels.max()) for _, labels in (training, scored))
    draw = generate if callable(generate) else functools.partial(_rows, generate)
    trial = Trial(training, scored, draw, num_classes, num_updates, batch_size)
    return _compared([trial.run(seed) for seed in range(num_seeds)])


def _rows(pair, number, seed):
    """So many random rows of a pair of arrays."""
    samples, labels = map(np.asarray, pair)
    rows = np.random.default_rng(seed).integers(len(samples), size=number)
    return samples[rows], labels[rows]


def _compared(right):
    """The result, from one dict per seed of which held-out samples each arm gets right."""
    right = {name: np.stack([one[name] for one in right]).astype("float64") for name in right[0]}
    return UtilityResult(
        **{name: _estimate(right.get(name)) for name in ARMS},
        gain=_estimate(right["both"], right["real"]),
        gain_over_augmented=_estimate(right["both"], right.get("augmented")),
        gain_with_augmented=_estimate(right.get("augmented_both"), right.get("augmented")),
    )


def _estimate(right, minus=0.0):
    """The mean of scores `(num_seeds, num_held_out)`, or of their paired differences."""
    if right is None or minus is None:
        return None
    scores = right - minus
    errors = [
        np.std(means, ddof=1) / math.sqrt(len(means))
        for means in (scores.mean(axis=1), scores.mean(axis=0))
    ]
    return Estimate(float(scores.mean()), math.hypot(*errors), scores.shape[1])
