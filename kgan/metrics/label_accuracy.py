"""Whether samples are what they were asked to be."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kgan.metrics.estimates import Estimate
from kgan.metrics.sample_metric import ClassifierMetric

__all__ = ["LabelAccuracy", "label_accuracy"]


def label_accuracy(predicted: Any, asked: Any) -> Estimate:
    """The share of samples that a classifier takes for what they were asked to be.

    The classifier errs too: show how often it is right about real samples beside it.

    Args:
        predicted: what a classifier says, integers `(num_samples,)`.
        asked: the labels that the samples were generated with, the same.

    Returns:
        An `Estimate`; its `error` is the standard error of the share.

    Raises:
        ValueError: if there are no labels, or not as many of both.
    """
    predicted, asked = np.asarray(predicted), np.asarray(asked)
    if predicted.shape != asked.shape or asked.ndim != 1 or not len(asked):
        raise ValueError(
            "`predicted` and `asked` must be as many labels, (num_samples,). "
            f"Received: shapes {predicted.shape} and {asked.shape}."
        )
    share = float(np.mean(predicted == asked))
    return Estimate(share, float(np.sqrt(share * (1 - share) / len(asked))), len(asked))


@keras.saving.register_keras_serializable("kgan")
class LabelAccuracy(ClassifierMetric):
    """`label_accuracy` as a Keras metric, for a conditional GAN.

    Args:
        features, num_samples, name: as in `SampleMetric`; the features are those of a classifier.
    """

    measure = "label_accuracy"
    needs_labels = True

    def look(self, samples: Any, labels: Any) -> Any:
        if labels is None:
            raise ValueError(
                f"`labels` are needed by the metric {self.name!r}: what the generated samples were "
                "asked to be. Received: labels=None."
            )
        predicted = ops.argmax(self.extractor.logits(samples), axis=1)
        return ops.stack([ops.cast(predicted, "float32"), ops.cast(labels, "float32")], axis=1)

    def take(self, generated: np.ndarray) -> float:
        return label_accuracy(*generated.T).value
