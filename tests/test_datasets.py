import hashlib
import itertools
import math
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from kgan import datasets, images

ROOT = pathlib.Path(__file__).resolve().parents[1]
RED, GREEN, BLUE, WHITE, BLACK = (
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 255),
    (0, 0, 0),
)


def _take(stream, num_batches):
    """The first batches of a stream, each as a tuple of arrays."""
    batches = itertools.islice(stream.as_numpy_iterator(), num_batches)
    return [batch if isinstance(batch, tuple) else (batch,) for batch in batches]


def _assert_same(batches, others):
    assert len(batches) == len(others)
    for batch, other in zip(batches, others, strict=True):
        for array, expected in zip(batch, other, strict=True):
            np.testing.assert_array_equal(array, expected)


def _hash(stream, num_batches=3):
    content = b"".join(array.tobytes() for batch in _take(stream, num_batches) for array in batch)
    return hashlib.sha256(content).hexdigest()


def _pixels(dataset):
    """All samples of a data set of images, as bytes."""
    return images.to_uint8(dataset.samples)


# The digits


def test_the_digits_are_all_there_in_the_order_of_the_repository():
    dataset = datasets.digits("all", with_labels=True)
    assert dataset.num_samples == 1797
    assert np.bincount(dataset.labels).tolist() == [
        *(178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
    ]
    assert dataset.labels[:10].tolist() == list(range(10))
    first_row = np.array([0, 0, 5, 13, 9, 1, 0, 0]) * 255 / 16
    np.testing.assert_array_equal(_pixels(dataset)[0, 0, :, 0], np.round(first_row))


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


# What every data set obeys


def _numbered(num_samples=20, **options):
    """Vectors that are their own index."""
    return datasets.from_arrays(np.arange(num_samples, dtype="float32")[:, None], **options)


def _folder_of_shades(tmp_path, **options):
    for i in range(7):
        PIL.Image.new("L", (4, 4), 30 * i).save(tmp_path / f"{i}.png")
    return datasets.from_directory(tmp_path, 4, batch_size=3, **options)


KINDS = {
    "digits": lambda tmp_path, **options: datasets.digits(batch_size=600, **options),
    "digits with labels": lambda tmp_path, **options: datasets.digits(
        "test", batch_size=100, with_labels=True, **options
    ),
    "vectors": lambda tmp_path, **options: _numbered(17, batch_size=5, **options),
    "one batch an epoch": lambda tmp_path, **options: _numbered(9, batch_size=5, **options),
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
    stream = _take(dataset.from_step(0), 2 * epoch + 4)
    for step in {0, 1, epoch - 1, epoch, epoch + 1, 2 * epoch + 1}:
        _assert_same(_take(dataset.from_step(step), 3), stream[step : step + 3])


def test_a_data_set_is_the_first_epoch_of_its_stream(make):
    dataset = make()
    epoch = _take(dataset, 10_000)
    assert len(epoch) == len(dataset) == int(dataset.cardinality()) == dataset.steps_per_epoch
    assert dataset.steps_per_epoch == dataset.num_samples // dataset.batch_size
    _assert_same(epoch, _take(dataset.from_step(0), len(epoch)))


def test_batches_have_the_static_shape_and_types_that_the_data_set_states(make):
    dataset = make()
    for stream in (dataset, dataset.from_step(1)):
        assert stream.element_spec == dataset.element_spec
        specs = tf.nest.flatten(stream.element_spec)
        for array, spec in zip(_take(stream, 1)[0], specs, strict=True):
            assert spec.shape == array.shape
            assert spec.dtype.as_numpy_dtype == array.dtype
            assert len(array) == dataset.batch_size
        assert specs[0].dtype == tf.float32


def test_the_seed_decides_the_order(make):
    first, again, other = make(seed=3), make(seed=3), make(seed=4)
    assert _hash(first.from_step(1)) == _hash(again.from_step(1))
    assert _hash(first.from_step(1)) != _hash(other.from_step(1))


def test_every_epoch_is_a_permutation_of_the_data_in_another_order():
    batches = _take(_numbered(20, batch_size=5).from_step(0), 5 * 4)
    epochs = np.concatenate([samples for (samples,) in batches]).reshape(5, 20)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(20), (5, 1)))
    assert len({tuple(epoch) for epoch in [*epochs, np.arange(20)]}) == 6


