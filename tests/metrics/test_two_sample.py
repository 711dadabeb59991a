import keras
import numpy as np
import pytest
from measured import normal

from kgan import metrics
from kgan.metrics import two_sample


@pytest.mark.slow
def test_a_classifier_cannot_tell_one_distribution_from_itself_and_tells_another():
    same = metrics.two_sample_test(normal(500, 4), normal(500, 4, seed=1))
    assert same.low < 0.5 < same.high
    assert same.num_samples == 500
    far = metrics.two_sample_test(normal(500, 4), normal(250, 4, seed=1) + 3)
    assert far.accuracy > 0.98
    assert far.num_samples == 250


@pytest.mark.slow
def test_the_two_sample_test_is_a_function_of_its_seed_and_draws_nothing_else():
    first = metrics.two_sample_test(normal(100, 8, 8, 1), normal(100, 8, 8, 1, seed=1), seed=3)
    keras.utils.set_random_seed(9)
    expected = keras.random.uniform((2,)).numpy()
    keras.utils.set_random_seed(9)
    again = metrics.two_sample_test(normal(100, 8, 8, 1), normal(100, 8, 8, 1, seed=1), seed=3)
    assert again == first
    assert np.array_equal(keras.random.uniform((2,)).numpy(), expected)


def test_the_interval_of_the_two_sample_test_is_that_of_wilson():
    # Of 81 of 263 it is 0.2553 to 0.3662: Newcombe 1998, Statistics in Medicine 17, table I.
    low, high = two_sample._wilson(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
