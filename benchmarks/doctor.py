"""How often `kgan.callbacks.Doctor` is right.

It plays games that are made sick on purpose, several seeds of each kind, and healthy games. For
each run it records what the doctor said, when, and how good the samples were in the end. A run is
broken if its samples end up more than twice as far from held-out data as those of the game as it is
in `sick_games.GAMES`.
For a broken run the doctor should name something that fits its kind (`diagnoses.KINDS`), in the
first third of the training or as a risk before the first step. For any other run it should say
nothing.

With `--set apart` it plays other kinds, `diagnoses.KINDS_APART`, and healthy games with other
seeds, at which nobody looked while rules were made; they are reported by themselves. Those of
`--set once_apart` were apart until later rules were made.
`pictures` are real ones in colour, of a folder of 1,000 or more.

    python benchmarks/doctor.py digits
    python benchmarks/doctor.py ring --seeds 5 --keep ring.json
    python benchmarks/doctor.py digits --seeds 3 --set apart
    python benchmarks/doctor.py pictures --seeds 1 --folder FOLDER
"""

import argparse
import math
import pathlib
import time

import diagnoses
import judging
import keras
import numpy as np
import report
import sick_games

import kgan
from kgan import metrics
from kgan.callbacks import Doctor
from kgan.diagnosis.exams import energy_distance

NUM_SAMPLES = 2000


def play(game, kind, seed, settings, folder=None):
    """One run: what was said, when, and what has come of it."""
    gan, dataset, held_out = sick_games.made(game, kind, seed, settings, folder)
    order = np.random.default_rng(1).permutation(len(held_out[0]))
    seen, unseen = (
        tuple(None if part is None else part[rows] for part in held_out)
        for rows in (order[::2], order[1::2])
    )
    doctor = Doctor(seen, seed=seed)
    steps = sick_games.GAMES[game][0]
    epochs = math.ceil(settings.length * steps * 2 / (settings.discriminator_steps + 1) / 50)
    began = time.perf_counter()
    stream = sick_games.in_order(game, dataset, seed) if kind == "sorted_data" else dataset
    gan.fit(stream, epochs=epochs, steps_per_epoch=50, callbacks=[doctor], verbose=0)
    last = epochs * 50
    return {
        "kind": kind,
        "seed": seed,
        "seconds": time.perf_counter() - began,
        "steps": last,
        "outcome": outcome(game, gan, unseen),
        "risks": judging.names_of(doctor.risks),
        **judging.of_run(doctor.readings),
        "readings": [list(reading) for reading in doctor.readings],
    }


def outcome(game, gan, held_out):
    """How far samples are from held-out data; of a conditional game, how often labels are wrong."""
    samples, labels = held_out
    if labels is not None:
        asked = np.resize(np.arange(gan.num_classes), NUM_SAMPLES).astype("int32")
        drawn = gan.generate(NUM_SAMPLES, asked, seed=77)
    else:
        drawn = gan.generate(NUM_SAMPLES, seed=77)
    if not np.isfinite(drawn).all():
        return math.inf
    if game in sick_games.OF_POINTS or game == "pictures":
        return float(energy_distance(samples, drawn).value)
    features = kgan.features.get(game.removesuffix("_dcgan"))
    if labels is None:
        return float(metrics.frechet_distance(features.features(samples), features.features(drawn)))
    predicted = features.answers(drawn)["probabilities"].argmax(axis=1)
    return 1 - float(metrics.label_accuracy(predicted, asked).value)


def _shown(run):
    """A run, without what was said of one that is set apart."""
    hidden = ("said", "published") if diagnoses.is_apart(run) else ()
    return {name: value for name, value in run.items() if name not in hidden}


def main():
    """Plays a game healthy and sick, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("game", choices=sick_games.GAMES)
    parser.add_argument("--seeds", type=int, default=5, help="How many of each kind, from 0.")
    parser.add_argument("--kinds", default=None, help="Which, with commas between them.")
    parser.add_argument("--set", choices=diagnoses.SETS, help="Kinds and seeds of their own.")
    parser.add_argument("--no-variants", action="store_true", help="No healthy games but one kind.")
    parser.add_argument("--folder", default=None, help="Of the game `pictures`.")
    parser.add_argument("--keep", type=pathlib.Path, default=None, help="Where readings go.")
    arguments = parser.parse_args()
    if arguments.game == "pictures" and not arguments.folder:
        parser.error("the game `pictures` needs --folder, of 1,000 pictures or more")
    kinds = arguments.kinds and arguments.kinds.split(",")
    first, ending = 0, ""
    if arguments.set:
        (kinds, first), ending = diagnoses.SETS[arguments.set], f"_{arguments.set}"
    options = range(first, first + arguments.seeds), kinds, not arguments.no_variants
    place = report.RESULTS / f"doctor_{arguments.game}{ending}.json"
    asked = {name: value for name, value in vars(arguments).items() if name != "keep"}
    if arguments.folder:
        asked["folder"] = pathlib.Path(arguments.folder).name
    runs = []
    for kind, seed, settings in sick_games.planned(arguments.game, *options):
        runs.append(play(arguments.game, kind, seed, settings, arguments.folder))
        short = [{k: v for k, v in run.items() if k != "readings"} for run in runs]
        print(_shown(short[-1]), flush=True)
        # After each run, since all of them take hours.
        report.write(place, asked, {"runs": short})
        if arguments.keep:
            report.write(arguments.keep, asked, {"runs": runs})
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
