"""What can be seen on one device; tests/test_replicas.py and tests/test_workers.py play."""

import numpy as np
import pytest
import tensorflow as tf

from kgan.game import replicas


class TwoWorkers:
    """One of two workers with two devices each, as far as data is concerned."""

    num_replicas_in_sync = 4

    def __init__(self, index):
        self.index = index
        cluster = tf.train.ClusterSpec({"worker": ["host1:1", "host2:1"]})
        options = {"task_type": "worker", "task_id": index}
        self.cluster_resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            cluster, **options
        )

    def distribute_datasets_from_function(self, function):
        """What comes to the devices of this worker, in turns."""
        return function(tf.distribute.InputContext(2, self.index, 4))


@pytest.mark.parametrize("with_labels", [False, True])
@pytest.mark.parametrize("index", [0, 1])
def test_each_worker_has_its_rows_and_each_of_its_devices_a_share(index, with_labels):
    images, labels = np.arange(32).reshape(16, 2), np.arange(16)
    whole = tf.data.Dataset.from_tensor_slices((images, labels) if with_labels else images)
    found = list(
        replicas.split_among_workers(TwoWorkers(index), whole.batch(8)).as_numpy_iterator()
    )
    firsts = [4 * index, 4 * index + 2, 8 + 4 * index, 8 + 4 * index + 2]
    assert len(found) == len(firsts)
    for share, first in zip(found, firsts, strict=True):
        rows = share[0] if with_labels else share
        np.testing.assert_array_equal(rows, images[first : first + 2])
        if with_labels:
            np.testing.assert_array_equal(share[1], labels[first : first + 2])


def test_the_chief_is_the_worker_of_that_name_or_the_first():
    assert replicas.is_chief(TwoWorkers(0))
    assert not replicas.is_chief(TwoWorkers(1))
    assert replicas.number_of_workers(TwoWorkers(1)) == 2


def test_logs_of_several_workers_travel_as_one_and_have_their_names_again(monkeypatch):
    class Model:
        distribute_strategy = None

        def train_step(self, data):
            return {"loss": tf.constant(0.5), "accuracy": tf.constant([1], "int32")}

    monkeypatch.setattr(replicas, "number_of_workers", lambda strategy=None: 2)
    model = Model()
    with replicas.sent_as_one(model, "train_step"):
        (sent,) = model.train_step(None).values()
        mean = {name: tf.reduce_mean(one, axis=0) for name, one in model.train_step(None).items()}
    assert sent.shape == (1, 2)
    assert set(model.train_step(None)) == {"loss", "accuracy"}
    found = replicas.with_names(None, lambda iterator: mean)(None)
    assert {name: float(value) for name, value in found.items()} == {"loss": 0.5, "accuracy": 1.0}
