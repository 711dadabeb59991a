"""What a penalty costs a training step, and how a step compares with that of another version.

The game is that of the recipe `mnist`: a DCGAN of width 32 on batches of 32 images of 28×28 pixels,
in float32. Ways to play it take turns, each turn in a process of its own; a turn's figure is the
median time of a step after the first epoch. Ratios are taken within a round.

    git worktree add ../kgan_before REVISION
    python benchmarks/step_time.py --other ../kgan_before
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

WAYS = {
    "no penalty": {},
    "R1": {"every": 1},
    "R1, every 16": {"every": 16},
}
STEPS_PER_EPOCH, BATCH_SIZE = 50, 32


def measure(way, seconds):
    """Milliseconds per step of the kgan that is imported: the median over epochs."""
    import keras
    import numpy as np

    import kgan

    shape = (STEPS_PER_EPOCH * BATCH_SIZE, 28, 28, 1)
    images = np.random.default_rng(0).integers(256, size=shape, dtype="uint8")
    data = kgan.datasets.from_arrays(images, batch_size=BATCH_SIZE)
    networks = kgan.architectures.dcgan((28, 28, 1), latent_dim=64, width=32)
    gan = kgan.GAN(*networks, seed=0)
    options = dict(WAYS[way])
    if options.get("every") == 1:  # Versions that know no lazy penalties take part too.
        del options["every"]
    penalties = [kgan.penalties.R1(0.1, **options)] if WAYS[way] else []
    gan.compile("adam", "adam", penalties=penalties, steps_per_execution=10)

    class Clock(keras.callbacks.Callback):
        times = ()

        def on_epoch_end(self, epoch, logs=None):
            self.times = (*self.times, time.perf_counter())
            self.model.stop_training = self.times[-1] - self.times[0] > seconds

    clock = Clock()
    gan.fit(data, epochs=10_000, verbose=0, callbacks=[clock])
    epochs = [late - early for early, late in zip(clock.times, clock.times[1:], strict=False)]
    return 1000 * statistics.median(epochs) / STEPS_PER_EPOCH


def turn(checkout, way, seconds):
    """One turn in a process of its own, with the kgan of `checkout`."""
    command = [sys.executable, str(pathlib.Path(__file__).resolve()), "--measure", way]
    command += ["--seconds", str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3"}
    found = subprocess.run(
        command, check=True, env=environment, cwd=checkout, stdout=subprocess.PIPE, text=True
    )
    return json.loads(found.stdout.splitlines()[-1])


def main():
    """Takes all turns and writes what they found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--other", type=pathlib.Path, help="a checkout of another version")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=8.0, help="of a turn, after its start")
    parser.add_argument("--measure", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.seconds)))
        return
    import report

    here = pathlib.Path(__file__).resolve().parent.parent
    turns = {way: (here, way) for way in WAYS}
    if arguments.other:
        turns["R1, the other version"] = (arguments.other.resolve(), "R1")
    times = {name: [] for name in turns}
    for _ in range(arguments.rounds):
        for name, (checkout, way) in turns.items():
            times[name].append(turn(checkout, way, arguments.seconds))
    results = {"milliseconds_per_step": times, "ratios": ratios(times)}
    for name, found in results["ratios"].items():
        print(f"{name}: {found['median']:.3f} ({found['min']:.3f} to {found['max']:.3f})")
    settings = {"rounds": arguments.rounds, "seconds": arguments.seconds}
    if arguments.other:
        revision = ["git", "-C", str(arguments.other), "rev-parse", "--short", "HEAD"]
        found = subprocess.run(revision, capture_output=True, text=True, check=True)
        settings["other"] = found.stdout.strip()
    report.write(report.RESULTS / "step_time.json", settings, results)


def ratios(times):
    """The time of each way over that of no penalty, and R1 over that of the other version."""
    pairs = {f"{way} / no penalty": (way, "no penalty") for way in WAYS if WAYS[way]}
    if "R1, the other version" in times:
        pairs["R1 / R1, the other version"] = ("R1", "R1, the other version")
    found = {}
    for name, (one, other) in pairs.items():
        each = [ours / theirs for ours, theirs in zip(times[one], times[other], strict=True)]
        found[name] = {"median": statistics.median(each), "min": min(each), "max": max(each)}
    return found


if __name__ == "__main__":
    main()
