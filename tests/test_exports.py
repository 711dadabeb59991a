"""Exports, each loaded again by its own runtime: what they draw, and what they leave behind."""

import errno
import hashlib
import io
import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import PIL.Image
import players
import pytest
import tensorflow as tf

import kgan
from kgan import exports, files, images
from kgan.exports import exporting, litert, proof, source, subpixel, warm_up

layers = keras.layers
DIGITS = kgan.datasets.digits().samples[:100]


def network(*rest, size=16, shape=(4, 4, 1), name="net"):
    """A generator of 4 latents, whose last layers are given."""
    latents = keras.Input((4,), name="latents")
    x = layers.Reshape(shape)(layers.Dense(size)(latents))
    for layer in rest:
        x = layer(x)
    return keras.Model(latents, x, name=name)


def shake(model, seed=0):
    """Gives biases, and all of BatchNormalization, the values that training might."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if "variance" in weight.path or "gamma" in weight.path:
            weight.assign(random.uniform(0.5, 2, weight.shape))
        elif len(weight.shape) == 1:
            weight.assign(random.normal(size=weight.shape))
    return model


def contents(folder):
    """The names of what is in a folder, but for the lock of those that write its page."""
    return sorted(path.name for path in pathlib.Path(folder).iterdir() if path.suffix != ".lock")


# The same pictures


@pytest.mark.parametrize("num_classes", [None, 10], ids=["plain", "conditional"])
@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("mlp", {"image_shape": (8, 8, 1), "generator_units": (16,), "discriminator_units": (8,)}),
        ("dcgan", {"image_shape": (8, 8, 1), "width": 8}),
        ("dcgan", {"image_shape": (28, 28, 1), "width": 8}),
        ("dcgan", {"image_shape": (32, 32, 3), "width": 8}),
    ],
    ids=["mlp", "dcgan 8", "dcgan 28", "dcgan 32"],
)
@pytest.mark.parametrize("format", ["litert", "onnx"])
def test_every_architecture_is_drawn_with_to_five_digits(
    tmp_path, format, architecture, options, num_classes
):
    make = getattr(kgan.architectures, architecture)
    generator, _ = make(latent_dim=6, num_classes=num_classes, **options)
    path = tmp_path / f"generator{exports.FORMATS[format].suffix}"
    result = kgan.export(shake(generator), path, format)
    assert result.max_difference <= 1e-5
    assert result.size_bytes == path.stat().st_size
    assert result.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("num_classes", [None, 3], ids=["plain", "conditional"])
def test_a_saved_model_draws_the_same(tmp_path, num_classes):
    generator, _ = kgan.architectures.dcgan((28, 28, 1), 6, width=8, num_classes=num_classes)
    assert kgan.export(shake(generator), tmp_path / "1").max_difference <= 1e-5


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


def test_reference_images_of_another_shape_are_refused_before_training(tmp_path):
    gan = players.gan()
    callback = kgan.callbacks.ExportGenerator(tmp_path, reference_images=np.zeros((64, 4, 4, 1)))
    with pytest.raises(ValueError, match="`reference_images` must be at least 64 images like"):
        gan.fit(players.dataset(), verbose=0, callbacks=[callback])
    assert int(gan.step) == 0


def test_with_labels_and_no_rounding_the_distance_to_real_images_is_the_same(tmp_path):
    generator, _ = kgan.architectures.mlp((8, 8, 1), 16, generator_units=(16,), num_classes=10)
    real = kgan.datasets.digits().samples[:100]
    result = kgan.export(shake(generator), tmp_path / "g.onnx", "onnx", reference_images=real)
    assert result.frechet_distance_change == pytest.approx(0, abs=1e-3)
    assert result.frechet_distance_features == "raw"


def test_every_architecture_has_been_exported():
    assert set(kgan.architectures.__all__) == {"dcgan", "mlp"}


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_mixed_generator_is_exported_in_float32_and_the_difference_to_it_is_said(
    tmp_path, policy
):
    keras.config.set_dtype_policy(policy)
    gan = players.gan(10)
    result = gan.export(tmp_path / "generator.tflite", "litert")
    assert result.max_difference <= 1e-5
    assert 0 < result.max_difference_of_original < 0.1
    assert gan.averaged_generator.layers[3].compute_dtype != "float32"


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


def test_values_beyond_one_are_compared_by_their_size(tmp_path):
    latents = keras.Input((4,), name="latents")
    generator = keras.Model(latents, layers.Rescaling(1e4)(layers.Dense(2)(latents)))
    kgan.export(generator, tmp_path / "g.tflite", "litert")


def test_a_float32_generator_has_no_other_original(tmp_path):
    result = players.gan().export(tmp_path / "generator.onnx", "onnx")
    assert result.max_difference_of_original is None


@pytest.mark.parametrize("num_classes", [None, 10], ids=["plain", "conditional"])
@pytest.mark.parametrize(
    ("quantize", "size"), [("float16", 0.55), ("dynamic", 0.35), ("int8", 0.35)]
)
def test_fewer_bits_are_smaller_and_near(tmp_path, quantize, size, num_classes):
    generator, _ = kgan.architectures.dcgan(
        (28, 28, 1), latent_dim=16, width=16, num_classes=num_classes
    )
    whole = kgan.export(shake(generator), tmp_path / "whole.tflite", "litert")
    small = kgan.export(generator, tmp_path / "small.tflite", "litert", quantize=quantize)
    assert small.size_bytes < size * whole.size_bytes
    assert small.psnr > 30
    assert small.max_difference > whole.max_difference


def test_a_gan_tells_what_its_inputs_are_like(tmp_path):
    gan = players.gan(10, latent_distribution="uniform")
    gan.class_counts.assign(np.arange(10))
    exports.export_into(gan, tmp_path, "onnx")
    latents, labels = json.loads((tmp_path / "export.json").read_text())["generator.onnx"]["inputs"]
    assert latents["distribution"] == "uniform"
    np.testing.assert_allclose(labels["class_frequencies"], np.arange(10) / 45, atol=1e-6)


def test_the_averaged_generator_is_what_is_exported(tmp_path):
    gan = players.gan()
    gan.generator.set_weights([0 * weight for weight in gan.generator.get_weights()])
    gan.export(tmp_path / "generator.onnx", "onnx")
    expected = gan.generate(64, seed=proof.SEED)
    assert np.abs(expected).max() > 0
    latents = source.source_of(gan.averaged_generator).inputs(64, proof.SEED)[0].numpy()
    drawn, _ = proof._draw(tmp_path / "generator.onnx", "onnx", {"latents": latents})
    np.testing.assert_allclose(drawn, expected, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 5, None])
@pytest.mark.parametrize("format", ["litert", "onnx"])
def test_a_batch_is_of_one_size_or_of_any(tmp_path, format, batch_size):
    path = tmp_path / f"generator{exports.FORMATS[format].suffix}"
    result = players.gan(10).export(path, format, batch_size=batch_size)
    assert set(result.milliseconds) == ({"1", "32"} if batch_size is None else {str(batch_size)})
    described = json.loads(path.with_name(f"{path.name}.json").read_text())
    assert [part["shape"][0] for part in described["inputs"]] == [batch_size] * 2


# Transposed convolutions


@pytest.mark.parametrize(
    ("kernel_size", "strides", "options"),
    [
        (4, 2, {"padding": "same"}),
        (4, 2, {"padding": "same", "output_padding": 1}),
        (3, 2, {"padding": "same", "use_bias": False}),
        (5, 2, {"padding": "same", "activation": "relu"}),
        (5, 3, {"padding": "same"}),
        (2, 2, {"padding": "valid"}),
        (4, 3, {"padding": "valid", "output_padding": 1}),
        (5, 3, {"padding": "valid", "output_padding": 2}),
        (2, 3, {"padding": "valid"}),
        ((4, 3), 2, {"padding": "same"}),
    ],
)
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("split", [False, True])
def test_a_transposed_convolution_is_convolutions_and_a_depth_to_space(
    monkeypatch, kernel_size, strides, options, normalized, split
):
    monkeypatch.setattr(subpixel, "LEAST_FILTERS", 1)
    up = layers.Conv2DTranspose(3, kernel_size, strides, **options)
    rest = [layers.BatchNormalization(epsilon=0.1), layers.LeakyReLU()] if normalized else []
    model = shake(network(up, *rest, size=40, shape=(4, 5, 2)))
    found = check_rewritten(model, split)
    assert "Conv2DBackpropInput" not in found
    assert ("Rsqrt" in found) == (normalized and "activation" in options)  # Not folded.
    assert found.count("Conv2D") == (strides**2 if split else 1)


def check_rewritten(model, split=True):
    """Compares a model with what it is rewritten to; returns the operations of that."""
    draw = subpixel.rewritten(model, split)
    latents = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    np.testing.assert_allclose(draw(latents), model(latents), rtol=1e-5, atol=1e-5)
    traced = tf.function(draw).get_concrete_function(tf.TensorSpec((1, 4)))
    return [operation.type for operation in traced.graph.get_operations()]


def test_what_is_no_plain_strided_transposed_convolution_stays():
    rest = [
        layers.Conv2DTranspose(2, 3, 1, padding="same"),
        layers.Conv2DTranspose(2, 4, (2, 1), padding="same"),
        layers.Conv2DTranspose(2, 3, 1, padding="same", dilation_rate=2),
    ]
    assert check_rewritten(network(*rest)).count("Conv2DBackpropInput") == 3


def up(**options):
    return layers.Conv2DTranspose(2, 4, 2, padding="same", **options)


def test_an_activation_over_channels_sees_the_pixels_own(monkeypatch):
    monkeypatch.setattr(subpixel, "LEAST_FILTERS", 1)
    for split in (False, True):
        check_rewritten(network(up(activation="softmax")), split)


def branched(latents, x):
    return keras.Model(latents, layers.Add()([x, layers.BatchNormalization()(x)]))


def truncated(latents, x):
    keras.Model(latents, layers.ReLU()(layers.BatchNormalization()(x)))
    return keras.Model(latents, x)


def inner(latents, x):
    return keras.Model(latents, layers.ReLU()(layers.BatchNormalization()(x)))


@pytest.mark.parametrize("build", [branched, truncated, inner])
def test_only_what_follows_alone_and_in_this_model_is_folded(build):
    latents = keras.Input((4,), name="latents")
    x = up()(layers.Reshape((4, 4, 1))(layers.Dense(16)(latents)))
    model = shake(build(latents, x))
    found = check_rewritten(model)
    assert ("Rsqrt" in found) == (build is branched)
    outer = keras.Model(latents, layers.Rescaling(2.0)(model(latents)))
    check_rewritten(outer)


def test_layers_that_are_used_twice_stay():
    latents = keras.Input((4,), name="latents")
    leaky, twice = layers.LeakyReLU(0.5), layers.Conv2DTranspose(1, 4, 2, padding="same")
    x = leaky(layers.Dense(16)(latents))
    x = leaky(twice(twice(layers.Reshape((4, 4, 1))(x))))
    found = check_rewritten(shake(keras.Model(latents, leaky(up()(x)))))
    assert found.count("Conv2DBackpropInput") == 2


def test_other_layers_need_no_config():
    class Mine(layers.Layer):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def call(self, x, training=True):
            return x * (0 if training else self.factor)

    latents = keras.Input((4,), name="latents")
    x = layers.Lambda(lambda x: x + 1)(layers.Reshape((4, 4, 1))(layers.Dense(16)(latents)))
    model = keras.Model(latents, Mine(3.0)(up()(x)))
    draw = subpixel.rewritten(model)
    inputs = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    expected = model(inputs, training=False)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(draw(inputs), expected, rtol=1e-5, atol=1e-5)


def test_a_sequential_generator_is_exported_too(tmp_path):
    rest = [layers.Reshape((4, 4, 4)), layers.Conv2DTranspose(1, 4, 2, padding="same")]
    model = keras.Sequential([keras.Input((4,)), layers.Dense(64), *rest])
    assert kgan.export(model, tmp_path / "g.tflite", "litert").max_difference <= 1e-5


# SavedModel


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A conditional GAN, and its SavedModel as TensorFlow loads it."""
    keras.config.set_dtype_policy("float32")
    gan = players.gan(10)
    gan.class_counts.assign(np.arange(10))
    path = tmp_path_factory.mktemp("served") / "1"
    gan.export(path)
    return gan, tf.saved_model.load(str(path)), path


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


