"""Networks that cannot play are refused."""

import warnings

import keras
import numpy as np
import players
import pytest
from keras import layers
from players import discriminator, images

import kgan


@pytest.mark.parametrize(
    ("last", "name"),
    [
        ([layers.Dense(1, activation="sigmoid")], "sigmoid"),
        ([layers.Dense(1), layers.Activation("sigmoid")], "sigmoid"),
        ([layers.Dense(1), layers.Activation("sigmoid"), layers.Flatten(name="last")], "sigmoid"),
        ([layers.Dense(1), layers.ReLU()], "relu"),
        ([keras.Sequential([layers.Dense(1, activation="tanh")])], "tanh"),
        ([layers.Dense(1), keras.ops.sigmoid], "sigmoid"),
    ],
)
def test_a_discriminator_that_ends_in_an_activation_is_refused(last, name):
    generator, _ = players.networks()
    with pytest.raises(ValueError, match=f"must return logits.*ends in {name}"):
        kgan.GAN(generator, discriminator(*last))


def test_a_discriminator_with_more_than_one_unit_is_refused():
    generator, _ = players.networks()
    with pytest.raises(ValueError, match=r"must end in one unit.*\(None, 10\)"):
        kgan.GAN(generator, discriminator(layers.Dense(10)))


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 3), (64,)])
def test_a_generator_whose_output_is_not_what_is_judged_is_refused(shape):
    generator, _ = players.networks()
    with pytest.raises(ValueError, match="must take what `generator` makes"):
        kgan.GAN(generator, discriminator(layers.Dense(1), shape=shape))


def test_networks_through_which_no_gradient_reaches_the_generator_are_refused():
    generator, _ = players.networks()
    inputs = keras.Input((8, 8, 1))
    rounded = layers.Flatten()(keras.ops.stop_gradient(inputs))
    with pytest.raises(ValueError, match="no gradient of the discriminator's logits reaches"):
        kgan.GAN(generator, keras.Model(inputs, layers.Dense(1)(rounded)))


def test_a_frozen_generator_is_refused():
    generator, judge = players.networks()
    generator.trainable = False
    with pytest.raises(ValueError, match="trainable=False"):
        kgan.GAN(generator, judge)


def test_only_one_network_with_labels_is_refused():
    generator, _ = players.networks(num_classes=10)
    _, judge = players.networks()
    with pytest.raises(ValueError, match="must both take labels.*num_classes=10 and None"):
        kgan.GAN(generator, judge)


def test_networks_with_different_numbers_of_classes_are_refused():
    generator, _ = players.networks(num_classes=10)
    _, judge = players.networks(num_classes=9)
    with pytest.raises(ValueError, match="num_classes=10 and 9"):
        kgan.GAN(generator, judge)


def one_hot_pair(encode):
    labels, latents = keras.Input((), dtype="int32"), keras.Input((2,))
    joined = layers.Concatenate()([latents, encode(labels)])
    generator = keras.Model([latents, labels], layers.Dense(3)(joined))
    labels, points = keras.Input((), dtype="int32"), keras.Input((3,))
    joined = layers.Concatenate()([points, encode(labels)])
    return generator, keras.Model([points, labels], layers.Dense(1)(joined))


@pytest.mark.parametrize(
    "encode",
    [
        lambda labels: layers.Embedding(5, 2)(labels),
        lambda labels: layers.CategoryEncoding(5, output_mode="one_hot")(labels),
        lambda labels: keras.ops.one_hot(labels, 5),
    ],
)
def test_the_number_of_classes_is_read_from_the_networks(encode):
    gan = kgan.GAN(*one_hot_pair(encode))
    assert gan.num_classes == 5
    gan.compile()
    gan.fit(images(shape=(3,)), np.arange(16) % 5, verbose=0)
    assert gan.generate(4, 3).shape == (4, 3)


def test_labels_of_an_unknown_number_of_classes_are_refused():
    def encode(labels):
        return layers.Reshape((1,))(keras.ops.cast(labels, "float32"))

    with pytest.raises(ValueError, match="which say how many classes"):
        kgan.GAN(*one_hot_pair(encode))


