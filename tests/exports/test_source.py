"""The generator that is exported."""

import math

import keras
import numpy as np
import players
import pytest
from generators import layers

import kgan
from kgan.exports import proof, source


@pytest.mark.usefixtures("_drawn_here")
def test_layers_within_layers_are_made_float32_too(tmp_path):
    class Pair(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.first, self.second = layers.Dense(3), layers.Dense(2)

        def call(self, x):
            return self.second(self.first(x))

    class Stubborn(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options | {"dtype": "mixed_bfloat16"})

        def call(self, x):
            return x

    keras.config.set_dtype_policy("mixed_bfloat16")
    latents = keras.Input((4,), name="latents")
    generator = keras.Model(latents, Pair()(latents))
    result = kgan.export(generator, tmp_path / "1")
    assert result.max_difference <= 1e-5 < result.max_difference_of_original
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    generator = keras.Model(latents, Stubborn(name="stubborn")(latents))
    with pytest.raises(ValueError, match="its layer 'stubborn' does not take the policy"):
        kgan.export(generator, tmp_path / "2")


def test_the_averaged_generator_is_what_is_exported(tmp_path):
    gan = players.gan()
    gan.step.assign(1)  # Before the first step the average follows the generator.
    gan.generator.set_weights([0 * weight for weight in gan.generator.get_weights()])
    gan.export(tmp_path / "generator.onnx", "onnx")
    expected = gan.generate(64, seed=proof.SEED)
    assert np.abs(expected).max() > 0
    latents = source.source_of(gan.averaged_generator).inputs(64, proof.SEED)[0].numpy()
    drawn, _ = proof._draw(tmp_path / "generator.onnx", "onnx", {"latents": latents})
    np.testing.assert_allclose(drawn, expected, atol=1e-5)


@pytest.mark.usefixtures("_drawn_here")
def test_a_subclassed_generator_is_refused_with_a_way_out(tmp_path):
    class Mine(keras.Model):
        def call(self, latents):
            return latents

    with pytest.raises(TypeError, match=r"keras\.Model\(latents, generator\(latents\)\)"):
        kgan.export(Mine(), tmp_path / "1")
    latents = keras.Input((3,), name="latents")
    wrapped = keras.Model(latents, Mine()(latents))
    assert kgan.export(wrapped, tmp_path / "1").max_difference == 0


@pytest.mark.parametrize(
    ("shape", "makes_images"),
    [((4, 4, 1), True), ((4, 4, 4), True), ((4, 4, 2), False), ((2, 4, 4, 1), False)],
)
def test_pictures_with_opacity_are_exported_as_images(shape, makes_images):
    latents = keras.Input((2,), name="latents")
    x = keras.layers.Dense(math.prod(shape))(latents)
    generator = keras.Model(latents, keras.layers.Reshape(shape)(x))
    assert source.source_of(generator).makes_images == makes_images
