import keras
import numpy as np
import pytest

from kgan.layers import FourierFeatures


def test_fourier_features_are_sines_and_cosines_of_the_points():
    layer = FourierFeatures(3, lowest=2.0, highest=8.0, decay=1.0)
    points = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    found = keras.ops.convert_to_numpy(layer(points))
    frequencies = layer.frequencies.numpy()
    lengths = np.linalg.norm(frequencies, axis=0)
    np.testing.assert_allclose(lengths, [2, 4, 8], rtol=1e-6)
    waves = [wave(points @ frequencies) / lengths * 2 for wave in (np.sin, np.cos)]
    np.testing.assert_allclose(found, np.concatenate([points, *waves], axis=1), atol=1e-5)
    assert layer.compute_output_shape((None, 2)) == (None, 8)
    assert not layer.trainable_weights


class Wrapper(keras.layers.Layer):
    """A layer without `build`: Keras builds what is in it while it tries out `call`."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs)


def test_fourier_features_are_the_same_within_another_layer():
    points = np.ones((3, 2), "float32")
    inputs = keras.Input((2,))
    wrapped = keras.Model(inputs, Wrapper(FourierFeatures(4))(inputs))
    np.testing.assert_array_equal(wrapped(points), FourierFeatures(4)(points))


def test_fourier_features_are_as_precise_in_mixed_precision():
    points = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")
    mixed = FourierFeatures(16, dtype="mixed_bfloat16")(points)
    exact = FourierFeatures(16, dtype="float32")(points)
    np.testing.assert_allclose(keras.ops.cast(mixed, "float32"), exact, atol=2**-7)


def test_fourier_features_come_back_from_a_file(tmp_path):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, FourierFeatures(4, seed=3)(inputs))
    model.save(tmp_path / "model.keras")
    points = np.ones((3, 2), "float32")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(points), model(points))
    with pytest.raises(ValueError, match="`lowest` must be positive"):
        FourierFeatures(4, lowest=0)
