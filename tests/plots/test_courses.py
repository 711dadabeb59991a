import math

from kgan import plots

STEPS = [0, 100, 200]
NUMBERS = {
    "auc": [0.5, 0.9, 0.99],
    "held_out_auc": [math.nan] * 3,
    "distance": [1.0, 0.5, 0.2],
    "missing": [0.9, 0.5, 0.4],
    "slope": [0.1, 1.0, 2.0],
    "variety": [0.1, 0.5, 0.7],
    "drift": [math.nan, 0.5, 0.2],
    "memorization": [math.nan] * 3,
}


def labels(panel):
    return [line.get_label() for line in panel.get_lines()]


def test_what_was_read_is_drawn_over_the_steps_and_what_is_unknown_is_not():
    answers, data, slopes, samples = plots.course(STEPS, NUMBERS).axes
    assert labels(answers) == ["auc: training data (guessing: 0.5)"]
    assert labels(data) == [
        "distance: energy distance (equal: 0)",
        "missing: share of the data (none: 0)",
    ]
    assert labels(slopes) == ["slope, over the distance of real samples"]
    assert labels(samples) == ["variety (real: 1)", "drift between two readings"]
    assert answers.get_lines()[0].get_xdata().tolist() == STEPS


def test_symptoms_are_stretches_with_a_name():
    symptoms = [("mode_collapse", 0, 100), ("discriminator_won", 100, None)]
    figure = plots.course(STEPS, NUMBERS, symptoms)
    (legend,) = figure.legends
    names = ["mode collapse, from step 0", "discriminator won, from step 100"]
    assert [text.get_text() for text in legend.get_texts()] == names
    for panel in figure.axes:
        first, second = panel.patches
        assert first.get_facecolor() != second.get_facecolor()
        assert (first.get_x(), first.get_width()) == (0, 100)
        assert (second.get_x(), second.get_width()) == (100, 100)
