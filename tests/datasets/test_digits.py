import numpy as np
import pytest
import tensorflow as tf
from streams import pixels

from kgan import datasets


def test_the_digits_are_all_there_in_the_order_of_the_repository():
    dataset = datasets.digits("all", with_labels=True)
    assert dataset.num_samples == 1797
    assert np.bincount(dataset.labels).tolist() == [
        *(178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
    ]
    assert dataset.labels[:10].tolist() == list(range(10))
    first_row = np.array([0, 0, 5, 13, 9, 1, 0, 0]) * 255 / 16
    np.testing.assert_array_equal(pixels(dataset)[0, 0, :, 0], np.round(first_row))


def test_the_digits_have_17_shades_from_minus_1_to_1():
    samples = datasets.digits("all").samples
    assert samples.dtype == np.float32
    shades = np.unique(samples)
    assert len(shades) == 17
    assert (shades[0], shades[-1]) == (-1, 1)
    np.testing.assert_allclose(shades, np.linspace(-1, 1, 17), atol=1.01 / 255)


def test_the_splits_of_the_digits_are_disjoint_and_cover_all():
    train, test, whole = (
        datasets.digits(split, with_labels=True) for split in ("train", "test", "all")
    )
    assert (train.num_samples, test.num_samples) == (1437, 360)
    np.testing.assert_array_equal(np.concatenate([train.samples, test.samples]), whole.samples)
    np.testing.assert_array_equal(np.concatenate([train.labels, test.labels]), whole.labels)


def test_digits_come_with_labels_only_when_asked_for():
    plain, labelled = datasets.digits(), datasets.digits(with_labels=True)
    assert plain.element_spec == tf.TensorSpec((64, 8, 8, 1), tf.float32)
    assert (plain.labels, plain.num_classes, plain.class_names) == (None, None, None)
    assert labelled.element_spec[1] == tf.TensorSpec((64,), tf.int32)
    assert labelled.num_classes == 10
    assert labelled.class_names == tuple("0123456789")


def test_a_wrong_split_of_the_digits_is_an_error_that_names_the_nearest():
    with pytest.raises(ValueError, match=r"`split` must be one of .*Did you mean 'train'"):
        datasets.digits("trian")
