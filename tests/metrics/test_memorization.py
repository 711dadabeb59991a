import numpy as np
import pytest
from measured import normal

from kgan import metrics


def test_copies_are_distinguished_from_new_samples():
    training, held_out, new = normal(2000, 5), normal(500, 5, seed=1), normal(500, 5, seed=2)
    honest = metrics.memorization(new, training, held_out)
    assert honest.ratio == pytest.approx(1, abs=0.1)
    assert honest.share_closer < 0.04
    copies = metrics.memorization(training[7:107] + 1e-4, training, held_out)
    assert copies.ratio < 0.01
    assert copies.share_closer == 1
    np.testing.assert_array_equal(copies.indices, np.arange(7, 107))


def test_without_other_data_each_training_sample_is_compared_with_the_others():
    training, new = normal(300, 5), normal(300, 5, seed=2)
    assert metrics.memorization(new, training).ratio == pytest.approx(1, abs=0.1)
    copies = metrics.memorization(training[:50] + 1e-4, training)
    assert copies.ratio < 0.01
    assert copies.share_closer == 1


def test_only_two_thousand_training_samples_are_compared_with_all_others():
    training = np.concatenate([normal(2000, 2), normal(100, 2, seed=1) + 100])
    found = metrics.memorization(training[:100] + 1e-3, training)
    near = np.sqrt(((training[:2000, None] - training) ** 2).sum(axis=-1))
    np.fill_diagonal(near, np.inf)
    assert found.ratio == pytest.approx(np.sqrt(2e-6) / np.median(near.min(axis=1)), rel=0.01)


def test_pictures_that_are_there_twice_hide_no_copies():
    training = normal(100, 5)
    training = np.concatenate([training, training[:10]])
    found = metrics.memorization(np.tile(training[20:40], (5, 1)) + 1e-4, training)
    assert found.share_closer == 1


def test_where_all_are_there_twice_nothing_is_compared():
    twice = np.repeat(normal(30, 5), 2, axis=0)
    with pytest.warns(UserWarning, match="All of `training` is there twice"):
        assert np.isnan(metrics.memorization(normal(30, 5, seed=1), twice).ratio)