def test_what_does_not_fill_a_batch_is_left_out_of_an_epoch_but_not_of_all():
    dataset = _numbered(8, batch_size=5)
    batches = [samples[:, 0] for (samples,) in _take(dataset.from_step(0), 20)]
    assert all(len(set(batch)) == 5 for batch in batches)
    assert set(np.concatenate(batches)) == set(range(8))


def test_labels_stay_with_their_samples():
    labels = np.arange(12)
    dataset = datasets.from_arrays(2.0 * labels[:, None], labels, batch_size=4)
    for samples, batch_labels in _take(dataset.from_step(0), 6):
        np.testing.assert_array_equal(samples[:, 0], 2 * batch_labels)


def test_a_step_far_away_is_reached_without_walking_there():
    dataset = _numbered(17, batch_size=5)
    ((samples,),) = _take(dataset.from_step(10**15), 1)
    assert len(set(samples[:, 0])) == 5


def test_the_order_is_the_same_in_a_new_process():
    code = (
        "import hashlib, itertools; from kgan import datasets\n"
        "stream = datasets.digits('test', batch_size=50, seed=7).from_step(6)\n"
        "batches = itertools.islice(stream.as_numpy_iterator(), 3)\n"
        "print(hashlib.sha256(b''.join(batch.tobytes() for batch in batches)).hexdigest())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    dataset = datasets.digits("test", batch_size=50, seed=7)
    assert result.stdout.split()[-1] == _hash(dataset.from_step(6))


def test_a_data_set_works_with_take_and_map():
    dataset = _numbered(20, batch_size=5)
    doubled = dataset.take(2).map(lambda samples: 2 * samples)
    assert len(doubled) == 2
    _assert_same(_take(doubled, 9), [(2 * samples,) for (samples,) in _take(dataset, 2)])


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
    dataset = _numbered(8, batch_size=2)
    dataset.samples[:] = -1
    np.testing.assert_array_equal(dataset.samples[:, 0], np.arange(8))


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, "8", None])
def test_a_batch_size_that_is_no_positive_integer_is_an_error(batch_size):
    with pytest.raises(ValueError, match=f"integer of at least 1. Received: .*={batch_size!r}"):
        _numbered(8, batch_size=batch_size)


def test_a_batch_larger_than_the_data_is_an_error():
    with pytest.raises(ValueError, match=r"at most the number of samples.*batch_size=9, 8 samples"):
        _numbered(8, batch_size=9)
    assert len(_numbered(8, batch_size=8)) == 1


# Arrays


def test_every_byte_is_scaled_exactly_and_back():
    pixels = np.arange(256, dtype="uint8").reshape(4, 8, 8, 1)
    dataset = datasets.from_arrays(pixels, batch_size=4)
    expected = (np.arange(256) / 127.5 - 1).reshape(4, 8, 8, 1)
    np.testing.assert_allclose(dataset.samples, expected, atol=1e-7)
    np.testing.assert_array_equal(dataset.samples, images.from_uint8(pixels))
    np.testing.assert_array_equal(_pixels(dataset), pixels)
    ((batch,),) = _take(dataset, 1)
    np.testing.assert_array_equal(np.sort(images.to_uint8(batch).ravel()), np.arange(256))
    np.testing.assert_array_equal(np.sort(batch, axis=None), np.sort(dataset.samples, axis=None))


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


def test_no_samples_with_no_labels_is_an_error_about_the_batch():
    with pytest.raises(ValueError, match=r"at most the number of samples.*0 samples"):
        datasets.from_arrays(np.zeros((0, 2)), np.zeros(0, "int64"), batch_size=1)


# Folders of pictures


def _quarters(size=16):
    """A picture that no turn or mirror leaves as it is: red, green; blue, black."""
    half = size // 2
    corners = np.array([[RED, GREEN], [BLUE, BLACK]], "uint8")
    return corners.repeat(half, axis=0).repeat(half, axis=1)


def _read(picture, path, image_size=None, color_mode="rgb", **save_options):
    """Saves a picture alone in a new folder; what `from_directory` reads of it, as bytes."""
    path.parent.mkdir(exist_ok=True)
    picture.save(path, **save_options)
    size = image_size or picture.width
    dataset = datasets.from_directory(path.parent, size, batch_size=1, color_mode=color_mode)
    assert dataset.skipped == ()
    return _pixels(dataset)[0]


