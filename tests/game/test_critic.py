import dataclasses

import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan.game.critic import Critic


def quadratic():
    """D(x) = (w · x)², so ∇ₓ D = 2 (w · x) w."""
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(inputs)
    return keras.Model(inputs, hidden**2)


def test_the_logits_and_their_gradient_are_those_of_the_network():
    images = tf.constant([[1.0, 2.0, 3.0], [0.0, -1.0, 0.0]])
    critic = Critic(quadratic(), training=False)
    logits, gradient = critic.gradient(images)
    np.testing.assert_allclose(logits, [[36.0], [1.0]])
    np.testing.assert_allclose(gradient, [[12.0] * 3, [-2.0] * 3])
    np.testing.assert_array_equal(critic(images), logits)


def test_the_same_samples_are_looked_at_once():
    discriminator, recorder = players.recorded(players.networks()[1])
    images, others = (tf.fill((2, 8, 8, 1), value) for value in (0.5, -0.5))
    recorder.seen.clear()
    critic = Critic(discriminator, training=True)
    critic(images)
    critic.gradient(images)
    critic.gradient(images)
    assert len(recorder.seen) == 1
    critic(others)
    assert len(recorder.seen) == 2


@pytest.mark.parametrize(
    ("penalty", "passes"), [("r1", 2), ("r2", 2), ("wasserstein_gradient_penalty", 3)]
)
def test_a_penalty_at_samples_that_the_loss_has_seen_costs_no_forward_pass(penalty, passes):
    generator, discriminator = players.networks()
    discriminator, recorder = players.recorded(discriminator)
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(penalties=[penalty], run_eagerly=True)
    recorder.seen.clear()
    gan.fit(players.dataset(num_samples=16), verbose=0)
    assert len(recorder.seen) == passes + 1  # And one in the update of G.


def test_the_gradient_is_differentiable_in_the_weights():
    discriminator = quadratic()
    images = tf.constant([[1.0, 2.0, 3.0]])
    with tf.GradientTape() as tape:
        critic = Critic(discriminator, training=True)
        critic(images)
        _, gradient = critic.gradient(images)
        penalty = tf.reduce_sum(gradient**2)  # 4 (w · x)² |w|²
    (slope,) = tape.gradient(penalty, [discriminator.trainable_weights[0].value])
    # 8 (w · x) |w|² x + 8 (w · x)² w
    np.testing.assert_allclose(slope, 8 * 6 * 3 * images.numpy().T + 8 * 36, rtol=1e-5)


def test_a_function_can_be_a_critic():
    logits, gradient = Critic(lambda x: 3 * x).gradient(tf.ones((2, 1)))
    np.testing.assert_array_equal(logits, [[3.0], [3.0]])
    np.testing.assert_array_equal(gradient, [[3.0], [3.0]])


class Doubling(keras.layers.Layer):
    """Multiplies by two while training."""

    def call(self, inputs, training=None):
        return 2 * inputs if training else inputs


def test_the_gradient_is_taken_before_the_augmentation():
    images = tf.constant([[1.0, 0.0, 0.0]])
    critic = Critic(quadratic(), training=True, augmentation=Doubling())
    logits, gradient = critic.gradient(images)
    np.testing.assert_allclose(logits, [[4.0]])
    np.testing.assert_allclose(gradient, [[8.0] * 3])  # 2 · 2 (w · 2x) w


def test_both_players_see_all_samples_augmented_and_evaluation_does_not():
    generator, discriminator = players.networks()
    discriminator, recorder = players.recorded(discriminator)
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(augmentation=Doubling(), run_eagerly=True, loss="relativistic")
    recorder.seen.clear()
    images = np.full((4, 8, 8, 1), 0.25, "float32")
    data = tf.data.Dataset.from_tensors(images)
    gan.fit(data, verbose=0)
    assert len(recorder.seen) == 4  # Real and fake, in each player's update.
    np.testing.assert_array_equal(recorder.seen[0], 2 * images)
    np.testing.assert_array_equal(sorted([*recorder.seen[2:]], key=np.ptp)[0], 2 * images)
    recorder.seen.clear()
    gan.evaluate(data, verbose=0)
    np.testing.assert_array_equal(recorder.seen[0], images)
    assert len(recorder.seen) == 2