def test_each_seed_gives_its_sample_whatever_it_is_drawn_with(served):
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


def test_the_warm_up_requests_are_what_the_servers_protocol_buffers_parse(served):
    prediction_log = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    _, loaded, path = served
    answered = []
    for record in tf.data.TFRecordDataset(str(path / warm_up.PATH)):
        request = prediction_log.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {name: tf.make_ndarray(part) for name, part in request.inputs.items()}
        signature = loaded.signatures[request.model_spec.signature_name]
        for name, spec in signature.structured_input_signature[1].items():
            assert inputs[name].dtype == spec.dtype.as_numpy_dtype
        signature(**{name: tf.constant(part) for name, part in inputs.items()})
        answered.append(request.model_spec.signature_name)
    assert answered == ["serving_default", "sample_seeds", "png"]


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


# Names and versions


def test_versions_are_numbered_on_and_older_ones_stay(tmp_path):
    generator, _ = players.networks()
    (tmp_path / "generator" / "7").mkdir(parents=True)
    (tmp_path / "generator" / "7" / "mine").write_text("kept")
    first = exports.export_into(generator, tmp_path)
    assert first.path == str(tmp_path / "generator" / "8")
    assert contents(tmp_path / "generator") == ["7", "8"]
    assert (tmp_path / "generator" / "7" / "mine").read_text() == "kept"


