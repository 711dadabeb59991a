"""Pairs of networks that can play: each function returns `(generator, discriminator)`."""

from kgan.architectures.dcgan import dcgan
from kgan.architectures.mlp import mlp
from kgan.architectures.resnet import resnet

__all__ = ["dcgan", "mlp", "resnet"]
