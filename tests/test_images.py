import numpy as np
import PIL.Image
import pytest

from kgan import images


def _numbered(num_images, height=2, width=3, channels=1, dtype="uint8"):
    """Images of one value each: 1, 2, 3, ..."""
    values = np.arange(1, num_images + 1, dtype=dtype).reshape(-1, 1, 1, 1)
    return np.broadcast_to(values, (num_images, height, width, channels))


def _files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_byte_survives_the_way_to_floats_and_back():
    pixels = np.arange(256, dtype="uint8")
    floats = images.from_uint8(pixels)
    assert floats.dtype == np.float32
    assert (floats[0], floats[255]) == (-1, 1)
    np.testing.assert_allclose(np.diff(floats), 2 / 255, atol=1e-6)
    back = images.to_uint8(floats)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, pixels)


def test_floats_outside_the_range_are_clipped():
    values = [-np.inf, -1e9, -1.01, -1, 0, 1, 1.01, 1e9, np.inf]
    assert images.to_uint8(values).tolist() == [0, 0, 0, 0, 128, 255, 255, 255, 255]


def test_nan_becomes_black():
    assert images.to_uint8([np.nan, 1.0]).tolist() == [0, 255]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_go_to_the_nearest_byte(dtype):
    values = np.array([(100.4 / 127.5) - 1, (100.6 / 127.5) - 1], dtype)
    assert images.to_uint8(values).tolist() == [100, 101]


def test_tile_puts_images_row_by_row_with_dark_padding_between():
    grid = images.tile(_numbered(3, height=1, width=2), columns=2)
    expected = [
        [1, 1, 0, 2, 2],
        [0, 0, 0, 0, 0],
        [3, 3, 0, 0, 0],
    ]
    np.testing.assert_array_equal(grid[..., 0], expected)
    assert grid.dtype == np.uint8


@pytest.mark.parametrize("as_bytes", [False, True])
def test_padding_has_any_shade_and_is_opaque(as_bytes):
    clear = np.full((2, 1, 1, 4), -1.0, "float32")
    grid = images.tile(images.to_uint8(clear) if as_bytes else clear, columns=2, shade=0.2)
    grey = [0.2, 0.2, 0.2, 1]
    expected = np.array([[[-1] * 4, grey, [-1] * 4]], "float32")
    np.testing.assert_array_equal(grid, images.to_uint8(expected) if as_bytes else expected)


def test_tile_pads_floats_with_minus_1():
    grid = images.tile(np.ones((2, 1, 1, 3), "float32"), columns=2)
    np.testing.assert_array_equal(grid, np.broadcast_to([[[1], [-1], [1]]], (1, 3, 3)))
    assert grid.dtype == np.float32


@pytest.mark.parametrize(
    ("num_images", "columns", "padding", "shape"),
    [
        (1, None, 1, (2, 3)),
        (4, None, 1, (5, 7)),
        (5, None, 1, (5, 11)),
        (6, 2, 0, (6, 6)),
        (6, 6, 4, (2, 38)),
        (3, 10, 1, (2, 11)),
        (3, 1, 2, (10, 3)),
    ],
)
def test_a_tiled_grid_is_as_large_as_its_columns_and_padding_say(
    num_images, columns, padding, shape
):
    grid = images.tile(_numbered(num_images, channels=3), columns, padding)
    assert grid.shape == (*shape, 3)
    for value in range(1, num_images + 1):
        assert np.sum(grid == value) == 2 * 3 * 3


@pytest.mark.parametrize("shape", [(0, 2, 2, 1), (2, 2, 1), (1, 2, 2, 2, 1)])
def test_tiling_something_other_than_images_is_an_error(shape):
    with pytest.raises(ValueError, match=r"with at least one image. Received: shape \(\d"):
        images.tile(np.zeros(shape))


@pytest.mark.parametrize(
    ("at_least", "factor"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3), (256, 86)]
)
def test_magnify_repeats_pixels_by_the_smallest_whole_number_that_is_enough(at_least, factor):
    image = np.arange(6).reshape(2, 3, 1)
    expected = np.kron(image[..., 0], np.ones((factor, factor), int))[..., None]
    np.testing.assert_array_equal(images.magnify(image, at_least), expected)


