"""Where variety comes from: the latents."""

import keras
import numpy as np
from keras import layers

from kgan import architectures, datasets, features, images, metrics
from kgan.gan import GAN
from kgan.theory.demonstrations import digits, games
from kgan.theory.demonstrations.demonstration import Demonstration, figure

__all__ = ["latents"]

STEPS = 1000
GAMES = {
    "1_normal": (1, "normal"),
    "4_normal": (4, "normal"),
    "32_normal": (32, "normal"),
    "32_uniform": (32, "uniform"),
    "constant": (32, None),
}
SHOWN, COUNTED = 36, 360  # As many as there are held-out digits.


def latents(length: float = 1.0) -> Demonstration:
    """All variety of samples comes from the latents.

    The same game on the digits, with 1, 4 and 32 normal latents, with 32 uniform ones, and with a
    generator that multiplies its latents by 0, which makes all samples equal: then training can
    only choose which one it is. Two measures in the embedded features
    `digits`: variety is the mean distance of two samples (`kgan.metrics.pairwise_distance`), recall
    the share of real digits that lie among samples (`kgan.metrics.precision_recall`).

    Args:
        length: the share of the 1,000 steps of each game, in (0, 1]; about 50 seconds on two CPU
            cores for 1.

    Returns:
        A `Demonstration`: `NAME_variety` and `NAME_recall` of each game's samples, against training
        digits; `data_variety` and `data_recall` of held-out ones.
    """
    steps = games.steps_of(STEPS, length)
    drawn = {name: _samples(*game, steps) for name, game in GAMES.items()}
    drawn["data"] = digits.data("test").samples
    extract = features.get("digits").features
    real = extract(digits.data().samples[:COUNTED])
    numbers = {}
    for name, some in drawn.items():
        looks = extract(some[-COUNTED:])
        numbers[f"{name}_variety"] = metrics.pairwise_distance(looks).value
        numbers[f"{name}_recall"] = metrics.precision_recall(real, looks).recall
    return Demonstration(numbers, _draw(drawn, numbers), CAPTION)


CAPTION = (
    "The same game with different latents; below each grid, its variety, the mean distance of two "
    "samples in a classifier's features, and its recall, the share of real digits that lie among "
    "them (0.85 for other real digits). With one latent, samples lie on a curve through the space "
    "of images and miss most of the data; more latents reach more of it, and how many there are "
    "matters more than whether they are normal or uniform. Variety says less: a few kinds of "
    "images can be far apart and still miss most of the data. With a constant latent all samples "
    "are equal (rows: later in training, from top to bottom): the generator has nothing to vary by."
)


def _samples(latent_dim, distribution, steps):
    """Samples `(number, 8, 8, 1)` after training; of a constant latent, rows of its moments."""
    keras.utils.set_random_seed(0)
    generator, discriminator = architectures.mlp(
        (8, 8, 1), latent_dim, generator_units=(256, 256), discriminator_units=(128, 128)
    )
    if distribution is None:
        inputs = keras.Input((latent_dim,), name="latents")
        generator = keras.Model(inputs, generator(layers.Rescaling(0.0)(inputs)))
    gan = GAN(
        generator,
        discriminator,
        latent_distribution=distribution or "normal",
        ema_decay=0.99,
        seed=0,
    )
    adams = [keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)]
    games.compile(gan, steps, *adams)
    dataset = datasets.digits(batch_size=digits.BATCH_SIZE)

    def drawn(number):
        return games.samples(gan.averaged_generator, number, 0, gan.latent_distribution)

    moments = np.linspace(0, 1, 7)[1:] if distribution is None else ()
    views = games.play(gan, dataset, steps, moments, lambda: drawn(6))
    return np.concatenate([*(view for _, view in views), drawn(COUNTED)])


def _draw(drawn, numbers):
    shown, panels = figure(2, 3, 2.3, 2.8)
    for axes, (name, some) in zip(panels.ravel(), drawn.items(), strict=True):
        tiles = images.to_uint8(images.tile(some[:SHOWN], 6))
        axes.imshow(tiles[..., 0], cmap="gray")
        number, _, kind = name.partition("_")
        title = f"{number} {kind} latent{'s' * (number != '1')}" if kind else name
        titles = {"data": "data", "constant": "a constant latent"}
        axes.set_title(titles.get(name, title), fontsize="medium")
        measures = (f"{one} {numbers[f'{name}_{one}']:.2f}" for one in ("variety", "recall"))
        axes.set(xticks=[], yticks=[], xlabel=", ".join(measures))
    return shown
