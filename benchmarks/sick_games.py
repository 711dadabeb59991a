"""The games that `doctor.py` plays, healthy ones and those that are made sick on purpose."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

import kgan
from kgan import architectures, losses, penalties

R1 = (penalties.R1(0.1),)
OF_POINTS = ("ring", "grid")
# What each game is: its steps, its learning rate, its penalties, its loss.
GAMES = {
    "ring": (8000, 1e-3, ("r1", "r2"), "relativistic"),
    "grid": (8000, 1e-3, ("r1", "r2"), "relativistic"),
    "digits": (6000, 5e-4, (), "non_saturating"),
    "digits_dcgan": (4000, 1e-3, R1, "non_saturating"),
    "mnist": (2500, 1e-3, R1, "non_saturating"),
    "fashion_mnist": (2500, 1e-3, R1, "non_saturating"),
    "pictures": (2000, 1e-3, R1, "non_saturating"),
}
# Which kinds a game is played with.
OF_ALL = ("fast_discriminator", "fast_generator", "slow_discriminator", "momentum")
OF_IMAGES = (
    *OF_ALL, "few_updates", "saturating", "few_samples", "shuffled_labels", "constant_latents",
    "blind_discriminator", "frozen_end", "strong_penalty", "slow_generator", "bare_critic",
    "linear_discriminator", "sorted_data", "narrow_generator", "weight_decay",
    "noisy_discriminator", "saturated_end", "gradient_descent", "tiny_batches",
)  # fmt: skip
OF_RING = (
    *OF_ALL, "many_updates", "few_updates", "constant_latents", "strong_penalty", "slow_generator",
    "bare_critic", "linear_discriminator", "sorted_data", "narrow_generator", "weight_decay",
    "noisy_discriminator", "saturated_end", "gradient_descent", "tiny_batches",
)  # fmt: skip
OF_GAMES = {
    "ring": OF_RING,
    "grid": (
        *OF_ALL, "plain", "few_updates",
        "noisy_discriminator", "saturated_end", "gradient_descent", "tiny_batches",
    ),
    "digits": OF_IMAGES,
    "digits_dcgan": OF_IMAGES,
    "mnist": ("fast_generator", "slow_discriminator", "few_samples", "constant_latents"),
    "fashion_mnist": ("fast_generator", "slow_discriminator", "few_samples", "momentum"),
    "pictures": (
        *OF_ALL, "few_updates", "few_samples", "constant_latents", "blind_discriminator",
    ),
}  # fmt: skip
# What differs in healthy games, of which each is played with one seed.
VARIANTS = {
    "half the rate": {"rate": 0.5},
    "twice the rate": {"rate": 2.0},
    "r1": {"penalties": ("r1",)},
    "r1 and r2": {"penalties": ("r1", "r2")},
    "hinge": {"loss": "hinge", "penalties": ("r1",)},
    "least squares": {"loss": "least_squares", "penalties": ("r1",)},
    "minimax": {"loss": "minimax", "penalties": ("r1",)},
    "relativistic": {"loss": "relativistic", "penalties": ("r1", "r2")},
    "wasserstein": {
        "loss": "wasserstein",
        "penalties": ("wasserstein_gradient_penalty",),
        "discriminator_steps": 5,
        "beta_1": 0.0,
    },
    "two rates": {"of_generator": 0.25},
    "two updates": {"discriminator_steps": 2},
    "simultaneous": {"turns": "simultaneous"},
    "no momentum": {"beta_1": 0.0},
}
# Penalties are what makes games of points sound.
OF_POINTS_LEFT_OUT = ("r1", "two updates")


@dataclasses.dataclass
class Settings:
    """What a game is played with.

    `rate` multiplies both learning rates, `of_generator` and `of_discriminator` that of one player.
    """

    rate: float = 1.0
    of_generator: float = 1.0
    of_discriminator: float = 1.0
    beta_1: float = 0.5
    accumulated: int | None = None
    discriminator_steps: int = 1
    loss: str | None = None
    penalties: tuple | None = None
    turns: str = "alternating"
    length: float = 1.0
    conditional: bool = False
    weight_decay: float | None = None
    batch_size: int | None = None
    is_adaptive: bool = True


def settings_of(kind):
    """The settings of a kind of illness, as far as settings make it."""
    return {
        "fast_discriminator": Settings(of_discriminator=100),
        "fast_generator": Settings(of_generator=100),
        "slow_discriminator": Settings(of_discriminator=0.01),
        "many_updates": Settings(discriminator_steps=15, penalties=(), loss="non_saturating"),
        "few_updates": Settings(accumulated=15),
        "saturating": Settings(
            loss="minimax", discriminator_steps=5, of_discriminator=4, penalties=()
        ),
        "few_samples": Settings(penalties=(), length=2),
        "momentum": Settings(beta_1=0.9, rate=5, penalties=()),
        "shuffled_labels": Settings(conditional=True),
        "plain": Settings(penalties=(), loss="non_saturating"),
        "strong_penalty": Settings(penalties=(penalties.R1(1000.0),)),
        "slow_generator": Settings(of_generator=1e-3),
        "bare_critic": Settings(loss="wasserstein", penalties=()),
        "weight_decay": Settings(weight_decay=10.0),
        "gradient_descent": Settings(is_adaptive=False),
        "tiny_batches": Settings(batch_size=2),
        "fast_both": Settings(rate=30),
    }.get(kind, Settings())


def data(game, seed, conditional, folder=None):
    """What is trained on, and held-out samples with their labels or None."""
    if game == "pictures":
        options = {"image_size": 32, "channels": 3, "batch_size": 32, "seed": seed}
        dataset, held_out = kgan.datasets.hold_out(kgan.datasets.load(folder, **options), share=0.2)
        return dataset, (held_out.samples, None)
    if game in OF_POINTS:
        dataset = kgan.datasets.gaussian_mixture(game, batch_size=100, seed=seed)
        return dataset, (dataset.distribution.draw(5000, 1000 + seed)[0], None)
    name = game.removesuffix("_dcgan")
    options = {"batch_size": 64, "with_labels": conditional, "seed": seed}
    held_out = kgan.datasets.load_held_out(name, **options)
    labels = None if held_out.labels is None else held_out.labels[:5000]
    return kgan.datasets.load(name, **options), (held_out.samples[:5000], labels)


def networks(game, kind, seed, conditional):
    """The two players."""
    keras.utils.set_random_seed(seed)
    num_classes = 10 if conditional else None
    if game in OF_POINTS:
        latents, samples = keras.Input((4,)), keras.Input((2,))
        x, y = latents, samples
        for _ in range(2):
            x = keras.layers.Dense(128, "relu")(x)
            y = keras.layers.Dense(128, "leaky_relu")(y)
        generator = keras.Model(latents, keras.layers.Dense(2)(x))
        discriminator = keras.Model(samples, keras.layers.Dense(1)(y))
    else:
        large = 4 if kind == "few_samples" else 1
        if game == "digits":
            sizes = {"generator_units": (256, 256), "discriminator_units": (64 * large,) * 2}
            make, shape = architectures.mlp, (8, 8, 1)
        else:
            shapes = {"digits_dcgan": (8, 8, 1), "pictures": (32, 32, 3)}
            shape = shapes.get(game, (28, 28, 1))
            make, sizes = architectures.dcgan, {"width": 32}
        generator, discriminator = make(shape, 32, num_classes=num_classes, **sizes)
    if kind == "linear_discriminator":
        samples = keras.Input(discriminator.inputs[0].shape[1:])
        logits = keras.layers.Dense(1)(keras.layers.Flatten()(samples))
        discriminator = keras.Model(samples, logits)
    if kind == "noisy_discriminator":
        samples = keras.Input(discriminator.inputs[0].shape[1:])
        noisy = keras.layers.GaussianNoise(0.75, seed=seed)(samples / 4) * 4  # It takes at most 1.
        discriminator = keras.Model(samples, discriminator(noisy))
    if kind == "dropped_inputs":
        samples = keras.Input(discriminator.inputs[0].shape[1:])
        discriminator = keras.Model(samples, discriminator(keras.layers.Dropout(0.8)(samples)))
    if kind == "clipped_weights":
        for weight in discriminator.trainable_weights:
            weight.constraint = Clipped()
    if kind == "large_weights":
        for weight in discriminator.trainable_weights:
            weight.assign(10 * weight)
    if kind == "deep_sigmoids":
        latents = keras.Input(generator.inputs[0].shape[1:])
        x = latents
        for _ in range(4):
            x = keras.layers.Dense(latents.shape[1], "sigmoid")(x)
        generator = keras.Model(latents, generator(x))
    if kind == "narrow_discriminator":
        samples = keras.Input(discriminator.inputs[0].shape[1:])
        two = keras.layers.Dense(2)(keras.layers.Flatten()(samples))
        again = keras.layers.Reshape(samples.shape[1:])(
            keras.layers.Dense(int(np.prod(samples.shape[1:])))(two)
        )
        discriminator = keras.Model(samples, discriminator(again))
    if kind == "equal_weights":
        for weight in discriminator.trainable_weights:
            if len(weight.shape) > 1:
                weight.assign(np.full(weight.shape, np.std(weight)))
    if kind in ("loud_latents", "dropped_latents"):
        latents = keras.Input(generator.inputs[0].shape[1:])
        loud, dropped = keras.layers.Rescaling(30.0), keras.layers.Dropout(0.8, seed=seed)
        changed = (loud if kind == "loud_latents" else dropped)(latents)
        generator = keras.Model(latents, generator(changed))
    if kind == "saturated_end":
        last = next(layer for layer in reversed(generator.layers) if layer.weights)
        last.set_weights([100 * last.get_weights()[0], *last.get_weights()[1:]])
    if kind == "narrow_generator":
        generator = narrow(generator)
    if kind == "constant_latents":
        latents = keras.Input(generator.inputs[0].shape[1:])
        generator = keras.Model(latents, generator(keras.layers.Rescaling(0.0)(latents)))
    if kind == "blind_discriminator":
        images = keras.Input(discriminator.inputs[0].shape[1:])
        x = keras.layers.GlobalAveragePooling2D()(images)
        for _ in range(2):
            x = keras.layers.Dense(64, "leaky_relu")(x)
        discriminator = keras.Model(images, keras.layers.Dense(1)(x))
    if kind == "frozen_end":
        next(layer for layer in reversed(generator.layers) if layer.weights).trainable = False
    return generator, discriminator


def narrow(generator):
    """G behind a layer of one unit."""
    latents = keras.Input(generator.inputs[0].shape[1:])
    size = latents.shape[1]
    one = keras.layers.Dense(1)(latents)
    return keras.Model(latents, generator(keras.layers.Dense(size)(one)))


class Clipped(keras.constraints.Constraint):
    """Keeps weights as near to 0 as Arjovsky et al. 2017 do."""

    def __call__(self, w):
        return keras.ops.clip(w, -0.01, 0.01)


def flipped(name):
    """A loss whose D is told of four samples in ten that they are what they are not."""
    loss = losses.get(name)

    class Flipped(type(loss)):
        def discriminator_loss(self, real_logits, fake_logits):
            right = loss.discriminator_loss(real_logits, fake_logits)
            return 0.6 * right + 0.4 * loss.discriminator_loss(fake_logits, real_logits)

    return Flipped()


def in_order(game, dataset, seed):
    """A stream of the samples, one class after another, again and again."""
    samples = dataset.samples
    places = np.arctan2(*samples.T) if game in OF_POINTS else data(game, seed, True)[0].labels
    samples = samples[np.argsort(places, kind="stable")]
    return tf.data.Dataset.from_tensor_slices(samples).repeat().batch(dataset.batch_size)


def made(game, kind, seed, settings, folder=None):
    """A compiled game, the dataset it is played with, and the held-out data with labels or None."""
    _, rate, usual_penalties, usual_loss = GAMES[game]
    dataset, held_out = data(game, seed, settings.conditional, folder)
    if kind == "few_samples":
        rows = np.random.default_rng(seed).permutation(dataset.num_samples)[:80]
        dataset = dataset.subset(rows, 40)
    if kind == "shuffled_labels":
        labels = np.random.default_rng(seed).permutation(dataset.labels)
        dataset = kgan.datasets.from_arrays(dataset.samples, labels, batch_size=64, seed=seed)
    k = settings.discriminator_steps
    size = settings.batch_size or min(dataset.batch_size, dataset.num_samples // k)
    dataset = dataset.batched(k * size, 50)
    gan = kgan.GAN(
        *networks(game, kind, seed, settings.conditional), seed=seed, discriminator_steps=k
    )

    def optimizer(of_player, **options):
        rates = rate * settings.rate * of_player
        if not settings.is_adaptive:
            return keras.optimizers.SGD(rates)
        options |= {"beta_1": settings.beta_1, "weight_decay": settings.weight_decay}
        return keras.optimizers.Adam(rates, **options)

    loss = settings.loss or usual_loss
    gan.compile(
        optimizer(settings.of_generator),
        optimizer(settings.of_discriminator, gradient_accumulation_steps=settings.accumulated),
        loss=flipped(loss) if kind == "flipped_labels" else loss,
        penalties=usual_penalties if settings.penalties is None else settings.penalties,
        turns=settings.turns,
        augmentation="diff_augment" if game == "pictures" and kind != "few_samples" else None,
        steps_per_execution=10,
    )
    return gan, dataset, held_out


def planned(game, seeds, kinds=None, variants=True):
    """What is played: triples of a kind or variant, a seed, and its `Settings`.

    Args:
        game: a name in `GAMES`.
        seeds: of each kind; healthy variants are played with the first alone.
        kinds: of illness; None for all of this game.
        variants: whether healthy variants are played too.
    """
    kinds = OF_GAMES[game] if kinds is None else kinds
    runs = [("as it is", seed, Settings()) for seed in seeds]
    if "shuffled_labels" in kinds:
        runs += [("conditional", seed, Settings(conditional=True)) for seed in seeds]
    left_out = OF_POINTS_LEFT_OUT if game in OF_POINTS else ()
    for name, settings in VARIANTS.items():
        if variants and name not in left_out:
            runs.append((name, seeds[0], Settings(**settings)))
    return runs + [(kind, seed, settings_of(kind)) for seed in seeds for kind in kinds]
