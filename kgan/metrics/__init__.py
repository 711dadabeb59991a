"""How good samples are: published measures, as published, on any features.

Each is a function of arrays, in float64, checked against a reference implementation or against what
is known exactly; its name says what was measured, and not on which features. A distance between
features of your own network is no FID: name it after the network.
"""

from kgan.metrics.classifier_score import classifier_score
from kgan.metrics.frechet import frechet_distance
from kgan.metrics.kernel import kernel_distance
from kgan.metrics.memorization import memorization
from kgan.metrics.mode_coverage import class_coverage, mixture_coverage
from kgan.metrics.neighbors import density_coverage, precision_recall
from kgan.metrics.parzen import parzen_log_likelihood

__all__ = [
    "class_coverage",
    "classifier_score",
    "density_coverage",
    "frechet_distance",
    "kernel_distance",
    "memorization",
    "mixture_coverage",
    "parzen_log_likelihood",
    "precision_recall",
]
