"""What all measures share."""

import numpy as np
import pytest
from measured import GENERATED, LOGITS, REAL, normal

from kgan import metrics


def test_samples_of_one_distribution_are_near_and_others_are_not():
    one, same, other = normal(1000, 4), normal(1000, 4, seed=1), normal(1000, 4, seed=2) + 1.5
    assert metrics.frechet_distance(one, same) < 0.05 < metrics.frechet_distance(one, other)
    near = metrics.kernel_distance(one, same, num_subsets=30, subset_size=300)
    far = metrics.kernel_distance(one, other, num_subsets=30, subset_size=300)
    assert abs(near.value) < 3 * near.error
    assert far.value > 10 * far.error
    assert min(metrics.precision_recall(one, same)) > 0.9
    assert max(metrics.precision_recall(one, other + 5)) == 0
    alike = metrics.density_coverage(one, same)
    assert alike.density == pytest.approx(1, abs=0.1)
    assert alike.coverage > 0.9
    assert metrics.density_coverage(one, other + 5) == (0, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.frechet_distance(REAL[:9], GENERATED), "`real` must be .* at least 10"),
        (
            lambda: metrics.frechet_distance(REAL, GENERATED[:, :3]),
            "same number of features.*12 and 3",
        ),
        (lambda: metrics.kernel_distance(REAL * np.nan, GENERATED), "`real` must be finite"),
        (lambda: metrics.precision_recall(REAL[:12], GENERATED, k=20), "at least 21"),
        (
            lambda: metrics.density_coverage(REAL[:, 0], GENERATED),
            r"shape \(num_samples, num_feat",
        ),
        (lambda: metrics.classifier_score(LOGITS), "apply a softmax to logits first"),
        (lambda: metrics.mixture_coverage(REAL, np.zeros((3, 2)), 1.0), "the same space.*12 and 2"),
        (lambda: metrics.class_coverage([0, 7], 5), r"integers in 0\.\.4"),
        (lambda: metrics.class_coverage([0, 1], 2, real_shares=[5, 5]), "divide counts.*sum 10"),
        (lambda: metrics.class_coverage([0, 1], 2, real_shares=[1.0]), r"2 numbers.*shape \(1,\)"),
        (lambda: metrics.mixture_coverage(REAL, REAL[:3], 0), "positive numbers.*sigma=0"),
        (lambda: metrics.mixture_coverage(REAL, REAL[:3], np.nan), "positive numbers.*sigma=nan"),
        (lambda: metrics.kernel_distance(REAL, REAL, subset_size=1), "`subset_size`.*at least 2"),
        (lambda: metrics.kernel_distance(REAL, REAL, num_subsets=0), "`num_subsets` must be"),
        (lambda: metrics.precision_recall(REAL, REAL, k=0), "`k` must be an integer of at least 1"),
        (lambda: metrics.density_coverage(REAL, REAL, k=0), "`k` must be an integer of at least 1"),
        (lambda: metrics.PrecisionRecall(k=0), "`k` must be an integer of at least 1"),
        (lambda: metrics.classifier_score(np.eye(10), num_splits=0), "`num_splits` must be"),
        (lambda: metrics.classifier_score(np.eye(10)), "with at least 20 samples"),
        (lambda: metrics.parzen_log_likelihood(REAL, REAL[:5], REAL), "`validation` must be"),
        (
            lambda: metrics.memorization(GENERATED, REAL, REAL[:3]),
            "`held_out` must be.*at least 10",
        ),
    ],
)
def test_wrong_samples_are_refused_by_every_measure(call, message):
    with pytest.raises(ValueError, match=message):
        call()
