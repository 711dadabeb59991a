"""The devices that `kgan train` uses: `--devices`, `TF_CONFIG`, and `kgan launch`."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import tensorflow as tf
import typer

from kgan.cli.saying import command, errors, tell
from kgan.runs import RunError

__all__ = ["launch", "strategy_for"]

# How long the other workers may take to end by themselves when one has failed, in seconds.
PATIENCE = 20

# Where a worker finds the process that has launched it.
LAUNCHER = "KGAN_LAUNCHER"

# By default, glibc returns large blocks to the system and requests them again in every step.
MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**32),
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
}


def strategy_for(devices: str | None) -> tf.distribute.Strategy | None:
    """The strategy for several workers or several GPUs; None for one device.

    Args:
        devices: what `--devices` was given: `"all"`, a number, or None.

    Raises:
        RunError: if there are not so many GPUs, or `TF_CONFIG` cannot be read.
    """
    gpus = [gpu.name.removeprefix("/physical_device:") for gpu in _gpus()]
    if devices is not None and devices != "all" and not (devices.isdecimal() and int(devices)):
        raise RunError(
            f"--devices must be a number above 0, or all. Received: --devices {devices}."
        )
    number = len(gpus) if devices == "all" else int(devices or 1)
    if number > max(1, len(gpus)):
        raise RunError(
            f"--devices must be at most the number of GPUs of this machine, {len(gpus)}. To try "
            f"several workers on one machine: kgan launch --workers {number} train ... "
            f"Received: --devices {devices}."
        )
    if _num_workers() > 1:
        if devices and number < len(gpus):
            tf.config.set_visible_devices(_gpus()[:number], "GPU")
        return _connected()
    return tf.distribute.MirroredStrategy(gpus[:number]) if number > 1 else None


def _gpus():
    return tf.config.list_physical_devices("GPU")


def _connected():
    """The strategy of several workers, when all of them are there.

    Raises:
        RunError: if TensorFlow cannot start this worker.
    """
    if LAUNCHER in os.environ:
        threading.Thread(target=_end_with, args=[os.environ[LAUNCHER]], daemon=True).start()
    tell("Waiting for the other workers in TF_CONFIG.")
    # While TensorFlow waits Python hears no Ctrl-C, and from then on TensorFlow keeps SIGTERM.
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if usual[signal.SIGINT] is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (tf.errors.OpError, ValueError) as error:
        raise RunError(
            "This worker of TF_CONFIG could not start; is its port in use? Received: "
            f"TF_CONFIG={os.environ['TF_CONFIG']!r}: {str(error).strip().splitlines()[0]}"
        ) from error
    finally:
        for number, handler in usual.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _end_with(launcher):
    """Waits until the process that launched this worker is gone, and ends it after a backup."""
    while str(os.getppid()) == launcher:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _num_workers():
    """The number of workers in `TF_CONFIG`; 0 without it.

    Raises:
        RunError: if it cannot be read, or says that this process is no worker.
    """
    written = os.environ.get("TF_CONFIG") or "{}"
    try:
        config = json.loads(written)
        cluster = {kind: list(hosts) for kind, hosts in dict(config.get("cluster", {})).items()}
        task = dict(config["task"]) if cluster else {}
        hosts = cluster.get(task.get("type"), ())
        is_worker = task.get("type") in ("chief", "worker") and task["index"] in range(len(hosts))
        if cluster and not is_worker:
            raise ValueError(task)
        return sum(len(cluster.get(kind, ())) for kind in ("chief", "worker"))
    except (ValueError, TypeError, AttributeError, KeyError):
        raise RunError(
            "The environment variable TF_CONFIG must be JSON such as "
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
            '"task": {"type": "worker", "index": 0}}, whose task is a worker or the chief, and one '
            f"of those in the cluster. Received: TF_CONFIG={written!r}."
        ) from None


@command
def launch(num_workers: int, arguments: Sequence[str]) -> None:
    """Starts `kgan` with these arguments several times on this machine, as workers of one run.

    Shows the output of the first one, and the errors of all. When one fails, the others are
    stopped.
    """
    if not arguments or arguments[0] != "train":
        raise RunError(
            "`kgan launch` starts workers of `kgan train`: kgan launch --workers 2 train ... "
            f"Received: {' '.join(arguments) or 'nothing to start'}."
        )
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(num_workers)]
    gpus = _shared_out_gpus(num_workers)
    workers = []
    try:
        for index in range(num_workers):
            workers.append(_start(addresses, index, arguments, gpus[index]))
        # Ctrl-C reaches the workers too, which back up; what is sent to this process is passed on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: [worker.terminate() for worker in workers])
        code = _wait(workers)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    if code:
        raise typer.Exit(code if code > 0 else 128 - code)


def _free_ports(number):
    """Ports of this machine that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _shared_out_gpus(num_workers):
    """For each worker, what CUDA_VISIBLE_DEVICES is to be; None where there is no GPU."""
    number = len(_gpus())
    if not number:
        return [None] * num_workers
    if number < num_workers:
        raise RunError(
            f"--workers must be at most the number of GPUs of this machine, {number}: each worker "
            "needs its own. CUDA_VISIBLE_DEVICES=-1 trains on the CPU. "
            f"Received: --workers {num_workers}."
        )
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = given.split(",") if given else [str(i) for i in range(number)]
    each = number // num_workers
    return [",".join(names[i * each : (i + 1) * each]) for i in range(num_workers)]


def _start(addresses, index, arguments, gpus):
    task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    told = {"TF_CONFIG": json.dumps(task), LAUNCHER: str(os.getpid())}
    environment = MALLOC | os.environ | told
    threads = str(max(1, _num_cores() // len(addresses)))
    for pool in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        environment.setdefault(pool, threads)
    if gpus is not None:
        environment["CUDA_VISIBLE_DEVICES"] = gpus
    command = [sys.executable, "-c", "import kgan_command; kgan_command.main()", *arguments]
    hidden = subprocess.DEVNULL if index else None
    return subprocess.Popen(command, env=environment, stdout=hidden)


def _num_cores():
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _wait(workers):
    """Waits for all workers, and says which of them was killed; an exit code, 0 if none failed."""
    deadline, code = float("inf"), 0
    while True:
        is_over = all(worker.poll() is not None for worker in workers)
        failed = [index for index, worker in enumerate(workers) if worker.returncode]
        if failed and not code:
            code, deadline = workers[failed[0]].returncode, time.monotonic() + PATIENCE
            if code < 0:  # Otherwise it has said why itself.
                errors.print(f"Worker {failed[0]} was ended by {signal.Signals(-code).name}.")
        if is_over or time.monotonic() > deadline:
            return code
        time.sleep(0.1)
