"""Writes the tables of the README files from the results; with `--check`, says whether they are.

A table stands between `<!-- throughput -->` and `<!-- /throughput -->`, or the same with another
name of `TABLES`; what stands there before is replaced. A file without such marks is left as it is.
"""

import argparse
import collections
import json
import math
import pathlib
import statistics
import sys

import diagnoses
import report

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = (ROOT / "README.md", ROOT / "benchmarks" / "README.md")


def throughput(content):
    """A row for each configuration, times in milliseconds a step."""
    rows = [
        _row(
            result["description"],
            *(
                f"{result['milliseconds_per_step'][way]:.2f}"
                for way in ("fit", "fit_with_progress_bar", "loop_in_python", "loop_in_graph")
            ),
            "**{median:.2f}** ({min:.2f} to {max:.2f})".format(**result["ratio"]["fit"]),
        )
        for result in content["results"].values()
    ]
    header = (
        "milliseconds a step",
        "`fit`",
        "`fit`, progress bar",
        "by hand, Python loop",
        "by hand, loop in graph",
        "speed of `fit` / faster by hand",
    )
    settings = content["settings"]
    protocol = f"Medians (least to most) of {settings['rounds']} rounds"
    protocol += f" of about {settings['seconds']:g} s each, interleaved"
    return "\n".join([_row(*header), _rule(len(header)), *rows, "", _origin(protocol, content)])


def export_latency(content):
    """A row for each network: the time of an image in each runtime, beside LiteRT's."""
    ways = {
        "litert": "LiteRT",
        "litert_int8": "LiteRT, int8",
        "litert_plain": "LiteRT, plain conversion",
        "onnxruntime": "onnxruntime",
        "pytorch": "PyTorch, eager",
        "keras_predict": "`predict`",
    }
    header = ("milliseconds an image", *ways.values(), "SavedModel / `tf.function`, 128 images")
    rows = [_row(*header), _rule(len(header))]
    for description, results in content["results"].items():
        times, many = results["one_image"], results["128_images"]
        cells = [
            f"{statistics.median(times[way]):.3f} (×{_ratio(times[way], times['litert']):.2f})"
            for way in ways
        ]
        speed = _ratio(many["tf_function"], many["saved_model"])
        rows.append(_row(description, *cells, f"**{speed:.2f}** of the speed"))
    settings = content["settings"]
    protocol = (
        f"Medians of {settings['rounds']} rounds of about {settings['seconds']:g} s each, "
        "interleaved, one thread (`predict` and SavedModel: all); in brackets, how many times "
        f"LiteRT's time. LiteRT {settings['ai-edge-litert']}, onnxruntime "
        f"{settings['onnxruntime']}, PyTorch {settings['pytorch']}"
    )
    return "\n".join([*rows, "", _origin(protocol, content)])


def _ratio(times, others):
    """The median over the rounds of how many times as long the first take."""
    return statistics.median(a / b for a, b in zip(times, others, strict=True))


def scaling(content):
    """What two workers lose to talking, and what that predicts for eight devices."""
    found = content["results"]["results"]
    header = (
        "samples of a batch",
        "one, with half the batch",
        "two that talk",
        "two that do not",
        "sent a step and worker",
        "efficiency",
    )
    rows = [_row(*header), _rule(len(header))]
    for size, result in found.items():
        times = (
            f"{result['milliseconds_per_step'][way]:.0f} ms" for way in ("one", "two", "apart")
        )
        sent = f"{result['bytes_sent_per_worker_and_step'] / 1e6:.2f} MB"
        efficiency = "**{median:.2f}** ({min:.2f} to {max:.2f})".format(**result["efficiency"])
        rows.append(_row(size, *times, sent, efficiency))
    predicted = content["results"]["predicted"]
    speeds = [f"{gigabits} Gbit/s" for gigabits in next(iter(predicted.values()))]
    rows += ["", "Predicted, not measured: the efficiency of 8 devices.", ""]
    rows += [_row("a step computes", *speeds), _rule(1 + len(speeds))]
    for time, efficiencies in predicted.items():
        rows.append(_row(f"{time} ms", *(f"{one:.3f}" for one in efficiencies.values())))
    settings = content["settings"]
    protocol = (
        f"Medians (least to most) of {settings['rounds']} rounds of {settings['steps']} steps, "
        "interleaved; a core for each process; efficiency is the time of one over that of two; "
        f"gradients of {next(iter(found.values()))['gradient_bytes'] / 1e6:.2f} MB"
    )
    return "\n".join([*rows, "", _origin(protocol, content)])


