"""Named, runnable, measured configurations. The text below each says what it gives.

To run one from Python: `dataset = recipe.load()`, `gan = recipe.build(dataset)`,
`gan.fit(dataset, epochs=recipe.num_epochs)`. One that chooses by the data, such as `PICTURES`, is
fitted to it before: `recipe, choices = recipe.fitted(dataset)`, and then
`dataset = recipe.batched(dataset)`.
"""

import dataclasses

from kgan import penalties
from kgan.lookup import by_name
from kgan.recipes import pictures
from kgan.recipes.pictures import CHOSEN, choose_image_size
from kgan.recipes.precision import PRECISIONS, resolve_precision
from kgan.recipes.recipe import Choice, Recipe
from kgan.recipes.settings import Setting, from_json, parse, settings, text, to_json

__all__ = [
    "ALL",
    "CHOSEN",
    "DIGITS",
    "FASHION_MNIST",
    "MNIST",
    "PICTURES",
    "PRECISIONS",
    "Choice",
    "Recipe",
    "Setting",
    "choose_image_size",
    "from_json",
    "get",
    "parse",
    "resolve_precision",
    "settings",
    "text",
    "to_json",
]

DIGITS = Recipe(
    summary="the embedded 8×8 digits, the 2014 paper's networks: a minute on 2 cores",
    dataset="digits",
    batch_size=64,
    epochs=300,
    architecture="mlp",
    network={"latent_dim": 32, "generator_units": (256, 256), "discriminator_units": (128, 128)},
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
    network={"latent_dim": 64, "width": 32},
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
    summary="your own pictures, a DCGAN: give --dataset FOLDER",
    dataset=None,
    batch_size=32,
    steps=2000,
    network={"latent_dim": 64, "width": 32},
    learning_rate=2e-3,
    decay_steps=1000,
    penalties=("r1",),
    precision="auto",
    choose=pictures.choose,
)
"""A DCGAN for a folder of pictures, as few as 50: `kgan train --dataset FOLDER`.

It chooses by the data what depends on it, and says why (`pictures.choose`): the size, the batch,
the width, the augmentation, the penalty, the momentum, and the length, 45 steps for each picture,
between 2,000 and 10,000.
`benchmarks/few_images.py` measures what comes of it; on your own pictures, look.
"""

ALL = {"digits": DIGITS, "mnist": MNIST, "fashion_mnist": FASHION_MNIST, "pictures": PICTURES}


def get(name: str) -> Recipe:
    """Returns the recipe of this name.

    Raises:
        ValueError: for an unknown one, with the nearest names.
    """
    return by_name(name, ALL, "recipe")
