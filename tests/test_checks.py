import os
import subprocess
import sys

import keras
import numpy as np
import players
import pytest
import tensorflow as tf
from keras import layers

import kgan


def images(low=-1.0, high=1.0, shape=(8, 8, 1), rows=16):
    random = np.random.default_rng(0)
    batch = random.uniform(low, high, (rows, *shape)).astype("float32")
    batch[0].flat[0], batch[0].flat[1] = low, high
    return batch


def discriminator(*last, shape=(8, 8, 1)):
    inputs = keras.Input(shape)
    x = layers.Flatten()(inputs)
    for layer in last:
        x = layer(x)
    return keras.Model(inputs, x)


# Networks


@pytest.mark.parametrize(
    ("last", "name"),
    [
        ([layers.Dense(1, activation="sigmoid")], "sigmoid"),
        ([layers.Dense(1), layers.Activation("sigmoid")], "sigmoid"),
        ([layers.Dense(1), layers.Activation("sigmoid"), layers.Flatten()], "sigmoid"),
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


def test_networks_of_other_class_counts_are_refused():
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
def test_the_number_of_classes_is_read_off_the_networks(encode):
    gan = kgan.GAN(*one_hot_pair(encode))
    assert gan.num_classes == 5
    gan.compile()
    gan.fit(images(shape=(3,)), np.arange(16) % 5, verbose=0)
    assert gan.generate(4, 3).shape == (4, 3)


def test_labels_of_which_nothing_says_how_many_there_are_are_refused():
    def encode(labels):
        return layers.Reshape((1,))(keras.ops.cast(labels, "float32"))

    with pytest.raises(ValueError, match="which say how many classes"):
        kgan.GAN(*one_hot_pair(encode))


@pytest.mark.parametrize("network", [keras.Sequential([layers.Dense(1)]), "generator", None])
def test_what_is_no_built_network_is_refused(network):
    with pytest.raises(TypeError, match="`generator` must be a built Functional or Sequential"):
        kgan.GAN(network, discriminator(layers.Dense(1)))


def test_latents_that_are_no_vectors_are_refused():
    latents = keras.Input((2, 2))
    generator = keras.Model(latents, layers.Reshape((4,))(latents))
    with pytest.raises(ValueError, match=r"latents of shape \(batch, latent_dim\)"):
        kgan.GAN(generator, discriminator(layers.Dense(1), shape=(4,)))


# Arguments


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("discriminator_steps", 0),
        ("discriminator_steps", 1.5),
        ("latent_distribution", "gaussian"),
        ("ema_decay", 1.0),
        ("ema_decay", -0.1),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", "a"),
    ],
)
def test_an_argument_out_of_range_is_named_with_what_came(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be.*Received: {argument}={value!r}"):
        kgan.GAN(*players.networks(), **{argument: value})


def test_one_optimizer_for_both_players_is_refused():
    gan, optimizer = players.gan(compiled=False), keras.optimizers.Adam()
    with pytest.raises(ValueError, match="must be two instances"):
        gan.compile(optimizer, optimizer)
    assert not gan.compiled


def test_the_same_name_twice_is_two_optimizers():
    gan = players.gan(compiled=False)
    gan.compile("adam", "adam")
    assert gan.generator_optimizer is not gan.discriminator_optimizer


def test_a_penalty_with_batch_normalization_in_the_discriminator_is_refused():
    generator, _ = players.networks()
    gan = kgan.GAN(generator, discriminator(layers.BatchNormalization(), layers.Dense(1)))
    with pytest.raises(ValueError, match="mixes the samples of a batch"):
        gan.compile(penalties=["r1"])
    gan.compile()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "hinges"}, "Did you mean 'hinge'"),
        ({"penalties": ["r3"]}, "Did you mean 'r"),
        ({"steps_per_execution": 0}, "`steps_per_execution` must be"),
        ({"metrics": ["accuracy"]}, "`metrics` must be a list of keras.metrics.Metric"),
    ],
)
def test_compile_refuses_what_it_does_not_know(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        players.gan(compiled=False).compile(**arguments)


def test_several_replicas_are_refused():
    gan = players.gan(compiled=False)
    gan._distribute_strategy = type("Two", (), {"num_replicas_in_sync": 2})()
    with pytest.raises(ValueError, match="one device"):
        gan.compile()


def test_fit_before_compile_says_so():
    with pytest.raises(ValueError, match="call `compile\\(\\)` before `fit"):
        players.gan(compiled=False).fit(players.dataset())


# The first batch


class Batches(keras.utils.PyDataset):
    def __init__(self, images):
        super().__init__()
        self.images = images

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return (self.images,)


@pytest.mark.parametrize("wrap", [np.asarray, tf.data.Dataset.from_tensors, Batches])
@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (images(0, 255), r"\[-1, 1\]; of images in \[0, 255\].*from 0 to 255"),
        (images(0, 1), r"look like \[0, 1\].*2 \* images - 1"),
        (images(0, 255).astype("uint8"), "must be floating point.*from_arrays.*dtype uint8"),
        (images(0, 255).astype("int64"), "must be floating point.*dtype int64"),
        (images(shape=(8, 8)), r"samples of shape \(8, 8\).*images\[..., None\]"),
        (images(shape=(8, 8, 3)), r"built for samples of shape \(8, 8, 1\)"),
        (images(shape=(1, 8, 8)), "Channels come last"),
        (images(shape=(28, 28, 1)), r"\(28, 28, 1\)"),
        (np.full((16, 8, 8, 1), np.nan, "float32"), "must be finite"),
    ],
)
def test_a_first_batch_that_cannot_be_played_with_is_refused_before_training(batch, message, wrap):
    gan = players.gan()
    with pytest.raises(ValueError, match=message):
        gan.fit(wrap(batch), verbose=0)
    assert gan.step.numpy() == 0


