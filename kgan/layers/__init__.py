"""Only layers that Keras lacks, or gets wrong for GANs."""

from kgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kgan.layers.fourier_features import FourierFeatures
from kgan.layers.maxout import Maxout
from kgan.layers.spectral_normalization import SpectralNormalization

__all__ = ["ConditionalBatchNormalization", "FourierFeatures", "Maxout", "SpectralNormalization"]
