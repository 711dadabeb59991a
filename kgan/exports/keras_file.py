"""A .keras file of the generator alone, without discriminator and optimizers."""

import pathlib

from kgan.exports.source import Source

__all__ = ["write"]


def write(source: Source, path: pathlib.Path) -> None:
    """Writes `source` as a .keras file, which `keras.models.load_model` reads.

    It takes `latents (batch, latent_dim)`, or `[latents, labels]`, and gives samples. It needs
    `import kgan` only where the network has layers of kgan, such as `kgan.layers.Maxout`.

    Args:
        source: a `Source`.
        path: the file.
    """
    source.generator.save(path)