@pytest.mark.parametrize("suffix", ["png", "gif", "bmp", "tiff", "webp", "jpg"])
def test_pictures_of_every_common_format_are_read(tmp_path, suffix):
    options = {
        "jpg": {"quality": 100, "subsampling": 0},
        "webp": {"lossless": True},
    }.get(suffix, {})
    picture = PIL.Image.fromarray(_quarters())
    read = _read(picture, tmp_path / "new" / f"picture.{suffix}", **options)
    tolerance = 3 if suffix == "jpg" else 0
    np.testing.assert_allclose(read.astype(int), _quarters(), atol=tolerance)


def _palette_picture():
    picture = PIL.Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, *GREEN])
    return picture


GRAY_16_BITS = PIL.Image.fromarray(np.full((4, 4), 0x8000, "uint16"))
MODES = {
    "1": (PIL.Image.new("1", (4, 4), 1), "png", WHITE),
    "L": (PIL.Image.new("L", (4, 4), 77), "png", (77, 77, 77)),
    "LA": (PIL.Image.new("LA", (4, 4), (77, 255)), "png", (77, 77, 77)),
    "P": (_palette_picture(), "png", GREEN),
    "RGB": (PIL.Image.new("RGB", (4, 4), (1, 2, 3)), "png", (1, 2, 3)),
    "RGBA": (PIL.Image.new("RGBA", (4, 4), (1, 2, 3, 255)), "png", (1, 2, 3)),
    "CMYK": (PIL.Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "tiff", RED),
    "I;16": (GRAY_16_BITS, "png", (127, 127, 127)),
}


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_every_colour_mode_become_rgb_of_8_bits(tmp_path, mode):
    picture, suffix, color = MODES[mode]
    assert picture.mode == mode
    read = _read(picture, tmp_path / f"picture.{suffix}")
    np.testing.assert_array_equal(read, np.broadcast_to(color, (4, 4, 3)))


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_every_colour_mode_become_grayscale(tmp_path, mode):
    picture, suffix, color = MODES[mode]
    read = _read(picture, tmp_path / f"picture.{suffix}", color_mode="grayscale")
    luminance = np.dot(color, [0.299, 0.587, 0.114])
    assert read.shape == (4, 4, 1)
    np.testing.assert_allclose(read, luminance, atol=1)


def test_a_cmyk_jpeg_keeps_its_colours(tmp_path):
    picture = PIL.Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    read = _read(picture, tmp_path / "picture.jpg", quality=100)
    np.testing.assert_allclose(read.astype(int), np.broadcast_to(RED, (8, 8, 3)), atol=3)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
def test_a_picture_is_turned_as_its_exif_data_says(tmp_path, suffix):
    stored = PIL.Image.fromarray(np.rot90(_quarters()))  # Counterclockwise; 6 turns it back.
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    assert not np.array_equal(stored, _quarters())
    read = _read(stored, tmp_path / f"picture.{suffix}", exif=exif)
    away_from_edges = np.s_[2:6, 2:6], np.s_[2:6, 10:14], np.s_[10:14, 2:6], np.s_[10:14, 10:14]
    for corner in away_from_edges:
        np.testing.assert_allclose(read[corner].astype(int), _quarters()[corner], atol=40)


def test_a_large_jpeg_is_scaled_down_to_its_own_colours(tmp_path):
    read = _read(PIL.Image.fromarray(_quarters(128)), tmp_path / "picture.jpg", image_size=4)
    for row, column in itertools.product((0, 3), (0, 3)):
        expected = _quarters(4)[row, column]
        np.testing.assert_allclose(read[row, column].astype(int), expected, atol=40)


TRANSPARENT = {
    "RGBA": (PIL.Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "png", {}),
    "RGBA in WebP": (PIL.Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "webp", {}),
    "LA": (PIL.Image.new("LA", (4, 4), (0, 0)), "png", {}),
    "P": (_palette_picture(), "png", {"transparency": 1}),
    "P in GIF": (_palette_picture(), "gif", {"transparency": 1}),
    "RGB": (PIL.Image.new("RGB", (4, 4), (1, 2, 3)), "png", {"transparency": (1, 2, 3)}),
}