@pytest.mark.parametrize("network", [keras.Sequential([layers.Dense(1)]), "generator", None])
def test_a_network_that_is_not_built_is_refused(network):
    with pytest.raises(TypeError, match="`generator` must be a built Functional or Sequential"):
        kgan.GAN(network, discriminator(layers.Dense(1)))


def test_latents_that_are_not_vectors_are_refused():
    latents = keras.Input((2, 2))
    generator = keras.Model(latents, layers.Reshape((4,))(latents))
    with pytest.raises(ValueError, match=r"latents of shape \(batch, latent_dim\)"):
        kgan.GAN(generator, discriminator(layers.Dense(1), shape=(4,)))


# Layers inside others


@keras.saving.register_keras_serializable("tests")
class Block(keras.layers.Layer):
    """Holds layers in a list, in a dict and as an attribute, as people do."""

    def __init__(self, *inner, **kwargs):
        super().__init__(**kwargs)
        self.first, *others = inner
        self.others = others
        self.by_name = {"last": others[-1]} if others else {}

    def build(self, input_shape):
        for layer in (self.first, *self.others):
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs):
        for layer in (self.first, *self.others):
            inputs = layer(inputs)
        return inputs


@pytest.mark.parametrize("holder", [layers.SpectralNormalization, Block, layers.Wrapper])
def test_the_number_of_classes_is_found_inside_other_layers(holder):
    class Passing(layers.Wrapper):
        def call(self, inputs):
            return self.layer(inputs)

    holder = Passing if holder is layers.Wrapper else holder

    def encode(labels):
        return holder(layers.Embedding(5, 2))(labels)

    assert kgan.GAN(*one_hot_pair(encode), ema_decay=None).num_classes == 5


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_an_activation_at_the_end_of_a_wrapped_layer_is_refused(activation):
    generator, _ = players.networks()
    last = layers.SpectralNormalization(layers.Dense(1, activation=activation))
    with pytest.raises(ValueError, match=f"must return logits.*ends in {activation}"):
        kgan.GAN(generator, discriminator(last))


def test_an_activation_inside_a_block_is_not_its_end():
    generator, _ = players.networks()
    block = Block(layers.Dense(4, activation="sigmoid"), layers.Dense(1))
    kgan.GAN(generator, discriminator(block))


def test_batch_normalization_inside_a_block_excludes_penalties():
    generator, _ = players.networks()
    block = Block(layers.Dense(4), layers.BatchNormalization(name="inner"), layers.Dense(1))
    gan = kgan.GAN(generator, discriminator(block))
    with pytest.raises(ValueError, match="BatchNormalization in the discriminator .*'inner'"):
        gan.compile(penalties=["r1"])


def test_the_embedding_of_the_labels_counts_before_those_inside_other_layers():
    def encode(labels):
        return layers.Embedding(5, 2)(labels)

    latents, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    block = Block(layers.Dense(4), layers.Embedding(7, 2))
    block.others = []  # It holds an embedding of something else.
    joined = layers.Concatenate()([block(latents), encode(labels)])
    generator = keras.Model([latents, labels], layers.Dense(3)(joined))
    assert kgan.GAN(generator, one_hot_pair(encode)[1], ema_decay=None).num_classes == 5


def test_the_number_of_classes_may_be_given():
    def encode(labels):
        return layers.Reshape((1,))(keras.ops.cast(labels, "float32"))

    gan = kgan.GAN(*one_hot_pair(encode), num_classes=5)
    assert gan.num_classes == 5
    assert gan.class_counts.shape == (5,)
    gan.compile()
    gan.fit(images(shape=(3,)), np.arange(16) % 5, verbose=0)
    samples, labels = gan.generate(100, seed=0)
    assert set(labels) == set(range(5))
    again = kgan.GAN.from_config(gan.get_config())
    assert again.num_classes == 5
    assert len(samples) == 100


def test_fewer_classes_than_the_networks_have_room_for_may_be_given():
    gan = kgan.GAN(*one_hot_pair(lambda y: layers.Embedding(9, 2)(y)), num_classes=4)
    assert set(gan.generate(100, seed=0)[1]) == set(range(4))


