"""How a batch is cut into those of the discriminator's updates."""

import numpy as np
import players
import pytest
import tensorflow as tf

import kgan


def test_each_update_of_the_discriminator_sees_its_own_strided_slice():
    generator, discriminator = players.networks()
    discriminator, recorder = players.recorded(discriminator)
    gan = kgan.GAN(generator, discriminator, discriminator_steps=2, seed=0)
    gan.compile(run_eagerly=True)
    recorder.seen.clear()
    images = np.linspace(-1, 1, 6 * 64, dtype="float32").reshape(6, 8, 8, 1)
    gan.fit(tf.data.Dataset.from_tensors(images), verbose=0)
    real_first, _, real_second, _, _ = recorder.seen  # D's two updates, then G's.
    np.testing.assert_array_equal(real_first, images[0::2])
    np.testing.assert_array_equal(real_second, images[1::2])


def test_a_shorter_last_batch_is_cut_to_a_multiple_of_k():
    gan = players.gan(architecture=kgan.architectures.mlp, discriminator_steps=3)
    images = players.images(rows=9 + 8)
    gan.fit(tf.data.Dataset.from_tensor_slices(images).batch(9), verbose=0)
    assert gan.step.numpy() == 2
    assert gan.discriminator_optimizer.iterations.numpy() == 6


def test_a_last_batch_with_fewer_than_k_rows_is_an_error_that_names_the_fix():
    gan = players.gan(architecture=kgan.architectures.mlp, discriminator_steps=3)
    images = players.images(rows=9 + 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="drop_remainder=True"):
        gan.fit(tf.data.Dataset.from_tensor_slices(images).batch(9), verbose=0)
