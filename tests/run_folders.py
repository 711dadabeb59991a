"""Folders of runs, as tests need them."""

import players

from kgan import runs
from kgan.resumption import backups

ASKED = {"recipe": "digits", "epochs": 2}


def start(folder):
    run = runs.at(folder, ASKED)
    run.begin(ASKED)
    return run


def ended(folder, backup=True):
    """A run that has had its epochs, and its GAN."""
    run, gan = start(folder), players.gan()
    if backup:
        backups.save(run.backup, gan, backups.Position(2))
    run.end(gan)
    return run, gan


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
