"""What a doctor has read of a training, and what it has found."""

from collections.abc import Mapping, Sequence

import matplotlib.figure
import numpy as np

__all__ = ["course"]

# Which numbers are in which panel, by title.
PANELS = {
    "how often D ranks real samples above generated ones": ("auc", "held_out_auc"),
    "samples and training data": ("distance", "missing"),
    "how steep D is at the samples": ("slope",),
    "samples among themselves": ("variety", "drift", "memorization"),
}
LABELS = {
    "auc": "auc: training data (guessing: 0.5)",
    "held_out_auc": "held_out_auc: held-out data",
    "slope": "slope, over the distance of real samples",
    "distance": "distance: energy distance (equal: 0)",
    "missing": "missing: share of the data (none: 0)",
    "variety": "variety (real: 1)",
    "drift": "drift between two readings",
    "memorization": "memorization (held-out: 1)",
}


def course(
    steps: Sequence[int],
    numbers: Mapping[str, Sequence[float]],
    symptoms: Sequence[tuple[str, int, int | None]] = (),
) -> matplotlib.figure.Figure:
    """The readings of a training over its steps, with the symptoms as shaded stretches.

    Args:
        steps: when each reading was made.
        numbers: by their names in `kgan.diagnosis.Reading`, one for each reading; NaN where it is
            unknown.
        symptoms: the name of each, and the steps between which it lasted, the last None if to the
            end.

    Returns:
        A figure with four panels.
    """
    figure = matplotlib.figure.Figure(figsize=(12, 8), layout="constrained")
    for panel, (title, names) in zip(figure.subplots(2, 2).flat, PANELS.items(), strict=True):
        for name in names:
            values = np.asarray(numbers[name], float)
            if np.isfinite(values).any():
                panel.plot(steps, values, label=LABELS[name], linewidth=1.5)
        panel.set(xlabel="step", title=title)
        panel.grid(alpha=0.3)
        panel.legend(fontsize="small")
        spans = [
            panel.axvspan(since, steps[-1] if until is None else until, color=color, alpha=0.15)
            for (_, since, until), color in zip(symptoms, _colors(symptoms), strict=True)
        ]
    if symptoms:  # Each has the same stretch, and the same color, in all panels.
        names = [f"{name.replace('_', ' ')}, from step {since:,}" for name, since, _ in symptoms]
        figure.legend(spans, names, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _colors(symptoms):
    """A color for each symptom, the same for those of one name."""
    names = list(dict.fromkeys(name for name, *_ in symptoms))
    return [f"C{3 + names.index(name)}" for name, *_ in symptoms]
