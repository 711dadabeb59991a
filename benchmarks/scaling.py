"""How much time two workers lose by talking to each other, and what that makes of eight GPUs.

Three ways to train a DCGAN of width 64 on images of 28×28 take turns, each in processes of its own,
each process on one core:

- `one`: a process alone, with half the batch;
- `two`: two workers of `MultiWorkerMirroredStrategy` that share the batch, half each;
- `apart`: two processes that train at the same time, with half the batch each, and do not talk.

All of them keep the memory of a step for the next one, as the workers of `kgan launch` do.

`efficiency` is the time of a step of `one` over that of `two`. What `two` loses to `apart` is due
to talking; what `apart` loses to `one` is due to a machine that is slower when both cores work.

What is sent is counted at the loopback interface (Linux), and computed: the gradients of both
players, 4 bytes each. From it comes a prediction for N devices, a model and no measurement:

    step = compute + 2 (N - 1) / N · bytes / bandwidth

the time of a ring all-reduce (Patarasuk and Yuan 2009, https://doi.org/10.1016/j.jpdc.2008.09.002)
without latency, and with nothing computed meanwhile; efficiency is compute / step.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys

import report

NUM_DEVICES = 8
GIGABITS = (25, 100, 200, 400)
WARM_UP = 3


def train(core, batch_size, steps):
    """Trains on one core, and prints as JSON what a step takes; under TF_CONFIG as a worker."""
    os.sched_setaffinity(0, {core})
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import contextlib
    import time

    import keras
    import numpy as np
    import tensorflow as tf

    is_worker = "TF_CONFIG" in os.environ
    strategy = tf.distribute.MultiWorkerMirroredStrategy() if is_worker else None
    import kgan

    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).integers(256, size=(4 * batch_size, 28, 28, 1), dtype="uint8")
    dataset = kgan.datasets.from_arrays(images, batch_size=batch_size, seed=0)
    with strategy.scope() if strategy else contextlib.nullcontext():
        gan = kgan.GAN(*kgan.architectures.dcgan((28, 28, 1), 100, width=64, depth=2), seed=0)
        gan.compile()
    gan.fit(dataset, epochs=1, steps_per_epoch=WARM_UP, verbose=0)
    times, sent = [], []

    def note(batch=None, logs=None):
        times.append(time.perf_counter())
        sent.append(_bytes_at_loopback())

    watch = keras.callbacks.LambdaCallback(on_epoch_begin=note, on_epoch_end=note)
    # Two epochs: what a call of `fit` costs once falls into the first.
    gan.fit(dataset, epochs=2, steps_per_epoch=steps, verbose=0, callbacks=[watch])
    weights = [*gan.generator.trainable_weights, *gan.discriminator.trainable_weights]
    found = {
        "milliseconds_per_step": 1000 * (times[3] - times[2]) / steps,
        "bytes_at_loopback_per_step": (sent[3] - sent[2]) / steps,
        "gradient_bytes": 4 * sum(int(np.prod(weight.shape)) for weight in weights),
    }
    print("found", json.dumps(found), flush=True)


def _bytes_at_loopback():
    """What this machine has sent to itself so far."""
    lines = pathlib.Path("/proc/net/dev").read_text().splitlines()
    return next(int(line.split()[9]) for line in lines if line.strip().startswith("lo:"))


def turn(way, batch_size, steps):
    """One turn of a way to train: what each of its processes found, a list of dicts."""
    number = 1 if way == "one" else 2
    size = batch_size if way == "two" else batch_size // 2
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{one.getsockname()[1]}" for one in (first, second)]
    from kgan.cli import devices  # Not where a worker begins, which must set up TensorFlow first.

    processes = []
    for i in range(number):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": i}}
        environment = devices.MALLOC | os.environ
        environment.pop("TF_CONFIG", None)
        if way == "two":
            environment["TF_CONFIG"] = json.dumps(task)
        arguments = ["--core", str(i), "--batch-size", str(size), "--steps", str(steps)]
        command = [sys.executable, __file__, *arguments]
        processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE))
    outputs = [process.communicate()[0].decode() for process in processes]
    if any(process.returncode for process in processes):
        raise RuntimeError(f"A process of {way!r} failed.")
    return [json.loads(output.partition("found ")[2].splitlines()[0]) for output in outputs]


def predicted(milliseconds, num_bytes, num_devices, gigabits):
    """The efficiency of so many devices, by the model above."""
    seconds = 2 * (num_devices - 1) / num_devices * 8 * num_bytes / (gigabits * 1e9)
    return milliseconds / (milliseconds + 1000 * seconds)


def summarize(turns):
    """Medians, and the efficiency of each round."""
    steps = {
        way: [statistics.mean(one["milliseconds_per_step"] for one in found) for found in rounds]
        for way, rounds in turns.items()
    }
    rounds = zip(steps["one"], steps["two"], steps["apart"], strict=True)
    efficiencies = [(one / two, one / apart) for one, two, apart in rounds]
    at_loopback = [found[0]["bytes_at_loopback_per_step"] for found in turns["two"]]
    return {
        "milliseconds_per_step": {way: statistics.median(all_) for way, all_ in steps.items()},
        "efficiency": spread([two for two, _ in efficiencies]),
        "efficiency_apart": spread([apart for _, apart in efficiencies]),
        "gradient_bytes": turns["two"][0][0]["gradient_bytes"],
        # Both workers send as much.
        "bytes_sent_per_worker_and_step": statistics.median(at_loopback) / 2,
        "turns": turns,
    }


def spread(values):
    """The median, and how far values are from each other."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def predictions(results, step_milliseconds):
    """Efficiencies by milliseconds that a step computes, and by Gbit/s."""
    measured = [found["milliseconds_per_step"]["one"] for found in results.values()]
    num_bytes = next(iter(results.values()))["gradient_bytes"]
    return {
        f"{time:.3g}": {
            str(gigabits): predicted(time, num_bytes, NUM_DEVICES, gigabits)
            for gigabits in GIGABITS
        }
        for time in [*measured, *step_milliseconds]
    }


