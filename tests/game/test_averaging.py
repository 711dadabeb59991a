"""The averaged generator."""

import keras
import numpy as np
import players
import pytest

import kgan


def test_averaged_weights_equal_the_recursion_by_hand():
    gan = players.gan(ema_decay=0.5)
    expected = [w.numpy() for w in gan.generator.weights]
    images = players.dataset().samples[:16]
    for step in range(6):
        gan.train_on_batch(images)
        decay = min(0.5, (1 + step) / (10 + step))
        for i, weight in enumerate(gan.generator.weights):
            share = decay if weight.trainable else 0
            expected[i] = share * expected[i] + (1 - share) * weight.numpy()
    for average, value in zip(gan.averaged_generator.weights, expected, strict=True):
        np.testing.assert_allclose(average, value, atol=1e-6)


@pytest.mark.parametrize("decay", [None, 0, 0.0])
def test_without_averaging_the_averaged_generator_is_the_generator(decay):
    gan = players.linear(ema_decay=decay)
    assert gan.averaged_generator is gan.generator
    gan.fit(players.dataset(), verbose=0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"ema_decay": keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.9)},
        {"ema_half_life": 16.0},
        {"ema_half_life": keras.optimizers.schedules.PolynomialDecay(8.0, 10, 32.0)},
    ],
)
def test_the_decay_may_be_a_schedule_or_a_half_life_in_images(arguments):
    gan = players.linear(discriminator_steps=2, **arguments)
    expected = [w.numpy() for w in gan.generator.weights]
    images = players.dataset().samples[:16]
    for step in range(6):
        gan.train_on_batch(images)
        number = next(iter(arguments.values()))
        value = float(number(step)) if callable(number) else number
        decay = value if "ema_decay" in arguments else 0.5 ** (16 / value)
        decay = min(decay, (1 + step) / (10 + step))
        for i, weight in enumerate(gan.generator.weights):
            share = decay if weight.trainable else 0
            expected[i] = share * expected[i] + (1 - share) * weight.numpy()
    for average, value in zip(gan.averaged_generator.weights, expected, strict=True):
        np.testing.assert_allclose(average, value, atol=1e-6)


def test_a_half_life_of_no_images_keeps_nothing():
    gan = players.linear(ema_half_life=0)
    gan.fit(players.dataset(), verbose=0)
    np.testing.assert_array_equal(
        players.weights(gan.averaged_generator), players.weights(gan.generator)
    )


@pytest.mark.slow
def test_the_schedules_of_a_gan_survive_its_file(tmp_path):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.9)
    gan = players.linear(
        ema_decay=None,
        ema_half_life=schedule,
        penalties=[kgan.penalties.R1(schedule, every=2)],
        augmentation=kgan.augmentation.DiffAugment(strength=schedule),
    )
    gan.fit(players.dataset(), verbose=0)
    gan.save(tmp_path / "gan.keras")
    again = keras.models.load_model(tmp_path / "gan.keras")
    assert again.ema_decay is None
    for number in (again.ema_half_life, again.penalties[0].weight, again.augmentation.strength):
        assert number.get_config() == schedule.get_config()
    assert again.penalties[0].every == 2
    for game in (gan, again):
        game.fit(players.dataset(), epochs=1, verbose=0)
    assert players.same(players.digest(gan), players.digest(again))


def test_a_decay_and_a_half_life_together_are_refused():
    with pytest.raises(ValueError, match=r"two ways to say one thing.*ema_decay=0\.9, .*=100"):
        players.linear(ema_decay=0.9, ema_half_life=100)
    with pytest.raises(ValueError, match="`ema_half_life` must be at least 0, or a schedule"):
        players.linear(ema_half_life=-1)


def test_weights_loaded_before_training_reach_the_average():
    gan = players.linear(ema_decay=0.999)
    gan.generator.set_weights([np.full_like(w, 0.01) for w in gan.generator.get_weights()])
    samples = gan.generate(3, seed=0)
    latents = kgan.game.noise.latents("normal", (3, players.LATENT_DIM), [0, 0])
    np.testing.assert_allclose(samples, gan.generator(latents, training=False), atol=1e-6)
    gan.discriminator_optimizer.learning_rate = gan.generator_optimizer.learning_rate = 0.0
    gan.fit(players.dataset(), epochs=1, verbose=0)
    for average, weight in zip(
        gan.averaged_generator.trainable_weights, gan.generator.trainable_weights, strict=True
    ):
        np.testing.assert_allclose(average, weight, atol=1e-7)


def test_weights_loaded_into_the_average_itself_stay():
    gan = players.linear()
    gan.averaged_generator.set_weights(
        [np.full_like(w, 0.01) for w in gan.averaged_generator.get_weights()]
    )
    before = gan.generate(3, seed=0)
    gan.evaluate(players.dataset(), verbose=0)
    np.testing.assert_array_equal(gan.generate(3, seed=0), before)


# A copy that is another function