@pytest.mark.parametrize("name", TRANSPARENT)
@pytest.mark.parametrize("color_mode", ["rgb", "grayscale"])
def test_transparent_pixels_become_white(tmp_path, name, color_mode):
    picture, suffix, options = TRANSPARENT[name]
    read = _read(picture, tmp_path / f"picture.{suffix}", color_mode=color_mode, **options)
    assert read.min() == 255


def test_half_transparent_pixels_are_half_white(tmp_path):
    picture = PIL.Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    read = _read(picture, tmp_path / "picture.png")
    np.testing.assert_allclose(read, np.broadcast_to([255, 127, 127], (4, 4, 3)), atol=1)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_middle_square_of_a_long_picture_is_cut_out(tmp_path, axis):
    squares = [np.broadcast_to(np.uint8(color), (4, 4, 3)) for color in (RED, GREEN, BLUE)]
    picture = PIL.Image.fromarray(np.concatenate(squares, axis=axis))
    read = _read(picture, tmp_path / "picture.png", image_size=4)
    np.testing.assert_array_equal(read, squares[1])


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_a_picture_one_pixel_wide_fills_the_square(tmp_path, size):
    read = _read(PIL.Image.new("RGB", size, (9, 8, 7)), tmp_path / "picture.png", image_size=5)
    np.testing.assert_array_equal(read, np.broadcast_to((9, 8, 7), (5, 5, 3)))


def _add_unreadable(folder):
    """A text file, an empty picture and half a JPEG; their names in order."""
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("not a picture")
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype="uint8")
    half = folder / "truncated.jpg"
    PIL.Image.fromarray(noise).save(half)
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    return ["empty.png", "notes.txt", "truncated.jpg"]


def test_what_cannot_be_read_is_skipped_with_a_warning_that_counts_and_names_it(tmp_path):
    names = _add_unreadable(tmp_path)
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "good.png")
    with pytest.warns(UserWarning, match="3 of 4 files in .* were skipped") as warned:
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    (warning,) = warned
    assert all(f"\n  {name}: " in str(warning.message) for name in names)
    assert warning.filename == __file__
    assert dataset.num_samples == 1
    assert [path.name for path, _ in dataset.skipped] == names
    reasons = {path.name: reason for path, reason in dataset.skipped}
    assert "cannot identify image file" in reasons["notes.txt"]
    assert "truncated" in reasons["truncated.jpg"]


def test_a_decoder_that_fails_in_its_own_way_skips_the_file(tmp_path, monkeypatch):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "a.png")
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "b.bmp")

    def fail(picture):
        raise RuntimeError("no colour planes")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    with pytest.warns(UserWarning, match=r"1 of 2 files .*\n  a.png: no colour planes"):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert dataset.num_samples == 1


def test_a_warning_names_five_files_and_counts_the_rest(tmp_path):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "good.png")
    for i in range(7):
        (tmp_path / f"{i}.txt").touch()
    with pytest.warns(UserWarning, match=r"7 of 8 files(.|\n)*4.txt.*\n  ... and 2 more$"):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert len(dataset.skipped) == 7


def test_a_folder_in_which_nothing_can_be_read_is_an_error_that_names_the_files(tmp_path):
    _add_unreadable(tmp_path)
    with pytest.raises(ValueError, match=r"all 3 files were skipped:\n  empty.png(.|\n)*Received"):
        datasets.from_directory(tmp_path, 4)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=f"`directory` holds no files. Received: .*{tmp_path}"):
        datasets.from_directory(tmp_path, 4)


def test_a_folder_that_does_not_exist_is_an_error(tmp_path):
    (tmp_path / "file.png").touch()
    for missing in (tmp_path / "missing", tmp_path / "file.png"):
        with pytest.raises(FileNotFoundError, match=f"must be a folder. Received: .*{missing}"):
            datasets.from_directory(missing, 4)


@pytest.mark.parametrize("image_size", [0, -4, 4.0, None])
def test_an_image_size_that_is_no_positive_integer_is_an_error(tmp_path, image_size):
    with pytest.raises(ValueError, match=f"integer of at least 1. Received: .*={image_size}"):
        datasets.from_directory(tmp_path, image_size)


