"""Interrupted trainings end like those that were left alone; the kills here are exceptions."""

import keras
import numpy as np
import players
import pytest
from trainings import (
    EPOCHS,
    STEPS,
    dcgan,
    full_game,
    game,
    killed,
    same,
    train,
    uninterrupted,
)

import kgan
from kgan.resumption import backups


def two_at_once():
    return game(steps_per_execution=2)


def in_float16():
    keras.config.set_dtype_policy("mixed_float16")
    return game()


def two_at_once_with_penalties():
    return full_game(steps_per_execution=2)


def in_float16_with_penalties():
    keras.config.set_dtype_policy("mixed_float16")
    return full_game()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "batches"),
    [
        pytest.param(full_game, 1, marks=pytest.mark.slow),
        (full_game, 4),
        pytest.param(full_game, 11, marks=pytest.mark.slow),
        pytest.param(dcgan, 6, marks=pytest.mark.slow),
        pytest.param(two_at_once, 3, marks=pytest.mark.slow),
        pytest.param(in_float16, 5, marks=pytest.mark.slow),
        pytest.param(two_at_once_with_penalties, 3, marks=pytest.mark.slow),
        pytest.param(in_float16_with_penalties, 5, marks=pytest.mark.slow),
    ],
)
def test_a_killed_training_ends_like_an_undisturbed_one(tmp_path, make, batches):
    killed(make(), tmp_path, batches)
    gan = make()
    history = train(gan, tmp_path, every_seconds=0)
    assert same(uninterrupted(make), (gan, history))


@pytest.mark.slow
def test_a_training_killed_again_and_again_ends_like_an_undisturbed_one(tmp_path):
    whole = uninterrupted(full_game)
    for batches in (3, 3, 1, 2):
        killed(full_game(), tmp_path, batches, kgan.callbacks.CSVLogger(tmp_path / "log.csv"))
    gan = full_game()
    history = train(gan, tmp_path, kgan.callbacks.CSVLogger(tmp_path / "log.csv"))
    assert same(whole, (gan, history))
    log = kgan.callbacks.CSVLogger(tmp_path / "whole.csv")
    full_game().fit(players.dataset(10), epochs=EPOCHS, verbose=0, callbacks=[log])
    assert (tmp_path / "log.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "kills"), [(game, [5]), pytest.param(dcgan, [5, 3], marks=pytest.mark.slow)]
)
def test_pictures_and_film_are_those_of_an_undisturbed_training(tmp_path, make, kills):
    for folder, after in [("whole", []), ("killed", kills)]:
        for batches in after:
            killed(make(), tmp_path / folder, batches, _grid(tmp_path / folder))
        train(make(), tmp_path / folder, _grid(tmp_path / folder))
    whole, resumed = (
        {path.name: path.read_bytes() for path in (tmp_path / folder / "samples").iterdir()}
        for folder in ("whole", "killed")
    )
    assert whole == resumed
    assert len(whole) == EPOCHS + 1


def _grid(folder):
    return kgan.callbacks.SampleGrid(folder / "samples", num_samples=4)


def test_a_finished_training_stays_as_it_is_and_says_so(tmp_path, capsys):
    gan = game()
    first = gan, train(gan, tmp_path, _grid(tmp_path / "folder"))
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = game()
    assert same(first, (again, train(again, tmp_path, _grid(tmp_path / "folder"))))
    assert "has had its 3 epochs. With more `epochs` it resumes." in capsys.readouterr().out
    assert files == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


