"""Files that would fill the memory are not opened."""

import io
import zipfile

import h5py
import numpy as np
import players
import pytest

from kgan import archives, runs


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "gan.keras"
    players.gan().save(path)
    return path


def rewritten(path, change, compression=zipfile.ZIP_STORED):
    """The archive with each entry `(name, bytes)` changed."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, change(name, content))
    return path


def test_what_keras_saves_is_fine(saved):
    archives.check_sizes(saved)


def test_what_was_zipped_again_is_fine(saved):
    rewritten(saved, lambda name, content: content, zipfile.ZIP_DEFLATED)
    archives.check_sizes(saved)


def bomb_in_the_zip(path):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/zeros", bytes(300_000_000))


def bomb_in_the_weights(path):
    def add(name, content):
        if not name.endswith(".h5"):
            return content
        buffer = io.BytesIO(content)
        with h5py.File(buffer, "a") as weights:
            shape = (50_000, 50_000)
            weights.create_dataset("more", shape, "float32", chunks=(1000, 1000), fillvalue=0)
        return buffer.getvalue()

    rewritten(path, add)


@pytest.mark.parametrize("bomb", [bomb_in_the_zip, bomb_in_the_weights])
def test_a_file_that_would_fill_the_memory_is_refused_and_says_so(saved, bomb):
    bomb(saved)
    assert saved.stat().st_size < 3_000_000
    with pytest.raises(ValueError, match="would take .* in memory.*do not open"):
        archives.check_sizes(saved)
    with pytest.raises(runs.RunError, match="would take .* in memory"):
        runs.find(saved)


def test_a_file_that_is_no_archive_is_an_error(tmp_path):
    (tmp_path / "gan.keras").write_bytes(np.random.default_rng(0).bytes(1000))
    with pytest.raises(zipfile.BadZipFile):
        archives.check_sizes(tmp_path / "gan.keras")
