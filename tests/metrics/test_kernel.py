import numpy as np
import pytest
from measured import GENERATED, PUBLISHED, REAL, normal

from kgan import metrics
from kgan.metrics import kernel


def test_the_kernel_distance_is_torch_fidelitys():
    found = metrics.kernel_distance(REAL, GENERATED, num_subsets=20, subset_size=100, seed=0)
    assert found.value == pytest.approx(PUBLISHED["kernel_inception_distance_mean"], rel=1e-6)
    assert found.error == pytest.approx(PUBLISHED["kernel_inception_distance_std"], rel=1e-6)
    assert found.num_samples == len(GENERATED)


def test_the_kernel_distance_is_a_double_loop():
    x, y = REAL[:40], GENERATED[:30]

    def value(a, b):
        return (a @ b / len(a) + 1) ** 3

    real = np.mean([value(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    generated = np.mean([value(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    expected = real + generated - 2 * np.mean([value(a, b) for a in x for b in y])
    assert kernel.squared_discrepancy(y, x) == pytest.approx(expected, rel=1e-6)


def test_the_kernel_distance_of_small_sets_has_an_error():
    found = metrics.kernel_distance(normal(60, 3), normal(60, 3, seed=1), num_subsets=20)
    assert found.error > 1e-3
