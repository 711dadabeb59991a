"""What every data set obeys."""

import hashlib
import subprocess
import sys

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
from streams import numbered, take

from kgan import datasets


def _assert_same(batches, others):
    assert len(batches) == len(others)
    for batch, other in zip(batches, others, strict=True):
        for array, expected in zip(batch, other, strict=True):
            np.testing.assert_array_equal(array, expected)


def _hash(stream, num_batches=3):
    content = b"".join(array.tobytes() for batch in take(stream, num_batches) for array in batch)
    return hashlib.sha256(content).hexdigest()


def _folder_of_shades(tmp_path, **options):
    for i in range(7):
        PIL.Image.new("L", (4, 4), 30 * i).save(tmp_path / f"{i}.png")
    return datasets.from_directory(tmp_path, 4, batch_size=3, **options)


KINDS = {
    "digits": lambda tmp_path, **options: datasets.digits(batch_size=600, **options),
    "digits with labels": lambda tmp_path, **options: datasets.digits(
        "test", batch_size=100, with_labels=True, **options
    ),
    "vectors": lambda tmp_path, **options: numbered(17, batch_size=5, **options),
    "one batch an epoch": lambda tmp_path, **options: numbered(9, batch_size=5, **options),
    "points": lambda tmp_path, **options: datasets.gaussian_mixture(
        num_samples=50, batch_size=20, with_labels=True, **options
    ),
    "folder": _folder_of_shades,
}


@pytest.fixture(params=KINDS)
def make(request, tmp_path):
    """A function from seed to data set, of each kind."""
    return lambda seed=0: KINDS[request.param](tmp_path, seed=seed)


def test_from_step_is_the_endless_stream_without_its_first_batches(make):
    dataset = make()
    epoch = dataset.steps_per_epoch
    stream = take(dataset.from_step(0), 2 * epoch + 4)
    for step in {0, 1, epoch - 1, epoch, epoch + 1, 2 * epoch + 1}:
        _assert_same(take(dataset.from_step(step), 3), stream[step : step + 3])


def test_iterating_over_a_data_set_yields_the_first_epoch_of_its_stream(make):
    dataset = make()
    epoch = take(dataset, 10_000)
    assert len(epoch) == len(dataset) == int(dataset.cardinality()) == dataset.steps_per_epoch
    assert dataset.steps_per_epoch == dataset.num_samples // dataset.batch_size
    _assert_same(epoch, take(dataset.from_step(0), len(epoch)))


def test_batches_have_the_static_shape_and_types_that_the_data_set_states(make):
    dataset = make()
    for stream in (dataset, dataset.from_step(1)):
        assert stream.element_spec == dataset.element_spec
        specs = tf.nest.flatten(stream.element_spec)
        for array, spec in zip(take(stream, 1)[0], specs, strict=True):
            assert spec.shape == array.shape
            assert spec.dtype.as_numpy_dtype == array.dtype
            assert len(array) == dataset.batch_size
        assert specs[0].dtype == tf.float32


def test_the_seed_decides_the_order(make):
    first, again, other = make(seed=3), make(seed=3), make(seed=4)
    assert _hash(first.from_step(1)) == _hash(again.from_step(1))
    assert _hash(first.from_step(1)) != _hash(other.from_step(1))


def test_every_epoch_is_a_permutation_of_the_data_in_another_order():
    batches = take(numbered(20, batch_size=5).from_step(0), 5 * 4)
    epochs = np.concatenate([samples for (samples,) in batches]).reshape(5, 20)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(20), (5, 1)))
    assert len({tuple(epoch) for epoch in [*epochs, np.arange(20)]}) == 6


def test_an_incomplete_batch_is_left_out_of_an_epoch_but_not_of_all_epochs():
    dataset = numbered(8, batch_size=5)
    batches = [samples[:, 0] for (samples,) in take(dataset.from_step(0), 20)]
    assert all(len(set(batch)) == 5 for batch in batches)
    assert set(np.concatenate(batches)) == set(range(8))


def test_labels_stay_with_their_samples():
    labels = np.arange(12)
    dataset = datasets.from_arrays(2.0 * labels[:, None], labels, batch_size=4)
    for samples, batch_labels in take(dataset.from_step(0), 6):
        np.testing.assert_array_equal(samples[:, 0], 2 * batch_labels)


def test_a_distant_step_is_reached_without_iterating_there():
    dataset = numbered(17, batch_size=5)
    ((samples,),) = take(dataset.from_step(10**15), 1)
    assert len(set(samples[:, 0])) == 5


@pytest.mark.slow
def test_the_order_is_the_same_in_a_new_process():
    code = (
        "import hashlib, itertools; from kgan import datasets\n"
        "stream = datasets.digits('test', batch_size=50, seed=7).from_step(6)\n"
        "batches = itertools.islice(stream.as_numpy_iterator(), 3)\n"
        "print(hashlib.sha256(b''.join(batch.tobytes() for batch in batches)).hexdigest())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    dataset = datasets.digits("test", batch_size=50, seed=7)
    assert result.stdout.split()[-1] == _hash(dataset.from_step(6))


def test_a_data_set_works_with_take_and_map():
    dataset = numbered(20, batch_size=5)
    doubled = dataset.take(2).map(lambda samples: 2 * samples)
    assert len(doubled) == 2
    _assert_same(take(doubled, 9), [(2 * samples,) for (samples,) in take(dataset, 2)])


def test_plain_keras_learns_and_predicts_from_a_data_set():
    labels = np.arange(20)
    dataset = datasets.from_arrays(3.0 * labels[:, None], labels, batch_size=5)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    model.set_weights([np.array([[1 / 3]])])
    history = model.fit(dataset, epochs=2, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"], 0, atol=1e-6)
    predicted = model.predict(dataset.map(lambda samples, labels: samples), verbose=0)
    np.testing.assert_allclose(np.sort(predicted[:, 0]), labels, atol=1e-4)


def test_samples_is_a_fresh_copy():
    dataset = numbered(8, batch_size=2)
    dataset.samples[:] = -1
    np.testing.assert_array_equal(dataset.samples[:, 0], np.arange(8))


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, "8", None])
def test_a_batch_size_that_is_no_positive_integer_is_an_error(batch_size):
    with pytest.raises(ValueError, match=f"integer of at least 1. Received: .*={batch_size!r}"):
        numbered(8, batch_size=batch_size)


def test_a_batch_larger_than_the_data_is_an_error():
    with pytest.raises(
        ValueError, match=r"at most the number of samples.*batch_size=9, and 8 of them"
    ):
        numbered(8, batch_size=9)
    assert len(numbered(8, batch_size=8)) == 1


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5])
def test_a_seed_out_of_range_is_an_error(seed):
    with pytest.raises(ValueError, match=r"`seed` must be an integer in \[0, 2\*\*31\)"):
        datasets.digits(seed=seed)