def metrics(content):
    """A row for each measure: how long it takes, and how the memory grew."""
    rows = [
        _row(f"`{name.partition(',')[0]}`,{name.partition(',')[2]}", f"{result['seconds']:.1f} s")
        for name, result in content["results"].items()
    ]
    peak = max(result["peak_mib_so_far"] for result in content["results"].values())
    count = f"{content['settings']['num_samples']:,}"
    protocol = f"{count} samples against {count}; {peak:.0f} MiB at most, the samples included"
    return "\n".join([_row("measure", "time"), _rule(2), *rows, "", _origin(protocol, content)])


# Lin et al. 2018 (PacGAN), https://arxiv.org/abs/1712.04086, its table of ring and grid, 10 runs.
PUBLISHED = {
    "ring": {
        "GAN, as PacGAN's authors found": ("6.3 ± 0.5", "98.2 %", "0.45"),
        "PacGAN4, the same": ("7.8 ± 0.1", "95.9 %", "0.07"),
    },
    "grid": {
        "GAN, as PacGAN's authors found": ("17.3 ± 0.8", "94.8 %", "0.70"),
        "PacGAN4, the same": ("24.8 ± 0.2", "93.6 %", "0.04"),
    },
}


def mixtures(content):
    """What each game reaches of ring and grid, beside real points and what was published."""
    header = ("", "modes", "high quality", "reverse KL", "spread / real", "training", "as asked")
    lines = [_row(*header), _rule(len(header))]
    names = {
        "real": "real points",
        "best": "**relativistic, R1 and R2**",
        "gan": "the same networks and rates, non-saturating, no penalties",
    }
    for dataset, results in content["results"].items():
        count = results["real"][0]["num_modes"]
        usual = statistics.mean(result["spread"] for result in results["real"])
        for kind, name in names.items():
            lines.append(
                _row(f"{dataset} of {count}: {name}", *_covered(dataset, results[kind], usual))
            )
        for name, cells in PUBLISHED[dataset].items():
            lines.append(_row(f"{dataset} of {count}: {name}", *cells, "", "", ""))
    seeds = content["settings"]["seeds"]
    protocol = (
        f"Mean ± standard error of {seeds} seeds, 2,500 samples each; as asked: how many seeds "
        "reach every mode, with 97 % (ring) or 96 % (grid) of high quality, a spread within 20 % "
        "of that of real points, and on the grid a reverse KL of at most 0.03"
    )
    return "\n".join([*lines, "", _origin(protocol, content)])


def mixtures_in_short(contents):
    """The modes and the quality of each game, ring and grid side by side."""
    (content,) = contents
    kinds = {
        "best": "**kgan**",
        "gan": "the same networks and rates, non-saturating, no penalties",
        "real": "real points",
    }
    header = ("", *(f"{name}, {what}" for name in PUBLISHED for what in ("modes", "high quality")))
    lines = [_row(*header), _rule(len(header))]
    for kind, name in kinds.items():
        results = [content["results"][dataset][kind] for dataset in PUBLISHED]
        lines.append(_row(name, *_reached(results[0]), *_reached(results[1])))
    published = {
        "GAN, as PacGAN's authors found": "a plain GAN of other networks (Lin et al. 2018)",
        "PacGAN4, the same": "PacGAN4 (Lin et al. 2018)",
    }
    for row, name in published.items():
        cells = [cell for of in PUBLISHED.values() for cell in of[row][:2]]
        lines.insert(-1, _row(name, *cells))
    protocol = f"Mean ± standard error of {content['settings']['seeds']} seeds, 2,500 samples each"
    return "\n".join([*lines, "", _origin(protocol, content)])


def _covered(dataset, results, usual):
    """The cells of a row: means with standard errors, and how many seeds are as asked."""
    least, most_kl = (0.97, math.inf) if dataset == "ring" else (0.96, 0.03)
    passing = [
        result["modes"] == result["num_modes"]
        and result["high_quality"] >= least
        and 0.8 <= (result["spread"] or 0) / usual <= 1.2
        and result["reverse_kl"] <= most_kl
        for result in results
    ]
    times = [result["training_seconds"] for result in results if "training_seconds" in result]
    return (
        *_reached(results),
        _mean([result["reverse_kl"] for result in results], 3),
        _mean([(result["spread"] or 0) / usual for result in results], 2),
        f"{_mean(times, 0)} s" if times else "",
        f"{sum(passing)} of {len(passing)}",
    )


def _reached(results):
    """The modes, and the share of high quality."""
    quality = _mean([100 * result["high_quality"] for result in results], 1)
    return _mean([result["modes"] for result in results], 1), f"{quality} %"


