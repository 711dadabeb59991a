import warnings

import matplotlib.figure
import pytest

from kgan import plots

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


def test_symptoms_have_no_panels():
    assert len(_visible(plots.history(LOGS | {"symptom_mode_collapse": [1.0]}))) == 2


def test_an_epoch_that_is_not_over_adds_a_point_to_the_curves_that_have_it():
    running = {"generator_loss": 0.5, "fake_probability": 0.3}
    losses, answers = _visible(plots.history(LOGS, running, progress=0.25))
    epochs = {line.get_label(): list(line.get_xdata()) for line in losses.get_lines()}
    assert epochs == {"discriminator loss": [1, 2, 3], "generator loss": [1, 2, 3, 3.25]}
    assert list(_curves(losses)["generator loss"]) == [*LOGS["generator_loss"], 0.5]
    assert list(_curves(answers)["D(G(z))"]) == [*LOGS["fake_probability"], 0.3]
    losses, _ = _visible(plots.history({}, running, progress=0.25))
    (line,) = losses.get_lines()
    assert (line.get_xdata(), line.get_marker()) == ([0.25], "o")


def test_a_history_can_count_steps():
    losses, answers, distance = plots.history(
        {**LOGS, "val_frechet_distance": [3.0, 2.0, 1.0]},
        {"generator_loss": 0.5},
        progress=0.25,
        steps_per_epoch=100,
    ).axes
    steps = {line.get_label(): list(line.get_xdata()) for line in losses.get_lines()}
    assert steps["discriminator loss"] == [100, 200, 300]
    assert steps["generator loss"] == [100, 200, 300, 325]
    assert {panel.get_xlabel() for panel in (losses, answers, distance)} == {"step"}
