"""The proof of an export: its own runtime draws what Keras draws."""

import hashlib
import itertools

import keras
import numpy as np
import players
import pytest
from generators import contents, layers, shake

import kgan
from kgan import exports
from kgan.exports import exporting, litert, proof, source

ARCHITECTURES = {
    "mlp": (
        "mlp",
        {"image_shape": (8, 8, 1), "generator_units": (16,), "discriminator_units": (8,)},
    ),
    "dcgan 8": ("dcgan", {"image_shape": (8, 8, 1), "width": 8}),
    "dcgan 28": ("dcgan", {"image_shape": (28, 28, 1), "width": 8}),
    "dcgan 32": ("dcgan", {"image_shape": (32, 32, 3), "width": 8}),
}
QUICK = [
    ("litert", "dcgan 8", None),
    ("litert", "mlp", 10),
    ("litert", "dcgan 32", 10),
    ("onnx", "mlp", None),
    ("onnx", "dcgan 28", 10),
]


@pytest.mark.parametrize(
    ("format", "architecture", "num_classes"),
    [
        pytest.param(*one, marks=[] if one in QUICK else pytest.mark.slow)
        for one in itertools.product(["litert", "onnx"], ARCHITECTURES, [None, 10])
    ],
)
def test_every_architecture_is_exported_exactly_to_five_digits(
    tmp_path, format, architecture, num_classes
):
    name, options = ARCHITECTURES[architecture]
    make = getattr(kgan.architectures, name)
    generator, _ = make(latent_dim=6, num_classes=num_classes, **options)
    path = tmp_path / f"generator{exports.FORMATS[format].suffix}"
    result = kgan.export(shake(generator), path, format)
    assert result.max_difference <= 1e-5
    assert result.size_bytes == path.stat().st_size
    assert result.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.usefixtures("_drawn_here")
def test_the_proof_says_how_much_further_from_real_images_the_samples_are(tmp_path):
    generator = shake(kgan.architectures.mlp((8, 8, 1), 16, generator_units=(16,))[0])
    real, path = kgan.datasets.digits().samples[:200], tmp_path / "g.tflite"
    known = {"reference_images": real, "features": "digits"}
    result = kgan.export(generator, path, "litert", quantize="int8", min_psnr=0, **known)
    (latents,) = source.Source(generator).inputs(200, proof.SEED + 1)
    drawn, _ = proof._draw(path, "litert", {"latents": latents.numpy()})

    def distance(samples):
        features = map(kgan.features.get("digits").features, (real, samples))
        return kgan.metrics.frechet_distance(*features)

    further = distance(drawn) - distance(generator(latents))
    assert result.frechet_distance_change == pytest.approx(further, rel=1e-3)
    assert further != 0
    assert result.frechet_distance_features == "digits"


@pytest.mark.usefixtures("_drawn_here")
def test_an_exact_conditional_export_is_as_far_from_real_images(tmp_path):
    generator, _ = kgan.architectures.mlp((8, 8, 1), 16, generator_units=(16,), num_classes=10)
    real = kgan.datasets.digits().samples[:100]
    result = kgan.export(shake(generator), tmp_path / "g.onnx", "onnx", reference_images=real)
    assert result.frechet_distance_change == pytest.approx(0, abs=1e-3)
    assert result.frechet_distance_features == "raw"


def test_every_architecture_has_been_exported():
    assert set(kgan.architectures.__all__) == {"dcgan", "mlp", "resnet"}


@pytest.mark.parametrize(
    "policy", ["mixed_bfloat16", pytest.param("mixed_float16", marks=pytest.mark.slow)]
)
def test_a_mixed_precision_generator_is_exported_in_float32_and_the_difference_is_reported(
    tmp_path, policy
):
    keras.config.set_dtype_policy(policy)
    gan = players.gan(10)
    result = gan.export(tmp_path / "generator.tflite", "litert")
    assert result.max_difference <= 1e-5
    assert 0 < result.max_difference_of_original < 0.1
    assert gan.averaged_generator.layers[3].compute_dtype != "float32"


