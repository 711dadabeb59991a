"""How fast `kgan.GAN.fit` is beside the same training loop written by hand (`by_hand.py`).

Four ways to train take turns in one process, on the same networks, data, optimizers and number of
steps per call:

- `fit`: `gan.fit(..., verbose=0)`;
- `fit_with_progress_bar`: `gan.fit(...)` as it is by default; what it prints is thrown away;
- `loop_in_python`: by hand, a Python loop that calls a `tf.function` step;
- `loop_in_graph`: by hand, a `tf.function` that makes as many steps a call as `fit` does.

What is compared is the steady state: the time from the end of the first epoch to the end of the
last one, without what a call costs once (tracing, the look at the first batch, the iterator). The
whole call is timed too, and recorded as `call_seconds`. `ratio` is the speed of `fit` over that
of the faster loop by hand, the faster by its median: one value a round, above 1 where kgan is
faster.
"""

import argparse
import contextlib
import dataclasses
import functools
import gc
import math
import os
import pathlib
import statistics
import time
from collections.abc import Callable

import by_hand
import keras
import numpy as np
import report

import kgan
from kgan import recipes

BY_HAND = ("loop_in_python", "loop_in_graph")


@dataclasses.dataclass(frozen=True)
class Configuration:
    """What is trained.

    Args:
        description: for the reader of the table.
        recipe: the networks, the batch, the optimizers, the loss.
        load: a function from the recipe to its data.
    """

    description: str
    recipe: recipes.Recipe
    load: Callable = recipes.Recipe.load


def _noise_images(recipe, batches=4):
    """28×28 bytes of noise: how long a step takes does not depend on what is in the images."""
    shape = (batches * recipe.batch_size, 28, 28, 1)
    images = np.random.default_rng(0).integers(256, size=shape, dtype="uint8")
    return kgan.datasets.from_arrays(images, batch_size=recipe.batch_size, seed=recipe.seed)


_DCGAN = recipes.Recipe(
    summary="noise",
    dataset=None,
    batch_size=64,
    epochs=1,
    network={"latent_dim": 100, "width": 64, "depth": 2},
)
_DCGAN_BFLOAT16 = dataclasses.replace(_DCGAN, precision="mixed_bfloat16")

CONFIGURATIONS = {
    "digits": Configuration("recipe `digits`: MLP, 8×8", recipes.DIGITS),
    "dcgan": Configuration("DCGAN of width 64, 28×28, float32", _DCGAN, _noise_images),
    "dcgan_bfloat16": Configuration(
        "DCGAN of width 64, 28×28, mixed_bfloat16",
        _DCGAN_BFLOAT16,
        functools.partial(_noise_images, batches=1),  # A step may take seconds.
    ),
}


class EpochEnds(keras.callbacks.Callback):
    """Notes the time at the end of each epoch."""

    def on_train_begin(self, logs=None):
        self.times = []

    def on_epoch_end(self, epoch, logs=None):
        self.times.append(time.perf_counter())


def build(configuration):
    """The data, the GAN of kgan and the one by hand, both with the same initial weights."""
    recipe = configuration.recipe
    dataset = configuration.load(recipe)
    gan = recipe.build(dataset)
    keras.utils.set_random_seed(recipe.seed)
    networks = recipe.networks(tuple(dataset.element_spec.shape[1:]), dataset.num_classes)
    hand_written = by_hand.HandWrittenGAN(
        *networks,
        learning_rate=recipe.learning_rate,
        r1_weight=_r1_weight(gan),
        ema_decay=gan.ema_decay,
        steps_per_call=gan.steps_per_execution,
    )
    for ours, theirs in [(gan.generator, networks[0]), (gan.discriminator, networks[1])]:
        for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    return dataset, gan, hand_written


def _r1_weight(gan):
    """What the loop by hand is to be given; raises where it does not know the game."""
    known = gan.discriminator_steps == 1 and gan.loss == kgan.losses.NonSaturating()
    penalties = [type(penalty) for penalty in gan.penalties]
    if not known or penalties not in ([], [kgan.penalties.R1]):
        raise ValueError(
            "by_hand.py knows the non-saturating loss, with or without one R1 penalty."
        )
    return sum(penalty.weight for penalty in gan.penalties)


def contestants(dataset, gan, hand_written):
    """A function for each way to train: epochs -> the times of their ends, and their logs."""

    def fit(epochs, verbose=0):
        ends = EpochEnds()
        history = gan.fit(dataset, epochs=epochs, verbose=verbose, callbacks=[ends]).history
        rows = zip(*history.values(), strict=True)
        return ends.times, [dict(zip(history, map(float, row), strict=True)) for row in rows]

    def fit_with_progress_bar(epochs):
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            return fit(epochs, verbose=1)

    return {
        "fit": fit,
        "fit_with_progress_bar": fit_with_progress_bar,
        "loop_in_python": lambda epochs: hand_written.train(dataset, epochs, in_graph=False),
        "loop_in_graph": lambda epochs: hand_written.train(dataset, epochs, in_graph=True),
    }


