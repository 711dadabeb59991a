import io
import warnings

import numpy as np
import PIL.Image
import pytest

from kgan import images, plots

POINTS = np.random.default_rng(0).normal(size=(50, 2))
VECTORS = np.random.default_rng(1).normal(size=(50, 3))


def _decode(png):
    picture = PIL.Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    picture.load()
    return picture


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e6])
def test_samples_of_a_game_that_has_diverged_are_drawn_without_a_warning(size, value):
    diverged = np.full((20, size), value, "float32")
    data = np.random.default_rng(0).normal(size=(30, size))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _decode(plots.picture(diverged)).size > (0, 0)
        assert _decode(plots.picture(diverged, data)).size > (0, 0)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_picture_of_images_is_a_magnified_grid(channels):
    samples = np.random.default_rng(3).uniform(-1, 1, (6, 8, 8, channels)).astype("float32")
    picture = _decode(plots.picture(samples, columns=3))
    grid = images.magnify(images.to_uint8(images.tile(samples, 3)), picture.width)
    np.testing.assert_array_equal(np.asarray(picture).reshape(grid.shape), grid)
    assert picture.width >= 256


def test_the_picture_of_points_is_a_scatter():
    picture = plots.picture(POINTS, 2 * POINTS, title="title")
    assert picture == plots.encode(plots.scatter(POINTS, 2 * POINTS, "title"))
    assert picture != plots.picture(POINTS)


def test_the_picture_of_vectors_is_histograms():
    picture = plots.picture(VECTORS, VECTORS, title="title")
    assert picture == plots.encode(plots.histograms(VECTORS, VECTORS, "title"))


def test_images_with_odd_channels_become_histograms():
    samples = np.random.default_rng(4).normal(size=(10, 2, 1, 2))
    expected = plots.encode(plots.histograms(samples.reshape(10, 4)))
    assert plots.picture(samples) == expected


def test_the_picture_of_transparent_images_is_their_grid_on_a_checkerboard():
    samples = np.random.default_rng(5).uniform(-1, 1, (6, 8, 8, 4)).astype("float32")
    picture = _decode(plots.picture(samples, columns=3))
    assert picture.mode == "RGB"
    grid = images.magnify(images.to_uint8(images.tile(samples, 3)), 512)
    np.testing.assert_array_equal(np.asarray(picture), images.on_checkerboard(grid))


@pytest.mark.parametrize(("columns", "num_columns"), [(None, 8), (4, 4)])
def test_the_picture_of_volumes_has_a_column_of_slices_for_each(columns, num_columns):
    volumes = np.random.default_rng(6).uniform(-1, 1, (8, 16, 8, 8, 1)).astype("float32")
    picture = np.asarray(_decode(plots.picture(volumes, columns=columns)))
    rows = 8 // num_columns
    height, width = rows * (8 * 9 - 1) + 2 * (rows - 1), num_columns * 10 - 2
    factor = picture.shape[0] // height
    assert picture.shape == (factor * height, factor * width)
    shown = picture[::factor, ::factor]
    last = np.s_[-8:, 10:18]  # The deepest slice of the second volume of the last row.
    expected = images.to_uint8(volumes[(rows - 1) * num_columns + 1, -1, ..., 0])
    np.testing.assert_array_equal(shown[last], expected)


def test_the_picture_of_sequences_is_their_lines():
    samples = np.random.default_rng(7).normal(size=(3, 20, 2))
    picture = plots.picture(samples, 2 * samples, columns=2, title="title")
    assert picture == plots.encode(plots.lines(samples, 2 * samples, "title", columns=2))


@pytest.mark.parametrize(
    ("shape", "num_samples", "has_columns", "has_images"),
    [
        ((8, 9, 1), 64, True, True),
        ((8, 9, 4), 64, True, True),
        ((4, 8, 9, 3), 8, True, True),
        ((100, 2), 16, True, False),
        ((2,), 1000, False, False),
        ((7,), 1000, False, False),
        ((8, 8, 2), 1000, False, False),
        ((4, 8, 8, 2), 1000, False, False),
        ((1, 1, 2), 1000, False, False),
    ],
)
def test_the_shape_of_samples_decides_their_view(shape, num_samples, has_columns, has_images):
    view = plots.view_of(shape)
    assert (view.num_samples, view.has_columns) == (num_samples, has_columns)
    assert (view.as_images is not None) == has_images