def test_an_unknown_colour_mode_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"\['rgb', 'grayscale'\]. Received: color_mode='rgba'"):
        datasets.from_directory(tmp_path, 4, color_mode="rgba")


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    (tmp_path / ".thumbnails").mkdir()
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / ".thumbnails" / "a.png")
    PIL.Image.new("RGB", (4, 4), GREEN).save(tmp_path / "a.png")
    (tmp_path / ".DS_Store").write_text("not a picture")
    dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert dataset.skipped == ()
    np.testing.assert_array_equal(_pixels(dataset), np.broadcast_to(GREEN, (1, 4, 4, 3)))


def test_a_hidden_folder_above_the_pictures_hides_nothing(tmp_path):
    (tmp_path / ".cache").mkdir()
    PIL.Image.new("RGB", (4, 4), GREEN).save(tmp_path / ".cache" / "a.png")
    assert datasets.from_directory(tmp_path / ".cache", 4, batch_size=1).num_samples == 1


def _colored_folders(tmp_path):
    """Sub-folders in another order than they are made: each of one colour, one of them deeper."""
    places = {"roses/1": RED, "ferns/2": GREEN, "asters/3": BLUE, "ferns/deep/4": GREEN}
    for place, color in places.items():
        path = tmp_path / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("RGB", (4, 4), color).save(path)


def test_sub_folders_are_the_labels_in_the_order_of_their_names(tmp_path):
    _colored_folders(tmp_path)
    dataset = datasets.from_directory(tmp_path, 4, batch_size=2, with_labels=True)
    assert dataset.class_names == ("asters", "ferns", "roses")
    assert dataset.num_classes == 3
    colors = np.array([BLUE, GREEN, RED])
    np.testing.assert_array_equal(np.sort(dataset.labels), [0, 1, 1, 2])
    np.testing.assert_array_equal(_pixels(dataset)[:, 0, 0], colors[dataset.labels])
    for batch, labels in _take(dataset.from_step(0), 4):
        np.testing.assert_array_equal(images.to_uint8(batch)[:, 0, 0], colors[labels])


def test_a_class_of_which_nothing_can_be_read_is_named(tmp_path):
    _colored_folders(tmp_path)
    (tmp_path / "orchids").mkdir()
    (tmp_path / "orchids" / "a.png").touch()
    with pytest.warns(UserWarning, match=r"1 of 5 files(.|\n)*So these are no classes: orchids."):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1, with_labels=True)
    assert dataset.class_names == ("asters", "ferns", "roses")
    assert [path.name for path, _ in dataset.skipped] == ["a.png", "orchids"]


def test_links_are_followed_but_not_in_a_circle(tmp_path):
    elsewhere, pictures = tmp_path / "elsewhere", tmp_path / "pictures"
    _colored_folders(elsewhere)
    pictures.mkdir()
    for name in ("roses", "ferns"):
        (pictures / name).symlink_to(elsewhere / name)
    (pictures / "more ferns").symlink_to(elsewhere / "ferns")
    (elsewhere / "roses" / "back").symlink_to(elsewhere / "ferns")
    (elsewhere / "ferns" / "back").symlink_to(elsewhere / "roses")
    (pictures / "self").symlink_to(pictures)
    dataset = datasets.from_directory(pictures, 4, batch_size=1, with_labels=True)
    assert dataset.class_names == ("ferns", "more ferns", "roses")
    assert np.bincount(dataset.labels).tolist() == [3, 3, 3]


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"seed": -1}, {"image_size": 0}])
def test_wrong_arguments_are_said_before_data_is_read(tmp_path, monkeypatch, wrong):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "a.png")
    monkeypatch.setattr("PIL.Image.open", None)
    monkeypatch.setattr("tensorflow_datasets.builder", None)
    (name,) = wrong
    for read, given in ((datasets.from_directory, tmp_path), (datasets.from_tfds, "mnist")):
        with pytest.raises(ValueError, match=f"`{name}` must be an integer"):
            read(given, **{"image_size": 4} | wrong)


def test_files_in_no_sub_folder_have_no_label_and_are_skipped(tmp_path):
    _colored_folders(tmp_path)
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "loose.png")
    with pytest.warns(UserWarning, match=r"1 of 5 files(.|\n)*loose.png: in no sub-folder"):
        dataset = datasets.from_directory(tmp_path, 4, batch_size=1, with_labels=True)
    assert dataset.num_samples == 4
    assert dataset.skipped[0][0] == tmp_path / "loose.png"
    assert datasets.from_directory(tmp_path, 4, batch_size=1).num_samples == 5


