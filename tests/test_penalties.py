import contracts
import keras
import numpy as np
import pytest
import tensorflow as tf

from kgan import penalties

SEED = tf.constant([3, 4])


def linear_critic(slope):
    return lambda images: tf.matmul(images, tf.constant(slope)[:, None])


@pytest.mark.parametrize("name", penalties.ALL)
def test_every_penalty_obeys_the_contract(name):
    contracts.check_penalty(penalties.get(name))


@pytest.mark.parametrize("penalty", [penalties.R1, penalties.R2])
def test_r1_of_a_linear_discriminator_is_half_the_weight_times_its_squared_norm(penalty):
    real, fake = tf.random.normal((6, 3)), tf.random.normal((6, 3))
    values = penalty(10.0)(linear_critic([1.0, -2.0, 2.0]), real, fake, SEED)
    np.testing.assert_allclose(values, np.full(6, 10 / 2 * 9), rtol=1e-6)


def test_r1_looks_at_real_samples_and_r2_at_fakes():
    def square(images):  # Its slope at x is x.
        return tf.reduce_sum(images**2 / 2, axis=1, keepdims=True)

    real, fake = tf.constant([[1.0], [2.0]]), tf.constant([[3.0], [4.0]])
    np.testing.assert_allclose(penalties.R1(2.0)(square, real, fake, SEED), [1, 4])
    np.testing.assert_allclose(penalties.R2(2.0)(square, real, fake, SEED), [9, 16])


@pytest.mark.parametrize(("slope", "expected"), [([0.6, 0.8], 0.0), ([3.0, 4.0], 160.0)])
def test_wgan_gp_of_a_linear_critic_is_the_weight_times_its_squared_distance_from_slope_1(
    slope, expected
):
    real, fake = tf.random.normal((5, 2)), tf.random.normal((5, 2))
    values = penalties.WassersteinGradientPenalty()(linear_critic(slope), real, fake, SEED)
    np.testing.assert_allclose(values, np.full(5, expected), atol=1e-5)


def test_wgan_gp_looks_between_real_samples_and_fakes():
    seen = []

    def critic(images):
        seen.append(images)
        return tf.reduce_sum(images, axis=1, keepdims=True)

    penalties.WassersteinGradientPenalty()(critic, tf.zeros((1000, 1)), tf.ones((1000, 1)), SEED)
    between = np.ravel(seen[0])
    assert between.min() >= 0
    assert between.max() <= 1
    assert between.mean() == pytest.approx(0.5, abs=0.05)  # Uniform; a normal would leave [0, 1].
    assert between.std() == pytest.approx(1 / np.sqrt(12), abs=0.02)


def test_wgan_gp_of_a_flat_critic_has_a_finite_gradient():
    slope = tf.Variable([[0.0], [0.0]])
    penalty = penalties.WassersteinGradientPenalty()
    with tf.GradientTape() as tape:
        values = penalty(lambda x: tf.matmul(x, slope), tf.ones((2, 2)), tf.ones((2, 2)), SEED)
    assert np.isfinite(tape.gradient(values, slope)).all()


def test_a_map_of_logits_counts_as_the_sum_of_its_patches():
    def patches(images):  # Four patches, each with slope 3.
        return tf.tile(3 * images[:, :1, None, None], [1, 2, 2, 1])

    values = penalties.R1(2.0)(patches, tf.ones((4, 2)), None, SEED)
    np.testing.assert_allclose(values, np.full(4, 12.0**2))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_penalty_is_float32_under_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    critic = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, dtype="float32")])
    values = penalties.R1()(critic, tf.ones((2, 4)), None, SEED)
    assert values.dtype == tf.float32


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="`weight` must be at least 0"):
        penalties.R1(-1.0)


def test_an_unknown_penalty_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'wasserstein_gradient_penalty'"):
        penalties.get_all(["gradient_penalty"])


@pytest.mark.parametrize("thing", ["r1", penalties.R1()])
def test_penalties_that_are_no_list_are_refused(thing):
    with pytest.raises(TypeError, match="`penalties` must be a list"):
        penalties.get_all(thing)


def test_a_class_instead_of_an_instance_is_refused():
    with pytest.raises(TypeError, match=r"such as \[kgan.penalties.R1"):
        penalties.get_all([penalties.R1])
