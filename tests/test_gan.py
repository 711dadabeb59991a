import math

import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan

POINTS = 256


class Angle(keras.layers.Layer):
    """The generator of the Dirac GAN: one number, whatever the latents."""

    def build(self, input_shape):
        self.theta = self.add_weight(shape=(), initializer=keras.initializers.Constant(1.0))

    def call(self, latents):
        return 0 * latents[:, :1] + self.theta


def dirac_gan(penalties):
    """Mescheder et al. 2018, section 2: data is the point 0, G one point, D a slope."""
    latents = keras.Input((1,))
    generator = keras.Model(latents, Angle()(latents))
    points = keras.Input((1,))
    slope = keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Ones())
    gan = kgan.GAN(generator, keras.Model(points, slope(points)), ema_decay=None, seed=0)
    optimizers = [keras.optimizers.SGD(0.1) for _ in range(2)]
    gan.compile(*optimizers, loss="minimax", penalties=penalties)
    return gan


def distance_after(gan, steps):
    data = tf.data.Dataset.from_tensors(tf.zeros((8, 1))).repeat(steps)
    gan.fit(data, verbose=0)
    return math.hypot(*players.weights(gan.generator), *players.weights(gan.discriminator))


# Dynamics


def test_the_dirac_gan_circles_without_a_penalty_and_converges_with_r1():
    assert distance_after(dirac_gan([]), 300) > 1.0
    assert distance_after(dirac_gan([kgan.penalties.R1(1.0)]), 300) < 0.05


def test_the_generator_learns_the_mean_and_the_width_of_a_normal_distribution():
    data = np.random.default_rng(0).normal(3.0, 0.5, (2048, 1)).astype("float32")
    networks = kgan.architectures.mlp(
        1,
        2,
        generator_units=(32,),
        discriminator_units=(16,),
        output_activation="linear",
    )
    gan = kgan.GAN(*networks, seed=0)
    gan.compile(
        keras.optimizers.Adam(2e-3, beta_1=0.5),
        keras.optimizers.Adam(2e-3, beta_1=0.5),
        penalties=["r1"],
        steps_per_execution=16,
    )
    gan.fit(kgan.datasets.from_arrays(data, batch_size=128), epochs=100, verbose=0)
    samples = gan.generate(4000, seed=1)
    assert samples.mean() == pytest.approx(3.0, abs=0.25)
    assert samples.std() == pytest.approx(0.5, abs=0.25)


# Algorithm 1


@pytest.mark.parametrize("frozen", ["generator", "discriminator"])
def test_a_player_whose_learning_rate_is_zero_does_not_move_and_the_other_does(frozen):
    still, moving = keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1)
    optimizers = (still, moving) if frozen == "generator" else (moving, still)
    gan = players.linear()
    gan.compile(*optimizers)
    names = ("generator", "discriminator")
    before = {name: [w.numpy() for w in getattr(gan, name).trainable_weights] for name in names}
    gan.fit(players.dataset(), verbose=0)
    for name in names:
        after = [w.numpy() for w in getattr(gan, name).trainable_weights]
        assert players.same(before[name], after) == (name == frozen)


def test_a_step_is_k_updates_of_the_discriminator_and_one_of_the_generator():
    gan = players.linear(discriminator_steps=4)
    gan.fit(players.dataset(), epochs=2, verbose=0)
    assert gan.discriminator_optimizer.iterations.numpy() == 2 * 4 * 4
    assert gan.generator_optimizer.iterations.numpy() == 2 * 4
    assert gan.step.numpy() == 2 * 4


def test_batch_normalization_learns_its_statistics():
    gan = players.gan()
    moving = [w for w in gan.generator.weights if "moving_mean" in w.path]
    gan.fit(players.dataset(), verbose=0)
    assert all(np.abs(mean.numpy()).max() > 0 for mean in moving)


