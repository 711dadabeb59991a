"""Training stops when a loss is no longer finite, and the cause is named."""

import keras
import numpy as np
import players
import pytest
import tensorflow as tf
from players import images

import kgan

BROKEN = images(rows=64)
BROKEN[40, 3, 3] = np.nan


class Broken(keras.utils.PyDataset):
    """Four batches, the third with NaN."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return (BROKEN[16 * index : 16 * index + 16],)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Keras learns its length so.
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            tf.data.Dataset.from_tensor_slices(BROKEN).batch(16),
            r"Batch 2 of the data .counted from 0. holds NaN",
        ),
        (Broken(), "Batch 2 of the data"),
        ((BROKEN[i : i + 16] for i in range(0, 64, 16)), "Either the data holds values"),
    ],
    ids=["tf.data", "PyDataset", "generator"],
)
def test_data_that_is_not_finite_stops_training_and_is_named(data, message):
    gan = players.linear()
    with pytest.warns(UserWarning, match=f"stops after epoch 1: discriminator_loss.*{message}"):
        history = gan.fit(data, epochs=3, verbose=0, shuffle=False)
    assert history.epoch == [0]


def test_a_learning_rate_that_is_too_high_stops_training_and_is_named():
    gan = players.linear()
    gan.compile(discriminator_optimizer=keras.optimizers.SGD(float("inf")))
    with pytest.warns(UserWarning, match="The data is finite.*a lower learning rate may help"):
        history = gan.fit(players.dataset(), epochs=3, verbose=0)
    assert history.epoch == [0]


def test_a_callback_that_has_stopped_training_is_not_repeated(recwarn):
    gan = players.linear()
    gan.compile(discriminator_optimizer=keras.optimizers.SGD(float("inf")))
    gan.fit(players.dataset(), verbose=0, callbacks=[kgan.callbacks.TerminateOnNaN()])
    assert not [one for one in recwarn if "Training stops" in str(one.message)]