def test_labels_without_sub_folders_are_an_error(tmp_path):
    PIL.Image.new("RGB", (4, 4), RED).save(tmp_path / "loose.png")
    with pytest.raises(ValueError, match="each sub-folder a class, and there is none with a file"):
        datasets.from_directory(tmp_path, 4, with_labels=True)


# TensorFlow Datasets


def _prepared(name):
    """The folder in which a data set of TFDS is prepared."""
    for folder in (os.environ.get("TFDS_DATA_DIR"), ROOT.parent / "shared" / "tfds"):
        if folder and (pathlib.Path(folder) / name).is_dir():
            return folder
    pytest.skip(f"{name} is not prepared: set TFDS_DATA_DIR to a folder that holds it")


@pytest.fixture
def mocked():
    """TFDS with five made-up examples for each split of any data set."""
    with tfds.testing.mock_data(num_examples=5):
        yield


def test_the_test_split_of_mnist_is_the_known_one():
    dataset = datasets.from_tfds("mnist", "test", with_labels=True, data_dir=_prepared("mnist"))
    assert dataset.num_samples == 10_000
    assert np.bincount(dataset.labels).tolist() == [
        *(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
    ]
    assert dataset.class_names == tuple("0123456789")
    samples = dataset.samples
    assert (samples.min(), samples.max()) == (-1, 1)
    assert images.to_uint8(samples).mean() == pytest.approx(0.1325 * 255, abs=0.05)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_a_slice_of_a_prepared_data_set_is_read_without_a_word(name, caplog):
    dataset = datasets.from_tfds(name, "train[:500]", batch_size=50, data_dir=_prepared(name))
    assert dataset.num_samples == 500
    assert len(dataset) == 10
    assert dataset.element_spec == tf.TensorSpec((50, 28, 28, 1), tf.float32)
    assert dataset.labels is None
    assert len(np.unique(_pixels(dataset))) > 100
    assert caplog.text == ""


def test_fashion_mnist_has_names_for_its_classes():
    dataset = datasets.from_tfds(
        "fashion_mnist",
        "train[:20]",
        batch_size=5,
        with_labels=True,
        data_dir=_prepared("fashion_mnist"),
    )
    assert dataset.num_classes == 10
    assert dataset.class_names[0] == "T-shirt/top"
    assert dataset.element_spec[1] == tf.TensorSpec((5,), tf.int32)


def test_splits_of_a_data_set_are_put_together():
    folder = _prepared("mnist")
    parts = [
        datasets.from_tfds("mnist", split, batch_size=2, data_dir=folder).samples
        for split in ("train[:3]", "test[:4]", "train[:3]+test[:4]")
    ]
    np.testing.assert_array_equal(np.concatenate(parts[:2]), parts[2])
    whole = datasets.from_tfds("mnist", "test+train[:5]", data_dir=folder)
    assert whole.num_samples == 10_005


def test_images_are_scaled_to_the_asked_size_and_stay_the_same_pictures():
    small, large = (
        datasets.from_tfds(
            "mnist",
            "train[:20]",
            image_size=size,
            batch_size=5,
            with_labels=True,
            data_dir=_prepared("mnist"),
        )
        for size in (None, 32)
    )
    assert large.element_spec[0] == tf.TensorSpec((5, 32, 32, 1), tf.float32)
    np.testing.assert_array_equal(small.labels, large.labels)
    ink_small, ink_large = (dataset.samples.mean(axis=(1, 2, 3)) for dataset in (small, large))
    np.testing.assert_allclose(ink_small, ink_large, atol=0.01)
    assert np.abs(large.samples).max() <= 1


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
        datasets.from_tfds("mnist", split, data_dir=_prepared("mnist"))


def test_a_download_that_fails_is_an_error_that_says_what_works_without(tmp_path, monkeypatch):
    def fail(builder):
        raise OSError("no route to host")

    monkeypatch.setattr("socket.getaddrinfo", lambda host, port: [])
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(ConnectionError, match="OSError: no route to host") as raised:
        datasets.from_tfds("mnist", data_dir=tmp_path)
    for word in ("'mnist'", str(tmp_path), "digits()", "from_directory", "TFDS_DATA_DIR"):
        assert word in str(raised.value)


# Mixtures of Gaussians


def _lattice(low, high, spacing, dim):
    ticks = np.arange(low, high, spacing)
    return np.stack(np.meshgrid(*[ticks] * dim), axis=-1).reshape(-1, dim), spacing**dim


LATTICES = {
    "line": _lattice(-8, 8, 0.1, 1),
    "ring": _lattice(-1.1, 1.1, 0.01, 2),
    "grid": _lattice(-4.5, 4.5, 0.05, 2),
}
NUM_MODES = {"line": 2, "ring": 8, "grid": 25}


@pytest.mark.parametrize("name", LATTICES)
def test_the_density_of_a_mixture_integrates_to_1(name):
    points, volume = LATTICES[name]
    density = datasets.gaussian_mixture(name, num_samples=100).distribution.density(points)
    assert density.shape == (len(points),)
    assert density.sum() * volume == pytest.approx(1, abs=1e-6)


def test_the_density_of_the_line_is_the_mean_of_two_normal_densities():
    distribution = datasets.gaussian_mixture("line", num_samples=100).distribution
    at_mode = (1 + math.exp(-32)) / 2 / (0.5 * math.sqrt(2 * math.pi))
    between = math.exp(-8) / (0.5 * math.sqrt(2 * math.pi))
    density = distribution.density([[2.0], [-2.0], [0.0]])
    np.testing.assert_allclose(density, [at_mode, at_mode, between], rtol=1e-12)


@pytest.mark.parametrize("name", LATTICES)
def test_points_of_a_mixture_are_spread_around_their_labels_modes(name):
    dataset = datasets.gaussian_mixture(name, with_labels=True)
    distribution, labels = dataset.distribution, dataset.labels
    sigma, dim = distribution.standard_deviation, distribution.means.shape[1]
    assert dataset.num_samples == 100_000
    assert dataset.num_classes == len(distribution.means) == NUM_MODES[name]
    np.testing.assert_allclose(np.bincount(labels) / 100_000, 1 / NUM_MODES[name], atol=0.008)
    noise = (dataset.samples - distribution.means[labels]) / sigma
    for mode in range(NUM_MODES[name]):
        np.testing.assert_allclose(noise[labels == mode].mean(axis=0), 0, atol=0.1)
        np.testing.assert_allclose(noise[labels == mode].std(axis=0), 1, atol=0.06)
    within_3_sigma = np.mean(np.square(noise).sum(axis=1) < 9)
    expected = 1 - math.exp(-4.5) if dim == 2 else math.erf(3 / math.sqrt(2))
    assert within_3_sigma == pytest.approx(expected, abs=0.0015)


def test_the_modes_of_the_mixtures_are_where_the_docstring_puts_them():
    modes = {
        name: datasets.gaussian_mixture(name, num_samples=100).distribution for name in NUM_MODES
    }
    assert modes["line"].means.ravel().tolist() == [-2, 2]
    assert [modes[name].standard_deviation for name in NUM_MODES] == [0.5, 0.01, 0.05]
    ring = modes["ring"].means
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 1)
    neighbours = np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1)
    np.testing.assert_allclose(neighbours, 2 * math.sin(math.pi / 8))
    ticks = [-4, -2, 0, 2, 4]
    assert {tuple(mean) for mean in modes["grid"].means} == set(itertools.product(ticks, ticks))