@pytest.mark.parametrize(
    ("num_classes", "labelled", "message"),
    [
        ("3", True, "`num_classes` must be an integer of at least 1"),
        (0, True, "`num_classes` must be an integer of at least 1"),
        (5, False, "a generator with one input"),
    ],
)
def test_a_number_of_classes_that_does_not_fit_is_refused(num_classes, labelled, message):
    pair = one_hot_pair(lambda y: layers.Embedding(5, 2)(y)) if labelled else players.networks()
    with pytest.raises(ValueError, match=message):
        kgan.GAN(*pair, num_classes=num_classes)


# Players that are one, or cannot learn


def pair_with(shared):
    """A generator and a discriminator that both use the layer `shared`."""
    latents = keras.Input((players.LATENT_DIM,))
    generator = keras.Model(latents, layers.Dense(3)(shared(layers.Dense(8)(latents))))
    points = keras.Input((3,))
    return generator, keras.Model(points, layers.Dense(1)(shared(layers.Dense(8)(points))))


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dense(8, name="both"),
        lambda: layers.BatchNormalization(name="both"),
        lambda: keras.Sequential([keras.Input((8,)), layers.Dense(8, name="both")]),
        lambda: layers.SpectralNormalization(layers.Dense(8), name="both"),
    ],
)
def test_a_layer_of_both_players_is_refused(make):
    with pytest.raises(ValueError, match=r"must not share layers.*layer 'both'"):
        kgan.GAN(*pair_with(make()))


def test_a_layer_without_weights_may_be_in_both_players(tmp_path):
    gan = kgan.GAN(*pair_with(layers.LeakyReLU(0.2)))
    gan.save(tmp_path / "gan.keras")
    keras.models.load_model(tmp_path / "gan.keras")


def freeze_all(network):
    network.trainable = False


def freeze_each(network):
    for layer in network.layers:
        layer.trainable = False


@pytest.mark.parametrize("freeze", [freeze_all, freeze_each])
@pytest.mark.parametrize("when", ["before", "after compile"])
def test_a_frozen_discriminator_is_refused_with_what_to_do(freeze, when):
    gan = kgan.GAN(*players.networks())
    if when == "before":
        freeze(gan.discriminator)
    gan.compile()
    freeze(gan.discriminator)
    with pytest.raises(ValueError, match=r"all frozen.*`discriminator.trainable = True`"):
        gan.fit(players.dataset(), verbose=0)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_other_trainable_weights_than_when_compiled_are_refused(player):
    gan = players.gan()
    getattr(gan, player).layers[-2].trainable = False
    if getattr(gan, player).layers[-2].weights:
        with pytest.raises(ValueError, match="call `compile` again after a change of `trainable`"):
            gan.fit(players.dataset(), verbose=0)
    gan.compile()
    gan.fit(players.dataset(), verbose=0)


def test_a_file_of_a_frozen_discriminator_loads_and_draws(tmp_path):
    gan = players.gan()
    gan.discriminator.trainable = False
    gan.save(tmp_path / "gan.keras")
    again = keras.models.load_model(tmp_path / "gan.keras", compile=False)
    np.testing.assert_array_equal(again.generate(3, seed=0), gan.generate(3, seed=0))


def test_a_discriminator_without_weights_is_refused():
    points = keras.Input((3,))
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
    judge = keras.Model(points, keras.ops.sum(points, axis=1, keepdims=True))
    gan = kgan.GAN(generator, judge)
    gan.compile()
    with pytest.raises(ValueError, match="must have weights to learn"):
        gan.fit(np.ones((16, 3), "float32"), verbose=0)


def test_a_layer_that_no_file_gives_back_safely_is_announced(tmp_path):
    judge = players.discriminator(layers.Dense(1), layers.Lambda(lambda x: 2 * x, name="twice"))
    with pytest.warns(UserWarning, match=r"layer 'twice' \(Lambda\) holds a Python function"):
        gan = kgan.GAN(players.networks()[0], judge)
    gan.save(tmp_path / "gan.keras")
    with pytest.raises(ValueError, match="lambda"):
        keras.models.load_model(tmp_path / "gan.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keras.models.load_model(tmp_path / "gan.keras", safe_mode=False)
