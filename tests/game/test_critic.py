import dataclasses

import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan.game.critic import Critic, packed


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


# Packs


def packing_gan(packing=2, **arguments):
    """A small GAN whose discriminator sees several samples at once."""
    generator, _ = players.networks()
    discriminator = players.discriminator(keras.layers.Dense(1), shape=(8, 8, packing))
    steps = arguments.pop("discriminator_steps", 1)
    gan = kgan.GAN(generator, discriminator, packing=packing, discriminator_steps=steps, seed=0)
    gan.compile(**{**players.light(), **arguments})
    return gan


def test_a_pack_is_of_neighbours_one_behind_another_along_the_channels():
    samples = tf.reshape(tf.range(6 * 2 * 2.0), (6, 2, 2))
    packs = packed(samples, 3)
    assert packs.shape == (2, 2, 6)
    for i, pack in enumerate(packs):
        np.testing.assert_array_equal(pack, np.concatenate(samples[3 * i : 3 * i + 3], axis=-1))


def test_a_discriminator_of_packs_sees_augmented_samples():
    discriminator, recorder = players.recorded(
        players.discriminator(keras.layers.Dense(1), shape=(8, 8, 2))
    )
    recorder.seen.clear()
    images = tf.constant(players.images(rows=4))
    critic = Critic(discriminator, training=True, augmentation=Doubling(), packing=2)
    logits, gradient = critic.gradient(images)
    assert logits.shape == (2, 1)
    assert gradient.shape == images.shape
    np.testing.assert_array_equal(recorder.seen[0][..., 0], 2 * images[::2, ..., 0])
    np.testing.assert_array_equal(recorder.seen[0][..., 1], 2 * images[1::2, ..., 0])


def test_a_penalty_takes_the_slope_along_a_whole_pack():
    # D(x, y) = 3x + 4y has the slope 5 along a pack of two numbers.
    weights = tf.constant([[3.0], [4.0]])
    critic = Critic(lambda packs: packs @ weights, packing=2)
    samples = tf.constant([[1.0], [2.0], [3.0], [4.0]])
    norms = kgan.penalties.gradient_squared_norm(critic.for_penalties(), samples)
    np.testing.assert_allclose(norms, [25.0, 25.0])
    penalty = kgan.penalties.WassersteinGradientPenalty(1.0)
    values = penalty(critic.for_penalties(), samples, -samples, (0, 0))
    np.testing.assert_allclose(values, [16.0, 16.0], rtol=1e-5)  # (5 - 1)²


def test_the_samples_of_a_pack_are_mixed_alike():
    drawn = Critic(lambda x: x, packing=2).uniform(tf.zeros((6, 8, 8, 1)), (0, 1)).numpy().ravel()
    np.testing.assert_array_equal(drawn[::2], drawn[1::2])
    assert len(set(drawn)) == 3


def test_a_game_of_packs_trains_and_is_the_same_when_loaded(tmp_path):
    held_out = players.images(rows=6)
    gan = packing_gan(
        penalties=["wasserstein_gradient_penalty"],
        augmentation=kgan.augmentation.Adaptive(["color"], held_out=held_out),
    )
    before = players.weights(gan.discriminator)
    gan.fit(players.dataset(), verbose=0)
    assert not np.array_equal(players.weights(gan.discriminator), before)
    logs = gan.evaluate(players.dataset(), steps=1, verbose=0, return_dict=True)
    assert np.isfinite(list(logs.values())).all()
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.packing == 2
    samples = players.images(rows=6)
    answers = loaded.discriminate(samples)
    assert answers.shape == (3,)
    np.testing.assert_array_equal(answers, gan.discriminate(samples, batch_size=2))


def test_a_file_of_a_game_without_packing_is_one_of_single_samples():
    config = players.gan(compiled=False).get_config()
    assert config.pop("packing") == 1
    assert kgan.GAN.from_config(config).packing == 1


def test_what_does_not_make_whole_packs_is_refused():
    gan = packing_gan(packing=3)
    with pytest.raises(ValueError, match="multiple of `packing`, 3: .* Received: 16 samples"):
        gan.fit(players.dataset())
    with pytest.raises(ValueError, match="multiple of `packing`, 3: .* Received: 4 samples"):
        gan.fit(players.images(rows=16), batch_size=12)  # The last batch has 4.
    with pytest.raises(ValueError, match="multiple of `packing`, 3: .* Received: 16 samples"):
        gan.evaluate(players.dataset())
    with pytest.raises(ValueError, match="multiple of `packing`, 3: .* Received: 4 samples"):
        gan.discriminate(players.images(rows=4))
    gan = packing_gan(packing=3, discriminator_steps=2)
    with pytest.raises(ValueError, match="`packing`, 3 times `discriminator_steps`, 2: "):
        gan.fit(players.dataset(batch_size=8))


def test_packing_needs_networks_that_fit_and_no_labels():
    with pytest.raises(ValueError, match="must take 2 samples of `generator` at once"):
        kgan.GAN(*players.networks(), packing=2)
    with pytest.raises(ValueError, match="`packing` must be an integer of at least 1"):
        kgan.GAN(*players.networks(), packing=0)
    generator, _ = kgan.architectures.dcgan((8, 8, 1), 4, width=8, num_classes=3)
    _, discriminator = kgan.architectures.dcgan((8, 8, 2), 4, width=8, num_classes=3)
    with pytest.raises(ValueError, match="`packing` is for networks without labels"):
        kgan.GAN(generator, discriminator, packing=2)
