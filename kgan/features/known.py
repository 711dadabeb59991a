"""The features that have a name."""

import functools
from typing import Any

import keras

from kgan.features import networks, pretrained
from kgan.features.extractor import Extractor
from kgan.lookup import by_name

__all__ = ["ALL", "get", "is_known", "raw"]


def _embedded(name):
    network = networks.load(name)
    return Extractor(name, functools.partial(network, training=False), network.input_shape[1:])


def raw() -> Extractor:
    """The samples themselves, as vectors: what needs no network, and sees no meaning."""
    return Extractor("raw", lambda samples: samples)


ALL = {
    "raw": raw,
    "digits": lambda: _embedded("digits"),
    "mnist": lambda: _embedded("mnist"),
    "fashion_mnist": lambda: _embedded("fashion_mnist"),
    "inception_v3": pretrained.inception_v3,
}
"""From a name to a function that loads it. The three in the middle come with kgan, and need no
network: small classifiers of 8×8 digits, and of 28×28 digits and garments, whose accuracy on test
images is in `benchmarks/README.md`."""


def get(identifier: Any) -> Extractor:
    """Returns the extractor that is meant.

    Args:
        identifier: a name of `ALL`; an `Extractor`; a Keras model, which then goes by its own name;
            or a function, which goes by its.

    Raises:
        ConnectionError: if its weights are to be downloaded, and cannot be.
        TypeError, ValueError: for an unknown name, and for what is nothing of all this.
    """
    if isinstance(identifier, Extractor):
        return identifier
    if isinstance(identifier, keras.Model):
        network = functools.partial(identifier, training=False)
        return Extractor(identifier.name, network, _shape(identifier))
    name = getattr(identifier, "__name__", "<lambda>")
    if callable(identifier) and name != "<lambda>":
        return Extractor(name, identifier)
    if not isinstance(identifier, str):
        raise TypeError(
            f"`features` must be one of {sorted(ALL)}, a Keras model, a function with a name, or "
            f"kgan.features.Extractor(name, function). Received: features={identifier!r}."
        )
    return _loaded(identifier, by_name(identifier, ALL, "features"))


_extractors: dict[str, Extractor] = {}


def is_known(extractor: Extractor) -> bool:
    """Whether this is what `get` gives for its name, and no other that is called so."""
    return _extractors.get(extractor.name) is extractor


def _loaded(name, load):
    """The extractor of this name, loaded once."""
    if name not in _extractors:
        _extractors[name] = load()
    return _extractors[name]


def _shape(network):
    shape = network.input_shape
    return shape[1:] if isinstance(shape, tuple) else None
