import json
import os
import signal
import subprocess
import sys
import time

import pytest
from commands import QUICK, call, said

from kgan.cli import devices
from kgan.runs import RunError


@pytest.fixture
def _gpus(monkeypatch):
    """Two GPUs, of which the user has named others visible."""
    monkeypatch.setattr(devices, "_gpus", lambda: ["first", "second"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("2", "at most the number of GPUs of this machine, 0"),
        ("none", "must be a number above 0, or all"),
        ("0", "must be a number above 0, or all"),
    ],
)
def test_devices_that_are_not_there_are_refused(monkeypatch, tmp_path, given, message):
    monkeypatch.setattr(devices, "_gpus", list)
    result = call("train", *QUICK, "--devices", given, "--output", tmp_path / "run")
    assert result.exit_code == 1
    assert message in said(result)
    assert not list(tmp_path.iterdir())


def test_one_device_needs_no_strategy(monkeypatch):
    monkeypatch.setattr(devices, "_gpus", list)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert devices.strategy_for(None) is devices.strategy_for("all") is None


CLUSTER = '{"cluster": {"worker": ["host1:1", "host2:1"]}'
TASKS = ['{"type": "worker", "index": 2}', '{"type": "worker", "index": -1}', '{"type": "ps"}']


@pytest.mark.parametrize(
    "written",
    ["{", "[]", '{"cluster": 1}', CLUSTER + "}", *(f'{CLUSTER}, "task": {one}}}' for one in TASKS)],
)
def test_a_tf_config_that_cannot_be_read_is_refused(monkeypatch, written):
    monkeypatch.setenv("TF_CONFIG", written)
    with pytest.raises(RunError, match="TF_CONFIG must be JSON such as"):
        devices.strategy_for(None)


def test_launch_starts_trainings_alone():
    result = call("launch", "--workers", 2, "generate", "run")
    assert result.exit_code == 1
    assert "starts workers of `kgan train`" in said(result)


@pytest.mark.usefixtures("_gpus")
def test_each_worker_has_gpus_of_its_own():
    assert devices._shared_out_gpus(2) == ["4", "7"]
    assert devices._shared_out_gpus(1) == ["4,7"]
    with pytest.raises(RunError, match="at most the number of GPUs of this machine, 2"):
        devices._shared_out_gpus(3)


def test_a_worker_is_told_its_place_and_keeps_what_the_user_has_set(monkeypatch):
    started = []
    take = started.append
    monkeypatch.setattr(devices.subprocess, "Popen", lambda command, env, stdout: take(env))
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    devices._start(["host1:1", "host2:2"], 1, ["train"], "7")
    (environment,) = started
    task = json.loads(environment["TF_CONFIG"])
    assert task["cluster"] == {"worker": ["host1:1", "host2:2"]}
    assert task["task"] == {"type": "worker", "index": 1}
    assert environment["CUDA_VISIBLE_DEVICES"] == "7"
    assert environment["MALLOC_ARENA_MAX"] == "4"
    assert environment["MALLOC_TRIM_THRESHOLD_"] == devices.MALLOC["MALLOC_TRIM_THRESHOLD_"]


def launching(*arguments):
    """`kgan launch` in a process of its own, which has just begun."""
    program = "import kgan_command; kgan_command.main()"
    command = [sys.executable, "-c", program, "launch", *map(str, arguments)]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, env=environment, **pipes)


def launched(*arguments):
    """What `kgan launch` said, and its exit code."""
    process = launching(*arguments)
    out, err = process.communicate()
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.mark.slow
def test_two_launched_workers_train_a_run_that_one_process_prolongs(tmp_path):
    run = tmp_path / "run"
    ended = launched("--workers", 2, "train", *QUICK, "--output", run)
    assert ended.returncode == 0, ended.stderr
    assert "2 replicas, of 2 workers" in ended.stdout
    assert json.loads((run / "run.json").read_text())["devices"]["num_workers"] == 2
    assert call("train", "--epochs", 3, *QUICK[2:], "--output", run).exit_code == 0
    assert json.loads((run / "run.json").read_text())["devices"]["num_workers"] == 1
    assert len((run / "log.csv").read_text().splitlines()) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--batch-size=33", "--batch-size must be a multiple of the number of replicas, 2"),
        ("--set=packing=3", "a multiple of `packing`, 3 times the number of replicas, 2"),
    ],
)
def test_a_launch_whose_workers_fail_fails_and_leaves_nothing(tmp_path, option, message):
    ended = launched("--workers", 2, "train", option, "--output", tmp_path / "run")
    assert ended.returncode == 1
    assert message in ended.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, marks=pytest.mark.soak),
    ],
)
def test_a_launch_that_is_ended_ends_its_workers_and_resumes(tmp_path, sent):
    run = tmp_path / "run"
    arguments = "--workers", 2, "train", "--batch-size", 256, "--output", run, "--epochs"
    process = launching(*arguments, 1000)
    deadline = time.monotonic() + 120
    while not (run / "log.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(sent)
    process.communicate(timeout=60)  # The workers hold the other ends of its pipes.
    assert process.returncode == (143 if sent == signal.SIGTERM else -sent)
    done = len((run / "log.csv").read_text().splitlines()) - 1
    assert 1 <= done < 1000
    ended = launched(*arguments, done + 1)
    assert ended.returncode == 0, ended.stderr
    assert len((run / "log.csv").read_text().splitlines()) == done + 2
    assert (run / "gan.keras").exists()
