"""One game in several processes: `MultiWorkerMirroredStrategy`, on this machine."""

import os
import pathlib
import random
import re
import shutil
import signal
import time

import numpy as np
import pytest
import replicated
from replicated import data, game, in_workers, largest_difference, learned, play

import kgan
from kgan.resumption import backups

RULES = {"k": 2, "penalties": [kgan.penalties.R1(0.1)]}


@pytest.mark.parametrize(
    ("optimizer", "bound"),
    [("SGD", 1e-6), pytest.param("Adam", 1e-3, marks=pytest.mark.soak)],
)
def test_two_workers_play_the_game_of_one_process(optimizer, bound):
    options = {"optimizer": optimizer, **RULES}
    first, second = in_workers(2, play, **options)
    weights, logs = largest_difference(play(**options), first)
    assert weights <= bound
    assert logs <= bound
    assert all(type(value) is float for value in first[1].values())
    assert first[1] == second[1]
    for name, values in first[0].items():
        np.testing.assert_array_equal(values, second[0][name])


# A training in several processes that are killed, and started again.

EPOCHS, STEPS = 4, 10


def train(strategy, folder, optimizer="Adam", epochs=EPOCHS, every_seconds=0.5):
    """Trains with backups; what was learned is in `learned.npz` when it has ended."""
    gan = game(strategy, optimizer, is_linear=True, penalties=RULES["penalties"])

    def touch(batch, logs=None):
        if gan.is_chief:
            (folder / "step").write_text(str(int(gan.step.numpy())))
        time.sleep(0.02)

    watching = [
        kgan.callbacks.BackupAndRestore(folder / "backup", every_seconds=every_seconds),
        kgan.callbacks.CSVLogger(folder / "log.csv"),
        kgan.callbacks.SampleGrid(folder / "samples", every_epochs=2, num_samples=10),
        replicated.keras.callbacks.LambdaCallback(on_train_batch_end=touch),
    ]
    fit = {"epochs": epochs, "steps_per_epoch": STEPS, "verbose": 0}
    history = gan.fit(data(128, with_labels=False), callbacks=watching, **fit).history
    if gan.is_chief:
        np.savez(folder / "learned.npz", **learned(gan))
    return history


def killed(folder, who, step, sent=signal.SIGKILL, **options):
    """Trains in two workers until some get a signal after a step; what those say that can."""
    started = [
        replicated.start(place, train, folder, **options) for place in replicated.worker_places(2)
    ]
    deadline = time.monotonic() + 120
    while _step(folder) < step and time.monotonic() < deadline:
        time.sleep(0.01)
    for index in who:
        os.kill(started[index][0].pid, sent)
    said = []
    for index, (process, pipe) in enumerate(started):
        if index not in who or sent != signal.SIGKILL:
            assert pipe.poll(60), f"worker {index} does not end"
            said.append(pipe.recv())
        process.join(60)  # A worker whose partner is gone ends by itself.
        assert process.exitcode is not None, f"worker {index} does not end"
    return said


