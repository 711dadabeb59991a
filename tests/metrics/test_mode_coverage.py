import numpy as np
import pytest
from measured import normal

from kgan import metrics
from kgan.metrics import mode_coverage

MEANS = np.array([[x, y] for x in range(-2, 3) for y in range(-2, 3)], float) * 2


def grid(num_samples, modes=25, sigma=0.05, seed=0):
    random = np.random.default_rng(seed)
    return MEANS[random.integers(0, modes, num_samples)] + sigma * random.normal(
        size=(num_samples, 2)
    )


def test_samples_of_a_mixture_are_in_all_its_modes():
    found = metrics.mixture_coverage(grid(20_000), MEANS, 0.05)
    assert (found.modes, found.num_modes, found.num_samples) == (25, 25, 20_000)
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.003)  # 98.9 %
    assert found.reverse_kl < 0.002
    assert found.spread == pytest.approx(1, abs=0.05)


def test_modes_that_are_missing_count_in_the_divergence():
    found = metrics.mixture_coverage(grid(20_000, modes=5), MEANS, 0.05)
    assert found.modes == 5
    assert found.reverse_kl == pytest.approx(np.log(5), abs=0.01)
    assert found.kl == np.inf


def test_samples_between_modes_are_of_no_quality_and_narrow_ones_of_no_spread():
    between = MEANS[np.arange(500) % 25] + 1.0
    found = metrics.mixture_coverage(between, MEANS, 0.05)
    assert (found.modes, found.high_quality, found.spread) == (0, 0, None)
    narrow = metrics.mixture_coverage(grid(5000, sigma=0.01), MEANS, 0.05)
    assert narrow.high_quality == 1
    assert narrow.spread == pytest.approx(0.2, abs=0.01)


def test_classes_are_modes():
    labels = np.arange(3000) % 750
    found = metrics.class_coverage(labels, 1000)
    assert (found.modes, found.num_modes) == (750, 1000)
    assert found.reverse_kl == pytest.approx(np.log(1000 / 750))
    shares = np.array([0.5, 0.25, 0.25])
    assert metrics.class_coverage(np.repeat([0, 1, 2], [2, 1, 1]), 3, real_shares=shares).kl == 0


def test_a_divergence_is_zero_of_equals_and_not_symmetric():
    p, q = [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]
    assert mode_coverage.divergence(p, p) == 0
    assert mode_coverage.divergence(p, q) == pytest.approx(np.log(2))
    assert mode_coverage.divergence(q, p) == np.inf


def test_the_spread_is_measured_around_the_samples_own_mean():
    means = np.array([[0.0, 0.0], [10.0, 0.0]])
    points = np.repeat(means, 50, axis=0)
    shifted = metrics.mixture_coverage(points + 0.1, means, 0.1)
    assert shifted.spread == pytest.approx(0, abs=1e-9)
    spread = points + 0.1 * normal(100, 2)
    assert metrics.mixture_coverage(spread, means, 0.1).spread == pytest.approx(0.98, abs=0.1)
