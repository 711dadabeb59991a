"""What the readings of games make the doctor say, and what published thresholds call sick.

`doctor.py` calls this for each game that it has played. By itself it judges the readings that
`doctor.py --keep` has kept by the rules as they are now, and draws the confusion matrix.

    python benchmarks/judging.py kept/digits.json
    python benchmarks/judging.py --figure docs/doctor.png
"""

import argparse
import functools
import json
import math
import pathlib

import diagnoses
import matplotlib.figure
import matplotlib.patches
import numpy as np
import report
import sick_games

from kgan import plots
from kgan.diagnosis import NAMES, Judge, Reading, find_risks
from kgan.diagnosis.symptoms import BEGINS, OF_LAST, WARM_UP


def _real_share(reading):
    """r_t of Karras et al. 2020, the mean sign of D's logits for training samples."""
    return 2 * reading.real_accuracy - 1


def _held_out_place(reading):
    """r_v of the same paper, where between samples and training data D places held-out data."""
    apart = reading.real_logit - reading.fake_logit
    return (reading.real_logit - reading.held_out_logit) / apart if apart else math.nan


# What is recommended elsewhere, by what it is called; True where it calls a game sick.
PUBLISHED = {
    "r_t > 0.6": lambda one: _real_share(one) > 0.6,
    "r_v > 0.5": lambda one: _held_out_place(one) > 0.5,
    "accuracy of D on real samples > 95 %": lambda one: one.real_accuracy > 0.95,
    "accuracy of D on real samples < 80 %": lambda one: one.real_accuracy < 0.8,
    "norm of a gradient > 100": lambda one: max(one.gradients) > 100,
}


def of_run(readings):
    """What the readings of a run make the doctor say, and published thresholds, and when.

    Args:
        readings: a list of `kgan.diagnosis.Reading`s.

    Returns:
        A dict of `said`, a list of pairs of a symptom and of the part of the training after which
        it was said; and of `published`, by threshold the part after which it calls the game sick.
    """
    judge, said, last = Judge(), [], readings[-1].step
    calls = {name: [] for name in PUBLISHED}
    published = dict.fromkeys(PUBLISHED)
    for reading in readings:
        before = len(judge.symptoms)
        judge.add(reading)
        said += [[one.name, reading.step / last] for one in judge.symptoms[before:]]
        if len(judge.readings) <= WARM_UP:  # They are given the doctor's patience.
            continue
        for name, is_sick in PUBLISHED.items():
            calls[name].append(bool(is_sick(reading)))
            if published[name] is None and sum(calls[name][-OF_LAST:]) >= BEGINS:
                published[name] = reading.step / last
    return {"said": said, "published": published}


def names_of(risks):
    """The symptoms that risks often bring."""
    return sorted({name for risk in risks for name in risk.names})


@functools.cache
def _made(game, kind, folder):
    """A game of a kind, and how many samples it is known to have; whatever its seed."""
    planned = sick_games.planned(game, [0], diagnoses.RIGHT)
    settings = next(settings for name, _, settings in planned if name == kind)
    gan, dataset, _ = sick_games.made(game, kind, 0, settings, folder)
    return gan, None if kind == "sorted_data" else dataset.num_samples  # That is a stream.


def draw(path):
    """Draws the confusion matrix of all results; what is right has a frame."""
    columns = [*NAMES, "as a risk", "late", "nothing"]
    found = diagnoses.confusions(diagnoses.read())
    shares = np.array([[row[name] / row.total() for name in columns] for row in found.values()])
    figure = matplotlib.figure.Figure(figsize=(10, 0.42 * len(found) + 2.6), layout="constrained")
    panel = figure.subplots()
    panel.imshow(shares, cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
    for i, (kind, row) in enumerate(found.items()):
        for j, name in enumerate(columns):
            if row[name]:
                panel.text(j, i, row[name], ha="center", va="center")
            if name in diagnoses.RIGHT.get(kind, ("nothing",)):
                frame = {"fill": False, "edgecolor": "C1", "linewidth": 2}
                panel.add_patch(
                    matplotlib.patches.Rectangle((j - 0.46, i - 0.43), 0.92, 0.86, **frame)
                )
    labels = [f"{kind} ({row.total()})".replace("_", " ") for kind, row in found.items()]
    panel.set_yticks(range(len(labels)), labels)
    names = [name.replace("_", " ") for name in columns]
    panel.set_xticks(range(len(columns)), names, rotation=35, ha="left")
    panel.xaxis.tick_top()
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    plots.save(path, figure)


def main():
    """Judges kept readings again, or draws the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kept", nargs="*", type=pathlib.Path, help="JSON with readings.")
    parser.add_argument("--folder", default=None, help="Of the game `pictures`.")
    parser.add_argument("--figure", type=pathlib.Path, default=None, help="Where it goes.")
    arguments = parser.parse_args()
    for path in arguments.kept:
        content = json.loads(path.read_text())
        game = content["settings"]["game"]
        for run in content["results"]["runs"]:
            readings = [Reading(int(step), *rest) for step, *rest in run.pop("readings")]
            gan, number = _made(game, run["kind"], arguments.folder)
            risks = names_of(find_risks(gan, number, readings[0]))
            run |= of_run(readings) | {"risks": risks}
        ending = f"_{content['settings']['set']}" if content["settings"].get("set") else ""
        place = report.RESULTS / f"doctor_{game}{ending}.json"
        place.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        _say(diagnoses.with_labels(content))
    if arguments.figure:
        draw(arguments.figure)


def _say(runs):
    """Prints each run in a line, but for those that are set apart."""
    for run in runs:
        if not diagnoses.is_apart(run):
            said = [f"{name} {at:.2f}" for name, at in run["said"]]
            is_right = diagnoses.is_named(run) if run["group"] == "broken" else ""
            print(run["kind"], run["seed"], run["group"], f"{run['ratio']:.2f}", is_right, said)


if __name__ == "__main__":
    main()
