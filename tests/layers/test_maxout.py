import keras
import numpy as np

from kgan.layers import Maxout


def test_maxout_is_the_largest_of_its_pieces():
    layer = Maxout(3, 4)
    x = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    layer.build(x.shape)
    layer.bias.assign(np.arange(12.0))
    linear = x @ layer.kernel.numpy() + layer.bias.numpy()
    np.testing.assert_allclose(layer(x), linear.reshape(5, 4, 3).max(axis=1), rtol=1e-5)


def test_maxout_survives_serialization_with_its_initializer():
    layer = Maxout(3, 4, kernel_initializer=keras.initializers.RandomUniform(-0.1, 0.1))
    config = keras.saving.serialize_keras_object(layer)
    assert config["registered_name"] == "kgan>Maxout"
    loaded = keras.saving.deserialize_keras_object(config)
    assert loaded.get_config() == layer.get_config()
    assert loaded.compute_output_shape((None, 7)) == (None, 3)
