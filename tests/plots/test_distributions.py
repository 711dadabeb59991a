import matplotlib.figure
import numpy as np
import pytest

from kgan import plots

POINTS = np.random.default_rng(0).normal(size=(50, 2))


def _visible(figure):
    assert type(figure) is matplotlib.figure.Figure
    return [axes for axes in figure.axes if axes.get_visible()]


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


def test_some_samples_that_are_not_finite_hide_none_of_the_others():
    (axes,) = _visible(plots.scatter(np.array([[np.nan, 0.0], [-1.0, 2.0], [3.0, 4.0]])))
    assert axes.get_xlim() == pytest.approx((1 - 2.6, 1 + 2.6))
