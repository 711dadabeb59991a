import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from kgan.game import networks
from kgan.layers import ConditionalBatchNormalization

LABELS = np.array([0, 2, 2, 1])


def images(seed=0):
    return np.random.default_rng(seed).normal(3, 2, (4, 5, 5, 2)).astype("float32")


def test_it_begins_as_batch_normalization():
    layer, plain = ConditionalBatchNormalization(3), layers.BatchNormalization()
    for training in (True, True, False):
        x = images(training)
        found = layer([x, LABELS], training=training)
        np.testing.assert_allclose(found, plain(x, training=training), rtol=1e-5, atol=1e-6)


def test_each_class_has_a_scale_and_a_shift_of_its_own():
    layer = ConditionalBatchNormalization(3)
    x = images()
    normalized = layer([x, LABELS], training=True)
    random = np.random.default_rng(1)
    gamma, beta = (random.normal(size=(3, 2)).astype("float32") for _ in range(2))
    layer.gamma.embeddings.assign(gamma)
    layer.beta.embeddings.assign(beta)
    expected = normalized * gamma[LABELS][:, None, None] + beta[LABELS][:, None, None]
    np.testing.assert_allclose(layer([x, LABELS], training=True), expected, rtol=1e-4, atol=1e-5)


def test_it_takes_vectors():
    layer = ConditionalBatchNormalization(3)
    layer.build([(None, 2), (None,)])
    layer.beta.embeddings.assign([[1, 2], [3, 4], [5, 6]])
    found = layer([np.ones((4, 2), "float32"), LABELS], training=True)
    np.testing.assert_allclose(found, [[1, 2], [5, 6], [5, 6], [3, 4]], rtol=1e-5)


def test_the_game_finds_its_statistics_and_its_classes():
    inputs = [keras.Input((5, 5, 2)), keras.Input((), dtype="int32")]
    model = keras.Model(inputs, ConditionalBatchNormalization(3, synchronized=True)(inputs))
    (found,) = networks.normalizations(model)
    assert found.synchronized
    assert networks.num_classes(model) == 3
    assert [weight.shape for weight in model.trainable_weights] == [(3, 2), (3, 2)]


def test_it_computes_in_float32_in_mixed_precision():
    exact = ConditionalBatchNormalization(3)
    mixed = ConditionalBatchNormalization(3, dtype="mixed_bfloat16")
    x = images().astype(tf.bfloat16.as_numpy_dtype)
    for layer in (exact, mixed):
        layer.build([x.shape, LABELS.shape])
        layer.gamma.embeddings.assign(1 + np.arange(6.0).reshape(3, 2) / 1000)
    expected = exact([x.astype("float32"), LABELS], training=True)
    found = mixed([x, LABELS], training=True)
    assert found.dtype == "bfloat16"
    np.testing.assert_array_equal(found, tf.cast(expected, "bfloat16"))


def test_it_comes_back_from_a_file(tmp_path):
    inputs = [keras.Input((5, 5, 2)), keras.Input((), dtype="int32")]
    layer = ConditionalBatchNormalization(3, momentum=0.5, epsilon=0.1, synchronized=True)
    model = keras.Model(inputs, layer(inputs))
    layer.beta.embeddings.assign(np.arange(6.0).reshape(3, 2))
    model([images(), LABELS], training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded([images(), LABELS]), model([images(), LABELS]))
    assert loaded.layers[-1].get_config() == layer.get_config()


@pytest.mark.parametrize("num_classes", [0, None, 2.0])
def test_its_number_of_classes_is_checked(num_classes):
    with pytest.raises(ValueError, match="`num_classes` must be an integer of at least 1"):
        ConditionalBatchNormalization(num_classes)
