"""How the command speaks: one console, and errors in words."""

import functools
import warnings

import rich.console
import rich.markup
import typer

from kgan import exports, runs

console = rich.console.Console()

# What a user can bring about; anything else is kgan's fault, and shows its traceback.
USER_ERRORS = (ValueError, OSError, ImportError, runs.RunError, exports.ExportError)


def command(function):
    """The function, with its errors said in words."""

    @functools.wraps(function)
    def said(*arguments, **options):
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                function(*arguments, **options)
        except USER_ERRORS as error:
            say("[bold red]Error:[/]", error)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            console.print(
                "Interrupted. The same command goes on with a training, and begins all else anew."
            )
            raise typer.Exit(130) from None

    return said


def _show_warning(message, *where):
    say("[yellow]Warning:[/]", message)


def say(kind, message):
    """Prints a message of some kind, as it is."""
    console.print(f"{kind} {rich.markup.escape(str(message))}", soft_wrap=True)
