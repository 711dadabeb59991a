"""How the command speaks: results on stdout, errors in words on stderr."""

import contextlib
import functools
import pathlib
import shlex
import warnings
from collections.abc import Callable

import rich.console
import rich.markup
import typer

from kgan import exports, runs
from kgan.gan import GAN

__all__ = ["USER_ERRORS", "Quiet", "command", "console", "errors", "open_run", "suggest", "tell"]

console = rich.console.Console(emoji=False)
errors = rich.console.Console(emoji=False, stderr=True)

# Makes a context in which what libraries written in C++ say is hidden.
Quiet = Callable[[], contextlib.AbstractContextManager[None]]

# What a user can bring about; anything else is kgan's fault, and shows its traceback.
USER_ERRORS = (ValueError, OSError, ImportError, runs.RunError, exports.ExportError)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """The function, with its errors said in words."""

    @functools.wraps(function)
    def said(*arguments, **options):
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                function(*arguments, **options)
        except USER_ERRORS as error:
            _say(errors, "[bold red]Error:[/]", error)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            errors.print(
                "Interrupted. Run the same command again: a training resumes, all else starts over."
            )
            raise typer.Exit(130) from None

    return said


def _show_warning(message, *where):
    _say(console, "[yellow]Warning:[/]", message)  # Not on stderr, which TensorFlow is kept from.


def _say(where, kind, message):
    where.print(f"{kind} {rich.markup.escape(str(message))}", soft_wrap=True)


def tell(message: object) -> None:
    """Prints a message as it is: a path in it may hold brackets."""
    console.print(str(message), markup=False, soft_wrap=True)


def suggest(what: str, *words: object) -> None:
    """Prints a command, as a shell takes it, and what it is for."""
    command = rich.markup.escape(shlex.join(map(str, words)))
    console.print(f"{what}: [bold]{command}", soft_wrap=True)


def open_run(
    path: pathlib.Path, use: str, compiled: bool = True
) -> tuple[GAN, pathlib.Path, runs.Run]:
    """The GAN at `path`, the file that it is in, and the run; says so where that has not ended.

    Args:
        path: as of `kgan.runs.find`.
        use: what is done with it, such as "drawn from".
        compiled: as of `kgan.runs.find`.
    """
    gan, model = runs.find(path, compiled)
    run = runs.of(path)
    if model.parent == run.backup:
        state = "is being trained" if run.is_training() else "has not ended"
        tell(f"This run {state}; what is {use} is its last backup, {model}.")
    return gan, model, run
