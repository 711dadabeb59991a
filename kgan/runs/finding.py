"""The GAN of a run, or of a file from anywhere."""

import contextlib
import os
import pathlib
import warnings

import keras

from kgan import archives, files
from kgan.gan import GAN
from kgan.resumption import backups
from kgan.runs.run import Run, RunError

__all__ = ["find", "of"]


def find(path: str | os.PathLike[str], compiled: bool = True) -> tuple[GAN, pathlib.Path]:
    """The GAN of a run: the trained one, or while it is trained that of its last backup.

    Args:
        path: the run's folder, or a .keras file.
        compiled: whether the GAN is to be compiled as it was saved. Its metrics may then download
            what they measure with.

    Returns:
        The pair of the GAN and the path that it was read from.

    Raises:
        RunError: if there is none, it is a file of another kind, or it is damaged.
    """
    path = pathlib.Path(path).expanduser()
    run = Run(path)
    model = path
    if path.is_dir():
        ended = run.model.exists() and not run.is_being_prolonged()
        model = run.model if ended else backups.find(run.backup) or run.model
    if not model.is_file():
        raise RunError(_what_is_missing(path, run))
    if model.suffix != ".keras":
        raise RunError(
            f"{model} is no .keras file. Needed is a run's folder, or the .keras file of a GAN; an "
            "export, such as a .tflite file, is only the generator, for other runtimes."
        )
    return _load(model, run, compiled), model


def _what_is_missing(path, run):
    """Why there is nothing to load at a path."""
    if not run.description.exists():
        if path.exists() and not files.is_empty(path):
            return f"{path} is not a trained run: there is no {run.model.name} in it."
        found = f"no {run.model.name} in it" if path.exists() else "no such file or folder"
        return f"{path} is not a trained run ({found}). `kgan train --output {path}` makes one."
    if run.has_diverged:
        return (
            f"{path} is a run whose game diverged before its first backup: there is nothing to "
            "draw from. Train another, with a lower --set learning_rate or another --seed."
        )
    if run.is_training():
        return f"{path} is being trained, and has no backup yet: the first comes within a minute."
    return (
        f"{path} is a run that was interrupted before its first backup. Start it again with the "
        f"command that began it; {run.description.name} says what that asked for."
    )


def _load(model, run, compiled):
    """The GAN in a file; where it cannot be read, an error that says what else there is."""
    try:
        archives.check_sizes(model)
        gan = keras.models.load_model(model, compile=compiled)
    except Exception as error:  # Keras raises whatever it trips over.
        said = str(error).strip() or type(error).__name__
        missing = next((line for line in said.splitlines() if "Could not locate" in line), None)
        if missing:
            raise RunError(
                f"{model} needs classes or functions of your own, which Keras finds only when they "
                "are registered: import the module that defines them with "
                "@keras.saving.register_keras_serializable(), and load the file in Python with "
                f"keras.models.load_model({str(model)!r}). {missing}"
            ) from error
        raise RunError(
            f"{model} is damaged, or no GAN ({type(error).__name__}: {said}). "
            + _what_is_left(model, run)
        ) from error
    if not isinstance(gan, GAN):
        raise RunError(
            f"{model} holds a {type(gan).__name__} model, and no GAN. If it is a generator alone, "
            "as `kgan export --format keras` writes it, Keras draws with it; here the run's folder "
            "is needed, or its gan.keras."
        )
    return gan


def _what_is_left(model, run):
    """What to do about a file that cannot be read."""
    with warnings.catch_warnings(), contextlib.suppress(ValueError, OSError):
        warnings.simplefilter("ignore")
        backup = backups.find(run.backup)
        if backup and backup != model:
            return (
                f"The backup {backup} is intact: `kgan generate {backup}` draws from it. To have "
                f"{model.name} again, move the damaged file away and start `kgan train` with the "
                "same arguments."
            )
    return (
        "If it is of a run, move it away, and start `kgan train` again with the same arguments: it "
        "trains a new one."
    )


def of(path: str | os.PathLike[str]) -> Run:
    """The run whose folder, or whose file, this is."""
    path = pathlib.Path(path).expanduser()
    return Run(path if path.is_dir() else path.parent)