def test_vectors_outside_the_range_of_a_bounded_generator_are_refused():
    gan = kgan.GAN(*kgan.architectures.mlp(4, 2, generator_units=(4,), discriminator_units=(4,)))
    gan.compile()
    with pytest.raises(ValueError, match=r"must be in \[-1, 1\]"):
        gan.fit(images(-3, 3, shape=(4,)), verbose=0)


def test_bright_images_in_range_are_accepted():
    players.gan().fit(images(0.1, 1), verbose=0)


@pytest.mark.parametrize("wrap", [np.asarray, tf.data.Dataset.from_tensors, Batches])
def test_validation_data_is_looked_at_too(wrap):
    gan = players.gan()
    with pytest.raises(ValueError, match=r"look like \[0, 1\]"):
        gan.fit(players.dataset(), validation_data=wrap(images(0, 1)), verbose=0)
    assert gan.step.numpy() == 0
    with pytest.raises(ValueError, match=r"look like \[0, 1\]"):
        gan.evaluate(wrap(images(0, 1)), verbose=0)


def test_validation_data_with_labels_that_the_networks_do_not_take_is_refused():
    gan = players.gan()
    with pytest.raises(ValueError, match="the networks take none"):
        gan.fit(images(), validation_data=(images(), np.zeros(16, "int32")), verbose=0)
    assert gan.step.numpy() == 0


def test_bytes_of_a_generator_are_refused_before_a_step():
    gan = players.gan()
    batches = ((batch.astype("uint8"),) for batch in [images(0, 255)])
    with pytest.raises(ValueError, match="must be floating point.*dtype uint8"):
        gan.fit(batches, shuffle=False, verbose=0)
    assert gan.step.numpy() == 0


def test_weights_of_samples_are_refused():
    gan, weights = players.gan(4), np.ones(16, "float32")
    labels = np.zeros(16, "int32")
    for given in ({"sample_weight": weights}, {"class_weight": {0: 2.0}}):
        with pytest.raises(ValueError, match=f"`{next(iter(given))}` must be None.*alike"):
            gan.fit(images(), labels, verbose=0, **given)
    with pytest.raises(ValueError, match="`sample_weight` must be None"):
        gan.evaluate(images(), labels, sample_weight=weights, verbose=0)
    with pytest.raises(ValueError, match="`sample_weight` must be None"):
        gan.fit(images(), labels, validation_data=(images(), labels, weights), verbose=0)
    three = tf.data.Dataset.from_tensors((images(), labels, weights))
    for data in (three, (batch for batch in three)):
        with pytest.raises(ValueError, match="a batch of three parts"):
            gan.fit(data, shuffle=False, verbose=0)
    assert gan.step.numpy() == 0