def test_files_are_numbered_on_and_one_page_holds_all_proofs(tmp_path):
    generator, _ = players.networks()
    for options in [{}, {"quantize": "int8"}, {}]:
        exports.export_into(generator, tmp_path, "litert", **options)
    names = ["generator.tflite", "generator_2.tflite", "generator_int8.tflite"]
    described = [f"{name}.json" for name in names]
    assert contents(tmp_path) == sorted(["export.json", *names, *described])
    page = json.loads((tmp_path / "export.json").read_text())
    assert list(page) == names
    for name in names:
        digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert page[name]["proof"]["sha256"] == digest


EXPORTER = """
import sys, keras, kgan
kgan.exports.export_into(keras.models.load_model(sys.argv[1]), sys.argv[2], sys.argv[3])
"""


@pytest.mark.slow
def test_two_processes_that_export_at_once_make_two_versions(tmp_path):
    players.networks()[0].save(tmp_path / "generator.keras")
    formats = ["tf_saved_model", "tf_saved_model", "litert"]
    arguments = [sys.executable, "-c", EXPORTER, str(tmp_path / "generator.keras"), str(tmp_path)]
    processes = [
        subprocess.Popen([*arguments, format], stderr=subprocess.PIPE) for format in formats
    ]
    for process in processes:
        _, said = process.communicate()
        assert process.returncode == 0, said[-2000:]
    page = json.loads((tmp_path / "export.json").read_text())
    assert sorted(page) == ["generator.tflite", "generator/1", "generator/2"]
    for name in ("generator/1", "generator/2"):
        tf.saved_model.load(str(tmp_path / name))


