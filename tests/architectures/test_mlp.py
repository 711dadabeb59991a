import keras
import numpy as np
import pytest

import kgan


def test_mlp_has_the_sizes_and_initial_weights_of_the_2014_paper():
    generator, discriminator = kgan.architectures.mlp((28, 28, 1))
    assert generator.count_params() == (100 + 1) * 1200 + (1200 + 1) * 1200 + (1200 + 1) * 784
    maxout = (784 + 1) * 1200 + (240 + 1) * 1200 + 240 + 1
    assert discriminator.count_params() == maxout
    for network, bound in ((generator, 0.05), (discriminator, 0.005)):
        kernels = [weight.numpy() for weight in network.weights if weight.name == "kernel"]
        assert all(0.9 * bound < np.abs(kernel).max() <= bound for kernel in kernels)
    rates = [x.rate for x in discriminator.layers if isinstance(x, keras.layers.Dropout)]
    assert rates == [0.2, 0.5, 0.5]
    assert not [x for x in generator.layers if isinstance(x, keras.layers.Dropout)]


def test_scaled_tanh_is_the_papers_sigmoid_between_minus_one_and_one():
    from kgan.architectures.mlp import scaled_tanh

    x = np.linspace(-5, 5, 11, dtype="float32")
    np.testing.assert_allclose(scaled_tanh(x), 2 / (1 + np.exp(-x)) - 1, atol=1e-6)


def test_mlp_makes_points_vectors_and_volumes():
    for shape in (2, (2,), (5, 3), (2, 2, 2, 2)):
        generator, _ = kgan.architectures.mlp(shape, 3, output_activation="linear")
        expected = (shape,) if isinstance(shape, int) else shape
        assert generator.output_shape == (None, *expected)


def test_mlp_refuses_what_it_cannot_make():
    with pytest.raises(ValueError, match="must be integers of at least 1"):
        kgan.architectures.mlp((28, 0, 1))
    with pytest.raises(ValueError, match="`output_activation` must be one of"):
        kgan.architectures.mlp(2, output_activation="sigmoid")
