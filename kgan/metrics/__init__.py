"""How good samples are: published measures, as published, on any features.

Each is a function of arrays, in float64, checked against a reference implementation or against what
is known exactly; and a Keras metric, for `compile(metrics=[...])` and `evaluate`, which takes it
once an evaluation on features of `kgan.features`. A function's name says what was measured, and not
on which features; a metric's says both. A distance between features of your own network is no FID.
"""

from kgan.metrics.classifier_score import ClassifierScore, classifier_score
from kgan.metrics.diversity import (
    MultiscaleSimilarity,
    PairwiseDistance,
    multiscale_similarity,
    pairwise_distance,
)
from kgan.metrics.frechet import FrechetDistance, frechet_distance
from kgan.metrics.intra_class import intra_class_frechet_distance
from kgan.metrics.kernel import KernelDistance, kernel_distance
from kgan.metrics.label_accuracy import LabelAccuracy, label_accuracy
from kgan.metrics.memorization import Memorization, memorization
from kgan.metrics.mode_coverage import (
    ClassCoverage,
    MixtureCoverage,
    class_coverage,
    mixture_coverage,
)
from kgan.metrics.neighbors import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    precision_recall,
)
from kgan.metrics.parzen import ParzenLogLikelihood, parzen_log_likelihood
from kgan.metrics.sample_metric import SampleMetric
from kgan.metrics.two_sample import TwoSampleTest, two_sample_test
from kgan.metrics.utility import UtilityResult, utility

__all__ = [
    "ClassCoverage",
    "ClassifierScore",
    "DensityCoverage",
    "FrechetDistance",
    "KernelDistance",
    "LabelAccuracy",
    "Memorization",
    "MixtureCoverage",
    "MultiscaleSimilarity",
    "PairwiseDistance",
    "ParzenLogLikelihood",
    "PrecisionRecall",
    "SampleMetric",
    "TwoSampleTest",
    "UtilityResult",
    "class_coverage",
    "classifier_score",
    "density_coverage",
    "frechet_distance",
    "intra_class_frechet_distance",
    "kernel_distance",
    "label_accuracy",
    "memorization",
    "mixture_coverage",
    "multiscale_similarity",
    "pairwise_distance",
    "parzen_log_likelihood",
    "precision_recall",
    "two_sample_test",
    "utility",
]