def test_another_seed_gives_held_out_points():
    first, again, other = (
        datasets.gaussian_mixture("ring", num_samples=200, seed=seed).samples for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not set(map(tuple, first)) & set(map(tuple, other))


def test_points_come_in_batches_without_labels_by_default():
    dataset = datasets.gaussian_mixture("line", num_samples=100, batch_size=10)
    assert dataset.element_spec == tf.TensorSpec((10, 1), tf.float32)
    assert (dataset.labels, dataset.num_classes) == (None, None)


def test_an_unknown_mixture_is_an_error_that_gives_the_nearest():
    with pytest.raises(ValueError, match=r"\['grid', 'line', 'ring'\]. Did you mean 'ring'"):
        datasets.gaussian_mixture("rings")


# One word


@pytest.mark.parametrize(
    ("name", "shape"), [("digits", (10, 8, 8, 1)), ("line", (10, 1)), ("ring", (10, 2))]
)
def test_load_knows_what_comes_with_kgan(name, shape):
    dataset = datasets.load(name, batch_size=10, with_labels=True, seed=5)
    assert dataset.element_spec[0].shape == shape
    assert dataset.seed == 5
    assert dataset.num_classes == {"digits": 10, **NUM_MODES}[name]


def test_load_reads_a_folder_of_pictures(tmp_path):
    _colored_folders(tmp_path)
    for path in (tmp_path, str(tmp_path)):
        dataset = datasets.load(path, batch_size=2, image_size=4, with_labels=True)
        assert dataset.class_names == ("asters", "ferns", "roses")
        assert dataset.element_spec[0].shape == (2, 4, 4, 3)


@pytest.mark.usefixtures("mocked")
def test_load_asks_tensorflow_datasets_for_other_names():
    dataset = datasets.load("cifar10", batch_size=2, image_size=8, with_labels=True)
    assert dataset.element_spec[0].shape == (2, 8, 8, 3)
    assert dataset.num_classes == 10


@pytest.mark.usefixtures("mocked")
def test_load_knows_the_configurations_and_versions_of_data_sets():
    for name in ("cifar10_corrupted/contrast_1", "cifar10:3.*.*"):
        assert datasets.load(name, batch_size=2).element_spec.shape == (2, 32, 32, 3)
    with pytest.raises(ValueError, match="Did you mean 'cifar10'"):
        datasets.load("cifar01:3.0.2")


def test_load_of_a_folder_needs_an_image_size(tmp_path):
    with pytest.raises(ValueError, match="`image_size` is needed for a folder of pictures"):
        datasets.load(tmp_path)


@pytest.mark.parametrize(("name", "nearest"), [("digit", "digits"), ("minst", "mnist")])
def test_load_of_an_unknown_name_gives_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=rf"Did you mean '{nearest}'.* dataset='{name}'"):
        datasets.load(name)