@pytest.mark.usefixtures("_drawn_here")
def test_values_beyond_one_are_compared_by_their_size(tmp_path):
    latents = keras.Input((4,), name="latents")
    generator = keras.Model(latents, layers.Rescaling(1e4)(layers.Dense(2)(latents)))
    kgan.export(generator, tmp_path / "g.tflite", "litert")


@pytest.mark.usefixtures("_drawn_here")
def test_a_float32_generator_has_no_other_original(tmp_path):
    result = players.gan().export(tmp_path / "generator.onnx", "onnx")
    assert result.max_difference_of_original is None


# What is wrong


@pytest.mark.usefixtures("_drawn_here")
def test_an_export_that_draws_something_else_fails_and_leaves_nothing(tmp_path):
    generator, _ = players.networks()
    with pytest.raises(exports.ExportError, match=r"does not draw what.*allowed is min_psnr=200"):
        kgan.export(
            generator, tmp_path / "new" / "g.tflite", "litert", quantize="int8", min_psnr=200
        )
    assert contents(tmp_path / "new") == []


@pytest.mark.usefixtures("_drawn_here")
def test_a_converter_that_changes_the_generator_is_caught(tmp_path, monkeypatch):
    generator, _ = players.networks()

    def negative(source, path, **options):
        inverted = keras.Model(generator.inputs, -generator.outputs[0])
        litert_write(exports.Source(inverted), path, **options)

    litert_write = litert.write
    wrong = exporting.Format(negative, suffix=".tflite")
    monkeypatch.setitem(exports.FORMATS, "litert", wrong)
    with pytest.raises(exports.ExportError, match="the largest difference is"):
        kgan.export(shake(generator), tmp_path / "g.tflite", "litert")
    assert contents(tmp_path) == []


@pytest.mark.parametrize("quantize", ["none", "int8"])
def test_weights_that_are_not_finite_are_not_exported(tmp_path, quantize):
    generator, _ = players.networks()
    generator.set_weights([weight * np.nan for weight in generator.get_weights()])
    with pytest.raises(exports.ExportError, match="The generator itself draws numbers"):
        kgan.export(generator, tmp_path / "g.tflite", "litert", quantize=quantize)
    assert contents(tmp_path) == []


@pytest.mark.usefixtures("_drawn_here")
@pytest.mark.parametrize("format", ["litert", "onnx"])
def test_a_generator_of_high_contrast_passes_the_default_bounds(tmp_path, format):
    generator, _ = kgan.architectures.dcgan((64, 64, 3), 16, width=16)
    *hidden, kernel, bias = shake(generator).get_weights()
    generator.set_weights([*hidden, 1000 * kernel, bias])  # Most pixels are black or white.
    result = kgan.export(generator, tmp_path / f"g{exports.FORMATS[format].suffix}", format)
    assert result.psnr > 105
    assert 1e-5 < result.max_difference < 1e-3


def test_a_bound_that_is_given_leaves_the_other_as_it_is(tmp_path):
    proof = exports.Proof(
        path="g.tflite",
        format="litert",
        quantize="int8",
        batch_size=1,
        max_difference=0.5,
        mean_difference=0.1,
        psnr=20.0,
        max_difference_of_original=None,
        frechet_distance_change=None,
        frechet_distance_features=None,
        size_bytes=1,
        sha256="",
        milliseconds={},
        runtime="",
    )
    check = exports.proof.check
    with pytest.raises(exports.ExportError, match=r"allowed is max_difference=1, min_psnr=30\."):
        check(proof, max_difference=1)
    with pytest.raises(exports.ExportError, match=r"allowed is max_difference=0.1, min_psnr=10\."):
        check(proof, max_difference=0.1, min_psnr=10)
    check(proof, min_psnr=10)
    check(proof, max_difference=0.5, min_psnr=20)


def test_a_file_that_its_runtime_cannot_load_is_caught(tmp_path, monkeypatch):
    generator, _ = players.networks()
    broken = exporting.Format(lambda source, path: path.write_bytes(b"TFL3"), suffix=".tflite")
    monkeypatch.setitem(exports.FORMATS, "litert", broken)
    with pytest.raises(exports.ExportError, match="its own runtime does not draw with it: "):
        kgan.export(generator, tmp_path / "g.tflite", "litert")
    assert contents(tmp_path) == []
