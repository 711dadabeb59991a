"""How the command speaks: results on stdout, errors in words on stderr."""

import contextlib
import functools
import pathlib
import re
import shlex
import shutil
import sys
import time
import warnings
from collections.abc import Callable

import rich.console
import rich.markup
import rich.status
import tensorflow as tf
import typer

from kgan import exports, runs
from kgan.game.replicas import WorkerLostError
from kgan.gan import GAN

__all__ = [
    "USER_ERRORS",
    "Quiet",
    "command",
    "console",
    "counted",
    "errors",
    "following",
    "open_run",
    "suggest",
    "tell",
]

console = rich.console.Console(emoji=False)
errors = rich.console.Console(emoji=False, stderr=True)

# Makes a context in which what libraries written in C++ say is hidden.
Quiet = Callable[[], contextlib.AbstractContextManager[None]]

# What a user can bring about; anything else is kgan's fault, and shows its traceback.
USER_ERRORS = (
    ValueError,
    OSError,
    ImportError,
    WorkerLostError,
    runs.RunError,
    exports.ExportError,
)


LESS_MEMORY = "Smaller pictures (--image-size), fewer of them, or a smaller --batch-size need less."


def command(function: Callable[..., None]) -> Callable[..., None]:
    """The function, with its errors said in words."""

    @functools.wraps(function)
    def said(*arguments, **options):
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                function(*arguments, **options)
        except USER_ERRORS as error:
            _say(errors, "[bold red]Error:[/]", _in_options(error))
            raise typer.Exit(1) from error
        except (MemoryError, tf.errors.ResourceExhaustedError) as error:
            what = (str(error).splitlines() or [type(error).__name__])[0]
            _say(
                errors, "[bold red]Error:[/]", f"There is not enough memory: {what}. {LESS_MEMORY}"
            )
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            errors.print("Interrupted.")
            raise typer.Exit(130) from None

    return said


def _show_warning(message, *where):
    _say(console, "[yellow]Warning:[/]", message)  # Not on stderr, which TensorFlow is kept from.


def _say(where, kind, message):
    where.print(f"{kind} {rich.markup.escape(str(message))}", soft_wrap=True)


# The options of the command, by the names that arguments have in Python.
OPTIONS = {
    "batch_size": "--batch-size",
    "channels": "--channels",
    "dataset": "--dataset",
    "directory": "--dataset",
    "epochs": "--epochs",
    "features": "--features",
    "freeze": "--freeze",
    "format": "--format",
    "image_shape": "--image-size",
    "image_size": "--image-size",
    "labels": "--labels",
    "length": "--length",
    "max_difference": "--max-difference",
    "measures": "--measures",
    "min_psnr": "--min-psnr",
    "num_samples": "--num-samples",
    "num_seeds": "--seeds",
    "precision": "--precision",
    "quantize": "--quantize",
    "recipe": "--recipe",
    "seed": "--seed",
    "steps": "--steps",
    "truncation": "--truncation",
    "value_range": "--value-range",
    "with_labels": "--conditional",
}


def _in_options(error: Exception) -> str:
    """What an error says, with the options of the command in place of Python's arguments."""

    def named(match: re.Match[str]) -> str:
        return f"`{OPTIONS[match[1]]}`" if match[1] in OPTIONS else match[0]

    def given(match: re.Match[str]) -> str:
        name, value = match.groups()
        pair = re.fullmatch(r"\(([^,]*), ([^,]*)\)", value)  # Two words.
        if name not in OPTIONS or value == "None" or (value[0] == "(" and not pair):
            return match[0]
        if value == "True":
            return OPTIONS[name]
        between = "x" if name == "image_size" else " "
        return f"{OPTIONS[name]} {between.join(pair.groups()) if pair else value}"

    message = re.sub(r"`(\w+)`", named, str(error))
    if isinstance(error, runs.RunError):  # It speaks of the command already, and of paths.
        return message
    return re.sub(r"(?<![\w/.=-])(\w+)=(\([^()]*\)|[^\s;,`]*[^\s;,.`])", given, message)


def tell(message: object) -> None:
    """Prints a message as it is: a path in it may hold brackets."""
    console.print(str(message), markup=False, soft_wrap=True)


def following(status: rich.status.Status) -> Callable[[str], None]:
    """A function that shows what is being done: in the terminal's status, else as lines."""
    if console.is_terminal:
        return status.update
    said = time.monotonic()

    def say(doing: str) -> None:
        nonlocal said
        if time.monotonic() - said >= 5:
            said = time.monotonic()
            tell(doing)

    return say


def suggest(what: str, *words: object) -> None:
    """Prints a command of kgan, as the user's shell takes it, and what it is for.

    Args:
        what: it is for.
        *words: what follows `kgan`.
    """
    command = rich.markup.escape(shlex.join(map(str, (_program(), *words))))
    console.print(f"{what}: [bold]{command}", soft_wrap=True)


def _program():
    """How the user's shell finds this command: by its name, or by its path."""
    called = pathlib.Path(sys.argv[0])
    if shutil.which("kgan") or called.name != "kgan":
        return "kgan"
    with contextlib.suppress(ValueError):
        return str(called.absolute().relative_to(pathlib.Path.cwd()))
    return str(called)


def counted(number: int, noun: str) -> str:
    """A number of things: 1 epoch, 2 epochs."""
    return f"{number:,} {noun}" + "s" * (number != 1)


def open_run(path: pathlib.Path, compiled: bool = True) -> tuple[GAN, pathlib.Path, runs.Run]:
    """The GAN at `path`, the file that it is in, and the run; says so where that has not ended.

    Args:
        path: as of `kgan.runs.find`.
        compiled: as of `kgan.runs.find`.
    """
    gan, model = runs.find(path, compiled)
    run = runs.of(path)
    if model.parent == run.backup:
        state = "is being trained" if run.is_training() else "has not ended"
        state = "has diverged" if run.has_diverged else state
        tell(f"This run {state}: using its last backup, {model}.")
    return gan, model, run
