"""What a network says of the same real samples is kept on disk."""

import hashlib
import os
import pathlib
from typing import Any

import numpy as np

from kgan import files
from kgan.features import known, networks
from kgan.features.extractor import Extractor

__all__ = ["cached"]


def cached(extractor: Extractor, samples: Any) -> dict[str, np.ndarray]:
    """What `extractor.answers(samples)` gives; from disk, where it was asked before.

    Kept is what the networks of `kgan.features.ALL` say, whose weights never change; of one's own
    nothing is. It is found again by the network's name and version and a checksum of the samples,
    in the folder that the environment variable KGAN_CACHE_DIR names, or ~/.cache/kgan. Where
    nothing can be written, nothing is kept.

    Args:
        extractor: an `Extractor`.
        samples: an array `(num_samples, ...)`.

    Returns:
        A dict of arrays.
    """
    if extractor.name == "raw" or not known.is_known(extractor):
        return extractor.answers(samples)
    path = _folder() / f"{_key(extractor, samples)}.npz"
    try:
        with np.load(path) as arrays:
            return dict(arrays)
    except Exception:  # Missing or damaged: it is computed again.
        answers: dict[str, Any] = extractor.answers(samples)
    try:
        with files.replacing(path) as beside, beside.open("wb") as file:
            np.savez(file, **answers)
    except OSError:
        pass
    return answers


def _folder():
    return pathlib.Path(os.environ.get("KGAN_CACHE_DIR", "~/.cache/kgan")).expanduser()


def _key(extractor, samples):
    samples = np.ascontiguousarray(samples, "float32")
    content = hashlib.sha256(repr(samples.shape).encode() + samples.tobytes()).hexdigest()
    return f"{extractor.name}-{networks.VERSION}-{content[:24]}"
