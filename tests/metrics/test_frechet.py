import numpy as np
import pytest
from measured import GENERATED, PUBLISHED, REAL, normal

from kgan import metrics
from kgan.metrics import frechet


def test_the_frechet_distance_is_torch_fidelitys():
    expected = PUBLISHED["frechet_inception_distance"]
    assert metrics.frechet_distance(REAL, GENERATED) == pytest.approx(expected, rel=1e-6)


# Beside others


def test_the_frechet_distance_is_that_with_scipys_square_root():
    linalg = pytest.importorskip("scipy.linalg")
    (mean, covariance), (other_mean, other) = map(frechet.moments, (REAL, GENERATED))
    root = linalg.sqrtm(covariance @ other).real
    expected = np.sum((mean - other_mean) ** 2) + np.trace(covariance + other - 2 * root)
    assert metrics.frechet_distance(REAL, GENERATED) == pytest.approx(expected, rel=1e-6)


# What is known exactly


def test_the_frechet_distance_of_two_gaussians():
    real, generated = normal(200_000, 2), normal(200_000, 2, seed=1) * [2.0, 0.5] + [1.0, -2.0]
    expected = 1 + 4 + (2 - 1) ** 2 + (0.5 - 1) ** 2
    assert metrics.frechet_distance(real, generated) == pytest.approx(expected, rel=0.02)
    mean, covariance = np.zeros(2), np.diag([4.0, 9.0])
    distance = frechet.distance_of_moments(mean, covariance, mean + 1, np.eye(2))
    assert distance == pytest.approx(2 + 1 + 4, rel=1e-12)


def test_images_are_flattened():
    images = normal(50, 4, 4, 1)
    flat = images.reshape(50, 16)
    assert metrics.frechet_distance(images, images + 1) == metrics.frechet_distance(flat, flat + 1)


def test_fewer_samples_than_features_cause_a_warning():
    with pytest.warns(UserWarning, match="`real` has 12 samples of 20 features: .* too large"):
        metrics.frechet_distance(normal(12, 20), normal(200, 20, seed=1))


def test_far_too_few_samples_for_a_frechet_distance_are_refused():
    with pytest.raises(ValueError, match="at least a tenth as many samples as features"):
        metrics.frechet_distance(normal(12, 200), normal(12, 200, seed=1))
