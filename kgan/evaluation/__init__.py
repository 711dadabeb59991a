"""How good a GAN is: every measure that fits, beside what real data would get."""

from kgan.evaluation.evaluating import Evaluation, Finding, check, evaluate
from kgan.evaluation.measures import ALL
from kgan.evaluation.pictures import draw, interpolate

__all__ = ["ALL", "Evaluation", "Finding", "check", "draw", "evaluate", "interpolate"]