def measure(batch_sizes, rounds, steps):
    """The ways to train in turns, for each batch size; the first goes last next time."""
    turns = {size: {"one": [], "two": [], "apart": []} for size in batch_sizes}
    for i in range(rounds):
        for size, found in turns.items():
            for way in [*found][i % 3 :] + [*found][: i % 3]:
                found[way].append(turn(way, size, steps))
            so_far = summarize(found)
            times = so_far["milliseconds_per_step"]
            print(
                f"round {i + 1}, batch {size}: efficiency {so_far['efficiency']['median']:.3f}",
                f"(apart {so_far['efficiency_apart']['median']:.3f}); ms per step:",
                ", ".join(f"{way} {milliseconds:.1f}" for way, milliseconds in times.items()),
                flush=True,
            )
    return {str(size): summarize(found) for size, found in turns.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    output = report.RESULTS / "scaling.json"
    parser.add_argument("--output", type=pathlib.Path, default=output, help="Where the JSON goes.")
    parser.add_argument("--rounds", type=int, default=5, help="Turns of each way to train.")
    parser.add_argument("--steps", type=int, default=30, help="Steps that a turn times.")
    parser.add_argument(
        "--batch-size", type=int, nargs="+", default=[64, 256], help="Samples of the whole batch."
    )
    parser.add_argument(
        "--step-milliseconds",
        type=float,
        nargs="+",
        default=[30.0, 3.0],
        help="Further times of a step to predict for, as of faster devices.",
    )
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.core is not None:
        train(arguments.core, *arguments.batch_size, arguments.steps)
        return
    results = measure(arguments.batch_size, arguments.rounds, arguments.steps)
    found = {
        "results": results,
        "predicted": predictions(results, arguments.step_milliseconds),
    }
    settings = {"rounds": arguments.rounds, "steps": arguments.steps}
    report.write(arguments.output, settings, found)


if __name__ == "__main__":
    main()
