import keras
import numpy as np
import players
import pytest
from keras import layers

import kgan
from kgan.layers import SpectralNormalization


def num_parameters(network):
    return sum(weight.numpy().size for weight in network.trainable_weights)


@pytest.mark.parametrize(
    ("num_classes", "expected"), [(None, (4_276_739, 1_053_825)), (10, (4_304_387, 1_055_105))]
)
def test_the_pair_for_cifar10_has_the_published_number_of_parameters(num_classes, expected):
    pair = kgan.architectures.resnet((32, 32, 3), num_classes=num_classes)
    assert tuple(map(num_parameters, pair)) == expected


@pytest.fixture(scope="module")
def small():
    return kgan.architectures.resnet((32, 32, 3), 4, width=8, num_classes=3)


def widths(network):
    """How many channels each residual block gives."""
    return [x.output.shape[-1] for x in network.layers if type(x) is layers.Add]


def ends(generator, discriminator):
    """The sizes that G begins with, and that D ends with."""
    first = next(x for x in generator.layers if isinstance(x, layers.Reshape))
    *_, last = (x for x in discriminator.layers if type(x) is layers.ReLU)
    return first.output.shape[1:3], last.output.shape[1:3]


def test_small_images_have_blocks_of_equal_width(small):
    generator, discriminator = small
    assert widths(generator) == [16, 16, 16]
    assert widths(discriminator) == [8, 8, 8, 8, 1]  # And the logits.
    assert ends(*small) == ((4, 4), (8, 8))


@pytest.mark.parametrize(
    ("size", "of_generator", "of_discriminator"),
    [
        (64, [8, 4, 2, 1], [1, 2, 4, 8, 16]),
        pytest.param(128, [16, 8, 4, 2, 1], [1, 2, 4, 8, 16, 16], marks=pytest.mark.slow),
    ],
)
def test_larger_images_have_more_and_wider_blocks(size, of_generator, of_discriminator):
    pair = kgan.architectures.resnet((size, size, 1), 4, width=1)
    assert [widths(network) for network in pair] == [of_generator, of_discriminator]
    assert ends(*pair) == ((4, 4), (4, 4))


def test_images_may_be_rectangles_with_an_alpha_channel():
    pair = kgan.architectures.resnet((48, 88, 4), 4, width=1)
    assert pair[0].output_shape == pair[1].input_shape == (None, 48, 88, 4)
    assert ends(*pair) == ((6, 11), (12, 22))


def test_all_of_the_discriminator_is_normalized_and_none_of_the_generator(small):
    generator, discriminator = small
    wrapped = [x.layer for x in discriminator.layers if isinstance(x, SpectralNormalization)]
    weights = [id(weight) for layer in wrapped for weight in layer.trainable_weights]
    assert weights == [id(weight) for weight in discriminator.trainable_weights]
    assert not [x for x in generator.layers if isinstance(x, SpectralNormalization)]


def test_weights_begin_with_the_gains_of_the_authors(small):
    for network in small:
        kernels = [one for one in network.trainable_weights if one.name == "kernel"]
        for kernel in kernels:
            *taps, inputs, outputs = kernel.shape
            is_last = outputs == 3
            variance = 2 if taps == [3, 3] and not is_last else 1
            bound = np.sqrt(6 * variance / (inputs + outputs) / np.prod(taps or 1))
            assert 0.8 * bound < np.abs(kernel).max() <= bound


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((28, 28, 1), r"at least 32 pixels.*The nearest possible: \(32, 32, 1\)"),
        ((50, 50, 3), r"The nearest possible: \(48, 48, 3\) or \(56, 56, 3\)"),
        ((60, 200, 3), r"The nearest possible: \(56, 200, 3\) or \(64, 208, 3\)"),
        ((32, 32, 2), "with 1, 3 or 4 channels"),
        ((32, 32), r"must be \(height, width, channels\)"),
        ((32.0, 32, 1), r"must be \(height, width, channels\)"),
    ],
)
def test_resnet_refuses_images_that_it_cannot_make(shape, message):
    with pytest.raises(ValueError, match=message):
        kgan.architectures.resnet(shape)


@pytest.mark.parametrize("sizes", [{"latent_dim": 0}, {"width": 0}, {"width": 1.5}])
def test_resnet_refuses_sizes_below_one(sizes):
    with pytest.raises(ValueError, match="must be integers of at least 1"):
        kgan.architectures.resnet((32, 32, 1), **sizes)


def game(num_classes, **rules):
    pair = kgan.architectures.resnet((32, 32, 3), 4, width=2, num_classes=num_classes)
    gan = kgan.GAN(*pair, seed=0)
    gan.compile(**players.light(), loss="hinge", **rules)
    images = np.random.default_rng(0).uniform(-1, 1, (16, 32, 32, 3)).astype("float32")
    labels = np.arange(16) % num_classes if num_classes else None
    gan.fit(images, labels, batch_size=8, verbose=0)
    return gan


@pytest.mark.slow
@pytest.mark.parametrize(("num_classes", "policy"), [(3, "float32"), (None, "mixed_bfloat16")])
def test_resnet_plays_is_loaded_and_exported(tmp_path, num_classes, policy):
    keras.config.set_dtype_policy(policy)
    gan = game(num_classes, penalties=["r1"])
    assert np.isfinite(list(gan.history.history.values())).all()
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    labels = None if num_classes is None else [0, 1, 2, 0]
    samples = gan.generate(4, labels, seed=0)
    np.testing.assert_array_equal(loaded.generate(4, labels, seed=0), samples)
    np.testing.assert_array_equal(
        loaded.discriminator([samples, np.array(labels)] if labels else samples),
        gan.discriminator([samples, np.array(labels)] if labels else samples),
    )
    for name, format in (("g", "tf_saved_model"), ("g.tflite", "litert"), ("g.onnx", "onnx")):
        assert gan.export(tmp_path / name, format).max_difference < 1e-4
