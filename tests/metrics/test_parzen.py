import numpy as np
import pytest
from measured import normal

from kgan import metrics
from kgan.metrics import parzen


def test_the_likelihood_is_a_double_loop():
    samples, test = normal(15, 3), normal(12, 3, seed=1)
    sigma = 0.4

    def density(x):
        terms = [
            np.exp(-np.sum((x - s) ** 2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi)) ** 3
            for s in samples
        ]
        return np.log(np.mean(terms))

    (found,) = parzen.log_likelihoods(test, samples, [sigma])
    np.testing.assert_allclose(found, [density(x) for x in test], rtol=1e-9)


def test_the_likelihood_of_a_gaussian():
    samples, validation, test = normal(4000, 1), normal(500, 1, seed=1), normal(2000, 1, seed=2)
    found = metrics.parzen_log_likelihood(samples, validation, test, sigmas=[0.01, 0.2, 5.0])
    assert found.sigma == 0.2
    entropy = -0.5 * np.log(2 * np.pi * np.e)
    assert found.value == pytest.approx(entropy, abs=4 * found.error)
    assert found.error == pytest.approx(np.sqrt(0.5 / 2000), rel=0.1)
