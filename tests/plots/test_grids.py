import warnings

import matplotlib.figure
import numpy as np
import pytest

from kgan import images, plots

SEQUENCES = np.random.default_rng(0).normal(size=(5, 30, 2))


def _visible(figure):
    assert type(figure) is matplotlib.figure.Figure
    return [axes for axes in figure.axes if axes.get_visible()]


def test_grids_stand_beside_each_other_in_their_own_shape():
    ramp = np.linspace(-1, 1, 10 * 16).reshape(10, 4, 4, 1)
    figure = plots.grids({"left": ramp, "right": np.repeat(ramp, 3, axis=-1)}, columns=5)
    assert [axes.get_title() for axes in figure.axes] == ["left", "right"]
    assert figure.axes[0].images[0].get_array().shape == (9, 24)
    assert figure.axes[1].images[0].get_array().shape == (9, 24, 3)


@pytest.mark.parametrize(
    ("num_images", "height", "width", "columns"),
    [(40, 8, 8, 5), (40, 8, 16, 4), (40, 64, 8, 14), (3, 64, 8, 3), (1, 8, 80, 1)],
)
def test_a_grid_is_taller_than_wide_whatever_the_shape_of_its_images(
    num_images, height, width, columns
):
    figure = plots.grids({"all": np.zeros((num_images, height, width, 1))})
    rows = -(-num_images // columns)
    shape = rows * (height + 1) - 1, columns * (width + 1) - 1
    assert figure.axes[0].images[0].get_array().shape == shape


def test_transparent_images_of_a_grid_lie_on_a_checkerboard():
    clear = np.full((4, 8, 8, 4), -1.0)
    shown = plots.grids({"all": clear}, columns=2).axes[0].images[0].get_array()
    assert shown.shape[-1] == 3
    inside = shown[: 8 * len(shown) // 17, : 8 * len(shown) // 17]
    assert set(np.unique(inside)) == set(images.SQUARES)


@pytest.mark.parametrize(
    ("depth", "chosen"), [(3, [0, 1, 2]), (4, [0, 1, 2, 3]), (10, [0, 3, 6, 9])]
)
def test_slices_are_evenly_spaced_from_the_first_to_the_last(depth, chosen):
    levels = np.linspace(-1, 1, depth)
    volumes = np.broadcast_to(levels[:, None, None, None], (2, depth, 2, 3, 1))
    strips = plots.slices(volumes, most=4)
    assert strips.shape == (2, 3 * len(chosen) - 1, 3, 1)
    np.testing.assert_array_equal(strips[1, ::3, 0, 0], levels[chosen])
    assert not np.isin(strips[:, 2::3], levels).any()  # The lines between them.


def test_each_sequence_has_a_panel_and_each_channel_a_line():
    panels = _visible(plots.lines(SEQUENCES, columns=3))
    assert len(panels) == 5
    for panel, sequence in zip(panels, SEQUENCES, strict=True):
        drawn = np.stack([line.get_ydata() for line in panel.get_lines()], axis=-1)
        np.testing.assert_array_equal(drawn, sequence)
        assert len({line.get_color() for line in panel.get_lines()}) == 2
        assert panel.get_ylim() == panels[0].get_ylim()
        assert panel.get_ylim()[0] < SEQUENCES.min() < SEQUENCES.max() < panel.get_ylim()[1]


def test_sequences_of_the_data_stand_above_and_decide_the_axes():
    figure = plots.lines(1000 * SEQUENCES, SEQUENCES, "epoch 3", columns=2)
    panels = _visible(figure)
    assert figure.get_suptitle() == "epoch 3"
    np.testing.assert_array_equal(panels[1].get_lines()[0].get_ydata(), SEQUENCES[1, :, 0])
    np.testing.assert_array_equal(panels[2].get_lines()[0].get_ydata(), 1000 * SEQUENCES[0, :, 0])
    assert [panel.get_ylabel() for panel in panels[:3]] == ["data", "", "generated"]
    assert panels[-1].get_ylim()[1] < 1.2 * np.abs(SEQUENCES).max()


def test_of_many_sequences_the_first_are_drawn_and_all_are_counted():
    figure = plots.lines(SEQUENCES, title="epoch 3", most=4)
    assert len(_visible(figure)) == 4
    assert figure.get_suptitle() == "epoch 3, the first 4 of 5"


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
@pytest.mark.parametrize("shape", [(2, 9, 3), (1, 1, 1), (2, 5, 12)])
def test_sequences_of_any_size_and_without_finite_values_are_drawn_without_a_warning(shape, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert plots.encode(plots.lines(np.full(shape, value, "float32")))
