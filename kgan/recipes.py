"""Named, runnable, measured configurations. The text below each says what it gives.

To run one from Python: `dataset = recipe.load()`, `gan = recipe.build(dataset)`,
`gan.fit(dataset, epochs=recipe.epochs)`.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from kgan import architectures, datasets, penalties
from kgan.game import replicas
from kgan.gan import GAN
from kgan.lookup import by_name

__all__ = [
    "ALL",
    "DIGITS",
    "FASHION_MNIST",
    "MNIST",
    "PICTURES",
    "PRECISIONS",
    "Recipe",
    "get",
    "resolve_precision",
]

PRECISIONS = ("auto", "float32", "mixed_bfloat16")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What to train, on what, and for how long.

    Args:
        summary: one line, for a list of recipes.
        dataset: what `kgan.datasets.load` takes; None where the user has to say.
        batch_size: samples per batch.
        epochs: how often the data is gone through.
        networks: a function from the shape of a sample and the number of classes, or None, to
            `(generator, discriminator)`.
        learning_rate: of both players' Adam, whose beta_1 is 0.5 as in the DCGAN paper.
        loss, penalties: as in `GAN.compile`.
        image_size: the pixels of a side; None for what the data has.
        channels: of a folder of pictures: 1, 3, or None for 1 where all are grey.
        value_range: the values of the data that become -1 and 1; None for what
            `datasets.from_arrays` finds.
        conditional: whether the networks learn p(x, y) of samples and their labels.
        precision: `"float32"`; `"mixed_bfloat16"`; or `"auto"`, the second where this machine has
            arithmetic for it, else the first.
        seed: of the weights, the noise and the order of the data.

    Raises:
        ValueError: for another precision.
    """

    summary: str
    dataset: str | None
    batch_size: int
    epochs: int
    networks: Callable[[tuple[int, ...], int | None], tuple[keras.Model, keras.Model]]
    learning_rate: float = 2e-4
    loss: str = "non_saturating"
    penalties: tuple[Any, ...] = ()
    image_size: int | None = None
    channels: int | None = None
    value_range: tuple[float, float] | None = None
    conditional: bool = False
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"`precision` must be one of {PRECISIONS}. Received: precision={self.precision!r}."
            )

    def load(self) -> datasets.Dataset:
        """The data, a `kgan.datasets.Dataset`.

        Raises:
            ValueError: if the recipe names no data set, or its networks cannot make images of
                that size; and as `kgan.datasets.load`.
        """
        if self.dataset is None:
            raise ValueError(
                "`dataset` is needed with this recipe: the path of a folder of pictures, or the "
                "name of a data set of TensorFlow Datasets. Received: dataset=None."
            )
        if self.image_size is not None and datasets.takes_image_size(self.dataset):
            # A size that the networks cannot make is said before any data is read.
            self.networks((self.image_size, self.image_size, 3), None)
        return datasets.load(
            self.dataset,
            batch_size=self.batch_size,
            image_size=self.image_size,
            channels=self.channels,
            value_range=self.value_range,
            with_labels=self.conditional,
            seed=self.seed,
        )

    def build(self, dataset: datasets.Dataset, metrics: Sequence[Any] = ()) -> GAN:
        """The GAN for this data, compiled; `metrics` are what `evaluate` is to measure."""
        keras.utils.set_random_seed(self.seed)
        keras.config.set_dtype_policy(resolve_precision(self.precision))
        image_shape = tf.nest.flatten(dataset.element_spec)[0].shape[1:]
        generator, discriminator = self.networks(tuple(image_shape), dataset.num_classes)
        gan = GAN(generator, discriminator, seed=self.seed)
        gan.compile(
            keras.optimizers.Adam(self.learning_rate, beta_1=0.5),
            keras.optimizers.Adam(self.learning_rate, beta_1=0.5),
            loss=self.loss,
            penalties=self.penalties,
            metrics=metrics,
            steps_per_execution=_steps_per_execution(dataset.steps_per_epoch),
        )
        return gan


def resolve_precision(precision: str) -> str:
    """The Keras dtype policy that `precision` means on this machine."""
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if _has_fast_bfloat16() else "float32"


def _has_fast_bfloat16():
    """Whether bfloat16 is faster than float32 here: on GPUs since Ampere, CPUs with it built in."""
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        return details.get("compute_capability", (0, 0)) >= (8, 0)
    processor = pathlib.Path("/proc/cpuinfo")
    flags = processor.read_text().split() if processor.exists() else []
    return "amx_bf16" in flags or "avx512_bf16" in flags


def _steps_per_execution(steps_per_epoch, most=32):
    """As many steps at once as divide an epoch: a small step is shorter than Keras's loop.

    Several replicas take one at a time.
    """
    if replicas.number() > 1:
        return 1
    return max(n for n in range(1, most + 1) if steps_per_epoch % n == 0)