def test_load_of_a_path_that_is_no_folder_is_an_error(tmp_path):
    (tmp_path / "file.png").touch()
    for path in (tmp_path / "missing", tmp_path / "file.png"):
        with pytest.raises(FileNotFoundError, match=f"There is no folder {path}"):
            datasets.load(path, image_size=4)


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5])
def test_a_seed_out_of_range_is_an_error(seed):
    with pytest.raises(ValueError, match=r"`seed` must be an integer in \[0, 2\*\*31\)"):
        datasets.digits(seed=seed)


@pytest.mark.parametrize("name", ["digits", "ring"])
def test_load_refuses_an_image_size_for_data_of_one_size(name):
    with pytest.raises(ValueError, match="comes in one size"):
        datasets.load(name, image_size=64)


def test_a_dark_16_bit_picture_stays_dark(tmp_path):
    dark = np.full((4, 4), 255, "uint16")  # Of 65,535.
    PIL.Image.fromarray(dark).save(tmp_path / "dark.png")
    dataset = datasets.from_directory(tmp_path, 4, batch_size=1)
    assert dataset.samples.max() < -0.98


def test_a_name_out_of_thousands_is_answered_with_the_nearest_alone():
    with pytest.raises(ValueError, match="Did you mean 'mnist'") as error:
        datasets.load("mnst")
    assert len(str(error.value)) < 300


def test_without_a_network_a_download_fails_before_it_begins(tmp_path, monkeypatch):
    def unknown(host, port):
        raise OSError(f"{host} is unknown")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    with pytest.raises(
        ConnectionError, match=r"OSError: .* is unknown\nWithout a network use kgan.datasets"
    ):
        datasets.from_tfds("cifar10", data_dir=tmp_path)


def test_held_out_data_is_no_training_data(tmp_path):
    for seed in (0, 1):
        train = datasets.load("ring", seed=seed).samples
        held_out = datasets.load_held_out("ring", seed=seed).samples
        assert not set(map(tuple, train)) & set(map(tuple, held_out))
    assert datasets.load_held_out("digits", with_labels=True).num_samples == 360
    assert datasets.load_held_out(tmp_path, image_size=8) is None
