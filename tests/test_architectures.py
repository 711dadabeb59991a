import keras
import numpy as np
import pytest

import kgan

SHAPES = [(8, 8, 1), (16, 16, 3), (28, 28, 1), (28, 28, 3), (32, 32, 3), (64, 64, 1)]
ALL = [getattr(kgan.architectures, name) for name in kgan.architectures.__all__]


def smallest(architecture):
    if architecture is kgan.architectures.mlp:
        return {"generator_units": (4,), "discriminator_units": (4,)}
    return {"width": 2}


@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("architecture", ALL)
def test_every_architecture_makes_a_pair_that_can_play(architecture, shape, num_classes):
    generator, discriminator = architecture(
        shape, 5, num_classes=num_classes, **smallest(architecture)
    )
    assert generator.output_shape == (None, *shape)
    assert discriminator.output_shape == (None, 1)
    labels = [] if num_classes is None else ["labels"]
    assert [tensor.name for tensor in generator.inputs] == ["latents", *labels]
    assert [tensor.name for tensor in discriminator.inputs] == ["images", *labels]
    gan = kgan.GAN(generator, discriminator)
    samples = gan.generate(4, None if num_classes is None else [0, 1, 2, 0])
    assert samples.dtype == np.float32
    assert np.abs(samples).max() <= 1


@pytest.mark.parametrize("architecture", ALL)
def test_every_architecture_survives_serialization(architecture, tmp_path):
    for network in architecture((8, 8, 1), 5, num_classes=3, **smallest(architecture)):
        network.save(tmp_path / "network.keras")
        loaded = keras.models.load_model(tmp_path / "network.keras")
        shape = (4, *network.inputs[0].shape[1:])
        inputs = [np.linspace(-1, 1, np.prod(shape)).reshape(shape), np.array([0, 1, 2, 0])]
        np.testing.assert_array_equal(loaded(inputs), network(inputs))


@pytest.mark.parametrize("size", [8, 32, 128])
def test_no_discriminator_of_dcgan_has_batch_normalization(size):
    _, discriminator = kgan.architectures.dcgan((size, size, 1), width=2)
    kinds = {type(layer) for layer in discriminator.layers}
    assert keras.layers.BatchNormalization not in kinds


@pytest.mark.parametrize(
    ("size", "depth", "base"), [(64, None, 4), (64, 2, 16), (64, 5, 2), (28, None, 4), (28, 1, 14)]
)
def test_depth_decides_where_dcgan_begins(size, depth, base):
    generator, _ = kgan.architectures.dcgan((size, size, 1), width=2, depth=depth)
    first = next(x for x in generator.layers if isinstance(x, keras.layers.Reshape))
    assert first.target_shape[:2] == (base, base)


def test_width_decides_how_many_channels_dcgan_has():
    _, discriminator = kgan.architectures.dcgan((128, 128, 3), width=4)
    convolutions = [x for x in discriminator.layers if isinstance(x, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [4, 8, 16, 32, 32]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((30, 30, 1), r"must be square, of 4·2ⁿ \(8, 16, 32, 64, ...\) or 28"),
        ((4, 4, 1), "must be square"),
        ((32, 64, 1), "must be square"),
        ((32, 32, 2), "1 or 3 channels"),
        ((32, 32), "must be \\(size, size, channels\\)"),
    ],
)
def test_dcgan_refuses_images_that_it_cannot_make(shape, message):
    with pytest.raises(ValueError, match=message):
        kgan.architectures.dcgan(shape)


@pytest.mark.parametrize("depth", [0, 5])
def test_dcgan_refuses_a_depth_beyond_the_image(depth):
    with pytest.raises(ValueError, match=f"`depth` must be 1 to 4.*depth={depth}"):
        kgan.architectures.dcgan((32, 32, 1), depth=depth)


@pytest.mark.parametrize("sizes", [{"latent_dim": 0}, {"width": 0}, {"width": 1.5}])
def test_dcgan_refuses_sizes_below_one(sizes):
    with pytest.raises(ValueError, match="must be integers of at least 1"):
        kgan.architectures.dcgan((8, 8, 1), **sizes)


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
