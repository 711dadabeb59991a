"""How much time two workers lose by talking to each other, and what that makes of eight GPUs.

Three ways to train take turns, each in processes of its own, each process on one core:

- `one`: a process alone, with half the batch;
- `two`: two workers of `MultiWorkerMirroredStrategy` that share the batch, half each;
- `apart`: two processes that train at the same time, with half the batch each, and do not talk.

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
    processes = []
    for i in range(number):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": i}}
        environment = {key: value for key, value in os.environ.items() if key != "TF_CONFIG"}
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


def summarize(turns, step_milliseconds):
    """Medians, the efficiency of each round, and the prediction."""
    steps = {
        way: [statistics.mean(one["milliseconds_per_step"] for one in found) for found in rounds]
        for way, rounds in turns.items()
    }
    rounds = zip(steps["one"], steps["two"], steps["apart"], strict=True)
    efficiencies = [(one / two, one / apart) for one, two, apart in rounds]
    num_bytes = turns["two"][0][0]["gradient_bytes"]
    at_loopback = [found[0]["bytes_at_loopback_per_step"] for found in turns["two"]]
    medians = {way: statistics.median(values) for way, values in steps.items()}
    times = [medians["one"], *step_milliseconds]
    return {
        "milliseconds_per_step": medians,
        "efficiency": statistics.median(two for two, _ in efficiencies),
        "efficiency_apart": statistics.median(apart for _, apart in efficiencies),
        "efficiencies": efficiencies,
        "gradient_bytes": num_bytes,
        # Both workers send as much.
        "bytes_sent_per_worker_and_step": statistics.median(at_loopback) / 2,
        "predicted": {
            f"{time:.3g}": {
                str(gigabits): predicted(time, num_bytes, NUM_DEVICES, gigabits)
                for gigabits in GIGABITS
            }
            for time in times
        },
        "turns": turns,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    output = report.RESULTS / "scaling.json"
    parser.add_argument("--output", type=pathlib.Path, default=output, help="Where the JSON goes.")
    parser.add_argument("--rounds", type=int, default=5, help="Turns of each way to train.")
    parser.add_argument("--steps", type=int, default=40, help="Steps that a turn times.")
    parser.add_argument("--batch-size", type=int, default=64, help="Samples of the whole batch.")
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
        train(arguments.core, arguments.batch_size, arguments.steps)
        return
    turns = {"one": [], "two": [], "apart": []}
    for i in range(arguments.rounds):
        order = [*turns][i % 3 :] + [*turns][: i % 3]
        for way in order:
            turns[way].append(turn(way, arguments.batch_size, arguments.steps))
        found = summarize({way: done[: i + 1] for way, done in turns.items()}, [])
        times = ", ".join(f"{way} {ms:.1f}" for way, ms in found["milliseconds_per_step"].items())
        print(f"round {i + 1}: efficiency {found['efficiency']:.3f}", end="")
        print(f" (apart {found['efficiency_apart']:.3f}); ms per step: {times}", flush=True)
    settings = {
        "rounds": arguments.rounds,
        "steps": arguments.steps,
        "batch_size": arguments.batch_size,
    }
    report.write(arguments.output, settings, summarize(turns, arguments.step_milliseconds))


if __name__ == "__main__":
    main()
