"""What the `kgan` command does: a thin reading of the same calls that a notebook makes.

Its options are in `kgan_command.py`, which loads this when they are known to be right.
"""

from kgan.cli.demonstrating import theory
from kgan.cli.devices import launch
from kgan.cli.diagnosing import diagnose
from kgan.cli.drawing import generate
from kgan.cli.evaluating import evaluate
from kgan.cli.exporting import export
from kgan.cli.listing import list_recipes
from kgan.cli.training import train

__all__ = [
    "diagnose",
    "evaluate",
    "export",
    "generate",
    "launch",
    "list_recipes",
    "theory",
    "train",
]
