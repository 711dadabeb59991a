"""Named, runnable, measured configurations. The text below each says what it gives.

To run one from Python: `dataset = recipe.load()`, `gan = recipe.build(dataset)`,
`gan.fit(dataset, epochs=recipe.epochs)`.
"""

import dataclasses
from collections.abc import Callable

import keras

from kgan import architectures, datasets
from kgan.gan import GAN
from kgan.lookup import by_name


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What to train, on what, and for how long.

    Args:
        dataset: what `kgan.datasets.load` takes.
        batch_size: samples a batch.
        epochs: how often the data is gone through.
        networks: a function from the shape of a sample to `(generator, discriminator)`.
        learning_rate: of both players' Adam, whose beta_1 is 0.5 as in the DCGAN paper.
        loss, penalties: as in `GAN.compile`.
        precision: a Keras dtype policy.
        seed: of the weights, the noise and the order of the data.
    """

    dataset: str
    batch_size: int
    epochs: int
    networks: Callable
    learning_rate: float = 2e-4
    loss: str = "non_saturating"
    penalties: tuple = ()
    precision: str = "float32"
    seed: int = 0

    def load(self):
        """The data, a `kgan.datasets.Dataset`."""
        return datasets.load(self.dataset, batch_size=self.batch_size, seed=self.seed)

    def build(self, dataset):
        """The GAN for this data, compiled."""
        keras.utils.set_random_seed(self.seed)
        keras.config.set_dtype_policy(self.precision)
        generator, discriminator = self.networks(tuple(dataset.element_spec.shape[1:]))
        gan = GAN(generator, discriminator, seed=self.seed)
        gan.compile(
            keras.optimizers.Adam(self.learning_rate, beta_1=0.5),
            keras.optimizers.Adam(self.learning_rate, beta_1=0.5),
            loss=self.loss,
            penalties=self.penalties,
            steps_per_execution=_steps_per_execution(dataset.steps_per_epoch),
        )
        return gan


def _steps_per_execution(steps_per_epoch, most=32):
    """As many steps at once as divide an epoch: a small step is shorter than Keras's loop."""
    return max(n for n in range(1, most + 1) if steps_per_epoch % n == 0)


def _digits_networks(image_shape):
    return architectures.mlp(
        image_shape, latent_dim=32, generator_units=(256, 256), discriminator_units=(128, 128)
    )


DIGITS = Recipe(
    dataset="digits", batch_size=64, epochs=300, networks=_digits_networks, learning_rate=1e-3
)
"""The 2014 paper's pair, small, on the embedded 8×8 digits.

`kgan train --recipe digits`: 42 to 55 s of training on 2 cores of an AMD EPYC (family 25, AVX2),
in float32. A classifier that tells 97.2 % of held-out real digits rightly then finds in 1,000
samples, over six seeds, all ten classes, with shares of 7.2 to 13.5 %, 0.973 to 0.978 of the
confidence that it has in real digits, and 0.972 to 0.993 of their pairwise distance within a class.
2026-11-23, by `python benchmarks/digits.py`.
"""

ALL = {"digits": DIGITS}


def get(name):
    """Returns the recipe of this name.

    Raises:
        ValueError: for an unknown one, with the nearest names.
    """
    return by_name(name, ALL, "recipe")