@keras.saving.register_keras_serializable("tests")
class Forgetful(keras.layers.Layer):
    """Has a gain, which its configuration forgets."""

    def __init__(self, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.gain = gain

    def call(self, inputs):
        return self.gain * inputs

    def get_config(self):
        return super().get_config()  # As people write it: the gain is forgotten.


class Unregistered(keras.layers.Layer):
    def call(self, inputs):
        return keras.ops.tanh(inputs)


def generator_with(layer):
    latents = keras.Input((players.LATENT_DIM,))
    hidden = keras.layers.Dense(64, activation="tanh", name="before")(latents)
    return keras.Model(latents, keras.layers.Reshape((8, 8, 1), name="after")(layer(hidden)))


def game_with(layer, **arguments):
    return kgan.GAN(generator_with(layer), players.networks()[1], **arguments)


@pytest.mark.parametrize(
    "wrap", [lambda layer: layer, lambda layer: keras.Sequential([layer], name="inner")]
)
def test_a_layer_whose_config_forgets_an_argument_is_refused(wrap):
    with pytest.raises(ValueError, match="layer '.*'") as raised:
        game_with(wrap(Forgetful(gain=5.0, name="head")))
    words = str(raised.value)
    assert "averaged generator" in words
    assert "get_config" in words
    assert "ema_decay=None" in words
    assert "'before'" not in words


def test_the_first_layer_that_differs_is_named():
    with pytest.raises(ValueError, match=r"layer 'head' \(Forgetful\) was not copied faithfully"):
        game_with(Forgetful(gain=5.0, name="head"))


@pytest.mark.filterwarnings("ignore:layer 'twice' .* holds a Python function")
def test_a_layer_that_cannot_be_copied_is_refused_in_words():
    layer = keras.layers.Lambda(lambda x: 2 * x, name="twice")
    with pytest.raises(ValueError, match=r"layer 'twice' \(Lambda\) cannot be") as raised:
        game_with(layer)
    assert "load" not in str(raised.value)
    assert "ema_decay=None" in str(raised.value)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Forgetful(gain=5.0),
        pytest.param(
            lambda: keras.layers.Lambda(lambda x: 2 * x),
            marks=pytest.mark.filterwarnings("ignore:layer 'lambda' .* holds a Python function"),
        ),
        Unregistered,
    ],
)
def test_without_averaging_any_layer_plays(layer):
    gan = game_with(layer(), ema_decay=None, seed=0)
    gan.compile(**players.light())
    gan.fit(0.5 * players.dataset().samples, verbose=0)


class Growing(keras.layers.Layer):
    """A gain that begins with zero, and something behind it that is not what it should be."""

    def __init__(self, faulty=True, **kwargs):
        super().__init__(**kwargs)
        self.faulty = faulty
        self.seed_generator = keras.random.SeedGenerator(0)

    def build(self, input_shape):
        self.gain = self.add_weight(shape=(), initializer="zeros", name="gain")

    def get_config(self):
        return super().get_config()


@keras.saving.register_keras_serializable("tests")
class GrowingForgetful(Growing):
    def __init__(self, slope=1.0, **kwargs):
        super().__init__(**kwargs)
        self.slope = slope

    def call(self, inputs):
        return inputs + self.gain * self.slope * inputs


@keras.saving.register_keras_serializable("tests")
class GrowingNoise(Growing):
    def call(self, inputs):
        noise = keras.random.normal(keras.ops.shape(inputs), seed=self.seed_generator)
        return inputs + self.gain * noise


def test_what_a_gain_of_zero_hides_is_found():
    with pytest.raises(ValueError, match=r"layer 'head' \(GrowingForgetful\) was not copied"):
        game_with(GrowingForgetful(slope=5.0, name="head"))
    with pytest.raises(ValueError, match=r"layer 'noise' \(GrowingNoise\) draws random"):
        game_with(GrowingNoise(name="noise"), ema_decay=None)


def test_a_file_of_such_a_generator_still_loads_with_a_warning():
    noisy = generator_with(Noisy(name="noise"))
    config = kgan.GAN(*players.networks(), ema_decay=None).get_config()
    config["generator"] = keras.saving.serialize_keras_object(noisy)
    with pytest.warns(UserWarning, match="must be a function of its latents"):
        kgan.GAN.from_config(config)


def test_the_checks_of_the_generator_change_nothing_of_it():
    generator = players.networks()[0]
    before = [variable.numpy() for variable in generator.variables]
    kgan.GAN(generator, players.networks()[1])
    for variable, value in zip(generator.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_a_class_that_is_not_registered_can_be_averaged():
    game_with(Unregistered())


# Random numbers of its own


@keras.saving.register_keras_serializable("tests")
class Noisy(keras.layers.Layer):
    """Adds noise, also when nothing trains."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs):
        noise = keras.random.normal(keras.ops.shape(inputs), seed=self.seed_generator)
        return inputs + noise


@pytest.mark.parametrize("ema_decay", [0.999, None])
def test_a_generator_that_draws_random_numbers_of_its_own_is_refused(ema_decay):
    with pytest.raises(ValueError, match=r"layer 'noise' \(Noisy\) draws random numbers"):
        game_with(Noisy(name="noise"), ema_decay=ema_decay)


def test_a_generator_with_dropout_draws_the_same_samples_again():
    gan = game_with(keras.layers.Dropout(0.5), seed=0)
    np.testing.assert_array_equal(gan.generate(4, seed=3), gan.generate(4, seed=3))