def test_the_penalty_trains_the_discriminator():
    plain, penalised = players.linear(), players.linear()
    for gan, penalties in ((plain, []), (penalised, [kgan.penalties.R1(100.0)])):
        optimizers = [keras.optimizers.Adam(1e-2) for _ in range(2)]
        gan.compile(*optimizers, penalties=penalties)
        gan.fit(players.dataset(), epochs=5, verbose=0)

    def slope(gan):
        images = players.dataset().samples
        return float(np.mean(kgan.penalties.gradient_squared_norm(gan.discriminator, images)))

    assert slope(penalised) < slope(plain) / 2


def test_call_predict_and_generate_are_the_averaged_generator():
    gan = players.gan()
    gan.fit(players.dataset(), epochs=2, verbose=0)
    latents = np.random.default_rng(0).normal(size=(5, players.LATENT_DIM)).astype("float32")
    expected = gan.averaged_generator(latents, training=False)
    np.testing.assert_allclose(gan(latents), expected, atol=1e-6)
    np.testing.assert_allclose(gan(latents, training=True), expected, atol=1e-6)
    np.testing.assert_allclose(gan.predict(latents, verbose=0), expected, atol=1e-6)
    drawn = kgan.game.noise.latents("normal", (5, players.LATENT_DIM), [7, 0])
    generated = gan.generate(5, seed=7)
    np.testing.assert_allclose(generated, gan.averaged_generator(drawn), atol=1e-6)
    assert np.abs(gan.generator(drawn) - generated).max() > 1e-4


