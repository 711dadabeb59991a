import numpy as np
import pytest

import kgan


def dataset(number, labels=None, dtype="int32"):
    samples = np.arange(number, dtype=dtype).reshape(number, 1, 1, 1)
    return kgan.datasets.from_arrays(samples, labels, batch_size=4, value_range=(0, 65535))


def rows(data):
    return np.round((data.samples.ravel() + 1) / 2 * 65535).astype(int)


def test_a_tenth_is_held_out_and_the_rest_is_trained_on():
    training, held_out = kgan.datasets.hold_out(dataset(400))
    assert (training.num_samples, held_out.num_samples) == (360, 40)
    np.testing.assert_array_equal(np.sort([*rows(training), *rows(held_out)]), np.arange(400))
    again, _ = kgan.datasets.hold_out(dataset(400))
    np.testing.assert_array_equal(rows(again), rows(training))


def test_of_many_samples_no_more_are_held_out_than_are_useful():
    assert kgan.datasets.hold_out(dataset(30_000))[1].num_samples == 2000


def test_of_few_samples_none_is_held_out():
    whole = dataset(299)
    assert kgan.datasets.hold_out(whole) == (whole, None)


def test_every_class_gives_its_share_and_a_rare_one_nothing():
    labels = np.repeat([0, 1, 2], [300, 98, 2])
    training, held_out = kgan.datasets.hold_out(dataset(400, labels))
    np.testing.assert_array_equal(np.bincount(held_out.labels, minlength=3), [30, 10, 0])
    assert training.num_classes == held_out.num_classes == 3
    assert (training.labels == 2).sum() == 2


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_what_is_split_is_scaled_once(dtype):
    whole = dataset(400, dtype=dtype)
    training, _ = kgan.datasets.hold_out(whole)
    assert training.value_range == whole.value_range
    assert np.isin(training.samples, whole.samples).all()
