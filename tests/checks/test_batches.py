"""The first batch is looked at before training."""

import keras
import numpy as np
import players
import pytest
import tensorflow as tf
from keras import layers
from players import Batches, images

import kgan


@pytest.mark.parametrize("wrap", [np.asarray, tf.data.Dataset.from_tensors, Batches])
@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (images(0, 255), r"must be in \[-1, 1\]: .*from 0 to 255"),
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
def test_a_first_batch_that_cannot_be_played_with_is_refused_before_training(
    idle, batch, message, wrap
):
    with pytest.raises(ValueError, match=message):
        idle.fit(wrap(batch), verbose=0)
    assert idle.step.numpy() == 0


def test_vectors_outside_the_range_of_a_bounded_generator_are_refused():
    gan = kgan.GAN(*kgan.architectures.mlp(4, 2, generator_units=(4,), discriminator_units=(4,)))
    gan.compile()
    with pytest.raises(ValueError, match=r"must be in \[-1, 1\]"):
        gan.fit(images(-3, 3, shape=(4,)), verbose=0)


def with_end(activation, shape=(4,)):
    """A generator of vectors that ends in this function, against a discriminator for them."""
    units = int(np.prod(shape))
    generator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(units, activation=activation), layers.Reshape(shape)]
    )
    game = kgan.GAN(generator, players.discriminator(layers.Dense(1), shape=shape), seed=0)
    game.compile(**players.light())
    return game


@pytest.mark.parametrize("shape", [(4,), (4, 2), (4, 4, 1), (2, 2, 2, 1)])
@pytest.mark.parametrize(
    ("activation", "low", "high"),
    [("sigmoid", -1, 1), ("relu", -1, 1), ("softmax", -1, 1), ("tanh", -1.5, 1), ("relu6", -1, 1)],
)
def test_a_generator_that_cannot_reach_the_data_is_refused(activation, low, high, shape):
    gan = with_end(activation, shape)
    with pytest.raises(ValueError, match=r"must be able to make values like|must be in \[-1, 1\]"):
        gan.fit(images(low, high, shape), verbose=0)
    assert gan.step.numpy() == 0


@pytest.mark.parametrize("shape", [(4,), (4, 2), (2, 2, 2, 1), (2, 2, 7)])
def test_unbounded_data_of_any_rank_that_is_no_picture_is_accepted(shape):
    with_end("linear", shape).fit(images(-1000, 1000, shape), verbose=0)


def test_the_whole_range_of_a_dataset_of_kgan_counts():
    points = images(-1, 1, (4,), rows=64)
    points[-1] = 2.0
    gan = with_end("tanh")
    with pytest.raises(ValueError, match="data with values from -1 to 2"):
        gan.fit(kgan.datasets.from_arrays(points, batch_size=16), verbose=0)


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "finite.*in sample 99"), (np.inf, "finite.*in sample 99"), (40.0, "to 40")],
)
def test_all_of_an_array_is_looked_at(idle, value, message):
    samples = images(rows=100)
    samples[99, 3, 3] = value
    with pytest.raises(ValueError, match=message):
        idle.fit(samples, batch_size=20, verbose=0)
    with pytest.raises(ValueError, match=message):
        idle.evaluate(samples, batch_size=20, verbose=0)


def test_all_labels_of_an_array_are_looked_at(idle_with_labels):
    labels = np.zeros(100, "int32")
    labels[99] = 4
    with pytest.raises(ValueError, match=r"in 0..3 .*Received: 4"):
        idle_with_labels.fit(images(rows=100), labels, batch_size=20, verbose=0)


@pytest.mark.parametrize(
    "data",
    [
        np.zeros((0, 8, 8, 1), "float32"),
        tf.data.Dataset.from_tensor_slices(images()).batch(32, drop_remainder=True),
        (batch for batch in []),
    ],
    ids=["an array", "less than a batch", "a generator"],
)
def test_data_that_would_train_nothing_is_refused(idle, data):
    with pytest.raises(ValueError, match="at least one batch of samples. Received: none"):
        idle.fit(data, verbose=0)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Keras learns its length so.
def test_a_python_generator_is_checked_and_loses_nothing():
    batches = list(images(rows=48).reshape(3, 16, 8, 8, 1))
    ends = []
    for data in (tf.data.Dataset.from_tensor_slices(np.stack(batches)), (one for one in batches)):
        gan = players.linear()
        gan.fit(data, verbose=0, shuffle=False)
        assert gan.step.numpy() == 3
        ends.append(players.digest(gan))
    assert players.same(*ends)


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_single_batches_are_checked_too(idle, method):
    with pytest.raises(ValueError, match=r"must be in \[-1, 1\]: .*\[0, 255\]"):
        getattr(idle, method)(images(0, 255))


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("batch", [None, tf.data.Dataset.from_tensors(images())])
def test_a_batch_must_be_an_array(idle, method, batch):
    with pytest.raises(TypeError, match="`x` must be a batch, an array of samples"):
        getattr(idle, method)(batch)


def test_a_label_out_of_range_in_a_later_batch_ends_training():
    labels = np.zeros(32, "int32")
    labels[20] = 7
    data = tf.data.Dataset.from_tensor_slices((images(rows=32), labels)).batch(16)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be in 0..3"):
        players.linear(4).fit(data, verbose=0)


def test_bright_images_in_range_are_accepted():
    players.linear().fit(images(0.1, 1), verbose=0)


def test_bytes_from_a_python_generator_are_refused_before_the_first_step(idle):
    batches = ((batch.astype("uint8"),) for batch in [images(0, 255)])
    with pytest.raises(ValueError, match="must be floating point.*dtype uint8"):
        idle.fit(batches, shuffle=False, verbose=0)
    assert idle.step.numpy() == 0


def test_labels_without_classes_and_classes_without_labels_are_refused(idle_with_labels, idle):
    with pytest.raises(ValueError, match="the networks take none"):
        idle.fit(players.dataset(num_classes=4), verbose=0)
    with pytest.raises(ValueError, match=r"take labels \(num_classes=4\), and the data has none"):
        idle_with_labels.fit(players.dataset(), verbose=0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.full(16, 4), r"must be in 0..3 \(num_classes=4\). Received: 4"),
        (np.full(16, -1), "Received: -1"),
        (np.zeros(16, "float32"), "must be integers"),
        (np.zeros((16, 1), "int32"), r"shape \(16, 1\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(idle_with_labels, labels, message):
    with pytest.raises(ValueError, match=message):
        idle_with_labels.fit(images(), labels, batch_size=16, verbose=0)


def test_a_label_out_of_range_anywhere_in_a_dataset_of_kgan_is_refused(idle_with_labels):
    labels = np.zeros(64, "int32")
    labels[-1] = 7
    data = kgan.datasets.from_arrays(images(rows=64), labels, batch_size=4)
    with pytest.raises(ValueError, match="has 8 classes.*num_classes=4"):
        idle_with_labels.fit(data, verbose=0)


def test_a_batch_that_k_does_not_divide_is_refused():
    gan = players.linear(discriminator_steps=3)
    batches = tf.data.Dataset.from_tensor_slices(images()).batch(16)
    for data in (players.dataset(), batches, images(rows=32)):
        with pytest.raises(ValueError, match="`discriminator_steps` must divide the batch size"):
            gan.fit(data, batch_size=16 if isinstance(data, np.ndarray) else None, verbose=0)


def test_a_batch_that_is_a_dictionary_is_refused():
    data = tf.data.Dataset.from_tensors({"image": images()})
    with pytest.raises(ValueError, match="first part is a dict"):
        players.linear().fit(data, verbose=0)