def _step(folder):
    try:
        return int((folder / "step").read_text() or 0)
    except FileNotFoundError:
        return 0


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folder of a training in two workers to its end, and its history."""
    folder = tmp_path_factory.mktemp("undisturbed")
    first, second = in_workers(2, train, folder)
    assert first == second
    return folder, first


def check_equal(folder, other):
    with np.load(folder / "learned.npz") as mine, np.load(other / "learned.npz") as theirs:
        for name in theirs.files:
            np.testing.assert_array_equal(mine[name], theirs[name])
    for name in ("log.csv", "samples/epoch_0002.png", "samples/epoch_0004.png"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()


_RANDOM = random.Random(0)
WHO = [(0,), (1,), (0, 1)]
SOAKING = [
    pytest.param(_RANDOM.choice(WHO), _RANDOM.randrange(1, EPOCHS * STEPS), marks=pytest.mark.soak)
    for _ in range(10)
]


@pytest.mark.parametrize(
    ("who", "step"), [pytest.param((1,), 14, marks=pytest.mark.slow), *SOAKING]
)
def test_workers_that_are_killed_end_like_undisturbed_ones(undisturbed, tmp_path, who, step):
    for said in killed(tmp_path, who, step):
        assert "WorkerLostError: Another worker stopped or cannot be reached" in said
    assert _step(tmp_path) < EPOCHS * STEPS
    histories = in_workers(2, train, tmp_path)
    assert histories == [undisturbed[1]] * 2
    check_equal(tmp_path, undisturbed[0])


@pytest.mark.soak
def test_workers_that_are_interrupted_lose_nothing(undisturbed, tmp_path):
    said = killed(tmp_path, (0, 1), 14, signal.SIGTERM, every_seconds=1e9)
    assert all("SystemExit: 143" in one for one in said)
    assert backups.read_position(backups.find(tmp_path / "backup")).batch
    in_workers(2, train, tmp_path)
    check_equal(tmp_path, undisturbed[0])


@pytest.mark.parametrize(
    ("optimizer", "bound"),
    [
        pytest.param("SGD", 1e-5, marks=pytest.mark.slow),
        pytest.param("Adam", 1e-3, marks=pytest.mark.soak),
    ],
)
def test_one_process_goes_on_with_the_game_of_two(tmp_path, optimizer, bound):
    half, whole = (EPOCHS // 2, EPOCHS)
    in_workers(2, train, tmp_path / "two", optimizer=optimizer, epochs=half)
    shutil.copytree(tmp_path / "two", tmp_path / "one")
    in_workers(2, train, tmp_path / "two", optimizer=optimizer, epochs=whole)
    train(None, tmp_path / "one", optimizer=optimizer, epochs=whole)
    with np.load(tmp_path / "one/learned.npz") as one, np.load(tmp_path / "two/learned.npz") as two:
        for name in two.files:
            assert np.abs(one[name] - two[name]).max() <= bound, name


def train_apart(strategy, folder):
    """Trains with backups that only this worker sees."""
    own = folder / str(strategy.cluster_resolver.task_id)
    gan = game(strategy)
    backup = kgan.callbacks.BackupAndRestore(own, every_seconds=0)
    gan.fit(data(), steps_per_epoch=2, verbose=0, callbacks=[backup])


@pytest.mark.slow
def test_workers_without_a_shared_folder_say_so(tmp_path):
    in_workers(2, train_apart, tmp_path)
    with pytest.raises(RuntimeError, match=r"a folder that they share.*different steps: 2, 0"):
        in_workers(2, train_apart, tmp_path)


# The program in docs/devices.md, whose model is not a GAN.

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "devices.md"


def regression(strategy):
    """The weights that the program on the page has learned, and its history."""
    (program,) = re.findall(r"```python\n(import keras\n.*?)```", PAGE.read_text(), re.DOTALL)
    program = program.replace("tf.distribute.MultiWorkerMirroredStrategy()", "given")
    names = {"given": strategy}
    exec(program, names)
    return [weight.numpy() for weight in names["model"].weights], names["history"].history


@pytest.mark.slow
def test_the_program_of_the_page_trains_in_two_workers():
    (mine, losses), (theirs, same) = in_workers(2, regression)
    assert losses == same
    assert losses["mse"][-1] < 0.5 * losses["mse"][0]
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


# What several workers cannot do, and what is around a game.


class Logs(kgan.GAN):
    """A game with a log of its own."""

    def train_step(self, data):
        return super().train_step(data) | {"twice": 2 * self.step}


def refusals(strategy, folder):
    """The errors for a shuffled array and a callback that writes files; and the values of a log."""
    with strategy.scope():
        gan = Logs(*replicated.linear_networks(), seed=0)
        gan.compile("sgd", "sgd")
    samples, said = data().samples[:128], []
    for options in ({}, {"callbacks": [replicated.keras.callbacks.CSVLogger(folder / "log.csv")]}):
        try:
            gan.fit(samples, verbose=0, shuffle=not options, epochs=0, **options)
        except ValueError as error:
            said.append(str(error))
    history = gan.fit(data(with_labels=False), steps_per_epoch=3, verbose=0).history
    return said, history["twice"]


@pytest.mark.slow
def test_workers_do_not_shuffle_or_write_each_for_itself(tmp_path):
    chief, other = in_workers(2, refusals, tmp_path)
    assert chief[1] == other[1] == [6.0]
    for said, *_ in (chief, other):
        assert "each would shuffle it in its own way" in said[0]
    assert len(chief[0]) == 1
    assert "CSVLogger must be given to the chief alone" in other[0][1]


def around(strategy, folder):
    """A training that is validated, keeps its best generator and exports it; what it gives."""
    metric = kgan.metrics.FrechetDistance("digits", num_samples=100)
    gan = game(strategy, metrics=[metric])
    watched = "val_frechet_distance_digits"
    best = kgan.callbacks.BestGenerator(folder / "best.keras", watched, restore_best_weights=True)
    exports = kgan.callbacks.ExportGenerator(folder / "exports", ["litert"])
    test = data(60, "test")
    fit = {"epochs": 2, "steps_per_epoch": 3, "validation_data": test, "verbose": 0}
    history = gan.fit(data(), callbacks=[best, exports], **fit).history
    evaluated = gan.evaluate(test, verbose=0, return_dict=True)
    return history, evaluated, best.best, len(exports.proofs)


@pytest.mark.slow
def test_validation_the_best_generator_and_exports_are_those_of_one_process(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    history, evaluated, best, _ = around(None, tmp_path / "one")
    first, second = in_workers(2, around, tmp_path / "two")
    assert first[:3] == second[:3]
    assert (first[3], second[3]) == (1, 0)  # The chief alone exports.
    assert first[1] == pytest.approx(evaluated, abs=1e-4)
    assert first[2] == pytest.approx(best, rel=1e-3)
    for name, values in history.items():
        assert first[0][name] == pytest.approx(values, abs=1e-3), name
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["best.keras", "exports"]
    assert len(list((tmp_path / "two/exports").glob("*.tflite"))) == 1
    replicated.keras.models.load_model(tmp_path / "two/best.keras")
