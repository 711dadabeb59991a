"""The curves of a training."""

from typing import Any

import matplotlib.figure
import matplotlib.ticker
import numpy as np

from kgan.game import logs as logs_module

__all__ = ["EQUILIBRIUM", "history"]

# What an undecided game looks like in the logs: D(x) = D(G(z)) = 1/2.
EQUILIBRIUM = 0.5


def history(
    logs: dict[str, Any],
    running: dict[str, float] | None = None,
    progress: float = 1.0,
    steps_per_epoch: int | None = None,
) -> matplotlib.figure.Figure:
    """The game over time: the losses, how well D tells real samples from fakes, and measures.

    Args:
        logs: a dict from the name of a log to its values, one per epoch, as `history.history`.
        running: the logs of one more epoch, a dict from names to numbers; None for none.
        progress: how much of that epoch is over, in (0, 1].
        steps_per_epoch: how many steps an epoch has, to count steps on the x-axis; None to count
            epochs.

    Returns:
        A figure with two panels, and one for each measure of samples, such as the Fréchet distance.
    """
    scale, unit = (steps_per_epoch, "step") if steps_per_epoch else (1, "epoch")
    curves = _curves(logs, running or {}, progress, scale)
    measures = [name for name in curves if name.removeprefix("val_") not in logs_module.GAME]
    width = 5 * (2 + len(measures))
    figure = matplotlib.figure.Figure(figsize=(width, 4), layout="constrained")
    losses, answers, *others = figure.subplots(1, 2 + len(measures))
    panels = dict(zip(measures, others, strict=True))
    for name, (places, values) in curves.items():
        if name.removeprefix("val_") in (logs_module.PENALTY, *logs_module.GRADIENT_NORMS):
            continue
        panel = panels.get(name, losses if name.endswith("loss") else answers)
        style = "--" if name.startswith("val_") else "-"
        dot = "o" if len(values) == 1 else None  # A line of one point is not to be seen.
        panel.plot(places, values, style, marker=dot, label=_label(name), linewidth=1.5)
    if any(name.removeprefix("val_") in logs_module.PROBABILITIES for name in curves):
        answers.set_ylim(0, 1)
        answers.axhline(EQUILIBRIUM, color="gray", linestyle=":", label="equilibrium")
    else:
        answers.set_ylabel("logits, and accuracy")
    losses.set(xlabel=unit, title="losses")
    answers.set(xlabel=unit, title="the discriminator's answers")
    for name, panel in panels.items():
        panel.set(xlabel=unit, title=name.removeprefix("val_").replace("_", " "))
        if min(curves[name][1]) >= 0:
            panel.set_ylim(bottom=0)
    for panel in (losses, answers, *others):
        panel.grid(alpha=0.3)
        panel.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True, min_n_ticks=1))
        if panel.get_lines():
            below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.18), "ncols": 2}
            panel.legend(fontsize="small", frameon=False, **below)  # Beside no curve is there room.
    return figure


def _curves(logs, running, progress, scale):
    """Where each log that is a number has its values, and those, by its name."""
    curves = {}
    for name in {**logs, **running}:
        if name.startswith(logs_module.SYMPTOM):  # It is not known of the epochs before.
            continue
        values = list(logs.get(name, ()))
        epochs = [*range(1, len(values) + 1)]
        if name in running:
            epochs.append(len(values) + progress)
            values.append(running[name])
        if isinstance(values[0], int | float | np.floating):
            curves[name] = [scale * epoch for epoch in epochs], values
    return curves


def _label(name):
    """What a log is called in a figure: D(x) as everywhere, or its name in words."""
    base = name.removeprefix("val_")
    label = logs_module.SYMBOLS.get(base, base.replace("_", " "))
    return label if base == name else f"{label}, held out"
