"""Exports: where they go, what is refused, and that a failure leaves nothing behind."""

import errno
import hashlib
import json
import pathlib
import subprocess
import sys

import numpy as np
import players
import pytest
import tensorflow as tf
from generators import contents

import kgan
from kgan import exports, files
from kgan.exports import exporting, proof

DIGITS = kgan.datasets.digits().samples[:100]


# Names and versions


@pytest.mark.usefixtures("_drawn_here")
def test_a_new_version_gets_the_next_number_and_older_ones_stay(tmp_path):
    generator, _ = players.networks()
    (tmp_path / "generator" / "7").mkdir(parents=True)
    (tmp_path / "generator" / "7" / "mine").write_text("kept")
    first = exports.export_into(generator, tmp_path)
    assert first.path == str(tmp_path / "generator" / "8")
    assert contents(tmp_path / "generator") == ["7", "8"]
    assert (tmp_path / "generator" / "7" / "mine").read_text() == "kept"


@pytest.mark.usefixtures("_drawn_here")
def test_new_files_get_the_next_number_and_one_page_holds_all_proofs(tmp_path):
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


@pytest.mark.usefixtures("_drawn_here")
@pytest.mark.parametrize("format", ["tf_saved_model", "litert"])
def test_overlapping_exports_get_different_names(tmp_path, monkeypatch, format):
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


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    generator, _ = players.networks()
    for name in ("write_atomically", "sync"):
        monkeypatch.setattr(files, name, full)
        with pytest.raises(OSError, match="No space left"):
            kgan.export(generator, tmp_path / "g.tflite", "litert")
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
def test_impossible_exports_are_refused_before_anything_is_done(
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
    missing = exporting.Format(
        None, suffix=".onnx", modules=("nowhere_to_be_found",), packages="this that", extra="onnx"
    )
    monkeypatch.setitem(exports.FORMATS, "onnx", missing)
    message = r"needs nowhere_to_be_found: pip install this that; .* pip install '\.\[onnx\]'"
    with pytest.raises(ImportError, match=message):
        kgan.export(generator, tmp_path / "g.onnx", "onnx")
    with pytest.raises(ImportError, match=message):
        kgan.callbacks.ExportGenerator(tmp_path, ["onnx"])
