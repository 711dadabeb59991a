import errno
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from kgan import files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_complete_beside_its_place_before_it_takes_the_name(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    seen = []
    replace = os.replace

    def watched(source, destination):
        seen.append((source.parent, source.read_bytes(), path.read_bytes()))
        replace(source, destination)

    monkeypatch.setattr(os, "replace", watched)
    files.write_atomically(str(path), b"new")
    assert seen == [(tmp_path, b"new", b"old")]
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(source, destination):
        raise error

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(type(error)):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_the_file_beside_has_the_suffix_of_the_one_that_it_becomes(tmp_path):
    with files.replacing(tmp_path / "gan.keras") as beside:
        assert beside.parent == tmp_path
        assert beside.suffix == ".keras"
        beside.write_bytes(b"weights")
    assert names(tmp_path) == ["gan.keras"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full"), OSError("No space left on device")]
)
def test_a_full_disk_is_said_with_the_path_and_what_is_kept(tmp_path, error):
    path = tmp_path / "file"

    def write():
        with files.replacing(path):
            raise error

    with pytest.raises(
        OSError, match=f"{path} could not be written, .*disk is full; nothing of it"
    ):
        write()
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="what was there before is kept"):
        write()
    assert path.read_bytes() == b"old"


def test_a_link_in_the_way_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    (tmp_path / f"{files.PARTIAL}.file").symlink_to(elsewhere)
    files.write_atomically(tmp_path / "file", b"new")
    assert elsewhere.read_bytes() == b"precious"
    assert (tmp_path / "file").read_bytes() == b"new"


def test_leftovers_of_a_killed_write_are_ignored_and_removed_by_the_next(tmp_path):
    path = tmp_path / "file"
    (tmp_path / f"{files.PARTIAL}.file").write_bytes(b"ha")
    (tmp_path / files.LOCK).write_bytes(b"")
    assert files.is_empty(tmp_path)
    files.write_atomically(path, b"whole")
    assert names(tmp_path) == [".lock", "file"]
    assert not files.is_empty(tmp_path)


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    assert files.is_empty(tmp_path / "none")


def test_a_folder_is_locked_by_one_holder_at_a_time(tmp_path):
    folder = tmp_path / "deep" / "run"
    for _ in range(2):
        with files.held(folder):
            with pytest.raises(BlockingIOError, match=r"deep/run is in use"), files.held(folder):
                pass
            assert files.is_empty(folder)


def test_an_error_releases_the_lock_on_a_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt), files.held(tmp_path):
        raise KeyboardInterrupt
    with files.held(tmp_path):
        pass


def test_a_lock_held_by_another_process_ends_when_that_process_is_killed(tmp_path):
    program = f"""
        import importlib.util, time
        spec = importlib.util.spec_from_file_location("files", {files.__file__!r})
        files = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(files)
        with files.held({str(tmp_path)!r}):
            print("held", flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError), files.held(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with files.held(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    refused = pytest.raises(OSError, match=r"file/run cannot be written to: Not a directory")
    with refused, files.held(tmp_path / "file" / "run"):
        pass
