"""Files of LiteRT in a real browser: they draw there what Keras draws here."""

import importlib.util

import browsing
import numpy as np
import pytest

import kgan
from kgan.exports import source

missing = [
    name
    for name, there in [
        ("Debian's chromium", browsing.CHROMIUM),
        ("npm install --prefix tests/browser", browsing.RUNTIME.exists()),
        ("pip install playwright", importlib.util.find_spec("playwright")),
    ]
    if not there
]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"it needs {', '.join(missing)}")


@pytest.mark.parametrize(
    ("quantize", "most"), [("none", 1e-4), ("int8", 0.1)], ids=["float32", "int8"]
)
@pytest.mark.parametrize("num_classes", [None, 10], ids=["plain", "conditional"])
def test_a_browser_draws_what_keras_draws(tmp_path, quantize, most, num_classes):
    generator, _ = kgan.architectures.dcgan(
        (28, 28, 1), latent_dim=8, width=8, num_classes=num_classes
    )
    kgan.export(generator, tmp_path / "generator.tflite", "litert", quantize=quantize)
    known = source.source_of(generator)
    inputs = [part.numpy() for part in known.inputs(6, seed=1)]
    named = {spec.name: part.tolist() for spec, part in zip(known.specs(), inputs, strict=True)}
    drawn, asked = browsing.draw(tmp_path, "generator.tflite", named, tmp_path / "page.png")
    expected = generator.predict_on_batch(inputs if num_classes else inputs[0])
    assert np.abs(np.reshape(drawn, expected.shape) - expected).max() <= most
    assert expected.std() > 0.01
    assert all(host.startswith("127.0.0.1:") for host in asked)
    assert (tmp_path / "page.png").stat().st_size > 1000