def test_drawing_does_not_change_training():
    class Draw(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.generate(3)

    gan = players.gan(10)
    gan.fit(players.dataset(10), epochs=2, verbose=0, callbacks=[Draw()])
    assert players.same(players.digest(gan), players.undisturbed(10))


# With labels


@pytest.mark.parametrize(
    "architecture",
    [kgan.architectures.dcgan, pytest.param(kgan.architectures.mlp, marks=pytest.mark.slow)],
)
def test_a_conditional_gan_models_samples_and_labels(architecture):
    gan = players.gan(3, architecture)
    random = np.random.default_rng(0)
    labels = random.choice(3, 320, p=[0.7, 0.2, 0.1])
    images = random.uniform(-1, 1, (320, 8, 8, 1)).astype("float32")
    gan.fit(kgan.datasets.from_arrays(images, labels, batch_size=32), verbose=0)
    np.testing.assert_array_equal(gan.class_counts.numpy(), np.bincount(labels))
    samples, drawn = gan.generate(3000, seed=0)
    assert samples.shape == (3000, 8, 8, 1)
    np.testing.assert_allclose(np.bincount(drawn) / 3000, np.bincount(labels) / 320, atol=0.03)
    np.testing.assert_allclose(gan.generate(3000, drawn, seed=0), samples, atol=1e-6)


def test_labels_decide_what_is_generated_and_how_it_is_judged():
    gan = players.linear(3)
    zeros, ones = gan.generate(4, 0, seed=0), gan.generate(4, [1, 1, 1, 1], seed=0)
    assert np.abs(zeros - ones).max() > 1e-4
    judged = [gan.discriminate(zeros, np.full(4, label)) for label in (0, 1)]
    assert np.abs(judged[0] - judged[1]).max() > 1e-6


def test_evaluate_measures_held_out_data_and_changes_nothing():
    gan = players.gan(loss="relativistic", penalties=["r1"])
    gan.fit(players.dataset(), verbose=0)
    before = players.digest(gan)
    first = gan.evaluate(players.dataset(seed=1), verbose=0, return_dict=True)
    second = gan.evaluate(players.dataset(seed=1), verbose=0, return_dict=True)
    assert first == second
    assert set(first) == set(gan.game_log.names)
    assert all(np.isfinite(value) for value in first.values())
    assert players.same(before, players.digest(gan))


def test_evaluate_gives_numbers_in_the_order_of_their_names():
    gan = players.linear(metrics=[kgan.metrics.FrechetDistance("raw"), keras.metrics.Mean()])
    data = kgan.datasets.digits("test", batch_size=180)
    named = gan.evaluate(data, verbose=0, return_dict=True)
    assert set(gan.metrics_names) == set(named)
    assert gan.evaluate(data, verbose=0) == [named[name] for name in gan.metrics_names]
    assert players.linear(compiled=False).metrics_names == []


def test_validation_does_not_change_training():
    gan = players.gan()
    history = gan.fit(
        players.dataset(), epochs=2, verbose=0, validation_data=players.dataset(seed=1)
    ).history
    assert players.same(players.digest(gan), players.undisturbed())
    assert len(history["val_discriminator_accuracy"]) == 2


def test_metrics_get_real_samples_and_fakes_once_for_each_batch_of_an_evaluation():
    class Gap(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="gap")
            self.real, self.fake = [self.add_variable((), "zeros") for _ in range(2)]

        def update_state(self, real_images, fake_images):
            self.real.assign_add(keras.ops.cast(keras.ops.shape(real_images)[0], "float32"))
            self.fake.assign_add(keras.ops.cast(keras.ops.shape(fake_images)[0], "float32"))

        def result(self):
            return self.real * 1000 + self.fake

    gan = players.linear(metrics=[Gap()])
    history = gan.fit(players.dataset(), validation_data=players.dataset(), verbose=0).history
    assert history["val_gap"] == [64 * 1000 + 64]


# Kinds of data, precision, execution


def test_points_in_the_plane_can_be_learned():
    networks = kgan.architectures.mlp(
        2, 2, generator_units=(8,), discriminator_units=(8,), output_activation="linear"
    )
    gan = kgan.GAN(*networks)
    gan.compile(loss="wasserstein", penalties=["wasserstein_gradient_penalty"])
    gan.fit(kgan.datasets.gaussian_mixture("grid", num_samples=POINTS), verbose=0)
    assert gan.generate(3).shape == (3, 2)


def test_a_discriminator_of_patches_gives_a_map_of_logits():
    generator, _ = players.networks()
    images = keras.Input((8, 8, 1))
    patches = keras.layers.Conv2D(1, 4, 2)(images)
    gan = kgan.GAN(generator, keras.Model(images, patches))
    gan.compile(penalties=["r1"])
    gan.fit(players.dataset(), verbose=0)
    assert gan.discriminate(players.dataset().samples).shape == (64,)


def test_arrays_and_plain_datasets_are_fitted_as_in_keras():
    images = players.dataset().samples
    gan = players.linear()
    gan.fit(images, None, 16, 1, verbose=0)
    gan.fit(tf.data.Dataset.from_tensor_slices(images).batch(16), verbose=0)
    assert gan.step.numpy() == 8
    conditional = players.linear(4)
    conditional.fit(images, np.arange(64) % 4, batch_size=16, verbose=0)
    assert conditional.step.numpy() == 4


def test_sequential_networks_can_play():
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="tanh")])
    discriminator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    gan = kgan.GAN(generator, discriminator)
    gan.compile("sgd", "adam")
    gan.fit(np.random.default_rng(0).uniform(-1, 1, (32, 3)).astype("float32"), verbose=0)
    assert gan.generate(2).shape == (2, 3)


@pytest.mark.parametrize(
    "architecture",
    [kgan.architectures.mlp, pytest.param(kgan.architectures.dcgan, marks=pytest.mark.slow)],
)
def test_a_graph_does_what_eager_execution_does(architecture):
    games = []
    for run_eagerly in (True, False):
        gan = players.gan(3, architecture, run_eagerly=run_eagerly, penalties=["r1"])
        gan.fit(players.dataset(3), verbose=0)
        games.append(gan)
    for name in ("generator", "discriminator", "averaged_generator"):
        eager, graph = (players.weights(getattr(gan, name)) for gan in games)
        np.testing.assert_allclose(eager, graph, atol=1e-5)