@pytest.mark.parametrize("format", ["tf_saved_model", "litert"])
def test_two_exports_within_each_other_become_two(tmp_path, monkeypatch, format):
    generator, _ = players.networks()
    prove = proof.prove
    others = []

    def meanwhile(*arguments, **options):
        monkeypatch.setattr(proof, "prove", prove)
        others.append(exports.export_into(generator, tmp_path, format))
        return prove(*arguments, **options)

    monkeypatch.setattr(proof, "prove", meanwhile)
    result = exports.export_into(generator, tmp_path, format)
    paths = [others[0].path, result.path]
    names = {"tf_saved_model": ["1", "2"], "litert": ["generator.tflite", "generator_2.tflite"]}
    assert [pathlib.Path(path).name for path in paths] == names[format]
    assert len(json.loads((tmp_path / "export.json").read_text())) == 2


# A client


CLIENT = """
import json, sys
for name in ("kgan", "keras", "tensorflow", "PIL"):
    sys.modules[name] = None
import numpy as np
from ai_edge_litert.interpreter import Interpreter

about = json.load(open(sys.argv[1] + ".json"))
random = np.random.default_rng(0)
inputs = {}
for part in about["inputs"]:
    if part["name"] == "latents":
        assert part["distribution"] == "normal"
        inputs["latents"] = random.normal(size=part["shape"]).astype(part["dtype"])
    else:
        label = part["class_names"].index("seven")
        inputs[part["name"]] = np.full(part["shape"], label, part["dtype"])
draw = Interpreter(sys.argv[1]).get_signature_runner(about["signature"])
(output,) = about["outputs"]
image = draw(**inputs)[output["name"]]
assert list(image.shape) == output["shape"]
low, high = output["range"]
np.save(sys.argv[2], np.round((image[0] - low) / (high - low) * 255).astype("uint8"))
"""


