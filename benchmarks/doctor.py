"""How often `kgan.callbacks.Doctor` is right.

It plays games that are made sick on purpose, several seeds of each kind, and healthy games. For
each run it records what the doctor said, when, and how good the samples were in the end. A run is
broken if its samples end up more than twice as far from held-out data as those of the game as it is
in `GAMES`.
For a broken run the doctor should name something that fits its kind (`diagnoses.KINDS`), in the
first third of the training or as a risk before the first step. For any other run it should say
nothing.

With `--apart` it plays other kinds, `diagnoses.KINDS_APART`, and healthy games with other seeds, at
which nobody looked while rules were made; they are reported by themselves.
`pictures` are real ones in colour, of a folder of 1,000 or more.

    python benchmarks/doctor.py digits
    python benchmarks/doctor.py ring --seeds 5 --keep ring.json
    python benchmarks/doctor.py digits --seeds 3 --apart
    python benchmarks/doctor.py pictures --seeds 1 --folder FOLDER
"""

import argparse
import dataclasses
import math
import pathlib
import time

import diagnoses
import judging
import keras
import numpy as np
import report
import tensorflow as tf

import kgan
from kgan import architectures, metrics, penalties
from kgan.callbacks import Doctor
from kgan.diagnosis import find_risks
from kgan.diagnosis.exams import energy_distance

NUM_SAMPLES = 2000
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
)  # fmt: skip
OF_RING = (
    *OF_ALL, "many_updates", "few_updates", "constant_latents", "strong_penalty", "slow_generator",
    "bare_critic", "linear_discriminator", "sorted_data", "narrow_generator", "weight_decay",
)  # fmt: skip
OF_GAMES = {
    "ring": OF_RING,
    "grid": (*OF_ALL, "plain", "few_updates"),
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
        noisy = keras.layers.GaussianNoise(0.75, seed=seed)(samples / 4) * 4  # Of at most 1.
        discriminator = keras.Model(samples, discriminator(noisy))
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

    gan.compile(
        optimizer(settings.of_generator),
        optimizer(settings.of_discriminator, gradient_accumulation_steps=settings.accumulated),
        loss=settings.loss or usual_loss,
        penalties=usual_penalties if settings.penalties is None else settings.penalties,
        turns=settings.turns,
        augmentation="diff_augment" if game == "pictures" and kind != "few_samples" else None,
        steps_per_execution=10,
    )
    return gan, dataset, held_out


def risks(gan, dataset, kind):
    """The names of what the configuration of a game makes the doctor say."""
    number = None if kind == "sorted_data" else dataset.num_samples  # Of a stream it is unknown.
    return sorted({name for risk in find_risks(gan, number) for name in risk.names})


def play(game, kind, seed, settings, folder=None):
    """One run: what was said, when, and what has come of it."""
    gan, dataset, held_out = made(game, kind, seed, settings, folder)
    found = risks(gan, dataset, kind)
    order = np.random.default_rng(1).permutation(len(held_out[0]))
    seen, unseen = (
        tuple(None if part is None else part[rows] for part in held_out)
        for rows in (order[::2], order[1::2])
    )
    doctor = Doctor(seen, seed=seed)
    steps = GAMES[game][0]
    epochs = math.ceil(settings.length * steps * 2 / (settings.discriminator_steps + 1) / 50)
    began = time.perf_counter()
    stream = in_order(game, dataset, seed) if kind == "sorted_data" else dataset
    gan.fit(stream, epochs=epochs, steps_per_epoch=50, callbacks=[doctor], verbose=0)
    last = epochs * 50
    return {
        "kind": kind,
        "seed": seed,
        "seconds": time.perf_counter() - began,
        "steps": last,
        "outcome": outcome(game, gan, unseen),
        "risks": found,
        **judging.of_run(doctor.readings),
        "readings": [list(reading) for reading in doctor.readings],
    }


def outcome(game, gan, held_out):
    """How far samples are from held-out data; of a conditional game, how often labels are wrong."""
    samples, labels = held_out
    if labels is not None:
        asked = np.resize(np.arange(gan.num_classes), NUM_SAMPLES).astype("int32")
        drawn = gan.generate(NUM_SAMPLES, asked, seed=77)
    else:
        drawn = gan.generate(NUM_SAMPLES, seed=77)
    if not np.isfinite(drawn).all():
        return math.inf
    if game in OF_POINTS or game == "pictures":
        return float(energy_distance(samples, drawn).value)
    features = kgan.features.get(game.removesuffix("_dcgan"))
    if labels is None:
        return float(metrics.frechet_distance(features.features(samples), features.features(drawn)))
    predicted = features.answers(drawn)["probabilities"].argmax(axis=1)
    return 1 - float(metrics.label_accuracy(predicted, asked).value)


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


def _shown(run):
    """A run, without what was said of one that is set apart."""
    hidden = ("said", "published") if diagnoses.is_apart(run) else ()
    return {name: value for name, value in run.items() if name not in hidden}


def main():
    """Plays a game healthy and sick, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("game", choices=GAMES)
    parser.add_argument("--seeds", type=int, default=5, help="How many of each kind, from 0.")
    parser.add_argument("--kinds", default=None, help="Which, with commas between them.")
    parser.add_argument("--apart", action="store_true", help="Kinds and seeds that are set apart.")
    parser.add_argument("--no-variants", action="store_true", help="No healthy games but one kind.")
    parser.add_argument("--folder", default=None, help="Of the game `pictures`.")
    parser.add_argument("--keep", type=pathlib.Path, default=None, help="Where readings go.")
    arguments = parser.parse_args()
    if arguments.game == "pictures" and not arguments.folder:
        parser.error("the game `pictures` needs --folder, of 1,000 pictures or more")
    kinds = arguments.kinds and arguments.kinds.split(",")
    first, ending = 0, ""
    if arguments.apart:
        kinds, first, ending = diagnoses.KINDS_APART, diagnoses.FIRST_SEED_APART, "_apart"
    options = range(first, first + arguments.seeds), kinds, not arguments.no_variants
    place = report.RESULTS / f"doctor_{arguments.game}{ending}.json"
    asked = {name: value for name, value in vars(arguments).items() if name != "keep"}
    if arguments.folder:
        asked["folder"] = pathlib.Path(arguments.folder).name
    runs = []
    for kind, seed, settings in planned(arguments.game, *options):
        runs.append(play(arguments.game, kind, seed, settings, arguments.folder))
        short = [{k: v for k, v in run.items() if k != "readings"} for run in runs]
        print(_shown(short[-1]), flush=True)
        # After each run, since all of them take hours.
        report.write(place, asked, {"runs": short})
        if arguments.keep:
            report.write(arguments.keep, asked, {"runs": runs})
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