def stacked_mnist(content):
    """The modes and the divergence after some of the time, beside real images and others'."""
    results = content["results"]
    curve = results["over_time"]
    shown = [curve[i] for i in sorted({len(curve) // 6, len(curve) // 2, len(curve) - 1})]
    header = ("samples of", "training", "modes of 1,000", "KL(samples ‖ data)")
    lines = [_row(*header), _rule(len(header))]
    lines.append(_row("held-out real images", "", *_stacked(results["real"])))
    for look in shown:
        cells = f"{look['step']:,} steps, {look['seconds'] / 60:.0f} min", *_stacked(look)
        lines.append(_row("**kgan: DCGAN, relativistic, R1 and R2**", *cells))
    for name, cells in PUBLISHED_STACKED.items():
        lines.append(_row(name, "", *cells))
    return "\n".join([*lines, "", _origin(_protocol_of_stacked(results), content)])


def stacked_mnist_in_short(contents):
    """What was reached at the end, beside real images and the best of others."""
    (content,) = contents
    results = content["results"]
    last = results["over_time"][-1]
    training = f"**kgan**, {last['seconds'] / 60:.0f} minutes on two CPU cores"
    best = "a small network, relativistic, R1 and R2", "R3GAN, 20 million weights"
    header = ("", "modes of 1,000", "KL(samples ‖ data)")
    lines = [_row(*header), _rule(len(header)), _row(training, *_stacked(last))]
    lines += [_row(f"{name} (published)", *PUBLISHED_STACKED[name]) for name in best]
    lines.append(_row("held-out real images", *_stacked(results["real"])))
    return "\n".join([*lines, "", _origin(_protocol_of_stacked(results), content)])


def _stacked(found):
    return f"{found['modes']:,}", f"{found['kl']:.3f}"


def _protocol_of_stacked(results):
    accuracy, count = 100 * results["classifier"], f"{results['real']['num_samples']:,}"
    return (
        f"One seed; {count} samples, named by a classifier that is right about {accuracy:.2f} % of "
        "single test digits; what others published is of other classifiers"
    )


# Huang et al. 2024 (R3GAN), https://arxiv.org/abs/2501.05441; Lin et al. 2018 (PacGAN).
PUBLISHED_STACKED = {
    "DCGAN": ("99", "3.40"),
    "VEEGAN": ("150", "2.95"),
    "WGAN-GP": ("959", "0.73"),
    "StyleGAN2": ("940", "0.42"),
    "PacGAN (its own table)": ("992 (1,000)", "0.28 (0.06)"),
    "PresGAN": ("1,000", "0.12"),
    "a small network, relativistic, R1 and R2": ("1,000", "0.078"),
    "R3GAN, 20 million weights": ("1,000", "0.029"),
}


def paper_2014(contents):
    """The Parzen likelihood of the 2014 networks, of all ways to take turns, beside others."""
    header = ("samples of", "nats", "σ", "epochs", "training")
    lines = [_row(*header), _rule(len(header))]
    turns = {
        "code": "both players at once, as the code",
        "paper": "in turns, as the paper",
        "halved": "in turns, D's loss halved as the code has it",
    }
    which = {
        "generator": "the generator",
        "averaged_generator": "its exponential mean (`ema_decay`)",
        "tail_average": "**the mean of its weights in the second half**",
    }
    for way, name in turns.items():
        games = _games(contents, way)
        for key, whose in which.items() if games else ():
            scores = [game["results"][key] for game in games]
            cells = *_nats(scores), *_patience(games)
            lines.append(_row(f"{whose}, {name}; {_seeds(games)}", *cells))
    lines += [_row(name, *_nats([score]), "", "") for name, score in _beside(contents)]
    lines.append(_row("the paper (Table 1)", "225 ± 2", "", "", ""))
    return "\n".join([*lines, "", _origin_of_paper(contents)])


def paper_2014_in_short(contents):
    """What the games reached, beside the paper, what is real, and what fools the measure."""
    header = ("samples of", "nats")
    games = _games(contents, "code")
    which = {
        "tail_average": "**the paper's networks and code: the mean of G over its second half**",
        "generator": "the same, G as an hour left it",
    }
    rows = [
        (f"{name}, {_seeds(games)}", _nats([game["results"][key] for game in games])[0])
        for key, name in which.items()
    ]
    rows.append(("the paper (Table 1)", "225 ± 2"))
    rows += [(name, _nats([score])[0]) for name, score in _beside(contents)]
    lines = [_row(*header), _rule(len(header)), *(_row(*row) for row in rows)]
    return "\n".join([*lines, "", _origin_of_paper(contents)])


def _games(contents, way):
    return [one for one in contents if one["settings"].get("turns") == way]


def _seeds(games):
    return f"{len(games)} seed{'s' * (len(games) > 1)}"


def _beside(contents):
    """What stands beside the games, and its score."""
    names = {
        "real": "real training images",
        "recipe": "kgan's recipe `mnist`",
        "centers": "centers of k-means",
    }
    for one in contents:
        for key, name in names.items() if "real" in one["results"] else ():
            yield name, one["results"][key]


def _origin_of_paper(contents):
    protocol = (
        "Mean ± standard error: of seeds, where there are several, else of the 10,000 test images "
        "(about 2, as of the paper); 10,000 samples, σ by 1,000 of the other training images"
    )
    command = "python benchmarks/paper_2014.py --turns TURNS --seed N"
    return _origins(protocol, contents, command, "")


def _nats(scores):
    """The likelihood of some seeds, with its error, and the σ that were chosen."""
    text = _mean([score["value"] for score in scores], 1)
    if len(scores) == 1:
        text += f" ± {scores[0]['error']:.1f}"
    return text, ", ".join(f"{sigma:.3f}" for sigma in sorted({s["sigma"] for s in scores}))


def _patience(games):
    """The epochs and the time of some games."""
    minutes = [game["results"]["training_seconds"] / 60 for game in games]
    return _mean([game["results"]["epochs"] for game in games], 0), f"{_mean(minutes, 0)} min"


def features(contents):
    """A row for each embedded feature network: how often it is right, and how large it is."""
    header = ("network", "right about test images", "features", "weights", "file")
    lines = [_row(*header), _rule(len(header))]
    for content in contents:
        results, name = content["results"], content["command"].split("--network ")[1].split()[0]
        accuracy, count = 100 * results["accuracy"], f"{results['num_test']:,}"
        lines.append(
            _row(
                f"`{name}`",
                f"**{accuracy:.2f} %** of {count}",
                str(results["num_features"]),
                f"{results['num_weights']:,}",
                f"{results['bytes'] / 1e6:.2f} MB",
            )
        )
    command = "python benchmarks/features.py --network NAME --save"
    return "\n".join([*lines, "", _origins("Weights in 16 bits", contents, command, "")])


def memory(content):
    """The memory after some of the epochs, and its growth; the most that some recipes take."""
    after, settings = content["results"]["after_epochs_mib"], content["settings"]
    first, last = settings["from_epoch"], settings["epochs"]
    epochs = sorted({1, first, (first + last) // 2, last})
    header = ("MiB resident", "before", *(f"epoch {n}" for n in epochs), "growth an epoch", "peak")
    peaks = content["results"]["peaks_mib"]
    row = _row(
        "`digits`",
        f"{content['results']['before_training_mib']:.0f}",
        *(f"{after[n - 1]:.1f}" for n in epochs),
        f"**{content['results']['growth_mib_per_epoch']:.2f}**",
        f"{peaks['digits']:.0f}",
    )
    others = [
        _row(f"`{name}`", *[""] * (len(header) - 2), f"{peak:.0f}")
        for name, peak in peaks.items()
        if name != "digits"
    ]
    protocol = (
        f"One `fit` of {last} epochs; growth is the least-squares slope from epoch {first}. The "
        "peak is that of the whole process of `kgan train --conditional`"
    )
    origin = _origin(protocol, content)
    return "\n".join([_row(*header), _rule(len(header)), row, *others, "", origin])


def recipes(contents):
    """What each recipe costs; what a classifier says of its samples, and of what must not pass."""
    header = (
        "samples of",
        "training",
        "classifier",
        "rarest class",
        "distance of class shares",
        "confidence",
        "diversity",
        "as asked",
        "passes",
    )
    lines = [_row(*header), _rule(len(header))]
    for content in contents:
        results = content["results"]
        accuracy = f"{100 * results['classifier_accuracy']:.1f} %"
        cells = (_time(content), accuracy, *_judged(results["recipe"]))
        lines.append(_row(_name(content), *cells))
        for control, key in [
            ("real training images", "real"),
            ("noise", "noise"),
            ("ten copied prototypes", "prototypes"),
            ("the untrained generator", "untrained"),
        ]:
            lines.append(_row(control, "", "", *_judged([results[key]])))
    protocol = (
        "Mean ± standard error. To pass: no class under 4 %; half the sum of the differences of "
        "the class shares from those of held-out real images at most 0.10; confidence at least "
        "0.92 and diversity at least 0.6 of what those have; with labels 95 % as asked "
        "(fashion_mnist 85 %)"
    )
    return "\n".join([*lines, "", _origins(protocol, contents)])


def recipes_in_short(contents):
    """What each recipe costs, and how good its samples are."""
    header = ("recipe", "training", "rarest class", "confidence", "diversity", "as asked")
    lines = [_row(*header), _rule(len(header))]
    for content in contents:
        rarest, _, confidence, diversity, asked, _ = _judged(content["results"]["recipe"])
        lines.append(_row(_name(content), _time(content), rarest, confidence, diversity, asked))
    protocol = (
        "Mean ± standard error, as a classifier of real images sees 10,000 samples, or, with "
        "labels, 1,000 that were asked for; confidence and diversity are 1 for real images"
    )
    return "\n".join([*lines, "", _origins(protocol, contents)])


def _name(content):
    """The first cell of a recipe's row."""
    settings = content["settings"]
    name = f"**`{settings['recipe']}`**" + ", with labels" * settings["conditional"]
    seeds = f"{settings['seeds']} seed{'s' * (settings['seeds'] > 1)}"
    return f"{name}, {seeds} of {settings['epochs']} epochs"


def _time(content):
    """The mean time of training."""
    return f"{_mean([run['training_seconds'] for run in content['results']['recipe']], 0)} s"


def _judged(judged):
    """The cells of a row: means, with standard errors where there are several."""
    asked = [one["label_accuracy"] for one in judged]
    return (
        _mean([100 * min(one["shares"]) for one in judged], 1) + " %",
        _mean([one["total_variation"] for one in judged], 3),
        _mean([one["confidence"] for one in judged], 3),
        _mean([one["diversity"] for one in judged], 3),
        "" if None in asked else _mean([100 * share for share in asked], 1) + " %",
        f"{sum(one['passes'] for one in judged)} of {len(judged)}",
    )


def backups(content):
    """A row for each recipe: how long a backup takes, and which share that is."""
    header = ("recipe", "backups made", "size", "time of one", "share of training, one a minute")
    rows = [
        _row(
            f"`{name}`",
            str(len(result["backup_seconds"])),
            f"{result['backup_mb']:.1f} MB",
            f"{1000 * statistics.mean(result['backup_seconds']):.0f} ms",
            f"**{100 * result['share_at_one_a_minute']:.2f} %**",
        )
        for name, result in content["results"].items()
    ]
    settings = content["settings"]
    protocol = (
        f"Timed during {settings['seconds']:g} s of training with a backup every "
        f"{settings['every_seconds']:g} s"
    )
    return "\n".join([_row(*header), _rule(len(header)), *rows, "", _origin(protocol, content)])


def _mean(values, digits):
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values) / len(values) ** 0.5:.{digits}f}"


def utility(content):
    """A row per case whose answer is known: the accuracies, the gain, and the time."""
    arms = ("real", "both", "augmented", "augmented_both", "generated")
    header = ("in the place of generated images", *map("`{}`".format, arms), "`gain`", "time")
    rows = [
        _row(
            name,
            *(f"{100 * result[arm][0]:.1f} %" for arm in arms),
            "**{:+.1f} ± {:.1f}**".format(*(100 * number for number in result["gain"][:2])),
            f"{result['seconds']:.0f} s",
        )
        for name, result in content["results"].items()
    ]
    settings = content["settings"]
    protocol = (
        f"{settings['num_real']:,} real images of {settings['dataset']}; the gain in percentage "
        "points, with its paired standard error"
    )
    return "\n".join([_row(*header), _rule(len(header)), *rows, "", _origin(protocol, content)])


def few_images_drawn(contents):
    """What a classifier of many drawn pictures sees in what sixty have taught."""
    header = ("samples", "confidence", "rarest kind", "copies", "as asked", "training")
    lines = [_row(*header), _rule(len(header))]
    runs = contents[0]["results"]["runs"]
    for conditional, name in ((False, "without labels"), (True, "`--conditional`")):
        of_kind = [run for run in runs if run["conditional"] == conditional]
        asked = [100 * run["label_accuracy"] for run in of_kind if conditional]
        lines.append(
            _row(
                name,
                f"**{_mean([run['confidence'] for run in of_kind], 3)}**",
                f"{_mean([100 * min(run['shares']) for run in of_kind], 0)} %",
                f"{_mean([100 * run['memorization_share_closer'] for run in of_kind], 1)} %",
                f"{_mean(asked, 1)} %" if asked else "",
                f"{_mean([run['seconds'] for run in of_kind], 0)} s",
            )
        )
    protocol = (
        f"{_protocol(contents)}; copies are nearer to one of the sixty than 99 % of others are"
    )
    return "\n".join([*lines, "", _origins(protocol, contents, f"{FEW_IMAGES} drawn", "")])


def few_images_folder(contents):
    """Folders of real pictures, with and without augmentation."""
    header = ("pictures", "augmentation", "memorization ratio", "copies", "recall", "steps", "time")
    lines = [_row(*header), _rule(len(header))]
    for content in contents:
        pictures, size = content["settings"]["pictures"], content["settings"]["image_size"]
        name = f"`{pictures}`, {size}×{size}"
        for augmentation in ("the recipe's", "none"):
            runs = _of(content, "augmentation", augmentation)
            lines.append(
                _row(
                    name,
                    augmentation,
                    _mean([run["memorization_ratio"] for run in runs], 2),
                    f"{_mean([100 * run['memorization_share_closer'] for run in runs], 1)} %",
                    f"**{_mean([run['recall'] for run in runs], 2)}**",
                    f"{runs[0]['steps']:,}",
                    f"{_mean([run['seconds'] / 60 for run in runs], 0)} min",
                )
            )
    command = f"{FEW_IMAGES} folder --pictures FOLDER --image-size N"
    return "\n".join([*lines, "", _origins(_protocol(contents), contents, command, "")])


def few_images_fashion(contents):
    """The distance at the end, and how it compares with the best during training."""
    header = ("augmentation", "distance at the end", "over the best", "memorization ratio", "time")
    lines = [_row(*header), _rule(len(header))]
    for augmentation in ("the recipe's", "none"):
        runs = _of(contents[0], "augmentation", augmentation)
        lines.append(
            _row(
                augmentation,
                f"**{_mean([run['distances'][-1] for run in runs], 2)}**",
                _mean([run["last_over_best"] for run in runs], 2),
                _mean([run["memorization_ratio"] for run in runs], 2),
                f"{_mean([run['seconds'] / 60 for run in runs], 0)} min",
            )
        )
    return "\n".join(
        [*lines, "", _origins(_protocol(contents), contents, f"{FEW_IMAGES} fashion", "")]
    )


def few_images_fine_tuning(contents):
    """How long each takes to be as good as the one from scratch is at its end."""
    header = ("500 digits, from", "distance at the end", "first as near after")
    lines = [_row(*header), _rule(len(header))]
    goals = {run["seed"]: run["distance"] for run in _of(contents[0], "start", "scratch")}
    for start, name in (("scratch", "scratch"), ("fashion_mnist", "a GAN of Fashion-MNIST")):
        runs = _of(contents[0], "start", start)
        times = [_seconds_until(goals[run["seed"]], run) for run in runs]
        distance = _mean([run["distance"] for run in runs], 2)
        lines.append(_row(name, distance, f"**{_mean(times, 0)} s**"))
    command = f"{FEW_IMAGES} fine_tuning"
    return "\n".join([*lines, "", _origins(_protocol(contents), contents, command, "")])


def stopping(contents):
    """For what reason trainings ended, when, and how good the generators are then."""
    header = (
        "game",
        "equilibrium",
        "no progress",
        "to the end",
        "epochs",
        "distance",
        "best epoch's",
        "ratio",
    )
    lines = [_row(*header), _rule(len(header))]
    for content in contents:
        runs = content["results"]["runs"]
        reasons = [run["reason"] for run in runs]
        counts = [str(reasons.count(reason)) for reason in ("equilibrium", "no_progress", None)]
        epochs = f"{_mean([run['epochs'] for run in runs], 0)} of {runs[0]['of']}"
        whole = [run for run in runs if "whole" in run]
        found = ["", "", ""]
        if whole:
            found = [f"{statistics.mean(run['distance'] for run in whole):.2g}"]
            found += [f"{statistics.mean(run['whole']['best'] for run in whole):.2g}"]
            ratios = [run["ratio"] for run in whole]
            found += [f"**{_mean(ratios, 2)}** (median {statistics.median(ratios):.2f})"]
        name = GAMES_OF_STOPPING[content["settings"]["game"]]
        lines.append(_row(name, *counts, epochs, *found))
    command = "python benchmarks/stopping.py GAME"
    return "\n".join([*lines, "", _origins(_protocol(contents), contents, command, "")])


GAMES_OF_STOPPING = {
    "digits": "digits",
    "gaussian": "a normal distribution",
    "ring": "ring of 8",
    "weak_digits": "digits, D's rate / 100",
    "weak_ring": "ring, D's rate / 100",
    "collapsing_ring": "ring, D's rate × 10, without penalty",
}


def doctor(contents):
    """By kind of illness, what the doctor said first of broken runs, and how often it was right."""
    header = ("kind", "runs", "broken", "named in time", "said first")
    runs = [run for content in contents for run in diagnoses.with_labels(content)]
    lines = [_row(*header), "| --- | ---: | ---: | ---: | --- |"]
    for kind in diagnoses.RIGHT:
        lines.append(_diagnosed(f"`{kind}`", [run for run in runs if run["kind"] == kind]))
    known = diagnoses.KINDS | diagnoses.KINDS_ONCE_APART
    pictures = [run for run in runs if run["game"] == diagnoses.DATA_APART]
    others = [run for run in runs if run["game"] != diagnoses.DATA_APART]
    for name, some in (
        ("**all kinds that rules were made by**", [run for run in others if run["kind"] in known]),
        ("**kinds apart**", [run for run in others if run["kind"] in diagnoses.KINDS_APART]),
        (
            "**colour pictures, a data set apart**",
            [run for run in pictures if run["kind"] in diagnoses.RIGHT],
        ),
    ):
        lines.append(_diagnosed(name, some, in_words=False))
        bad = [run for run in some if run["ratio"] >= diagnoses.BADLY_BROKEN]
        name = f"of these, at {diagnoses.BADLY_BROKEN:.0f} times the usual distance or more"
        lines.append(_diagnosed(name, bad, in_words=False))
    for name, is_apart in (("healthy", False), ("healthy, apart", True)):
        healthy = [
            run for run in runs if run["group"] == "healthy" and diagnoses.is_apart(run) == is_apart
        ]
        said = collections.Counter(map(diagnoses.said_at_all, healthy))
        silent = f"**{said['nothing']} of {len(healthy)} silent**"
        lines.append(_row(name, len(healthy), 0, silent, _counts(said, "nothing")))
    for group, name in (
        ("unhealthy", "meant to be healthy, and was not"),
        ("unbroken", "meant to break, and did not"),
    ):
        found = [run for run in runs if run["group"] == group]
        said = collections.Counter(map(diagnoses.said_at_all, found))
        broken = len(found) if group == "unhealthy" else 0
        lines.append(_row(name, len(found), broken, "", _counts(said)))
    games = {content["settings"]["game"] for content in contents}
    protocol = f"{len(runs)} runs, of {len(games)} games"
    command = "python benchmarks/doctor.py GAME"
    return "\n".join([*lines, "", _origins(protocol, contents, command, "")])


def watching(content):
    """What readings and exams cost, in steps and as a part of a training."""
    found = content["results"]
    header = ("recipe `mnist`", "once", "each", "how many", "of the training")
    lines = [_row(*header), _rule(len(header))]
    for name, kind in (("doctor", "reading"), ("stopper", "exam")):
        step = statistics.median(found["seconds"]["step"])
        cells = (
            f"{found['seconds_once'][name] / step:.0f} steps",
            f"{found[f'{kind}_in_steps']:.1f} steps",
        )
        share = f"**{found[f'share_of_{kind}s']:.1%}**"
        kinds = f"{name}: {kind}s" + " while the distance clearly falls" * (kind == "exam")
        lines.append(_row(kinds, *cells, found[f"{kind}s"], share))
    step = statistics.median(found["seconds"]["step"])
    once = f"{found['seconds_once']['classifiers'] / step:.0f} steps"
    each = f"{found['long_exam_in_steps']:.1f} steps"
    lines.append(_row("stopper: an exam where it does not", "", each, "", ""))
    each = f"{found['classifier_in_steps']:.1f} steps"
    lines.append(_row("stopper: a classifier once it has stopped falling", once, each, "", ""))
    protocol = f"Processor time, medians of {content['settings']['rounds']} rounds, interleaved"
    return "\n".join([*lines, "", _origin(protocol, content)])


def _diagnosed(name, runs, in_words=True):
    """A row of the table of diagnoses."""
    broken = [run for run in runs if run["group"] == "broken"]
    right = sum(map(diagnoses.is_named, broken))
    said = collections.Counter(map(diagnoses.first_said, broken))
    named = f"**{right}**" if broken else ""
    return _row(name, len(runs), len(broken), named, _counts(said) if in_words else "")


def _counts(said, *left_out):
    """How often what was said."""
    found = [(name, number) for name, number in said.most_common() if name not in left_out]
    return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in found)


def doctor_published(contents):
    """What the doctor and published thresholds call sick, of broken runs and of healthy ones."""
    runs = [run for content in contents for run in diagnoses.with_labels(content)]
    groups = [[run for run in runs if run["group"] == name] for name in ("broken", "healthy")]
    header = ("calls sick", "broken runs, in time", "healthy runs")
    lines = [_row(*header), _rule(len(header))]
    rows = {"kgan's doctor, without risks": lambda run: run["said"][0][1] if run["said"] else None}
    for name in groups[0][0]["published"]:
        rows[name] = lambda run, name=name: run["published"][name]
    for name, when in rows.items():
        shares = []
        for group, until in zip(groups, (diagnoses.IN_TIME, 1.0), strict=True):
            called = [when(run) is not None and when(run) <= until for run in group]
            shares.append(f"{sum(called) / len(group):.0%} of {len(group)}")
        lines.append(_row(name, *shares))
    return "\n".join(lines)


def _seconds_until(goal, run):
    """When a run first was as near to the data; all of its time if never."""
    times = [look["seconds"] for look in run["course"] if look["distance"] <= goal]
    return min(times, default=run["seconds"])


FEW_IMAGES = "python benchmarks/few_images.py"


def _of(content, name, value):
    return [run for run in content["results"]["runs"] if run[name] == value]


def _protocol(contents):
    """How many seeds."""
    numbers = [content["settings"]["seeds"] for content in contents]
    without = "; without an error, of one seed" if min(numbers) == 1 < max(numbers) else ""
    return f"Mean ± standard error of {max(numbers)} seeds{without}"


TABLES = {
    "throughput": throughput,
    "memory": memory,
    "backups": backups,
    "export_latency": export_latency,
    "metrics": metrics,
    "utility": utility,
    "scaling": scaling,
    "mixtures": mixtures,
    "stacked_mnist": stacked_mnist,
    "watching": watching,
}
# Of several results each.
DATASETS = ("digits", "mnist", "fashion_mnist")
RECIPES = [f"recipe_{name}{kind}" for name in DATASETS for kind in ("", "_conditional")]
FOLDERS = [
    f"few_images_folder_{name}_{size}" for name in ("flags", "food_and_drink") for size in (32, 64)
]
GAMES_OF_DOCTOR = [
    f"doctor_{game}{ending}" for game in diagnoses.GAMES for ending in diagnoses.ENDINGS
]
TURNS = ("code", "paper", "halved")
PAPER_2014 = [f"paper_2014_{turns}_{seed}" for turns in TURNS for seed in range(3)]
PAPER_2014 += ["paper_2014_beside"]
TABLES_OF_SEVERAL = {
    "mixtures_in_short": (mixtures_in_short, ["mixtures"]),
    "stacked_mnist_in_short": (stacked_mnist_in_short, ["stacked_mnist"]),
    "recipes": (recipes, RECIPES),
    "recipes_in_short": (recipes_in_short, RECIPES),
    "features": (features, [f"features_{name}" for name in DATASETS]),
    "few_images_drawn": (few_images_drawn, ["few_images_drawn"]),
    "few_images_folder": (few_images_folder, FOLDERS),
    "few_images_fashion": (few_images_fashion, ["few_images_fashion"]),
    "few_images_fine_tuning": (few_images_fine_tuning, ["few_images_fine_tuning"]),
    "stopping": (stopping, [f"stopping_{game}" for game in GAMES_OF_STOPPING]),
    "doctor": (doctor, GAMES_OF_DOCTOR),
    "doctor_published": (doctor_published, GAMES_OF_DOCTOR),
    "paper_2014": (paper_2014, PAPER_2014),
    "paper_2014_in_short": (paper_2014_in_short, PAPER_2014),
}


def _row(*cells):
    return f"| {' | '.join(map(str, cells))} |"


def _rule(columns):
    return "|" + " --- |" + " ---: |" * (columns - 1)


def _origin(protocol, content):
    """The line below a table: how, on what, with what, when, by which command."""
    return f"{protocol}; {_setting(content)}; {content['date'][:10]}; `{content['command']}`."


RECIPE_COMMAND = "python benchmarks/recipes.py --recipe NAME --seeds N"
RECIPE_NOTE = ", the rows with labels `--conditional`"


def _origins(protocol, contents, command=RECIPE_COMMAND, further=RECIPE_NOTE):
    """The line below a table of the results of several commands."""
    settings = " and ".join(dict.fromkeys(map(_setting, contents)))
    dates = sorted({content["date"][:10] for content in contents})
    dates = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"{protocol}; {settings}; {dates}; `{command}`{further}."


def _setting(content):
    """The machine and the versions of a result."""
    machine, versions = content["machine"], content["versions"]
    flags = ", ".join(machine["processor_flags"])
    cores = f"{machine['cores']} core{'s' * (machine['cores'] > 1)}"
    return (
        f"{machine['processor']} (family {machine['processor_family']}, model "
        f"{machine['processor_model']}; {flags}), {cores}, "
        f"{machine['memory_gib']:g} GiB; kgan {versions['kgan']}, Keras {versions['keras']}, "
        f"TensorFlow {versions['tensorflow']}, Python {versions['python']}"
    )


def table(name):
    """The text between the marks of `name`."""
    if name in TABLES_OF_SEVERAL:
        make, names = TABLES_OF_SEVERAL[name]
        found = [_result(each) for each in names if _path(each).exists()]
        return make(found) if found else f"Not measured yet: `python benchmarks/{name}.py`."
    if not _path(name).exists():
        return f"Not measured yet: `python benchmarks/{name}.py`."
    return TABLES[name](_result(name))


def _path(name):
    return report.RESULTS / f"{name}.json"


def _result(name):
    return json.loads(_path(name).read_text())


def fill(text, path):
    """`text` with all tables in it as they ought to be.

    Raises:
        ValueError: if a table begins and does not end.
    """
    for name in (*TABLES, *TABLES_OF_SEVERAL):
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, found, rest = text.partition(begin)
        if not found:
            continue
        _, ended, after = rest.partition(end)
        if not ended:
            raise ValueError(f"{path}: {begin} is not followed by {end}.")
        text = f"{before}{begin}\n{table(name)}\n{end}{after}"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="Write nothing; exit 1 if stale.")
    arguments = parser.parse_args()
    stale = []
    for path in FILES:
        text = path.read_text()
        wanted = fill(text, path)
        if text == wanted:
            continue
        stale.append(path)
        if not arguments.check:
            path.write_text(wanted)
    for path in stale:
        done = (
            "is not up to date: run `python benchmarks/tables.py`" if arguments.check else "written"
        )
        print(f"{path.relative_to(ROOT)}: {done}")
    sys.exit(1 if stale and arguments.check else 0)


if __name__ == "__main__":
    main()
