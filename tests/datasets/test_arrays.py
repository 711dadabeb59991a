import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from streams import pixels, take

from kgan import datasets, images


def test_every_byte_is_scaled_exactly_and_back():
    levels = np.arange(256, dtype="uint8").reshape(4, 8, 8, 1)
    dataset = datasets.from_arrays(levels, batch_size=4)
    expected = (np.arange(256) / 127.5 - 1).reshape(4, 8, 8, 1)
    np.testing.assert_allclose(dataset.samples, expected, atol=1e-7)
    np.testing.assert_array_equal(dataset.samples, images.from_uint8(levels))
    np.testing.assert_array_equal(pixels(dataset), levels)
    ((batch,),) = take(dataset, 1)
    np.testing.assert_array_equal(np.sort(images.to_uint8(batch).ravel()), np.arange(256))
    np.testing.assert_array_equal(np.sort(batch, axis=None), np.sort(dataset.samples, axis=None))


def test_all_samples_at_once_take_their_own_memory_and_little_more_of_numpy():
    dataset = datasets.from_arrays(np.full((2000, 32, 32, 3), 7, "uint8"))
    tracemalloc.start()
    try:
        size = dataset.samples.nbytes
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size <= peak < 1.6 * size


@pytest.mark.slow
def test_all_samples_at_once_take_their_own_memory_and_little_more():
    code = "; ".join(
        [
            "import numpy as np, resource",
            "from kgan import datasets",
            "dataset = datasets.from_arrays(np.full((20_000, 32, 32, 3), 7, 'uint8'))",
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss",
            "size = dataset.samples.nbytes",
            "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / size)",
        ]
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 1.6


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floating_point_samples_keep_their_values(dtype):
    pixels = np.linspace(-1, 1, 64).reshape(4, 4, 4, 1).astype(dtype)
    vectors = np.array([[-300.0, 0.5], [1000.0, 7.0]], dtype)
    for samples in (pixels, vectors):
        dataset = datasets.from_arrays(samples, batch_size=2)
        assert dataset.samples.dtype == np.float32
        np.testing.assert_array_equal(dataset.samples, samples.astype("float32"))


def test_arrays_have_as_many_classes_as_the_largest_label_plus_one():
    dataset = datasets.from_arrays(np.zeros((3, 2), bool), [4, 0, 1], batch_size=1)
    assert dataset.num_classes == 5
    assert dataset.labels.dtype == np.int32
    assert dataset.labels.tolist() == [4, 0, 1]


WRONG_SAMPLES = {
    r"give grey ones a channel: .*shape \(8, 5, 5\)": np.zeros((8, 5, 5), "int64"),
    r"must be \(num_samples, ...\). Received: shape \(8,\)": np.zeros(8),
    r"value_range=\(0, 255\), for example. Received: .* from 0 to 254": np.array(
        [0.0, 254.0]
    ).reshape(2, 1, 1, 1),
    r"value_range=\(-1.5, 0\), for example. Received: .*from -1.5 to -1.5": np.full(
        (8, 4, 4, 1), -1.5
    ),
    r"must be finite, in float32. Received: NaN or .*, the first in samples\[1\]": np.array(
        [[0.0], [np.nan]]
    ),
    r"the first in samples\[0\]": np.array([[-np.inf], [0.0]]),
    r"value_range=\(0, 1\) scales them to .*leaves them as they are.* from 0.5 to 1": np.array(
        [[0.5], [1.0]]
    ),
    r"value_range=\(-1000, 3000\), for example.*int16 values": np.array([[-1000], [3000]], "int16"),
    r"below 65536; otherwise say.*from 0 to 65536": np.array([[0], [65536]]),
    r"must be real numbers. Received: dtype <U1": np.array(["a"]),
    r"must be real numbers. Received: dtype complex": np.array([[1j]]),
    r"must be real numbers. Received: dtype object": np.array([[None]]),
    r"must hold at least one sample. Received: none": np.zeros((0, 4, 4, 1), "uint8"),
}


@pytest.mark.parametrize("message", WRONG_SAMPLES)
def test_wrong_samples_are_an_error_that_says_what_was_received(message):
    with pytest.raises(ValueError, match=message):
        datasets.from_arrays(WRONG_SAMPLES[message], batch_size=1)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 2], r"integers of shape \(4,\). Received: dtype int64, shape \(3,\)"),
        ([0.0, 1.0, 2.0, 3.0], r"Received: dtype float64, shape \(4,\)"),
        ([0.0, 1.0, 2.0, 0.0], r"Use labels.astype\('int32'\)"),
        ([[0], [1], [2], [3]], r"shape \(4, 1\). Use labels\[:, 0\]"),
        (np.eye(4), r"shape \(4, 4\). They are one-hot: use labels.argmax\(axis=1\)"),
        (np.eye(4, dtype=int), r"shape \(4, 4\). They are one-hot"),
        (["cat", "dog", "cat", "dog"], r"names, labels = np.unique\(labels, return_inverse=True\)"),
        ([["cat", "dog"]] * 4, r"shape \(4, 2\)"),
        ([True, False, True, False], r"dtype bool, .* Use labels.astype\('int32'\)"),
        ([1, 2, 3, 1], r"these count from 1: use labels - 1. .* num_classes=4"),
        ([0, 1, 2, -1], r"at least 0. Received: -1"),
    ],
)
def test_wrong_labels_are_an_error_that_says_what_was_received(labels, message):
    with pytest.raises(ValueError, match=f"`labels` must be .*{message}"):
        datasets.from_arrays(np.zeros((4, 2), bool), labels, batch_size=1)