def test_labels_without_classes_and_classes_without_labels_are_refused():
    with pytest.raises(ValueError, match="the networks take none"):
        players.gan().fit(players.dataset(num_classes=4), verbose=0)
    with pytest.raises(ValueError, match=r"take labels \(num_classes=4\), and the data has none"):
        players.gan(4).fit(players.dataset(), verbose=0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.full(16, 4), r"must be in 0..3 \(num_classes=4\). Received: 4"),
        (np.full(16, -1), "Received: -1"),
        (np.zeros(16, "float32"), "must be integers"),
        (np.zeros((16, 1), "int32"), r"shape \(16, 1\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        players.gan(4).fit(images(), labels, batch_size=16, verbose=0)


def test_a_label_out_of_range_anywhere_in_a_dataset_of_kgan_is_refused():
    labels = np.zeros(64, "int32")
    labels[-1] = 7
    data = kgan.datasets.from_arrays(images(rows=64), labels, batch_size=4)
    with pytest.raises(ValueError, match="has 8 classes.*num_classes=4"):
        players.gan(4).fit(data, verbose=0)


def test_a_batch_that_k_does_not_divide_is_refused():
    gan = players.gan(discriminator_steps=3)
    batches = tf.data.Dataset.from_tensor_slices(images()).batch(16)
    for data in (players.dataset(), batches, images(rows=32)):
        with pytest.raises(ValueError, match="`discriminator_steps` must divide the batch size"):
            gan.fit(data, batch_size=16 if isinstance(data, np.ndarray) else None, verbose=0)


def test_an_array_whose_last_batch_is_too_small_is_refused():
    gan, data = players.gan(discriminator_steps=3), images(rows=20)
    with pytest.raises(ValueError, match="leave out 2 samples.*batch size 18, a last batch of 2"):
        gan.fit(data, batch_size=18, verbose=0)
    gan.fit(data, batch_size=18, validation_split=0.1, verbose=0)
    gan.fit(data[:18], batch_size=15, verbose=0)


# Callbacks

MONITORING = [
    lambda **given: keras.callbacks.EarlyStopping(**given),
    lambda **given: keras.callbacks.ModelCheckpoint("m.keras", save_best_only=True, **given),
]


@pytest.mark.parametrize("make", MONITORING)
def test_a_callback_that_would_watch_nothing_is_refused(make):
    gan = players.gan()
    with pytest.raises(ValueError, match="log that a GAN has: one of discriminator_loss.*val_loss"):
        gan.fit(players.dataset(), callbacks=[make()], verbose=0)
    with pytest.raises(ValueError, match="whether less or more of 'val_generator_loss' is better"):
        gan.fit(players.dataset(), callbacks=make(monitor="val_generator_loss"), verbose=0)
    assert gan.step.numpy() == 0


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (keras.callbacks.ReduceLROnPlateau(), "a schedule of keras.optimizers.schedules"),
        (keras.callbacks.LearningRateScheduler(float), "a schedule of keras.optimizers.schedules"),
        (keras.callbacks.SwapEMAWeights(), r"kgan\.GAN\(ema_decay"),
        (keras.callbacks.TensorBoard(write_steps_per_second=True), "Leave that out"),
    ],
)
def test_a_callback_that_knows_one_optimizer_is_refused(callback, message):
    gan = players.gan()
    with pytest.raises(ValueError, match=f"knows one optimizer.*{message}"):
        gan.fit(players.dataset(), callbacks=[callback], verbose=0)
    assert gan.step.numpy() == 0


def test_a_checkpoint_of_every_epoch_watches_nothing_and_is_accepted(tmp_path):
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras")
    players.gan().fit(players.dataset(), callbacks=[checkpoint], verbose=0)
    assert (tmp_path / "gan.keras").exists()


def test_a_batch_that_is_a_dictionary_is_refused():
    data = tf.data.Dataset.from_tensors({"image": images()})
    with pytest.raises(ValueError, match="first part is a dict"):
        players.gan().fit(data, verbose=0)


# Drawing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either `num_samples` or `seeds`"),
        ({"num_samples": 2, "seeds": [1, 2]}, "either `num_samples` or `seeds`"),
        ({"num_samples": 0}, "`num_samples` must be an integer of at least 1"),
        ({"num_samples": 2, "labels": [0, 1, 2]}, r"shape \(2,\)"),
        ({"num_samples": 2, "labels": 4}, r"must be in 0..3"),
        ({"num_samples": 2, "labels": 0.5}, "must be integers"),
    ],
)
def test_generate_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        players.gan(4).generate(**arguments)


def test_labels_for_an_unconditional_gan_are_refused():
    with pytest.raises(ValueError, match="these networks take none"):
        players.gan().generate(2, labels=1)


def test_discriminate_refuses_images_in_bytes():
    with pytest.raises(ValueError, match="must be floating point"):
        players.gan().discriminate(images(0, 255).astype("uint8"))


# The backend


def test_another_backend_is_refused_at_import():
    result = subprocess.run(
        [sys.executable, "-c", "import kgan"],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "ImportError: kgan needs Keras with its TensorFlow backend" in result.stderr
    assert "KERAS_BACKEND=tensorflow" in result.stderr
