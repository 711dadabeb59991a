"""What the folder of a run holds, and how it is found again."""

import dataclasses
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform

import keras
import tensorflow as tf

from kgan.images import write_atomically


class RunError(Exception):
    """A folder is not what was hoped for; the message says what it is, and what to do."""


@dataclasses.dataclass(frozen=True)
class Run:
    """The folder of a run.

    Args:
        folder: where; nothing else knows the names of the files in it.
    """

    folder: pathlib.Path

    @property
    def description(self):
        """What was asked, with which versions: JSON, and the mark of a run's folder."""
        return self.folder / "run.json"

    @property
    def model(self):
        """The trained GAN, whole; it is there when training has ended."""
        return self.folder / "gan.keras"

    @property
    def samples(self):
        """The pictures of `SampleGrid`."""
        return self.folder / "samples"

    @property
    def log(self):
        """The logs of every epoch, of `keras.callbacks.CSVLogger`."""
        return self.folder / "log.csv"

    @property
    def history(self):
        """The training curves, as a figure."""
        return self.folder / "history.png"

    def begin(self, asked):
        """Writes down what was asked, with which versions, and when."""
        versions = {"python": platform.python_version(), "tensorflow": tf.__version__}
        description = {
            "asked": asked,
            "versions": versions | {"keras": keras.__version__, "kgan": _kgan_version()},
            "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        write_atomically(self.description, json.dumps(description, indent=2).encode() + b"\n")

    def save(self, gan):
        """Writes the GAN beside its place, and renames it."""
        beside = self.folder / ".partial.gan.keras"
        gan.save(beside)
        os.replace(beside, self.model)


def at(folder, asked):
    """The run in `folder`, new or the same again. Nothing is written.

    Args:
        folder: where the run is to be.
        asked: a dict of what was asked for, as JSON can hold it.

    Returns:
        A `Run`; it has ended already if `run.model` exists.

    Raises:
        RunError: if the folder holds something else, or a run of which other things were asked.
    """
    run = Run(pathlib.Path(folder).expanduser())
    if run.description.is_file():
        _check_same(run, json.loads(run.description.read_text())["asked"], asked)
    elif run.folder.exists() and (not run.folder.is_dir() or any(run.folder.iterdir())):
        raise RunError(
            f"{run.folder} holds something else than a run of kgan (there is no "
            f"{run.description.name}). Nothing was touched; choose another --output."
        )
    return run


def _kgan_version():
    return importlib.metadata.version("kgan")


def _check_same(run, before, now):
    differing = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if differing:
        lines = "".join(f"\n  {n}: {before.get(n)!r} there, {now.get(n)!r} now" for n in differing)
        raise RunError(
            f"{run.folder} holds a run of which something else was asked:{lines}\n"
            "Nothing was touched; ask for the same, or choose another --output."
        )


def find(path):
    """The GAN of a run, by the run's folder or the path of a .keras file.

    Raises:
        RunError: if there is none.
    """
    path = pathlib.Path(path).expanduser()
    model = Run(path).model if path.is_dir() else path
    if not model.is_file():
        found = "no such file or folder" if not path.exists() else f"no {model.name} in it"
        raise RunError(
            f"{path} is not a trained run ({found}). `kgan train --output {path}` makes one."
        )
    return keras.models.load_model(model)
