"""Pairs of networks that can play: each function returns `(generator, discriminator)`."""

from kgan.architectures.dcgan import dcgan
from kgan.architectures.mlp import mlp

__all__ = ["dcgan", "mlp"]
