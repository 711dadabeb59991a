"""Files that nobody sees half of, and folders that one process at a time writes to."""

import contextlib
import errno
import os
import pathlib
from collections.abc import Iterator

import filelock

__all__ = [
    "LOCK",
    "PARTIAL",
    "check_free",
    "check_writable",
    "held",
    "in_turn",
    "is_empty",
    "move",
    "replacing",
    "sync",
    "write_atomically",
]

# What an interrupted write may leave behind, and what marks a folder as being in use.
PARTIAL, LOCK = ".partial", ".lock"


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes bytes beside `path`, and renames: nobody sees half a file, and none is lost."""
    with replacing(path) as beside:
        beside.write_bytes(content)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Gives a path beside `path`, with the same suffix; what is written there takes its place.

    It is on the disk before it is renamed. If writing fails, what was there stays.
    """
    path = pathlib.Path(path)
    beside = path.with_name(f"{PARTIAL}.{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.unlink(missing_ok=True)  # Left by an interrupted write, or a link.
    try:
        beside.touch(exist_ok=False)
        yield beside
        with open(beside, "rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and _is_full(error):
            kept = "what was there before is kept" if path.exists() else "nothing of it is left"
            raise OSError(
                f"{path} could not be written, as the disk is full; {kept}. Make room, and run the "
                "same again."
            ) from error
        raise


def _is_full(error: OSError) -> bool:
    """Whether there is no room; h5py says so in words alone."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or os.strerror(errno.ENOSPC).lower() in str(error).lower()


def move(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> pathlib.Path:
    """Renames a file or folder on one disk, and gives the new path; takes no other's place.

    Raises:
        FileExistsError: if there is something at `target`, even if it came there just now.
    """
    source, target = pathlib.Path(source), pathlib.Path(target)
    try:
        if source.is_dir():
            os.rename(source, target)  # Fails where there is a folder that is not empty.
        else:
            os.link(source, target)
            source.unlink()
    except OSError:
        if target.exists():
            raise FileExistsError(f"{target} exists, and is left as it is.") from None
        os.rename(source, target)  # A disk that knows no links.
    return target


def sync(path: str | os.PathLike[str]) -> None:
    """Returns when a file, or all files in a folder, are on the disk."""
    path = pathlib.Path(path)
    for file in [path] if path.is_file() else path.rglob("*"):
        if file.is_file():
            with open(file, "rb") as opened:
                os.fsync(opened.fileno())


@contextlib.contextmanager
def held(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Locks a folder, creating it if needed.

    The operating system releases the lock when the process that holds it ends, however it ends.

    Raises:
        BlockingIOError: if another process holds it.
        OSError: if it cannot be written to.
    """
    folder = pathlib.Path(folder)
    lock = filelock.FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise BlockingIOError(
            f"{folder} is in use: another training writes to it. Wait until it ends, stop it, or "
            "choose another folder."
        ) from None
    except OSError as error:
        raise OSError(f"{folder} cannot be written to: {error.strerror or error}.") from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def in_turn(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Waits until no other process is in here with the same folder."""
    with filelock.FileLock(pathlib.Path(folder) / f"{PARTIAL}{LOCK}"):
        yield


def check_free(folder: str | os.PathLike[str]) -> None:
    """Raises where `held` would, and makes no folder.

    Raises:
        BlockingIOError, OSError: as `held`.
    """
    folder = pathlib.Path(folder)
    if folder.exists():
        with held(folder):
            return
    check_writable(folder)


def check_writable(folder: str | os.PathLike[str]) -> None:
    """Raises where a folder cannot be written to, or cannot be made.

    Raises:
        OSError: if so.
    """
    folder = pathlib.Path(folder).absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        made = "written to" if nearest == folder else "made"
        what = "it" if nearest == folder else str(nearest)
        why = "cannot be written to" if nearest.is_dir() else "is a file, not a folder"
        raise OSError(f"{folder} cannot be {made}: {what} {why}.")


def is_empty(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder holds nothing but what interrupted writes left, or is not there."""
    folder = pathlib.Path(folder)
    return not folder.exists() or all(
        path.name == LOCK or path.name.startswith(PARTIAL) for path in folder.iterdir()
    )
