"""A training in two parts, which looks to all others like one."""

import functools

import keras
import numpy as np
import players
import pytest
import tensorflow as tf
from trainings import (
    EPOCHS,
    STEPS,
    Seen,
    game,
    killed,
    same,
    train,
    undisturbed,
    uninterrupted,
)

import kgan


@pytest.mark.slow
def test_logs_of_held_out_data_resume_too(tmp_path):
    options = {"validation_data": players.dataset(10, seed=1)}
    whole = undisturbed(epochs=EPOCHS, **options)
    assert "val_generator_loss" in whole[1].history
    killed(game(), tmp_path, 6, **options)
    gan = game()
    assert same(whole, (gan, train(gan, tmp_path, **options)))


@pytest.mark.slow
def test_the_same_gan_may_be_fit_again_after_an_interruption(tmp_path):
    whole = uninterrupted()
    gan = game()
    killed(gan, tmp_path, 7, every_seconds=0)
    gan.fit(players.dataset(10), epochs=1, verbose=0)
    assert same(whole, (gan, train(gan, tmp_path)))


def test_callbacks_see_one_training(tmp_path, interrupted):
    interrupted(tmp_path, STEPS + 2)
    seen = Seen()
    train(game(), tmp_path, seen)
    assert seen.calls == [
        "begin",
        *("epoch 1 of 3", 2, 3, "end of 1"),
        *("epoch 2 of 3", 0, 1, 2, 3, "end of 2"),
        "end",
    ]


def test_a_training_stopped_in_the_interrupted_epoch_ends_once(tmp_path, interrupted):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    interrupted(tmp_path, 2)
    seen = Seen()
    history = train(game(), tmp_path, seen, Stop())
    assert history.epoch == [0]
    assert seen.calls == ["begin", "epoch 0 of 3", 2, 3, "end of 0", "end"]


@pytest.mark.slow
def test_a_training_killed_in_its_last_epoch_ends_once(tmp_path, interrupted):
    interrupted(tmp_path, 11)
    seen = Seen()
    assert train(game(), tmp_path, seen).epoch == [0, 1, 2]
    assert seen.calls == ["begin", "epoch 2 of 3", 3, "end of 2", "end"]


def test_one_backup_is_enough(tmp_path):
    two = [kgan.callbacks.BackupAndRestore(tmp_path / name) for name in ("a", "b")]
    with pytest.raises(ValueError, match="one BackupAndRestore at most.*Received: 2"):
        game().fit(players.dataset(10), callbacks=two)


# Other data


def _arrays():
    return players.dataset(10).samples, players.dataset(10).labels


def _fixed_order():
    """Four batches in an order that does not depend on the process."""
    slices = tf.data.Dataset.from_tensor_slices(_arrays())
    return slices.batch(players.BATCH_SIZE, drop_remainder=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "batches",
    [pytest.param(4, marks=pytest.mark.slow), 5, pytest.param(11, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize(
    ("data", "steps_per_epoch"),
    [
        (_fixed_order, None),
        pytest.param(lambda: _fixed_order().repeat(), 3, marks=pytest.mark.slow),
        pytest.param(_fixed_order, 2, marks=pytest.mark.slow),
    ],
    ids=["finite", "endless", "finite, an epoch half of it"],
)
def test_other_data_in_a_fixed_order_is_skipped_through(tmp_path, batches, data, steps_per_epoch):
    data = data()
    length = {"steps_per_epoch": steps_per_epoch} if steps_per_epoch else {}
    whole = undisturbed(data=data, epochs=EPOCHS, **length)
    batches = min(batches, EPOCHS * (steps_per_epoch or STEPS) - 1)
    killed(game(), tmp_path, batches, data=data, **length)
    gan = game()
    assert same(whole, (gan, train(gan, tmp_path, data=data, **length)))


def test_data_may_have_any_length_if_its_end_is_never_reached(tmp_path):
    history = train(game(), tmp_path, data=_fixed_order(), epochs=1, steps_per_epoch=3)
    assert history.epoch == [0]


def test_data_that_ends_within_an_epoch_is_refused_at_the_beginning(tmp_path):
    gan = game()
    with pytest.raises(
        ValueError, match=r"must divide.*\.repeat\(\).*steps_per_epoch=3, 4 batches"
    ):
        train(gan, tmp_path, data=_fixed_order(), steps_per_epoch=3)
    assert gan.step.numpy() == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"batch_size": 16}, marks=pytest.mark.slow),
        {"validation_split": 0.25},
        pytest.param({"steps_per_epoch": 4}, marks=pytest.mark.slow),
        pytest.param({}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_arrays_have_the_steps_and_batches_of_an_undisturbed_training(tmp_path, given):
    samples, labels = (np.concatenate([part] * 2) for part in _arrays())
    whole = game()
    whole.fit(samples, labels, epochs=EPOCHS, verbose=0, **given)
    steps = whole.step.numpy() // EPOCHS
    killed(game(), tmp_path, steps + 1, data=samples, y=labels, **given)
    gan = game()
    history = train(gan, tmp_path, data=samples, y=labels, **given)
    assert gan.step.numpy() == whole.step.numpy()
    assert history.epoch == [0, 1, 2]
    assert gan.class_counts.numpy().sum() == whole.class_counts.numpy().sum()


@pytest.mark.slow
def test_an_execution_of_several_steps_does_not_go_beyond_an_interrupted_epoch(tmp_path):
    data = _fixed_order().concatenate(_fixed_order()).take(7)
    make = functools.partial(game, steps_per_execution=3)
    whole = undisturbed(make, data=data, epochs=2)
    killed(make(), tmp_path, 1, data=data, epochs=2)
    gan = make()
    assert same(whole, (gan, train(gan, tmp_path, data=data, epochs=2)))
    assert gan.step.numpy() == 14


def test_a_callback_that_restores_something_else_is_no_backup():
    class Other(keras.callbacks.Callback):
        def restore(self):
            raise AssertionError

    game().fit(players.dataset(10), callbacks=[Other()], verbose=0)
