"""Generative adversarial networks for Keras: `kgan.GAN(generator, discriminator).fit(dataset)`."""

import os as _os

_backend = _os.environ.get("KERAS_BACKEND", "tensorflow")
if _backend == "tensorflow":
    import keras as _keras

    _backend = _keras.backend.backend()  # A configuration file may choose one too.
if _backend != "tensorflow":
    raise ImportError(
        "kgan needs Keras with its TensorFlow backend. Set KERAS_BACKEND=tensorflow, before Keras "
        f"is imported. Received: the backend {_backend!r}."
    )

from kgan import (  # noqa: E402
    architectures,
    augmentation,
    callbacks,
    datasets,
    evaluation,
    exports,
    features,
    images,
    layers,
    losses,
    metrics,
    penalties,
    plots,
    recipes,
    theory,
)
from kgan.evaluation import evaluate  # noqa: E402
from kgan.exports import export  # noqa: E402
from kgan.gan import GAN  # noqa: E402

__version__ = "0.1.0"

__all__ = [
    "GAN",
    "architectures",
    "augmentation",
    "callbacks",
    "datasets",
    "evaluate",
    "evaluation",
    "export",
    "exports",
    "features",
    "images",
    "layers",
    "losses",
    "metrics",
    "penalties",
    "plots",
    "recipes",
    "theory",
]
