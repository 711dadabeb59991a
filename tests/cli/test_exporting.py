"""`kgan export`."""

import json
import shutil

import pytest
from commands import call, contents, said


@pytest.mark.slow
@pytest.mark.parametrize(
    "apart", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["here", "apart"]
)
def test_export_writes_beside_the_run_what_was_asked_for_and_shows_the_proof(
    run, tmp_path, request, apart
):
    if not apart:
        request.getfixturevalue("_drawn_here")
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    formats = ["--format", "tf_saved_model", "--format", "litert"]
    result = call("export", copy, *formats, "--quantize", "none", "--quantize", "int8")
    assert result.exit_code == 0, result.output
    exported = ["generator/1", "generator.tflite", "generator_int8.tflite"]
    described = json.loads((copy / "export.json").read_text())
    assert sorted(described) == sorted(exported)
    assert all(of["proof"]["frechet_distance_features"] == "digits" for of in described.values())
    assert described["generator_int8.tflite"]["proof"]["frechet_distance_change"] != 0
    words = said(result)
    for part in (*exported, "dB", "32 at once", " ms", "MB", "Fréchet"):
        assert part in words
    before = contents(copy)
    assert call("export", copy).exit_code == 0
    assert (copy / "generator" / "2" / "saved_model.pb").exists()
    after = contents(copy)
    assert all(after[path] == before[path] for path in before if path.name != "export.json")


@pytest.mark.usefixtures("_drawn_here")
def test_export_without_the_data_of_the_run_says_what_is_missing(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    description = json.loads((copy / "run.json").read_text())
    description["asked"]["dataset"] = str(tmp_path / "gone")
    (copy / "run.json").write_text(json.dumps(description))
    result = call("export", copy, "--format", "litert")
    assert result.exit_code == 0, result.output
    assert "cannot be read" in said(result)
    assert "the proof holds no Fréchet distance" in said(result)
    assert "--dataset" not in said(result)  # Which is none of its options.
    proof = json.loads((copy / "export.json").read_text())["generator.tflite"]["proof"]
    assert proof["frechet_distance_change"] is None


@pytest.mark.usefixtures("_drawn_here")
def test_export_accepts_a_file_an_output_folder_and_any_batch_size(run, tmp_path):
    options = ["--format", "onnx", "--batch-size", 0, "--output", tmp_path / "new" / "deep"]
    assert call("export", run / "gan.keras", *options).exit_code == 0
    described = json.loads((tmp_path / "new" / "deep" / "generator.onnx.json").read_text())
    assert described["inputs"][0]["shape"] == [None, 32]
    assert not (run / "export.json").exists()


@pytest.mark.usefixtures("_drawn_here")
def test_export_accepts_bounds_for_its_proof(run, tmp_path):
    options = ["--format", "litert", "--quantize", "int8", "--output", tmp_path]
    result = call("export", run, *options, "--max-difference", 1e-6, "--min-psnr", 20)
    assert result.exit_code == 1
    assert "allowed is --max-difference 1e-06, --min-psnr 20" in said(result)
    assert call("export", run, *options, "--max-difference", 2).exit_code == 0
