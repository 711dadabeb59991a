"""What every architecture obeys."""

import keras
import numpy as np
import pytest

import kgan

ALL = [getattr(kgan.architectures, name) for name in kgan.architectures.__all__]

SHAPES = [(8, 8, 1), (16, 16, 3), (28, 28, 1)]
MORE_SHAPES = [(28, 28, 3), (32, 32, 3), (64, 64, 1)]
# Of those that are for larger images, the fast one and the slow ones.
LARGER = {kgan.architectures.resnet: ([(32, 32, 1)], [(32, 64, 3), (64, 64, 4)])}


def shapes(architecture):
    """The shapes of the images that an architecture is tried with, and those of the slow tests."""
    return LARGER.get(architecture, (SHAPES, MORE_SHAPES))


CASES = [
    pytest.param(architecture, shape, marks=[pytest.mark.slow] if is_slow else [])
    for architecture in ALL
    for is_slow, some in enumerate(shapes(architecture))
    for shape in some
]


def smallest(architecture):
    if architecture is kgan.architectures.mlp:
        return {"generator_units": (4,), "discriminator_units": (4,)}
    return {"width": 2}


@pytest.mark.parametrize("num_classes", [pytest.param(None, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize(("architecture", "shape"), CASES)
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


@pytest.mark.parametrize(
    "architecture",
    [pytest.param(one, marks=[pytest.mark.slow] if one in LARGER else []) for one in ALL],
)
def test_every_architecture_survives_serialization(architecture, tmp_path):
    shape = shapes(architecture)[0][0]
    for network in architecture(shape, 5, num_classes=3, **smallest(architecture)):
        network.save(tmp_path / "network.keras")
        loaded = keras.models.load_model(tmp_path / "network.keras")
        shape = (4, *network.inputs[0].shape[1:])
        inputs = [np.linspace(-1, 1, np.prod(shape)).reshape(shape), np.array([0, 1, 2, 0])]
        np.testing.assert_array_equal(loaded(inputs), network(inputs))
