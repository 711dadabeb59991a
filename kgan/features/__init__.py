"""What a measure looks at: networks that turn samples into feature vectors.

A distance is named after its features: `frechet_distance_mnist`. The word FID is kept for the
published Inception graph, which is none of these; `inception_v3` says how to bring it along.
"""

from kgan.features.cache import cached
from kgan.features.extractor import Extractor, shared
from kgan.features.known import ALL, get, is_known
from kgan.features.pretrained import has_inception_v3, inception_v3

__all__ = [
    "ALL",
    "Extractor",
    "cached",
    "get",
    "has_inception_v3",
    "inception_v3",
    "is_known",
    "shared",
]