class StopAfter(keras.callbacks.Callback):
    """Stops training after so many batches, as `EarlyStopping` does after an epoch."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self.model.step.numpy() >= self.batches


@pytest.mark.slow
@pytest.mark.parametrize(
    "batches",
    [
        pytest.param(STEPS, id="at an epoch's end", marks=pytest.mark.slow),
        pytest.param(STEPS + 2, id="within an epoch"),
    ],
)
def test_a_training_stopped_by_a_callback_stays_stopped(tmp_path, capsys, batches):
    gan = game()
    first = gan, train(gan, tmp_path, StopAfter(batches))
    assert gan.step.numpy() == batches
    again = game()
    assert same(first, (again, train(again, tmp_path)))
    epochs = -(-batches // STEPS)
    assert f"was stopped by a callback after {epochs} of 3 epochs. With" in capsys.readouterr().out
    longer = game()
    assert train(longer, tmp_path, epochs=4).epoch == [0, 1, 2, 3]
    assert longer.step.numpy() == batches + (4 - epochs) * STEPS


@pytest.mark.slow
def test_a_stopped_training_goes_on_without_the_callback_that_stopped_it(tmp_path):
    def stopping():
        return keras.callbacks.EarlyStopping("generator_loss", patience=0, mode="max", min_delta=9)

    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "gan.keras", "generator_loss", mode="min"
    )
    assert train(game(), tmp_path, stopping(), checkpoint).epoch == [0, 1]
    assert train(game(), tmp_path, stopping(), checkpoint).epoch == [0, 1]
    assert train(game(), tmp_path, stopping()).epoch == [0, 1]  # Another one may be gone.
    assert train(game(), tmp_path, checkpoint).epoch == [0, 1, 2]


@pytest.mark.slow
def test_changes_by_other_callbacks_at_the_end_are_in_the_backup(tmp_path):
    class RestoreBest(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            self.model.generator.set_weights([0 * w for w in self.model.generator.get_weights()])

    gan = game()
    first = gan, train(gan, tmp_path, RestoreBest())
    again = game()
    assert same(first, (again, train(again, tmp_path)))
    assert not players.weights(again.generator).any()


@pytest.mark.parametrize("every_seconds", [pytest.param(0, marks=pytest.mark.slow), 60])
def test_more_epochs_continue_as_one_long_training(tmp_path, capsys, every_seconds):
    train(game(), tmp_path, epochs=2, every_seconds=every_seconds)
    gan = game()
    history = train(gan, tmp_path, epochs=5, every_seconds=every_seconds)
    assert same(uninterrupted(epochs=5), (gan, history))
    assert "8 of 20 steps (2 of 5 epochs)." in capsys.readouterr().out


def test_no_backup_is_made_before_its_time(tmp_path):
    killed(game(), tmp_path, 6, every_seconds=60)
    assert backups.find(tmp_path) is None


@pytest.mark.slow
def test_a_learning_rate_changed_by_a_callback_is_still_the_same_training(tmp_path):
    class Halve(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rate = self.model.generator_optimizer.learning_rate
            rate.assign(rate / 2)

    whole = game()
    history = whole.fit(players.dataset(10), epochs=EPOCHS, verbose=0, callbacks=[Halve()])
    killed(game(), tmp_path, 6, Halve())
    gan = game()
    assert same((whole, history), (gan, train(gan, tmp_path, Halve())))


def test_logs_of_numpy_are_backed_up(tmp_path):
    class Score(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = np.float32(0.5)

    train(game(), tmp_path, Score(), epochs=1)
    assert backups.find(tmp_path) is not None


def test_only_a_gan_can_be_backed_up(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(TypeError, match=r"there is keras\.callbacks\.BackupAndRestore"):
        model.fit(np.ones((1, 1)), callbacks=[kgan.callbacks.BackupAndRestore(tmp_path)])


def test_a_negative_interval_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`every_seconds` must be at least 0.*every_seconds=-1"):
        kgan.callbacks.BackupAndRestore(tmp_path, every_seconds=-1)


@pytest.mark.slow
def test_two_trainings_do_not_share_a_folder(tmp_path):
    class Second(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with pytest.raises(BlockingIOError, match="is in use"):
                train(game(), tmp_path)

    gan = game()
    assert same(uninterrupted(), (gan, train(gan, tmp_path, Second())))


def test_a_game_that_has_diverged_is_not_backed_up(tmp_path):
    def game():
        optimizer = keras.optimizers.SGD(1e38)
        return players.gan(10, kgan.architectures.mlp, generator_optimizer=optimizer)

    gan = game()
    train(gan, tmp_path, kgan.callbacks.TerminateOnNaN(), every_seconds=0)
    assert not np.isfinite(players.weights(gan.generator)).all()
    restored = game()
    backups.restore(tmp_path, restored)
    assert np.isfinite(players.weights(restored.generator)).all()