@pytest.mark.parametrize("channels", images.CHANNELS)
@pytest.mark.parametrize("as_floats", [True, False])
def test_a_png_holds_the_image_that_was_saved(tmp_path, channels, as_floats):
    pixels = np.arange(16 * 16 * channels).reshape(16, 16, channels).astype("uint8")
    path = tmp_path / "new" / "folder" / "image.png"
    images.save_png(path, images.from_uint8(pixels) if as_floats else pixels)
    with PIL.Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.mode == {1: "L", 3: "RGB", 4: "RGBA"}[channels]
        np.testing.assert_array_equal(np.asarray(picture).reshape(pixels.shape), pixels)
    assert images.encode_png(pixels) == path.read_bytes()
    assert _files(path.parent) == ["image.png"]


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (4, 4, 5), (1, 4, 4, 3)])
def test_an_array_that_is_not_an_image_cannot_be_encoded(shape):
    with pytest.raises(ValueError, match=r"with 1, 3 or 4 channels. Received: shape \(\d"):
        images.encode_png(np.zeros(shape))


def test_an_image_that_cannot_be_encoded_leaves_the_old_file_as_it_was(tmp_path):
    for name, save in [
        ("image.png", lambda path: images.save_png(path, np.zeros((4, 4)))),
        ("film.gif", lambda path: images.save_gif(path, [np.zeros((4, 4, 1)), np.zeros((4, 4))])),
    ]:
        path = tmp_path / name
        path.write_bytes(b"old")
        with pytest.raises(ValueError, match="`image` must have the shape"):
            save(path)
        assert path.read_bytes() == b"old"
    assert _files(tmp_path) == ["film.gif", "image.png"]


@pytest.mark.parametrize("as_floats", [True, False])
def test_a_checkerboard_is_seen_where_an_image_is_transparent(as_floats):
    image = np.zeros((4, 6, 4), "uint8")
    image[:2] = (10, 20, 30, 255)
    image[2, 0] = (200, 0, 0, 51)
    shown = images.on_checkerboard(images.from_uint8(image) if as_floats else image, square=2)
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown[:2], image[:2, :, :3])
    first, second = images.SQUARES
    np.testing.assert_array_equal(shown[3, :, 0], [second, second, first, first, second, second])
    np.testing.assert_array_equal(shown[2, 0], np.round([0.2 * 200 + 0.8 * second] + 2 * [204]))


def test_a_film_of_transparent_images_lies_on_a_checkerboard(tmp_path):
    images.save_gif(tmp_path / "film.gif", [np.zeros((32, 32, 4), "uint8")] * 2)
    with PIL.Image.open(tmp_path / "film.gif") as film:
        assert set(np.unique(film.convert("L"))) == set(images.SQUARES)


def _durations(path):
    with PIL.Image.open(path) as film:
        assert film.format == "GIF"
        for i in range(film.n_frames):
            film.seek(i)
            yield film.info["duration"]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gif_shows_every_frame_in_order_and_holds_the_last(tmp_path, channels):
    path = tmp_path / "film.gif"
    shades = [0, 85, 170, 255]
    images.save_gif(path, [np.full((4, 5, channels), shade, "uint8") for shade in shades])
    assert list(_durations(path)) == [500, 500, 500, 2000]
    with PIL.Image.open(path) as film:
        assert film.size == (5, 4)
        for i, shade in enumerate(shades):
            film.seek(i)
            np.testing.assert_allclose(np.asarray(film.convert("L")), shade, atol=1)


@pytest.mark.parametrize(
    ("num_frames", "seconds", "duration"), [(3, 0.9, 300), (20, 6.0, 300), (20, 0.1, 40)]
)
def test_the_frames_of_a_gif_share_its_seconds(tmp_path, num_frames, seconds, duration):
    frames = [PIL.Image.new("L", (2, 2), 10 * i) for i in range(num_frames)]
    images.save_gif(tmp_path / "film.gif", frames, seconds)
    assert list(_durations(tmp_path / "film.gif")) == [duration] * (num_frames - 1) + [2000]
