"""Files of LiteRT in a real browser: they draw there what Keras draws here."""

import importlib.util
import pathlib

import browsing
import numpy as np
import pytest
from cells import FOLDER, code_cells

import kgan
from kgan.exports import source

NOTEBOOK = FOLDER / "02_export.ipynb"

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
    ("num_classes", "quantize", "most"),
    [
        pytest.param(10, "none", 1e-4, id="conditional-float32"),
        pytest.param(10, "int8", 0.15, id="conditional-int8", marks=pytest.mark.slow),
        pytest.param(None, "none", 1e-4, id="plain-float32", marks=pytest.mark.slow),
        pytest.param(None, "int8", 0.15, id="plain-int8", marks=pytest.mark.slow),
    ],
)
def test_a_browser_draws_what_keras_draws(tmp_path, num_classes, quantize, most):
    generator, _ = kgan.architectures.dcgan(
        (28, 28, 1), latent_dim=8, width=8, num_classes=num_classes
    )
    for weight in generator.weights:
        weight.assign(3 * weight)  # So that there is something to see.
    kgan.export(generator, tmp_path / "generator.tflite", "litert", quantize=quantize, min_psnr=20)
    known = source.source_of(generator)
    inputs = [part.numpy() for part in known.inputs(6, seed=1)]
    named = {spec.name: part.tolist() for spec, part in zip(known.specs(), inputs, strict=True)}
    drawn, asked = browsing.draw(tmp_path, "generator.tflite", named, tmp_path / "page.png")
    expected = generator.predict_on_batch(inputs if num_classes else inputs[0])
    difference = np.reshape(drawn, expected.shape) - expected
    if quantize == "none":
        assert np.abs(difference).max() <= most
    assert expected.std() > 0.1
    assert difference.std() <= most * expected.std()
    assert all(host.startswith("127.0.0.1:") for host in asked)
    assert (tmp_path / "page.png").stat().st_size > 1000


def test_the_page_of_the_notebook_draws(tmp_path):
    (cell,) = (source for source, _ in code_cells(NOTEBOOK) if 'page = """' in source)
    exec(cell, {"folder": str(tmp_path), "pathlib": pathlib})
    generator, _ = kgan.architectures.dcgan((8, 8, 1), latent_dim=32, width=8, num_classes=10)
    kgan.export(generator, tmp_path / "generator_int8.tflite", "litert", quantize="int8")
    read = "document.getElementById('digit').getContext('2d').getImageData(0, 0, 8, 8).data"
    pixels = browsing.look(tmp_path, f"Array.from({read})", until=f"[...{read}].some(Boolean)")
    assert len(set(pixels[::4])) > 2
    assert set(pixels[3::4]) == {255}
