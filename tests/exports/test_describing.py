"""The files written next to an export."""

import json
import subprocess
import sys

import numpy as np
import players
import pytest

from kgan import exports, images


@pytest.mark.usefixtures("_drawn_here")
def test_an_export_describes_the_inputs_of_its_gan(tmp_path):
    gan = players.gan(10, latent_distribution="uniform")
    gan.class_counts.assign(np.arange(10))
    exports.export_into(gan, tmp_path, "onnx")
    latents, labels = json.loads((tmp_path / "export.json").read_text())["generator.onnx"]["inputs"]
    assert latents["distribution"] == "uniform"
    np.testing.assert_allclose(labels["class_frequencies"], np.arange(10) / 45, atol=1e-6)


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


@pytest.mark.usefixtures("_drawn_here")
def test_the_description_beside_a_file_is_enough_to_draw(tmp_path):
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
