"""The `kgan` command, called within this process."""

from typer.testing import CliRunner

import kgan_command

QUICK = ["--epochs", "2", "--batch-size", "256"]


def call(*arguments):
    """The result of the command with these arguments."""
    return CliRunner().invoke(kgan_command.app, [str(argument) for argument in arguments])


def said(result):
    """What the command wrote, on one line."""
    return " ".join(result.output.replace("│", " ").split())


def contents(folder):
    """All files of a folder, by their paths."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def evaluated(run, *arguments):
    """Calls `kgan evaluate` for little data, once."""
    return call("evaluate", run, "--samples", 100, "--seeds", 1, *arguments)
