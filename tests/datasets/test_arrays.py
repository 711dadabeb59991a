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
    dataset = datasets.from_arrays(np.zeros((3, 2)), [4, 0, 1], batch_size=1)
    assert dataset.num_classes == 5
    assert dataset.labels.dtype == np.int32
    assert dataset.labels.tolist() == [4, 0, 1]


WRONG_SAMPLES = {
    r"give grey ones a channel: .*shape \(8, 4, 4\)": np.zeros((8, 4, 4), "uint8"),
    r"must be \(num_samples, ...\). Received: shape \(8,\)": np.zeros(8),
    r"in \[-1, 1\]; bytes may stay uint8. Received: values from 0 to 255": np.full(
        (8, 4, 4, 1), 255.0
    ),
    r"Received: values from -1.5 to 0": np.full((8, 4, 4, 1), -1.5),
    r"must be finite": np.array([[0.0], [np.nan]]),
    r"must be finite. Received: NaN or infinite": np.array([[0.0], [-np.inf]]),
    r"up to 255|255 being white; .*: 255 \* images. Received: values from 0 to 1": np.eye(
        8, dtype="uint8"
    ).reshape(1, 8, 8, 1),
    r"Received: dtype bool; use 255 \* samples": np.zeros((8, 4, 4, 1), bool),
    r"Received: dtype int64; use samples.astype\('uint8'\)": np.zeros((8, 4, 4, 1), "int64"),
    r"at most the number of samples.*0 samples": np.zeros((0, 4, 4, 1), "uint8"),
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
        ([[0], [1], [2], [3]], r"shape \(4, 1\)"),
        ([0, 1, 2, -1], r"at least 0. Received: -1"),
    ],
)
def test_wrong_labels_are_an_error_that_says_what_was_received(labels, message):
    with pytest.raises(ValueError, match=f"`labels` must be .*{message}"):
        datasets.from_arrays(np.zeros((4, 2)), labels, batch_size=1)


def test_empty_arrays_are_an_error_about_the_batch_size():
    with pytest.raises(ValueError, match=r"at most the number of samples.*0 samples"):
        datasets.from_arrays(np.zeros((0, 2)), np.zeros(0, "int64"), batch_size=1)