def test_what_is_written_beside_a_file_is_enough_to_draw(tmp_path):
    gan = players.gan(10)
    path = tmp_path / "generator.tflite"
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    for weight in gan.averaged_generator.weights:
        if "embedding" in weight.path:
            weight.assign(40 * weight)  # So that one sees which label it was.
    gan.export(path, "litert", class_names=names)
    command = [sys.executable, "-c", CLIENT, str(path), str(tmp_path / "image.npy")]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    latents = np.random.default_rng(0).normal(size=(1, players.LATENT_DIM)).astype("float32")
    images_of = [images.to_uint8(gan([latents, np.array([i])]))[0].astype(int) for i in range(10)]
    apart = [np.abs(np.load(tmp_path / "image.npy") - image).max() for image in images_of]
    assert apart[7] <= 1
    assert min(apart[:7] + apart[8:]) > 5


# What is wrong


def test_an_export_that_draws_something_else_fails_and_leaves_nothing(tmp_path):
    generator, _ = players.networks()
    with pytest.raises(exports.ExportError, match=r"does not draw what.*allowed is min_psnr=200"):
        kgan.export(
            generator, tmp_path / "new" / "g.tflite", "litert", quantize="int8", min_psnr=200
        )
    assert contents(tmp_path / "new") == []


def test_a_converter_that_is_wrong_is_found_out(tmp_path, monkeypatch):
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


@pytest.mark.parametrize("format", ["litert", "onnx"])
def test_a_generator_of_much_contrast_is_exported_by_default(tmp_path, format):
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


def test_a_file_that_its_runtime_cannot_load_is_found_out(tmp_path, monkeypatch):
    generator, _ = players.networks()
    broken = exporting.Format(lambda source, path: path.write_bytes(b"TFL3"), suffix=".tflite")
    monkeypatch.setitem(exports.FORMATS, "litert", broken)
    with pytest.raises(exports.ExportError, match="its own runtime does not draw with it: "):
        kgan.export(generator, tmp_path / "g.tflite", "litert")
    assert contents(tmp_path) == []


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    generator, _ = players.networks()
    for name in ("write_atomically", "sync"):
        monkeypatch.setattr(files, name, full)
        with pytest.raises(OSError, match="No space left"):
            kgan.export(generator, tmp_path / "g.tflite", "litert")
        assert contents(tmp_path) == []


