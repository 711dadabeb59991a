"""Which modes of a ring and a grid of Gaussians a GAN reaches, by the protocol of PacGAN.

Lin et al. 2018, https://arxiv.org/abs/1712.04086, section 4.1: 2,500 samples; those within 3 σ of
the nearest mode are of high quality; a mode is reached by one of them. Two games between the same
networks, for as many steps: `gan`, the non-saturating one of 2014, and `best`, what kgan does best.
Beside them as many real samples. Each seed trains in a process of its own, on one thread; the time
is that of `fit`.

    python benchmarks/mixtures.py --seeds 10
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import report

GAMES = ("best", "gan")
DATASETS = ("ring", "grid")
NUM_SAMPLES = 2500
SETTINGS = {
    "steps": 16_000,
    "batch_size": 256,
    "latent_dim": 3,
    "generator_units": [128] * 5,
    "discriminator_units": [128] * 3,
    "frequencies": {"num_frequencies": 64, "lowest": 1.0, "highest": 100.0, "decay": 0.0},
    "learning_rate": 2e-3,
    "beta_1": 0.0,
    "beta_2": 0.99,
    "penalty_weight": 0.1,
}
# What the discriminator multiplies points by, so that they are within about 1 of 0.
SCALES = {"ring": 1.0, "grid": 0.25}
# After which parts of the training the pictures are drawn.
MOMENTS = (0.02, 0.1, 0.3, 0.6, 1.0)


def main():
    """Trains every game on every data set with every seed, two at once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--processes", type=int, default=2, help="how many train at once")
    parser.add_argument("--one", nargs=3, metavar=("DATASET", "GAME", "SEED"))
    parser.add_argument("--pictures", type=pathlib.Path, help="a folder for those of seed 0")
    arguments = parser.parse_args()
    if arguments.one:
        dataset, game, seed = arguments.one
        print(json.dumps(train(dataset, game, int(seed), arguments.pictures)))
        return
    todo = [(d, g, s) for g in GAMES for d in DATASETS for s in range(arguments.seeds)]
    with concurrent.futures.ThreadPoolExecutor(arguments.processes) as pool:
        found = list(pool.map(lambda one: run(*one, arguments.pictures), todo))
    results = {}
    for dataset in DATASETS:
        results[dataset] = {"real": [real(dataset, seed) for seed in range(arguments.seeds)]}
        for game in GAMES:
            results[dataset][game] = [
                result
                for one, result in zip(todo, found, strict=True)
                if one[:2] == (dataset, game)
            ]
    settings = {"seeds": arguments.seeds, "processes": arguments.processes, **SETTINGS}
    report.write(report.RESULTS / "mixtures.json", settings, results)


def real(dataset, seed):
    """What as many real points get."""
    from kgan.datasets import gaussian_mixture  # Late: TensorFlow reads its threads once.

    distribution = gaussian_mixture(dataset).distribution
    points, _ = distribution.draw(NUM_SAMPLES, 1000 + seed)
    return measured(points, distribution)


def measured(points, distribution):
    """The coverage of a mixture, as JSON can hold it."""
    from kgan.metrics import mixture_coverage

    found = mixture_coverage(points, distribution.means, distribution.standard_deviation)
    kept = ("modes", "num_modes", "high_quality", "reverse_kl", "spread")
    return {name: getattr(found, name) for name in kept}


def run(dataset, game, seed, pictures):
    """What `train` gives, in a process of its own, on one thread."""
    command = [sys.executable, __file__, "--one", dataset, game, str(seed)]
    if pictures and seed == 0:
        command += ["--pictures", str(pictures)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    print(dataset, game, seed, {k: v for k, v in result.items() if k != "over_time"}, flush=True)
    return result


def networks(scale):
    """The two players: the discriminator sees the points, and Fourier features of them."""
    import keras
    from keras import layers

    import kgan

    def hidden(x, units, activation):
        for width in units:
            x = layers.Dense(width, activation, kernel_initializer="he_normal")(x)
        return x

    latents = keras.Input((SETTINGS["latent_dim"],), name="latents")
    generated = layers.Dense(2)(hidden(latents, SETTINGS["generator_units"], "relu"))
    points = keras.Input((2,), name="images")
    x = kgan.layers.FourierFeatures(**SETTINGS["frequencies"])(layers.Rescaling(scale)(points))
    logits = layers.Dense(1)(hidden(x, SETTINGS["discriminator_units"], "leaky_relu"))
    return keras.Model(latents, generated), keras.Model(points, logits)


def optimizer():
    """Adam, whose learning rate falls to 0."""
    import keras

    rate = keras.optimizers.schedules.CosineDecay(SETTINGS["learning_rate"], SETTINGS["steps"])
    return keras.optimizers.Adam(rate, SETTINGS["beta_1"], SETTINGS["beta_2"])


def answers(discriminator):
    """What D answers to points now, whatever it learns later."""
    import keras

    copy = keras.models.clone_model(discriminator)
    copy.set_weights(discriminator.get_weights())
    return lambda points: copy.predict(points, batch_size=4096, verbose=0)


def train(dataset, game, seed, pictures=None):
    """Plays one game, and measures it."""
    import keras
    import tensorflow as tf

    import kgan

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(seed)
    data = kgan.datasets.gaussian_mixture(dataset, batch_size=SETTINGS["batch_size"], seed=seed)
    gan = kgan.GAN(*networks(SCALES[dataset]), seed=seed)
    penalties = [kgan.penalties.R1(SETTINGS["penalty_weight"])]
    penalties += [kgan.penalties.R2(SETTINGS["penalty_weight"])]
    gan.compile(
        optimizer(),
        optimizer(),
        loss="relativistic" if game == "best" else "non_saturating",
        penalties=penalties if game == "best" else (),
        steps_per_execution=40,
    )
    seconds, over_time, moments = 0.0, [], {}
    for moment in MOMENTS:
        steps = round(moment * SETTINGS["steps"]) - int(gan.step.numpy())
        begin = time.perf_counter()
        gan.fit(data, steps_per_epoch=steps, epochs=1, verbose=0)
        seconds += time.perf_counter() - begin
        samples = gan.generate(NUM_SAMPLES, seed=seed)
        over_time.append({"step": int(gan.step.numpy()), **measured(samples, data.distribution)})
        if pictures:
            moments[f"step {over_time[-1]['step']:,}"] = (samples, answers(gan.discriminator))
    if pictures:
        figure = kgan.plots.plane(moments, data.samples)
        kgan.plots.save(pictures / f"mixtures_{dataset}_{game}.png", figure)
    return over_time[-1] | {"training_seconds": seconds, "over_time": over_time}


if __name__ == "__main__":
    main()
