import pathlib

import keras
import numpy as np
import players
import pytest

import kgan
from kgan.exports import keras_file, runtimes
from kgan.exports.source import source_of


def test_a_file_draws_what_its_generator_draws(tmp_path):
    generator, _ = players.networks(num_classes=3)
    keras_file.write(source_of(generator), tmp_path / "generator.keras")
    draw, batch_size, version = runtimes.keras(str(tmp_path / "generator.keras"))
    latents = np.random.default_rng(0).normal(size=(6, players.LATENT_DIM)).astype("float32")
    inputs = {"latents": latents, "labels": np.arange(6, dtype="int32") % 3}
    np.testing.assert_array_equal(draw(inputs), generator(list(inputs.values())))
    assert batch_size is None
    assert version == f"keras {keras.__version__}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "needs_kgan"),
    [(kgan.architectures.dcgan, False), (kgan.architectures.mlp, True)],
)
def test_a_keras_file_holds_the_averaged_generator_alone(architecture, needs_kgan, tmp_path):
    gan = players.gan(num_classes=3, architecture=architecture)
    gan.fit(players.dataset(num_classes=3), epochs=1, verbose=0)
    proof = gan.export(tmp_path / "generator.keras", "keras")
    assert proof.max_difference == 0.0
    assert ("kgan" in proof.runtime) == needs_kgan
    loaded = keras.models.load_model(proof.path)
    latents = np.random.default_rng(0).normal(size=(6, players.LATENT_DIM)).astype("float32")
    inputs = [latents, np.arange(6) % 3]
    np.testing.assert_array_equal(loaded(inputs), gan.averaged_generator(inputs))
    assert not hasattr(loaded, "discriminator")


@pytest.mark.slow
def test_it_is_small_and_computes_in_float32(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    gan = players.gan()
    keras.config.set_dtype_policy("float32")
    gan.save(tmp_path / "gan.keras")
    proof = gan.export(tmp_path / "generator.keras", "keras")
    assert {layer.compute_dtype for layer in keras.models.load_model(proof.path).layers} == {
        "float32"
    }
    whole, part = (
        pathlib.Path(tmp_path / name).stat().st_size for name in ("gan.keras", "generator.keras")
    )
    assert part < whole / 2
