import keras
import pytest

import kgan


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
    ("shape", "base"),
    [
        ((30, 30, 1), (4, 4)),
        ((48, 64, 4), (3, 4)),
        ((17, 40, 3), (3, 3)),
        ((8, 100, 2), (4, 4)),
        ((50, 3), (4,)),
        ((8, 9, 20, 1), (4, 3, 3)),
    ],
)
def test_dcgan_makes_samples_of_any_rank_and_size(shape, base):
    generator, discriminator = kgan.architectures.dcgan(shape, 3, width=2)
    first = next(x for x in generator.layers if isinstance(x, keras.layers.Reshape))
    assert first.target_shape[:-1] == base
    before_flattening = discriminator.layers[-2].input
    assert before_flattening.shape[1:-1] == base
    samples = kgan.GAN(generator, discriminator).generate(2, seed=0)
    assert samples.shape == (2, *shape)


def test_a_short_axis_is_not_halved_below_four():
    _, discriminator = kgan.architectures.dcgan((8, 64, 3), width=2)
    strides = [x.strides for x in discriminator.layers if isinstance(x, keras.layers.Conv2D)]
    assert strides == [(2, 2), (1, 2), (1, 2), (1, 2)]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 30, 1), r"at least 8 long.*The nearest is \(8, 30, 1\). Received.*\(4, 30, 1\)"),
        ((3, 64, 64), "channels last"),
        ((64,), r"must be \(height, width, channels\), \(length, channels\) or"),
        ((8, 8, 8, 8, 1), "must be"),
        ((32, 32.0, 1), "must be"),
        ((32, 32, 0), "must be"),
    ],
)
def test_dcgan_refuses_samples_that_it_cannot_make(shape, message):
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
