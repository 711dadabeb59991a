"""`kgan train` under `kill -9`: what it leaves, and where it ends when it is started again."""

import contextlib
import os
import random
import signal
import time

import killing
import players
import pytest
import tensorflow as tf
from commands import call

from kgan import runs
from kgan.resumption import backups

pytestmark = pytest.mark.skipif(
    bool(tf.config.list_physical_devices("GPU")),
    reason="`kgan train` is the same to the last bit on CPUs only",
)

# 37 steps an epoch, a prime number: each is an execution of its own, and can be the last.
OPTIONS = ["--epochs", "3", "--batch-size", "38", "--seed", "5"]
STEPS, EPOCHS = 37, 3
# Convolutions, labels, BatchNormalization and a penalty; 36 steps an epoch, 18 an execution.
DCGAN = ["--recipe", "small_dcgan", "--conditional", "--epochs", "4", "--batch-size", "39"]
EXECUTIONS = 2


def seeds(number):
    """Seeds of moments: the first so many for `make slow`, and a hundred more for `make soak`."""
    marks = [pytest.mark.slow] * number + [pytest.mark.soak] * 100
    return [pytest.param(seed, marks=mark) for seed, mark in enumerate(marks)]


def start(folder, *kill, seconds=None, options=OPTIONS):
    """Starts the run in `folder`; says whether it came to its end."""
    process = killing.start(folder, options, *kill)
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL), killing.said(folder).read_text()
    return process.exitcode == 0


def finish(folder):
    """Runs it to its end in this process, which saves the time that another takes to start."""
    ended = call("train", *OPTIONS, "--output", folder)
    assert ended.exit_code == 0, ended.output


def result(folder):
    """All that a run is: weights, optimizers, logs, history, pictures."""
    run = runs.Run(folder)
    gan, path = runs.find(folder)
    assert path == run.model
    copy, _ = runs.find(run.backup / backups.NEWEST)
    assert players.same(players.digest(gan), players.digest(copy))
    files = {path.name: path.read_bytes() for path in run.samples.iterdir()}
    position = backups.restore(run.backup, gan)
    return players.digest(gan), run.log.read_bytes(), position.history, files


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """What the run is that nobody kills."""
    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    finish(folder)
    return result(folder)


def check_same(folder, undisturbed):
    weights, *others = undisturbed
    resumed_weights, *resumed_others = result(folder)
    assert players.same(weights, resumed_weights)
    assert others == resumed_others


IN_A_STEP = [("batch", "before", STEPS + 5), ("rename", "before", 4), ("epoch", "before", 1)]
IN_WRITING = [("entry of a file", "after", 5), ("sync", "before", 9), ("rename", "after", 12)]


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param([IN_A_STEP[0], IN_WRITING[1]], id="one of each kind"),
        pytest.param(IN_A_STEP, id="in a step, at an epoch's end", marks=pytest.mark.slow),
        pytest.param(IN_WRITING, id="in the middle of writing", marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_ends_like_an_undisturbed_one(tmp_path, undisturbed, kills):
    for kill in kills:
        assert not start(tmp_path, *kill)
    finish(tmp_path)
    check_same(tmp_path, undisturbed)


@pytest.mark.slow
def test_a_killed_conditional_dcgan_ends_like_an_undisturbed_one(tmp_path):
    assert start(tmp_path / "whole", options=DCGAN)
    for kill in [("batch", "before", EXECUTIONS + 1), ("rename", "after", 7)]:
        assert not start(tmp_path / "killed", *kill, options=DCGAN)
    assert start(tmp_path / "killed", options=DCGAN)
    gan, _ = runs.find(tmp_path / "killed")
    assert gan.num_classes == 10
    assert gan.steps_per_execution == 18
    check_same(tmp_path / "killed", result(tmp_path / "whole"))


@pytest.mark.slow
def test_a_killed_fine_tuning_ends_like_an_undisturbed_one(tmp_path):
    source = tmp_path / "source"
    assert start(source, options=["--recipe", "digits", "--epochs", "1"])
    options = ["--dataset", "digits", "--from", source, "--freeze", "1", *OPTIONS]
    assert start(tmp_path / "whole", options=options)
    for kill in [("batch", "before", STEPS + 5), ("rename", "after", 12)]:
        assert not start(tmp_path / "killed", *kill, options=options)
        if source.exists():  # It is not needed once there is a backup.
            source.rename(tmp_path / "elsewhere")
    assert start(tmp_path / "killed", options=options)
    check_same(tmp_path / "killed", result(tmp_path / "whole"))


@pytest.mark.parametrize("seed", seeds(5))
def test_a_run_killed_at_random_ends_like_an_undisturbed_one(tmp_path, undisturbed, seed):
    chosen = random.Random(seed)
    ended = []
    for i in range(chosen.randint(2, 4)):
        # The first is sure to strike; a fast machine may be done before any other.
        moment = chosen.choice([*killing.MOMENTS, "any"] if i else [*killing.MOMENTS])
        if moment == "any":
            ended.append(start(tmp_path, seconds=chosen.uniform(0, 4)))
        else:
            often = {"batch": STEPS, "epoch": 2, "entry of a file": 10}.get(moment, 12)
            when, number = chosen.choice(["before", "after"]), chosen.randint(1, often)
            ended.append(start(tmp_path, moment, when, number))
    assert not all(ended)  # Some kill struck.
    assert start(tmp_path)
    check_same(tmp_path, undisturbed)


@pytest.mark.parametrize("seed", seeds(2))
def test_a_run_ended_by_a_signal_at_random_ends_like_an_undisturbed_one(
    tmp_path, undisturbed, seed
):
    chosen = random.Random(seed)
    number = chosen.choice([signal.SIGINT, signal.SIGTERM])
    process = killing.start(tmp_path, OPTIONS)
    while not (tmp_path / "backup").exists():  # Before that nothing is there to be lost.
        time.sleep(0.01)
    time.sleep(chosen.uniform(0, 2))
    with contextlib.suppress(ProcessLookupError):  # It was over.
        os.kill(process.pid, number)
    process.join()
    said = killing.said(tmp_path).read_text()
    if "finishing this step" in said:
        assert process.exitcode == 128 + number, said
    else:  # It came after training, while the run was written down, or was over.
        assert f"step {EPOCHS * STEPS}/" in said
    finish(tmp_path)
    check_same(tmp_path, undisturbed)