# What layers add to the objective


@keras.saving.register_keras_serializable("tests")
class Adding(keras.layers.Layer):
    """Adds the mean of its inputs to the loss."""

    def call(self, inputs):
        self.add_loss(keras.ops.mean(inputs))
        return inputs


def regularized(size, final, kernel=0.0, activity=0.0):
    regularizers = {
        "kernel_regularizer": keras.regularizers.L2(kernel),
        "activity_regularizer": keras.regularizers.L2(activity),
    }
    inputs = keras.Input((2,))
    hidden = keras.layers.Dense(size, use_bias=False, **regularizers)(inputs)
    return keras.Model(inputs, final(hidden))


@pytest.mark.parametrize("turns", ["alternating", "simultaneous"])
def test_regularizers_and_added_losses_are_part_of_each_player_s_objective(turns):
    """With losses that are constant, SGD(1) moves the weights by the closed form of the rest."""

    @dataclasses.dataclass(frozen=True)
    class Nothing(kgan.losses.AdversarialLoss):
        def discriminator_loss(self, real_logits, fake_logits):
            return 0.0 * (real_logits + fake_logits)

        def generator_loss(self, real_logits, fake_logits):
            return 0.0 * fake_logits

    generator = regularized(2, Adding(), kernel=0.1, activity=0.01)
    discriminator = regularized(1, Adding(), kernel=0.2, activity=0.02)
    gan = kgan.GAN(generator, discriminator, ema_decay=None, seed=0)
    sgd = [keras.optimizers.SGD(1.0) for _ in range(2)]
    gan.compile(*sgd, loss=Nothing(), turns=turns)
    g, d = generator.get_weights()[0], discriminator.get_weights()[0]
    real = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    z = kgan.game.noise.latents("normal", (8, 2), kgan.game.noise.fold(0, 0, 0)).numpy()
    z_of_g = z
    if turns == "alternating":
        z_of_g = kgan.game.noise.latents("normal", (8, 2), kgan.game.noise.fold(0, 1, 0)).numpy()
    data = tf.data.Dataset.from_tensors(real)
    gan.fit(data, verbose=0)

    def slope(x, w, kernel, activity):
        """Of kernel |w|², and of activity |xw|² / batch + mean(xw): Keras divides by the batch."""
        answers = x @ w
        mean = x.T @ np.ones_like(answers) / answers.size
        return 2 * kernel * w, 2 * activity * x.T @ answers / len(x) + mean

    weight, _ = slope(real, d, 0.2, 0.02)
    calls = [slope(x, d, 0.2, 0.02)[1] for x in (real, z @ g)]
    np.testing.assert_allclose(
        discriminator.get_weights()[0], d - weight - sum(calls) / 2, rtol=1e-4, atol=1e-6
    )
    weight, call = slope(z_of_g, g, 0.1, 0.01)
    np.testing.assert_allclose(generator.get_weights()[0], g - weight - call, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_a_weight_regularizer_keeps_the_weights_small():
    sums = []
    for weight in (0.0, 100.0):
        keras.utils.set_random_seed(0)
        generator, _ = players.networks()
        images = keras.Input((8, 8, 1))
        dense = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(weight))
        discriminator = keras.Model(images, dense(keras.layers.Flatten()(images)))
        gan = kgan.GAN(generator, discriminator, seed=0)
        gan.compile("adam", keras.optimizers.Adam(1e-2), penalties=["r1"])
        gan.fit(players.dataset(), epochs=5, verbose=0)
        sums.append(float(np.abs(dense.kernel.numpy()).sum()))
    assert sums[1] < 0.7 * sums[0]


def test_a_regularized_generator_can_be_evaluated_and_saved(tmp_path):
    generator = regularized(2, Adding(), kernel=0.1, activity=0.01)
    gan = kgan.GAN(generator, regularized(1, Adding()), seed=0)
    gan.compile()
    data = tf.data.Dataset.from_tensors(np.ones((8, 2), "float32"))
    gan.fit(data, validation_data=data, epochs=2, verbose=0)
    before = gan.evaluate(data, verbose=0, return_dict=True)
    gan.save(tmp_path / "gan.keras")
    again = keras.models.load_model(tmp_path / "gan.keras")
    assert again.evaluate(data, verbose=0, return_dict=True) == before
