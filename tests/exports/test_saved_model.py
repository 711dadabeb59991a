"""SavedModels, as TensorFlow loads them."""

import io
import json

import keras
import numpy as np
import PIL.Image
import players
import pytest
import tensorflow as tf
from generators import contents, layers, shake

import kgan
from kgan import images


@pytest.mark.parametrize(
    "num_classes",
    [pytest.param(None, id="plain", marks=pytest.mark.slow), pytest.param(3, id="conditional")],
)
def test_a_saved_model_draws_the_same(tmp_path, num_classes):
    generator, _ = kgan.architectures.dcgan((28, 28, 1), 6, width=8, num_classes=num_classes)
    assert kgan.export(shake(generator), tmp_path / "1").max_difference <= 1e-5


def test_a_saved_model_has_four_signatures_with_named_inputs_and_outputs(served):
    _, loaded, _ = served
    inputs = {
        name: set(signature.structured_input_signature[1])
        for name, signature in loaded.signatures.items()
    }
    outputs = {
        name: set(signature.structured_outputs) for name, signature in loaded.signatures.items()
    }
    both = {"latents", "labels"}
    assert inputs == {
        "serving_default": both,
        "sample": {"num_samples", "seed"},
        "sample_seeds": {"seeds"},
        "png": both,
    }
    assert outputs == {
        "serving_default": {"images"},
        "sample": {"images", "labels"},
        "sample_seeds": {"images", "labels"},
        "png": {"png_bytes"},
    }
    shape = loaded.signatures["serving_default"].structured_outputs["images"].shape
    assert shape.as_list() == [None, 8, 8, 1]


@pytest.mark.parametrize("seed", [0, 7])
def test_a_saved_model_samples_what_the_gan_generates(served, seed):
    gan, loaded, _ = served
    drawn = loaded.signatures["sample"](num_samples=tf.constant(6), seed=tf.constant(seed, "int64"))
    samples, labels = gan.generate(6, seed=seed)
    np.testing.assert_array_equal(drawn["labels"], labels)
    np.testing.assert_allclose(drawn["images"], samples, atol=1e-5)


def test_a_seeded_sample_of_a_saved_model_does_not_depend_on_the_rest_of_the_batch(served):
    gan, loaded, _ = served
    seeds = tf.constant([5, 1, 2**31 - 1, 5], "int64")
    together = loaded.signatures["sample_seeds"](seeds=seeds)
    samples, labels = gan.generate(seeds=seeds.numpy())
    np.testing.assert_array_equal(together["labels"], labels)
    np.testing.assert_allclose(together["images"], samples, atol=1e-5)
    alone = loaded.signatures["sample_seeds"](seeds=seeds[1:2])
    np.testing.assert_allclose(alone["images"][0], together["images"][1], atol=1e-6)
    np.testing.assert_allclose(together["images"][0], together["images"][3], atol=1e-6)


def test_png_files_hold_the_images(served):
    gan, loaded, _ = served
    latents = np.random.default_rng(0).normal(size=(3, players.LATENT_DIM)).astype("float32")
    labels = np.array([3, 1, 4], "int32")
    found = loaded.signatures["png"](latents=tf.constant(latents), labels=tf.constant(labels))
    expected = images.to_uint8(gan([latents, labels]))
    for encoded, image in zip(found["png_bytes"].numpy(), expected, strict=True):
        with PIL.Image.open(io.BytesIO(encoded)) as picture:
            difference = np.asarray(picture).astype(int) - image[..., 0]
        assert np.abs(difference).max() <= 1  # A value between two bytes may go to either.


@pytest.mark.usefixtures("_drawn_here")
def test_points_and_vectors_are_exported_too(tmp_path):
    latents = keras.Input((3,), name="latents")
    generator = keras.Model(latents, layers.Dense(2)(latents))
    kgan.export(generator, tmp_path / "1", latent_distribution="uniform")
    loaded = tf.saved_model.load(str(tmp_path / "1"))
    assert set(loaded.signatures) == {"serving_default", "sample", "sample_seeds"}
    drawn = loaded.signatures["sample"](num_samples=tf.constant(500), seed=tf.constant(0, "int64"))
    assert drawn["samples"].shape == (500, 2)
    described = json.loads((tmp_path / "1" / "export.json").read_text())
    assert described["inputs"][0]["distribution"] == "uniform"
    assert "range" not in described["outputs"][0]


def test_a_disk_that_tensorflow_finds_full_is_full_like_any_other(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(OSError, match="No space left on device"):
        kgan.export(players.networks()[0], tmp_path / "1")
    assert contents(tmp_path) == []
