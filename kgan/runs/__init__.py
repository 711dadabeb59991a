"""What the folder of a run holds, and how it is found again."""

from kgan.runs.finding import find, of
from kgan.runs.opening import at
from kgan.runs.run import Run, RunError

__all__ = ["Run", "RunError", "at", "find", "of"]
