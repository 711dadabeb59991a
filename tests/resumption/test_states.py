"""What callbacks remember outlives the process."""

import keras
import numpy as np
import players
import pytest
import tensorflow as tf
from trainings import game, killed

import kgan
from kgan.resumption import states


class Remembers(keras.callbacks.Callback):
    """Keeps the step of each batch that it has seen, and an array."""

    def __init__(self, more=None):
        super().__init__()
        self.more = more

    def on_train_begin(self, logs=None):
        self.seen, self.last = [], np.zeros(2)

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(int(self.model.step.numpy()))
        self.last = np.full(2, batch, "float32")

    def get_state(self):
        return {"seen": self.seen, "last": self.last} | ({"more": self.more} if self.more else {})

    def set_state(self, state):
        self.seen, self.last = state["seen"], state["last"]


def fit(gan, folder, *callbacks, epochs=3, **options):
    backup = kgan.callbacks.BackupAndRestore(folder, every_seconds=0)
    data = players.dataset(10)
    return gan.fit(data, epochs=epochs, verbose=0, callbacks=[backup, *callbacks], **options)


@pytest.mark.parametrize(
    "batches",
    [
        pytest.param(1, marks=pytest.mark.slow),
        4,
        6,
        pytest.param(11, marks=pytest.mark.slow),
    ],
)
def test_a_callback_sees_each_batch_once_however_often_training_is_killed(tmp_path, batches):
    killed(game(), tmp_path, batches, Remembers())
    one, another = Remembers(), Remembers()
    fit(game(), tmp_path, one, another)
    assert one.seen == list(range(1, 13))
    np.testing.assert_array_equal(one.last, [3, 3])
    assert another.seen[-1] == 12  # It is new, so it starts from scratch.
    assert len(another.seen) < 12


def test_early_stopping_counts_on(tmp_path):
    def stops():
        return keras.callbacks.EarlyStopping(
            "generator_loss", mode="min", baseline=-1e9, patience=4, restore_best_weights=True
        )

    whole = game()
    expected = whole.fit(players.dataset(10), epochs=9, verbose=0, callbacks=[stops()])
    for batches in (7, 6):
        killed(game(), tmp_path, batches, stops(), epochs=9)
    gan = game()
    history = fit(gan, tmp_path, stops(), epochs=9)
    assert len(history.epoch) == len(expected.epoch) < 9
    for one, other in zip(gan.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_does_not_forget_its_best(tmp_path):
    def keeps(value=None):
        return keras.callbacks.ModelCheckpoint(
            tmp_path / "best.keras",
            "generator_loss",
            mode="min",
            save_best_only=True,
            initial_value_threshold=value,
        )

    fit(game(), tmp_path / "backup", keeps(-1e9), epochs=1)
    again = keeps()
    fit(game(), tmp_path / "backup", again, epochs=2)
    assert again.best == -1e9
    assert not (tmp_path / "best.keras").exists()


def test_states_become_json_and_back():
    values = {
        "A": {"number": np.float32(1.5), "none": None, "deep": {"pair": (1, np.arange(3))}},
        "B": {"tensor": tf.constant([2.0]), "text": "x", "infinite": float("inf")},
    }
    packed, arrays = states.pack(values)
    found = states.unpack(packed, arrays)
    assert found["A"]["number"] == 1.5
    assert found["A"]["none"] is None
    assert found["A"]["deep"]["pair"][0] == 1
    np.testing.assert_array_equal(found["A"]["deep"]["pair"][1], [0, 1, 2])
    np.testing.assert_array_equal(found["B"]["tensor"], [2.0])
    assert found["B"]["text"] == "x"
    assert found["B"]["infinite"] == float("inf")


def test_what_cannot_be_kept_is_said_before_training(tmp_path):
    gan = game()
    with pytest.raises(TypeError, match=r"`get_state` .*that of Remembers, .*object is not JSON"):
        fit(gan, tmp_path, Remembers(more=object()))
    assert gan.step.numpy() == 0


def test_of_callbacks_that_have_stopped_a_training_it_is_known_whether_they_are_there():
    early, equilibrium = keras.callbacks.EarlyStopping(), kgan.callbacks.EquilibriumStopping()
    early.on_train_begin()
    before = states.states([early, equilibrium])
    assert not states.lacks_stopper([], before)  # None of them has.
    early.stopped_epoch, equilibrium.reason = 3, "equilibrium"
    before = states.states([early, equilibrium])
    assert not states.lacks_stopper([early, equilibrium], before)
    assert states.lacks_stopper([early], before)
    assert states.lacks_stopper([equilibrium], before)