RULE = [
    (bool, (0, 1), (0, 1)),
    ("uint8", (0, 1), (0, 1)),
    ("int64", (0, 1), (0, 1)),
    ("uint8", (0, 2), (0, 255)),
    ("uint8", (7, 255), (0, 255)),
    ("int64", (0, 255), (0, 255)),
    ("uint16", (0, 256), (0, 1023)),
    ("int16", (5, 1024), (0, 4095)),
    ("uint32", (0, 4096), (0, 65535)),
    ("float64", (-0.5, 0.5), None),
    ("float16", (-1, 1), None),
]
SHAPES = [(2, 1, 1, 1), (2, 1, 1, 1, 1), (2, 1, 1), (2, 1), (2, 1, 1, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("dtype", "values", "value_range"), RULE)
def test_one_rule_scales_samples_of_any_rank(shape, dtype, values, value_range):
    samples = np.broadcast_to(np.reshape(values, (2,) + (1,) * (len(shape) - 1)), shape)
    dataset = datasets.from_arrays(samples.astype(dtype), batch_size=2)
    assert dataset.value_range == value_range
    low, high = value_range or (-1, 1)
    expected = 2 * (samples.astype("float64") - low) / (high - low) - 1
    assert dataset.samples.dtype == np.float32
    np.testing.assert_allclose(dataset.samples, expected, atol=1e-6)
    ((batch,),) = take(dataset, 1)
    np.testing.assert_array_equal(np.sort(batch, axis=0), np.sort(dataset.samples, axis=0))


@pytest.mark.parametrize("dtype", ["int16", "int64", "float32", "float64"])
def test_a_range_that_is_given_becomes_minus_one_and_one(dtype):
    hounsfield = np.array([-1000, 1000, 3000], dtype).reshape(3, 1, 1, 1, 1)
    dataset = datasets.from_arrays(hounsfield, batch_size=3, value_range=(-1000, 3000))
    np.testing.assert_allclose(dataset.samples.ravel(), [-1, 0, 1], atol=1e-6)
    with pytest.raises(ValueError, match=r"within `value_range`.*values from -1000 to 3000"):
        datasets.from_arrays(hounsfield, batch_size=3, value_range=(-1000, 2000))


def test_a_range_far_from_zero_is_scaled_in_full_precision():
    samples = 1e9 + np.linspace(0, 1, 5)[:, None]
    dataset = datasets.from_arrays(samples, batch_size=5, value_range=(1e9, 1e9 + 1))
    np.testing.assert_allclose(dataset.samples.ravel(), np.linspace(-1, 1, 5), atol=1e-6)


def test_numbers_that_float32_cannot_hold_are_an_error():
    with pytest.raises(ValueError, match=r"finite, in float32.*first in samples\[1\]"):
        datasets.from_arrays(np.array([[1.0], [1e300]]), batch_size=1)


def test_the_range_of_bools_may_be_an_array():
    samples = np.array([[True], [False]])
    dataset = datasets.from_arrays(samples, batch_size=1, value_range=np.array([0, 1]))
    assert dataset.samples.ravel().tolist() == [1, -1]


def test_unbounded_numbers_that_are_no_pictures_stay_as_they_are():
    for shape in [(4, 2), (4, 16, 2), (4, 2, 2, 2, 1), (4, 2, 2, 7)]:
        samples = np.random.default_rng(0).normal(size=shape, scale=1000)
        dataset = datasets.from_arrays(samples, batch_size=4)
        assert dataset.value_range is None
        np.testing.assert_array_equal(dataset.samples, samples.astype("float32"))


@pytest.mark.parametrize("value_range", [(0, 0), (1, 0), (0, np.inf), 255, (0, 1, 2), "ab"])
def test_a_range_must_be_two_increasing_numbers(value_range):
    with pytest.raises(ValueError, match=r"`value_range` must be a pair .low, high.*Received"):
        datasets.from_arrays(np.zeros((2, 1)), batch_size=1, value_range=value_range)


def test_data_scaled_otherwise_has_another_identity():
    samples = np.array([[0], [100], [200]], "uint8")
    usual, other = (
        datasets.from_arrays(samples, batch_size=1, value_range=value_range).identity
        for value_range in (None, (0, 200))
    )
    assert usual["checksum"] != other["checksum"]
    explicit = datasets.from_arrays(samples, batch_size=1, value_range=(0, 255))
    assert explicit.identity == usual


def test_labels_from_one_are_right_where_class_0_may_be_missing():
    samples = np.zeros((2, 1), bool)
    assert datasets.from_arrays(samples, [1, 2], batch_size=1, num_classes=3).num_classes == 3
    with pytest.raises(ValueError, match=r"in 0..1 .*They count from 1: use labels - 1"):
        datasets.from_arrays(samples, [1, 2], batch_size=1, num_classes=2)


def test_empty_arrays_are_an_error():
    with pytest.raises(ValueError, match="must hold at least one sample. Received: none"):
        datasets.from_arrays(np.zeros((0, 2)), np.zeros(0, "int64"), batch_size=1)