def test_several_steps_per_execution_give_the_same_weights():
    gan = players.gan(steps_per_execution=4)
    gan.fit(players.dataset(), epochs=2, verbose=0)
    for a, b in zip(players.undisturbed(), players.digest(gan), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_steps_per_execution_that_do_not_divide_an_epoch_are_refused():
    with pytest.raises(ValueError, match="`steps_per_execution` must divide"):
        players.linear(steps_per_execution=3).fit(players.dataset(), verbose=0)


@pytest.mark.slow
@pytest.mark.usefixtures("_xla")
@pytest.mark.parametrize("architecture", [kgan.architectures.dcgan, kgan.architectures.mlp])
def test_xla_trains_to_finite_weights(architecture):
    gan = players.gan(3, architecture, jit_compile=True, penalties=["r1"], discriminator_steps=2)
    assert gan.jit_compile
    before = players.weights(gan.generator)
    gan.fit(players.dataset(3), verbose=0)
    after = players.weights(gan.generator)
    assert np.isfinite(after).all()
    assert np.abs(after - before).max() > 0


@pytest.mark.slow
@pytest.mark.usefixtures("_xla")
@pytest.mark.parametrize(
    "rules",
    [
        {"penalties": [kgan.penalties.R1(every=2)], "augmentation": "diff_augment"},
        {"turns": "simultaneous", "penalties": ["r1", "r2"], "log_gradient_norms": True},
    ],
)
def test_xla_plays_by_all_rules(rules):
    gan = players.gan(jit_compile=True, **rules)
    gan.fit(players.dataset(), verbose=0)
    plain = players.gan(**rules)
    plain.fit(players.dataset(), verbose=0)
    np.testing.assert_allclose(
        players.weights(gan.generator), players.weights(plain.generator), atol=2e-3
    )


@pytest.mark.parametrize(
    ("policy", "architecture"),
    [
        pytest.param("mixed_bfloat16", kgan.architectures.mlp, marks=pytest.mark.slow),
        ("mixed_float16", kgan.architectures.dcgan),
        pytest.param("mixed_bfloat16", kgan.architectures.dcgan, marks=pytest.mark.slow),
        pytest.param("mixed_float16", kgan.architectures.mlp, marks=pytest.mark.slow),
    ],
)
def test_mixed_precision_trains_with_float32_samples_and_logits(policy, architecture):
    keras.config.set_dtype_policy(policy)
    gan = players.gan(3, architecture, penalties=["r1", "wasserstein_gradient_penalty"])
    before = players.weights(gan.generator)
    gan.fit(players.dataset(3), verbose=0)
    after = players.weights(gan.generator)
    assert np.isfinite(after).all()
    assert np.abs(after - before).max() > 0
    assert gan.generator.output.dtype == "float32"
    assert gan.discriminator.output.dtype == "float32"
    scaled = isinstance(gan.generator_optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")


@pytest.mark.parametrize(
    "policy", ["mixed_float16", pytest.param("float32", marks=pytest.mark.slow)]
)
def test_a_gan_can_be_recompiled_with_its_own_optimizers(policy):
    keras.config.set_dtype_policy(policy)
    gan = players.linear()
    gan.fit(players.dataset(), verbose=0)
    before = players.digest(gan)
    gan.compile(gan.generator_optimizer, gan.discriminator_optimizer, loss="hinge")
    assert players.same(before, players.digest(gan))
    gan.fit(players.dataset(), verbose=0)


def test_the_default_optimizers_are_those_of_the_dcgan_paper():
    gan = players.linear(compiled=False)
    gan.compile()
    for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer):
        assert float(optimizer.learning_rate.numpy()) == pytest.approx(2e-4)
        assert optimizer.beta_1 == 0.5
    assert gan.generator_optimizer is not gan.discriminator_optimizer