def _small_mlp(image_shape, num_classes):
    return architectures.mlp(
        image_shape,
        latent_dim=32,
        generator_units=(256, 256),
        discriminator_units=(128, 128),
        num_classes=num_classes,
    )


def _small_dcgan(image_shape, num_classes):
    return architectures.dcgan(image_shape, latent_dim=64, width=32, num_classes=num_classes)


def _dcgan(image_shape, num_classes):
    return architectures.dcgan(image_shape, latent_dim=128, width=64, num_classes=num_classes)


DIGITS = Recipe(
    summary="the embedded 8×8 digits, the 2014 paper's networks: a minute on 2 cores",
    dataset="digits",
    batch_size=64,
    epochs=300,
    networks=_small_mlp,
    learning_rate=1e-3,
)
"""The 2014 paper's pair, small, on the embedded 8×8 digits.

`kgan train --recipe digits`: 21 to 26 s; a minute on cores without AVX-512. A classifier that tells
96.7 % of held-out real digits rightly then finds in 10,000 samples, over six seeds, all ten
classes, with shares of 8.6 to 12.0 %, 0.974 to 0.976 of the confidence that it has in real digits,
and 0.974 to 0.989 of their pairwise distance within a class. With `--conditional` 99.0 to 99.5 % of
1,000 samples, over three seeds, are what they were asked to be. 2 cores of an AMD EPYC (family 25,
model 17, AVX-512), float32, 2026-11-24, by `python benchmarks/recipes.py --recipe digits --seeds
6`, the latter with `--conditional --seeds 3`.
"""

MNIST = Recipe(
    summary="28×28 handwritten digits, a small DCGAN: four minutes on 2 cores",
    dataset="mnist",
    batch_size=32,
    epochs=4,
    networks=_small_dcgan,
    learning_rate=1e-3,
    penalties=(penalties.R1(0.1),),
)
"""A DCGAN of width 32 on the 60,000 digits of MNIST, from TensorFlow Datasets.

`kgan train --recipe mnist`: 7,500 steps, 240 to 243 s. A classifier that tells 99.4 % of the 10,000
real test digits rightly then finds in 10,000 samples, over three seeds, all ten classes, with
shares of 7.0 to 13.2 % (half the sum of their differences from the real ones: 0.051 to 0.054),
0.954 to 0.957 of the confidence that it has in real digits, and 1.00 to 1.01 of their pairwise
distance within a class. With `--conditional` 99.3 and 99.9 % of 1,000 samples of two seeds are what
they were asked to be. 2 cores of an AMD EPYC (family 25, model 17, AVX-512), float32, 2026-11-24,
by `python benchmarks/recipes.py --recipe mnist`, the latter with `--conditional --seeds 2`.
"""

FASHION_MNIST = dataclasses.replace(
    MNIST,
    summary="28×28 garments, a small DCGAN: four minutes on 2 cores",
    dataset="fashion_mnist",
    learning_rate=2e-3,
    penalties=(penalties.R1(1.0),),
)
"""The same networks on the 60,000 garments of Fashion-MNIST, from TensorFlow Datasets.

`kgan train --recipe fashion_mnist`: 7,500 steps, 230 to 234 s. A classifier that tells 90.5 % of
the 10,000 real test garments rightly then finds in 10,000 samples, over three seeds, all ten
classes, with shares of 7.3 to 12.3 % (half the sum of their differences from the real ones: 0.055
to 0.056), 0.925 to 0.931 of the confidence that it has in real garments, and 0.94 to 0.96 of their
pairwise distance within a class. With `--conditional` 86.4 to 87.0 % of 1,000 samples, over three
seeds, are what they were asked to be. 2 cores of an AMD EPYC (family 25, model 17, AVX-512),
float32, 2026-11-24, by `python benchmarks/recipes.py --recipe fashion_mnist`, the latter with
`--conditional`.
"""

PICTURES = Recipe(
    summary="your own pictures, a DCGAN: give --dataset FOLDER --image-size 64",
    dataset=None,
    batch_size=32,
    epochs=100,
    networks=_dcgan,
    penalties=("r1",),
    precision="auto",
)
"""A DCGAN for whatever pictures there are: `kgan train --dataset FOLDER --image-size 64`.

Width 64, so made for a GPU, on which it computes in bfloat16; R1 with a weight of 1 because a
folder is often small, and D learns it by heart otherwise. What comes of it depends on the pictures,
so there is no figure here.
"""

ALL = {"digits": DIGITS, "mnist": MNIST, "fashion_mnist": FASHION_MNIST, "pictures": PICTURES}


def get(name: str) -> Recipe:
    """Returns the recipe of this name.

    Raises:
        ValueError: for an unknown one, with the nearest names.
    """
    return by_name(name, ALL, "recipe")
