"""How sure a classifier is of each sample, and how varied its answers are."""

import itertools
from typing import Any

import keras
import numpy as np

from kgan.checks import check_positive_integer
from kgan.metrics.estimates import LEAST_SAMPLES, Estimate, features
from kgan.metrics.sample_metric import ClassifierMetric

__all__ = ["ClassifierScore", "classifier_score"]


def classifier_score(probabilities: Any, *, num_splits: int = 10) -> Estimate:
    """The formula of the inception score, for any classifier.

        exp(mean over x of KL(p(y|x) ‖ p(y)))

    Salimans et al. 2016, https://arxiv.org/abs/1606.03498, section 4. Between 1 and the number of
    classes: high where each sample is surely of a class, and all classes come up. It never looks at
    real samples: show those of the data beside it.

    Args:
        probabilities: p(y|x), `(num_samples, num_classes)`, rows that sum to one.
        num_splits: the score is the mean of those of so many parts, in their order, as published.

    Returns:
        An `Estimate`; its `error` is the standard deviation over the parts, as published.

    Raises:
        ValueError: if these are not probabilities, or if a part has fewer than two.
    """
    check_positive_integer("num_splits", num_splits)
    # Of one sample alone the score is 1, whatever it is.
    probabilities = features(probabilities, "probabilities", max(2 * num_splits, LEAST_SAMPLES))
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0 or np.abs(sums - 1).max() > 1e-3:
        raise ValueError(
            "`probabilities` must be at least 0, and sum to 1 in each row; apply a softmax to "
            f"logits first. Received: values from {probabilities.min():.3g}, sums from "
            f"{sums.min():.3g} to {sums.max():.3g}."
        )
    edges = [i * len(probabilities) // num_splits for i in range(num_splits + 1)]
    scores = [_score(probabilities[start:end]) for start, end in itertools.pairwise(edges)]
    return Estimate(float(np.mean(scores)), float(np.std(scores)), len(probabilities))


def _score(probabilities):
    marginal = probabilities.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = probabilities * (np.log(probabilities) - np.log(marginal))
    return np.exp(np.where(probabilities > 0, terms, 0).sum(axis=1).mean())


@keras.saving.register_keras_serializable("kgan")
class ClassifierScore(ClassifierMetric):
    """`classifier_score` as a Keras metric: the higher the better, at most the number of classes.

    Args:
        features, num_samples, name: as in `SampleMetric`; the features are those of a classifier.
    """

    measure = "classifier_score"

    def least_samples(self, size: int) -> int:
        return 2 * super().least_samples(size)  # Two in each of ten parts.

    def take(self, generated: np.ndarray) -> float:
        return classifier_score(generated).value
