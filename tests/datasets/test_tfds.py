"""TensorFlow Datasets."""

import multiprocessing
import os
import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from streams import pixels, prepared

from kgan import datasets, images


def test_the_test_split_of_mnist_is_the_known_one():
    dataset = datasets.from_tfds("mnist", "test", with_labels=True, data_dir=prepared("mnist"))
    assert dataset.num_samples == 10_000
    assert np.bincount(dataset.labels).tolist() == [
        *(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
    ]
    assert dataset.class_names == tuple("0123456789")
    samples = dataset.samples
    assert (samples.min(), samples.max()) == (-1, 1)
    assert images.to_uint8(samples).mean() == pytest.approx(0.1325 * 255, abs=0.05)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_a_slice_of_a_prepared_data_set_is_read_silently(name, caplog):
    dataset = datasets.from_tfds(name, "train[:500]", batch_size=50, data_dir=prepared(name))
    assert dataset.num_samples == 500
    assert len(dataset) == 10
    assert dataset.element_spec == tf.TensorSpec((50, 28, 28, 1), tf.float32)
    assert dataset.labels is None
    assert len(np.unique(pixels(dataset))) > 100
    assert caplog.text == ""


def test_fashion_mnist_has_names_for_its_classes():
    dataset = datasets.from_tfds(
        "fashion_mnist",
        "train[:20]",
        batch_size=5,
        with_labels=True,
        data_dir=prepared("fashion_mnist"),
    )
    assert dataset.num_classes == 10
    assert dataset.class_names[0] == "T-shirt/top"
    assert dataset.element_spec[1] == tf.TensorSpec((5,), tf.int32)


def test_splits_of_a_data_set_can_be_joined():
    folder = prepared("mnist")
    parts = [
        datasets.from_tfds("mnist", split, batch_size=2, data_dir=folder).samples
        for split in ("train[:3]", "test[:4]", "train[:3]+test[:4]")
    ]
    np.testing.assert_array_equal(np.concatenate(parts[:2]), parts[2])
    whole = datasets.from_tfds("mnist", "test+train[:5]", data_dir=folder)
    assert whole.num_samples == 10_005


def test_images_are_scaled_to_the_requested_size():
    small, large = (
        datasets.from_tfds(
            "mnist",
            "train[:20]",
            image_size=size,
            batch_size=5,
            with_labels=True,
            data_dir=prepared("mnist"),
        )
        for size in (None, 32)
    )
    assert large.element_spec[0] == tf.TensorSpec((5, 32, 32, 1), tf.float32)
    np.testing.assert_array_equal(small.labels, large.labels)
    ink_small, ink_large = (dataset.samples.mean(axis=(1, 2, 3)) for dataset in (small, large))
    np.testing.assert_allclose(ink_small, ink_large, atol=0.01)
    assert np.abs(large.samples).max() <= 1


@pytest.mark.parametrize(
    ("shape", "image_size", "part"),
    [
        ((12, 8), (4, 8), np.s_[4:8]),
        ((8, 12), [8, 4], np.s_[:, 4:8]),
        ((12, 6), 3, np.s_[3:9]),
        ((1, 9), (9, 3), np.s_[:, 4:5]),
    ],
)
def test_the_middle_of_images_is_cut_out_in_any_shape(shape, image_size, part):
    image = np.zeros((1, *shape, 3), "uint8")
    image[0][part] = 255

    def as_dataset(builder, **options):
        return tf.data.Dataset.from_tensor_slices({"image": image})

    with tfds.testing.mock_data(as_dataset_fn=as_dataset):
        dataset = datasets.from_tfds("cifar10", batch_size=1, image_size=image_size)
    height, width = np.broadcast_to(image_size, 2)
    assert dataset.element_spec.shape == (1, height, width, 3)
    assert dataset.samples.min() == 1


@pytest.mark.usefixtures("mocked")
def test_colour_images_of_one_size_are_read_as_they_are():
    dataset = datasets.from_tfds("cifar10", batch_size=2, with_labels=True)
    assert dataset.element_spec[0] == tf.TensorSpec((2, 32, 32, 3), tf.float32)
    assert dataset.num_classes == 10
    assert len(dataset.class_names) == 10


def test_images_of_zeros_and_ones_are_black_and_white():
    bits = np.random.default_rng(0).integers(0, 2, (6, 28, 28, 1), dtype="uint8")

    def as_dataset(builder, **options):
        return tf.data.Dataset.from_tensor_slices({"image": bits})

    with tfds.testing.mock_data(as_dataset_fn=as_dataset):
        dataset = datasets.from_tfds("binarized_mnist", batch_size=2)
    np.testing.assert_array_equal(dataset.samples, 2.0 * bits - 1)


@pytest.mark.usefixtures("mocked")
def test_images_of_many_sizes_need_an_image_size():
    with pytest.raises(ValueError, match="`image_size` is needed: the images of 'tf_flowers'"):
        datasets.from_tfds("tf_flowers", batch_size=2)
    dataset = datasets.from_tfds("tf_flowers", batch_size=2, image_size=16)
    assert dataset.element_spec == tf.TensorSpec((2, 16, 16, 3), tf.float32)
    assert dataset.num_samples == 5


@pytest.mark.usefixtures("mocked")
@pytest.mark.parametrize(
    ("name", "with_labels", "message"),
    [
        ("imdb_reviews", False, r"'imdb_reviews' has no images. It has: text \(Text\), label"),
        ("div2k", True, r"'div2k' has no labels. It has: .*hr \(Image\)"),
    ],
)
def test_data_without_images_or_labels_is_an_error_that_lists_what_it_has(
    name, with_labels, message
):
    with pytest.raises(ValueError, match=message):
        datasets.from_tfds(name, image_size=8, with_labels=with_labels)


def test_an_unknown_name_is_an_error_that_gives_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean 'mnist' or .* Received: name='minst'"):
        datasets.from_tfds("minst")


@pytest.mark.parametrize("split", ["tset", "tset[:10]", "train+tset"])
def test_an_unknown_split_is_an_error_that_gives_the_nearest(split):
    with pytest.raises(ValueError, match=r"one of \['test', 'train'\]. Did you mean 'test'"):
        datasets.from_tfds("mnist", split, data_dir=prepared("mnist"))


def test_a_download_that_fails_is_an_error_that_says_what_works_without(tmp_path, monkeypatch):
    def fail(builder):
        raise OSError("no route to host")

    monkeypatch.setattr("socket.getaddrinfo", lambda host, port: [])
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(ConnectionError, match="OSError: no route to host") as raised:
        datasets.from_tfds("mnist", data_dir=tmp_path)
    for word in ("'mnist'", str(tmp_path), "digits()", "from_directory", "TFDS_DATA_DIR"):
        assert word in str(raised.value)


def test_without_a_network_a_download_fails_before_it_begins(tmp_path, monkeypatch):
    def unknown(host, port):
        raise OSError(f"{host} is unknown")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    with pytest.raises(
        ConnectionError, match=r"OSError: .* is unknown\nWithout a network use kgan.datasets"
    ):
        datasets.from_tfds("cifar10", data_dir=tmp_path)


def _prepare(root, found, barrier):
    """In a process: prepares a data set that is slow to make; counts how often it is made."""

    class Slow(tfds.core.GeneratorBasedBuilder):
        """Two images, in half a second."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {"image": tfds.features.Image(shape=(8, 8, 1))}
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            (root / f"made_{os.getpid()}").touch()
            time.sleep(0.5)
            for i in range(2):
                yield i, {"image": np.full((8, 8, 1), 255 * i, "uint8")}

    barrier.wait(60)  # Both are as far.
    found.send(datasets.from_tfds("slow", batch_size=2, data_dir=root).num_samples)


@pytest.mark.slow
def test_workers_that_need_the_same_data_prepare_it_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes, pipes, barrier = [], [], context.Barrier(2)
    for _ in range(2):
        here, there = context.Pipe(duplex=False)
        processes.append(context.Process(target=_prepare, args=(tmp_path, there, barrier)))
        pipes.append(here)
    for process in processes:
        process.start()
    assert [pipe.recv() for pipe in pipes] == [2, 2]
    for process in processes:
        process.join()
    assert len(list(tmp_path.glob("made_*"))) == 1
