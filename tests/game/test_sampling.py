"""Drawing from a GAN, and asking its discriminator."""

import numpy as np
import players
import pytest


def test_generate_is_a_function_of_its_seed_and_not_of_the_batch_size():
    gan = players.linear()
    first = gan.generate(10, seed=3)
    np.testing.assert_array_equal(first, gan.generate(10, seed=3))
    np.testing.assert_allclose(first, gan.generate(10, seed=3, batch_size=4), atol=1e-6)
    assert np.abs(first - gan.generate(10, seed=4)).max() > 0
    assert np.abs(gan.generate(10) - gan.generate(10)).max() > 0
    assert first.shape == (10, 8, 8, 1)
    assert first.dtype == np.float32
    assert np.abs(first).max() <= 1


def test_a_seeded_sample_does_not_depend_on_the_rest_of_the_batch():
    gan = players.linear()
    together = gan.generate(seeds=[5, 6, 7])
    np.testing.assert_allclose(gan.generate(seeds=[6])[0], together[1], atol=1e-6)
    np.testing.assert_allclose(gan.generate(1, seed=6)[0], together[1], atol=1e-6)


def test_discriminate_gives_the_probability_that_a_sample_is_real():
    gan = players.linear()
    images = players.dataset().samples
    probabilities = gan.discriminate(images, batch_size=7)
    expected = 1 / (1 + np.exp(-np.ravel(gan.discriminator(images))))
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    assert probabilities.shape == (64,)


def test_discriminate_raises_where_the_loss_defines_no_probability():
    with pytest.raises(TypeError, match="Hinge are not probabilities"):
        players.linear(loss="hinge").discriminate(players.dataset().samples)


def test_before_training_all_classes_are_equally_frequent():
    _, labels = players.linear(4).generate(4000, seed=0)
    np.testing.assert_allclose(np.bincount(labels) / 4000, 0.25, atol=0.03)


def test_seeds_decide_labels_too():
    gan = players.linear(4)
    samples, labels = gan.generate(seeds=[1, 2, 3])
    alone, label = gan.generate(seeds=[2])
    assert label[0] == labels[1]
    np.testing.assert_allclose(alone[0], samples[1], atol=1e-6)


def test_there_are_as_many_samples_as_labels():
    gan, labels = players.linear(4), [3, 0, 1]
    samples = gan.generate(labels=labels, seed=3)
    np.testing.assert_array_equal(samples, gan.generate(3, labels, seed=3))
