"""Mixtures of Gaussians."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from streams import NUM_MODES

from kgan import datasets


def _lattice(low, high, spacing, dim):
    ticks = np.arange(low, high, spacing)
    return np.stack(np.meshgrid(*[ticks] * dim), axis=-1).reshape(-1, dim), spacing**dim


LATTICES = {
    "line": _lattice(-8, 8, 0.1, 1),
    "ring": _lattice(-1.1, 1.1, 0.01, 2),
    "grid": _lattice(-4.5, 4.5, 0.05, 2),
}


@pytest.mark.parametrize("name", LATTICES)
def test_the_density_of_a_mixture_integrates_to_1(name):
    points, volume = LATTICES[name]
    density = datasets.gaussian_mixture(name, num_samples=100).distribution.density(points)
    assert density.shape == (len(points),)
    assert density.sum() * volume == pytest.approx(1, abs=1e-6)


def test_the_density_of_the_line_is_the_mean_of_two_normal_densities():
    distribution = datasets.gaussian_mixture("line", num_samples=100).distribution
    at_mode = (1 + math.exp(-32)) / 2 / (0.5 * math.sqrt(2 * math.pi))
    between = math.exp(-8) / (0.5 * math.sqrt(2 * math.pi))
    density = distribution.density([[2.0], [-2.0], [0.0]])
    np.testing.assert_allclose(density, [at_mode, at_mode, between], rtol=1e-12)


@pytest.mark.parametrize("name", LATTICES)
def test_points_of_a_mixture_are_spread_around_their_labels_modes(name):
    dataset = datasets.gaussian_mixture(name, with_labels=True)
    distribution, labels = dataset.distribution, dataset.labels
    sigma, dim = distribution.standard_deviation, distribution.means.shape[1]
    assert dataset.num_samples == 100_000
    assert dataset.num_classes == len(distribution.means) == NUM_MODES[name]
    np.testing.assert_allclose(np.bincount(labels) / 100_000, 1 / NUM_MODES[name], atol=0.008)
    noise = (dataset.samples - distribution.means[labels]) / sigma
    for mode in range(NUM_MODES[name]):
        np.testing.assert_allclose(noise[labels == mode].mean(axis=0), 0, atol=0.1)
        np.testing.assert_allclose(noise[labels == mode].std(axis=0), 1, atol=0.06)
    within_3_sigma = np.mean(np.square(noise).sum(axis=1) < 9)
    expected = 1 - math.exp(-4.5) if dim == 2 else math.erf(3 / math.sqrt(2))
    assert within_3_sigma == pytest.approx(expected, abs=0.0015)


def test_the_modes_of_the_mixtures_are_where_the_docstring_puts_them():
    modes = {
        name: datasets.gaussian_mixture(name, num_samples=100).distribution for name in NUM_MODES
    }
    assert modes["line"].means.ravel().tolist() == [-2, 2]
    assert [modes[name].standard_deviation for name in NUM_MODES] == [0.5, 0.01, 0.05]
    ring = modes["ring"].means
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 1)
    neighbours = np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1)
    np.testing.assert_allclose(neighbours, 2 * math.sin(math.pi / 8))
    ticks = [-4, -2, 0, 2, 4]
    assert {tuple(mean) for mean in modes["grid"].means} == set(itertools.product(ticks, ticks))


def test_another_seed_gives_held_out_points():
    first, again, other = (
        datasets.gaussian_mixture("ring", num_samples=200, seed=seed).samples for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not set(map(tuple, first)) & set(map(tuple, other))


def test_points_come_in_batches_without_labels_by_default():
    dataset = datasets.gaussian_mixture("line", num_samples=100, batch_size=10)
    assert dataset.element_spec == tf.TensorSpec((10, 1), tf.float32)
    assert (dataset.labels, dataset.num_classes) == (None, None)


def test_an_unknown_mixture_is_an_error_that_gives_the_nearest():
    with pytest.raises(ValueError, match=r"\['grid', 'line', 'ring'\]. Did you mean 'ring'"):
        datasets.gaussian_mixture("rings")
