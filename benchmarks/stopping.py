"""Where `EquilibriumStopping` ends trainings.

Each sound game is played twice with the same seed: once until it is stopped, and once to the end,
where the best epoch is the one with the smallest distance to held-out data. Both generators are
then measured again, with fresh latents, as many samples, and held-out data that chose neither: half
of that of digits, and 50,000 other points. Each unsound game, in which D is too weak or G draws a
few modes, is played once: it must never end for "equilibrium".

    python benchmarks/stopping.py digits --seeds 10
"""

import argparse
import time

import keras
import numpy as np
import report

import kgan
from kgan import metrics, recipes

# How many samples are compared with held-out data, at least; and how many held-out points there are
# to measure with.
NUM_SAMPLES, NUM_POINTS = 5000, 50_000
# How many distances are measured during a full training.
NUM_MEASURED = 40
EPOCHS_OF_POINTS = 80


def digits(seed, **compiled):
    """The recipe `digits`, twice as long: the GAN, its data, held-out data, features, epochs.

    Held-out data is a pair: what chooses the end and the best epoch, and what measures these.
    """
    recipe = recipes.DIGITS.with_fields({"seed": seed} | compiled)
    dataset = recipe.load()
    held_out = kgan.datasets.digits("test").samples
    order = np.random.default_rng(0).permutation(len(held_out))
    parts = held_out[order[::2]], held_out[order[1::2]]
    return recipe.build(dataset), dataset, parts, "digits", 2 * recipe.epochs


def points(dataset, held_out, seed, penalties=("r1", "r2"), loss="relativistic", rate=1e-3):
    """A game of points between small networks."""
    keras.utils.set_random_seed(seed)
    size = held_out[0].shape[1]
    latents, samples = keras.Input((4,)), keras.Input((size,))
    x, y = latents, samples
    for _ in range(3):
        x = keras.layers.Dense(64, "relu")(x)
        y = keras.layers.Dense(64, "leaky_relu")(y)
    generator = keras.Model(latents, keras.layers.Dense(size)(x))
    gan = kgan.GAN(generator, keras.Model(samples, keras.layers.Dense(1)(y)), seed=seed)
    optimizers = keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(rate, 0.5)
    gan.compile(*optimizers, loss=loss, penalties=penalties, steps_per_execution=10)
    return gan, dataset, held_out, "raw", EPOCHS_OF_POINTS


def gaussian(seed):
    """A normal distribution in one dimension."""
    drawn = np.random.default_rng(seed).normal(0.5, 0.5, (7500 + NUM_POINTS, 1)).astype("float32")
    dataset = kgan.datasets.from_arrays(drawn[:5000], batch_size=100, seed=seed)
    return points(dataset, (drawn[5000:7500], drawn[7500:]), seed)


def ring(seed, **options):
    """Eight normal distributions on a circle."""
    dataset = kgan.datasets.gaussian_mixture("ring", batch_size=100, seed=seed)
    drawn, _ = dataset.distribution.draw(2500 + NUM_POINTS, 1000 + seed)
    dataset = dataset.subset(np.arange(5000))
    return points(dataset, (drawn[:2500], drawn[2500:]), seed, **options)


def weak_digits(seed):
    """Digits, of which D learns nothing."""
    return digits(seed, discriminator_learning_rate=1e-5)


def weak_ring(seed):
    """The ring, of which D learns nothing."""
    return ring(seed, rate=1e-5)


def collapsing_ring(seed):
    """The ring by the game of 2014, with a D that learns too fast."""
    return ring(seed, rate=1e-2, penalties=(), loss="non_saturating")


SOUND = {"digits": digits, "gaussian": gaussian, "ring": ring}
UNSOUND = {
    "weak_digits": weak_digits,
    "weak_ring": weak_ring,
    "collapsing_ring": collapsing_ring,
}


def distance(gan, held_out, features, seed):
    """The Fréchet distance of samples to held-out data."""
    extractor = kgan.features.get(features)
    both = held_out, gan.generate(max(NUM_SAMPLES, len(held_out)), seed=seed)
    return float(metrics.frechet_distance(*map(extractor.features, both)))


class Best(keras.callbacks.Callback):
    """Keeps the weights of the averaged generator when they are nearest to held-out data."""

    def __init__(self, held_out, features, between):
        super().__init__()
        self.measured = held_out, features
        self.between, self.smallest, self.epoch = between, np.inf, 0

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.between == 0:
            found = distance(self.model, *self.measured, seed=epoch)
            if found < self.smallest:
                self.smallest, self.epoch = found, epoch + 1
                self.weights = self.model.averaged_generator.get_weights()


def stopped(game, seed):
    """A game that is played until it is stopped."""
    gan, dataset, (chooses, measures), features, epochs = game(seed)
    stopping = kgan.callbacks.EquilibriumStopping(chooses, features=features, seed=seed)
    began = time.perf_counter()
    history = gan.fit(dataset, epochs=epochs, callbacks=[stopping], verbose=0)
    return {
        "reason": stopping.reason,
        "epochs": len(history.epoch),
        "of": epochs,
        "seconds": time.perf_counter() - began,
        "distance": distance(gan, measures, features, seed=10_000 + seed),
        "exams": [exam._asdict() for exam in stopping.exams],
    }


def whole(game, seed):
    """The same game to the end, and what its best epoch is worth."""
    gan, dataset, (chooses, measures), features, epochs = game(seed)
    best = Best(chooses, features, max(1, epochs // NUM_MEASURED))
    began = time.perf_counter()
    gan.fit(dataset, epochs=epochs, callbacks=[best], verbose=0)
    seconds = time.perf_counter() - began
    last = distance(gan, measures, features, seed=10_000 + seed)
    gan.averaged_generator.set_weights(best.weights)
    again = distance(gan, measures, features, seed=10_000 + seed)
    return {"best_epoch": best.epoch, "best": again, "last": last, "seconds": seconds}


def main():
    """Plays a game with several seeds and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("game", choices=[*SOUND, *UNSOUND])
    parser.add_argument("--seeds", type=int, default=10, help="How many, from 0.")
    settings = parser.parse_args()
    game = (SOUND | UNSOUND)[settings.game]
    results = {"runs": []}
    for seed in range(settings.seeds):
        run = {"seed": seed} | stopped(game, seed)
        if settings.game in SOUND:
            run["whole"] = whole(game, seed)
            run["ratio"] = run["distance"] / run["whole"]["best"]
        results["runs"].append(run)
        print({key: value for key, value in run.items() if key != "exams"}, flush=True)
    report.write(report.RESULTS / f"stopping_{settings.game}.json", vars(settings), results)


if __name__ == "__main__":
    main()