def test_a_disk_that_tensorflow_finds_full_is_full_like_any_other(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(OSError, match="No space left on device"):
        kgan.export(players.networks()[0], tmp_path / "1")
    assert contents(tmp_path) == []


@pytest.mark.parametrize(
    ("filepath", "options", "error", "message"),
    [
        ("g.tflite", {"format": "lite_rt"}, ValueError, "Did you mean 'litert'"),
        (
            "g.tflite",
            {"format": "litert", "quantize": "int4"},
            ValueError,
            "`quantize` must be one of .* Did you mean 'int8'",
        ),
        (
            "g.tfl",
            {"format": "litert"},
            ValueError,
            "a file that ends in .tflite for format='litert'",
        ),
        ("g.tflite", {}, ValueError, "`filepath` must be a folder for format='tf_saved_model'"),
        ("here", {}, FileExistsError, "here exists, and is left as it is"),
        ("g.onnx", {"format": "onnx", "quantize": "int8"}, TypeError, "`quantize` is no option of"),
        ("1", {"batch_size": 3}, TypeError, "`batch_size` is no option of format='tf_saved_model'"),
        ("g.onnx", {"format": "onnx", "batch_size": 0}, ValueError, "`batch_size` must be an int"),
        (
            "g.tflite",
            {"format": "litert", "quantize": "int8", "calibration_samples": 8},
            ValueError,
            "must be an integer of at least 32.*Received: calibration_samples=8",
        ),
        (
            "1",
            {"latent_distribution": "cauchy"},
            ValueError,
            "`latent_distribution` must be one of",
        ),
        ("1", {"class_names": ["a"]}, ValueError, "an entry for each of the generator's 0 classes"),
        (
            "1",
            {"reference_images": np.zeros((100, 4, 4, 1))},
            ValueError,
            r"`reference_images` must be at least 64 images like.*shape \(100, 4, 4, 1\)",
        ),
        ("1", {"reference_images": DIGITS[:9]}, ValueError, "`reference_images` must be at least"),
        (
            "1",
            {"reference_images": DIGITS, "features": "mnist"},
            ValueError,
            "The features 'mnist' are of samples of 28×28×1",
        ),
    ],
)
def test_what_cannot_be_exported_is_said_before_anything_is_done(
    tmp_path, monkeypatch, filepath, options, error, message
):
    generator, _ = players.networks()
    (tmp_path / "here").mkdir()
    monkeypatch.setattr(proof, "prove", lambda *arguments, **options: pytest.fail("It was made."))
    with pytest.raises(error, match=message):
        kgan.export(generator, tmp_path / filepath, **options)
    assert contents(tmp_path) == ["here"]


def test_an_extra_that_is_missing_is_named(tmp_path, monkeypatch):
    generator, _ = players.networks()
    missing = exporting.Format(None, suffix=".onnx", modules=("nowhere_to_be_found",), extra="onnx")
    monkeypatch.setitem(exports.FORMATS, "onnx", missing)
    message = r"needs nowhere_to_be_found: pip install 'kgan\[onnx\]'"
    with pytest.raises(ImportError, match=message):
        kgan.export(generator, tmp_path / "g.onnx", "onnx")
    with pytest.raises(ImportError, match=message):
        kgan.callbacks.ExportGenerator(tmp_path, ["onnx"])


def test_a_subclassed_generator_is_refused_with_what_to_do(tmp_path):
    class Mine(keras.Model):
        def call(self, latents):
            return latents

    with pytest.raises(TypeError, match=r"keras\.Model\(latents, generator\(latents\)\)"):
        kgan.export(Mine(), tmp_path / "1")
    latents = keras.Input((3,), name="latents")
    wrapped = keras.Model(latents, Mine()(latents))
    assert kgan.export(wrapped, tmp_path / "1").max_difference == 0


def test_an_operation_that_litert_lacks_is_named_with_its_layer_and_what_to_use(tmp_path):
    up = layers.Conv2DTranspose(3, 3, padding="same", dilation_rate=2, name="dilated")
    with pytest.raises(ValueError, match=r"no operation Conv2DBackpropInput.*of layer 'dilated'"):
        kgan.export(network(up), tmp_path / "g.tflite", "litert")
    with pytest.raises(ValueError, match=r"Use Conv2DTranspose without dilation"):
        kgan.export(network(up), tmp_path / "g.tflite", "litert")
    assert contents(tmp_path) == []


# Callback


def test_the_callback_exports_when_training_ends_and_in_between(tmp_path):
    gan = players.gan()
    callback = kgan.callbacks.ExportGenerator(
        tmp_path, ["tf_saved_model", "litert"], every_epochs=2, quantize=["none", "float16"]
    )
    gan.fit(players.dataset(), epochs=3, verbose=0, callbacks=[callback])
    assert contents(tmp_path / "generator") == ["1", "2"]
    names = ["generator", "generator_2", "generator_float16", "generator_float16_2"]
    assert [path.stem for path in sorted(tmp_path.glob("*.tflite"))] == names
    assert len(callback.proofs) == 6
    loaded = tf.saved_model.load(str(tmp_path / "generator" / "2"))
    drawn = loaded.signatures["sample"](num_samples=tf.constant(4), seed=tf.constant(3, "int64"))
    np.testing.assert_allclose(drawn["images"], gan.generate(4, seed=3), atol=1e-5)


def test_the_callback_exports_nothing_where_nothing_was_trained(tmp_path):
    data = players.dataset()
    for _ in range(2):
        callback = kgan.callbacks.ExportGenerator(tmp_path / "exports", ["litert"])
        backup = kgan.callbacks.BackupAndRestore(tmp_path / "backup")
        players.gan().fit(data, epochs=1, verbose=0, callbacks=[backup, callback])
    assert contents(tmp_path / "exports") == [
        "export.json",
        "generator.tflite",
        "generator.tflite.json",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": ["tflite"]}, "`format` must be one of .*Did you mean"),
        ({"quantize": ["int8"]}, "`quantize` is of the format 'litert'"),
        ({"formats": ["litert"], "quantize": ["int4"]}, "Did you mean 'int8'"),
        ({"every_epochs": 0}, "`every_epochs` must be an integer of at least 1"),
    ],
)
def test_what_the_callback_cannot_export_is_said_when_it_is_made(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        kgan.callbacks.ExportGenerator(tmp_path, **options)
