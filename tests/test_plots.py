import io
import warnings

import matplotlib.figure
import numpy as np
import PIL.Image
import pytest

from kgan import images, plots

POINTS = np.random.default_rng(0).normal(size=(50, 2))
VECTORS = np.random.default_rng(1).normal(size=(50, 3))
LOGS = {
    "discriminator_loss": [1.4, 1.3, 1.35],
    "generator_loss": [0.7, 0.8, 0.75],
    "penalty": [5.0, 4.0, 3.0],
    "discriminator_accuracy": [0.5, 0.6, 0.55],
    "real_probability": [0.5, 0.6, 0.55],
    "fake_probability": [0.5, 0.4, 0.45],
}


def _visible(figure):
    assert type(figure) is matplotlib.figure.Figure
    return [axes for axes in figure.axes if axes.get_visible()]


def _decode(png):
    picture = PIL.Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    picture.load()
    return picture


def _curves(axes):
    return {line.get_label(): line.get_ydata() for line in axes.get_lines()}


def test_the_history_has_the_losses_on_the_left_and_the_answers_on_the_right():
    losses, answers = _visible(plots.history(LOGS))
    assert set(_curves(losses)) == {"discriminator loss", "generator loss"}
    assert _curves(losses)["generator loss"].tolist() == LOGS["generator_loss"]
    assert losses.get_lines()[0].get_xdata().tolist() == [1, 2, 3]
    assert set(_curves(answers)) == {
        "discriminator accuracy",
        "D(x)",
        "D(G(z))",
        "equilibrium",
    }
    assert _curves(answers)["equilibrium"] == [0.5, 0.5]
    assert answers.get_ylim() == (0, 1)


def test_the_history_of_logits_has_no_line_of_equilibrium():
    logs = {"discriminator_loss": [1.0, 2.0], "real_logits": [4.0, 5.0]}
    _, answers = _visible(plots.history(logs))
    assert set(_curves(answers)) == {"D(x)"}
    assert answers.get_ylim()[1] > 5


@pytest.mark.parametrize("logs", [{}, {"generator_loss": [1.0]}, {"real_logits": [1.0]}])
def test_the_history_of_little_is_drawn_without_a_warning(logs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plots.history(logs)
    assert len(_visible(figure)) == 2
    assert [axes.get_legend() is None for axes in figure.axes] == [
        not axes.get_lines() for axes in figure.axes
    ]


def test_a_history_of_one_epoch_is_not_empty():
    losses, _ = _visible(plots.history({"generator_loss": [1.0]}))
    assert losses.get_lines()[0].get_marker() == "o"
    assert all(tick == round(tick) for tick in losses.get_xticks())


def test_the_history_leaves_out_nan():
    _, answers = _visible(plots.history({**LOGS, "report": ["a", "b", "c"]}))
    assert "report" not in _curves(answers)


def test_a_scatter_shows_the_samples_over_the_data():
    (axes,) = _visible(plots.scatter(POINTS, 3 * POINTS + 1, "title"))
    data, generated = axes.collections
    np.testing.assert_array_equal(data.get_offsets(), 3 * POINTS + 1)
    np.testing.assert_array_equal(generated.get_offsets(), POINTS)
    assert axes.get_title() == "title"


def test_the_axes_of_a_scatter_are_those_of_the_data_however_far_the_samples_are():
    (axes,) = _visible(plots.scatter(1000 * POINTS, np.array([[-1.0, 0.0], [3.0, 1.0]])))
    assert axes.get_xlim() == pytest.approx((1 - 2.6, 1 + 2.6))
    assert axes.get_ylim() == pytest.approx((0.5 - 2.6, 0.5 + 2.6))


def test_a_scatter_without_data_shows_all_samples():
    (axes,) = _visible(plots.scatter(POINTS))
    assert len(axes.collections) == 1
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    assert (low < POINTS.min(axis=0)).all()
    assert (high > POINTS.max(axis=0)).all()


def test_a_scatter_of_one_point_has_an_extent():
    (axes,) = _visible(plots.scatter(np.zeros((1, 2))))
    assert axes.get_xlim()[0] < 0 < axes.get_xlim()[1]


@pytest.mark.parametrize(("size", "num_axes"), [(1, 1), (5, 5), (16, 16), (20, 16)])
def test_histograms_have_one_panel_a_component_up_to_16(size, num_axes):
    vectors = np.random.default_rng(2).normal(size=(10, size))
    assert len(_visible(plots.histograms(vectors))) == num_axes


def test_histograms_are_densities_on_the_range_of_the_data():
    data = np.linspace(-1, 1, 100)[:, None]
    (axes,) = _visible(plots.histograms(data / 2, data, "title"))
    assert axes.figure.get_suptitle() == "title"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sorted(labels) == ["data", "generated"]
    bars = [patch for patch in axes.patches if isinstance(patch, matplotlib.patches.Rectangle)]
    assert bars[0].get_x() == pytest.approx(-1)
    assert sum(bar.get_height() * bar.get_width() for bar in bars) == pytest.approx(1)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e6])
def test_samples_of_a_game_that_has_diverged_are_drawn_without_a_warning(size, value):
    diverged = np.full((20, size), value, "float32")
    data = np.random.default_rng(0).normal(size=(30, size))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _decode(plots.picture(diverged)).size > (0, 0)
        assert _decode(plots.picture(diverged, data)).size > (0, 0)


def test_some_samples_that_are_not_finite_hide_none_of_the_others():
    (axes,) = _visible(plots.scatter(np.array([[np.nan, 0.0], [-1.0, 2.0], [3.0, 4.0]])))
    assert axes.get_xlim() == pytest.approx((1 - 2.6, 1 + 2.6))


def test_encode_gives_a_png_of_the_figures_size():
    figure = matplotlib.figure.Figure(figsize=(2, 1))
    assert _decode(plots.encode(figure, dpi=50)).size == (100, 50)


def test_save_writes_what_encode_gives(tmp_path):
    plots.save(tmp_path / "new" / "figure.png", plots.scatter(POINTS), dpi=30)
    written = (tmp_path / "new" / "figure.png").read_bytes()
    assert written == plots.encode(plots.scatter(POINTS), dpi=30)


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


def test_a_measure_gets_a_panel_of_its_own_beside_the_game():
    logs = {
        "discriminator_loss": [1.0, 0.9],
        "val_discriminator_loss": [1.1, 1.0],
        "val_fake_probability": [0.2, 0.3],
        "val_frechet_distance_mnist": [30.0, 20.0],
        "val_parzen_log_likelihood": [-30.0, 20.0],
    }
    losses, answers, distance, likelihood = plots.history(logs).axes
    assert [len(panel.get_lines()) for panel in (losses, answers, distance)] == [2, 2, 1]
    assert distance.get_title() == "frechet distance mnist"
    assert distance.get_ylim()[0] == 0
    assert likelihood.get_ylim()[0] < -30


def test_grids_stand_beside_each_other_in_their_own_shape():
    images = np.linspace(-1, 1, 10 * 16).reshape(10, 4, 4, 1)
    figure = plots.grids({"left": images, "right": np.repeat(images, 3, axis=-1)}, columns=5)
    assert [axes.get_title() for axes in figure.axes] == ["left", "right"]
    assert figure.axes[0].images[0].get_array().shape == (9, 24)
    assert figure.axes[1].images[0].get_array().shape == (9, 24, 3)