def measure(train, epochs, steps_per_epoch):
    """Trains for one epoch and `epochs` more, and times these.

    Returns:
        A dict: `milliseconds_per_step` after the first epoch, `call_seconds` of the whole call,
        `steps` that were timed.
    """
    gc.collect()
    start = time.perf_counter()
    ends, _ = train(1 + epochs)
    call_seconds = time.perf_counter() - start
    steps = epochs * steps_per_epoch
    seconds = ends[-1] - ends[0]
    return {
        "milliseconds_per_step": 1000 * seconds / steps,
        "call_seconds": call_seconds,
        "steps": steps,
    }


def run(configuration, rounds, seconds):
    """All rounds of one configuration.

    Args:
        configuration: a `Configuration`.
        rounds: how often each way to train has its turn.
        seconds: how long a turn is to last, about; all have the same number of steps.

    Returns:
        A dict of what was measured, and of the settings that it depends on.
    """
    dataset, gan, hand_written = build(configuration)
    ways = contestants(dataset, gan, hand_written)
    logs = {name: train(2)[1] for name, train in ways.items()}  # Traces all of them.
    steps_per_epoch = dataset.steps_per_epoch
    estimate = measure(ways["fit"], 1, steps_per_epoch)["milliseconds_per_step"]
    epochs = max(1, math.ceil(1000 * seconds / (estimate * steps_per_epoch)))
    turns = {name: [] for name in ways}
    for i in range(rounds):
        order = [*ways][i % len(ways) :] + [*ways][: i % len(ways)]  # Each way begins as often.
        for name in order:
            turns[name].append(measure(ways[name], epochs, steps_per_epoch))
    check_iterations(gan, hand_written)
    return {
        "description": configuration.description,
        "batch_size": dataset.batch_size,
        "steps_per_epoch": steps_per_epoch,
        "steps_per_call": gan.steps_per_execution,
        "precision": configuration.recipe.precision,
        "generator_weights": gan.generator.count_params(),
        "discriminator_weights": gan.discriminator.count_params(),
        **summarize(turns),
        "first_epoch": {name: logs[name][0] for name in ("fit", "loop_in_python")},
        "turns": turns,
    }


def check_iterations(gan, hand_written):
    """Raises unless all four optimizers have made as many steps as they were asked for."""
    steps = int(gan.step.numpy())
    ours = [int(o.iterations) for o in (gan.generator_optimizer, gan.discriminator_optimizer)]
    theirs = [
        int(o.iterations)
        for o in (hand_written.generator_optimizer, hand_written.discriminator_optimizer)
    ]
    if ours != [steps, steps] or theirs[0] != theirs[1]:
        raise RuntimeError(f"Steps were lost: {steps} of kgan, iterations {ours} and {theirs}.")


def summarize(turns):
    """The medians of all ways to train, and the ratios of `fit` to the faster loop by hand."""
    times = {
        name: [turn["milliseconds_per_step"] for turn in values] for name, values in turns.items()
    }
    medians = {name: statistics.median(values) for name, values in times.items()}
    faster = min(BY_HAND, key=medians.get)
    ratios = {
        name: [theirs / ours for theirs, ours in zip(times[faster], times[name], strict=True)]
        for name in times
        if name not in BY_HAND
    }
    return {
        "milliseconds_per_step": medians,
        "faster_by_hand": faster,
        "ratio": {
            name: {"median": statistics.median(values), "min": min(values), "max": max(values)}
            for name, values in ratios.items()
        },
        "ratios": ratios,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    output = report.RESULTS / "throughput.json"
    parser.add_argument("--output", type=pathlib.Path, default=output, help="Where the JSON goes.")
    parser.add_argument("--rounds", type=int, default=20, help="Turns of each way to train.")
    parser.add_argument("--seconds", type=float, default=2.0, help="How long a turn lasts, about.")
    parser.add_argument(
        "--configurations", nargs="+", choices=CONFIGURATIONS, default=list(CONFIGURATIONS)
    )
    arguments = parser.parse_args()
    results = {}
    for name in arguments.configurations:
        results[name] = run(CONFIGURATIONS[name], arguments.rounds, arguments.seconds)
        ratio, times = results[name]["ratio"]["fit"], results[name]["milliseconds_per_step"]
        print(f"{name}: fit is {ratio['median']:.3f} times as fast", end=" ")
        print(f"({ratio['min']:.3f} to {ratio['max']:.3f}); ms a step:", end=" ")
        print(", ".join(f"{way} {time:.3f}" for way, time in times.items()), flush=True)
        keras.backend.clear_session()
        settings = {"rounds": arguments.rounds, "seconds": arguments.seconds}
        report.write(arguments.output, settings, results)


if __name__ == "__main__":
    main()
