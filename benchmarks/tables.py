"""Writes the tables of the README files from the results; with `--check`, says whether they are.

A table stands between `<!-- throughput -->` and `<!-- /throughput -->`, or the same with another
name of `TABLES`; what stands there before is replaced. A file without such marks is left as it is.
"""

import argparse
import json
import pathlib
import statistics
import sys

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


def memory(content):
    """One row: the memory after some of the epochs, and its growth."""
    after, settings = content["results"]["after_epochs_mib"], content["settings"]
    first, last = settings["from_epoch"], settings["epochs"]
    epochs = sorted({1, first, (first + last) // 2, last})
    header = ("MiB resident", "before", *(f"epoch {n}" for n in epochs), "growth an epoch")
    row = _row(
        "recipe `digits`",
        f"{content['results']['before_training_mib']:.0f}",
        *(f"{after[n - 1]:.1f}" for n in epochs),
        f"**{content['results']['growth_mib_per_epoch']:.2f}**",
    )
    protocol = f"One `fit` of {last} epochs; growth is the least-squares slope from epoch {first}"
    return "\n".join([_row(*header), _rule(len(header)), row, "", _origin(protocol, content)])


def digits(content):
    """What the classifier says of the recipe's digits, and of what must not pass."""
    results = content["results"]
    seeds = results["recipe"]
    rows = [
        _row(f"recipe `digits`, {len(seeds)} seeds", *_over_seeds(seeds)),
        *(
            _row(name, *_over_seeds([results[key]]))
            for name, key in [
                ("real training digits", "real"),
                ("noise", "noise"),
                ("ten copied prototypes", "prototypes"),
                ("the untrained generator", "untrained"),
            ]
        ),
    ]
    header = (
        "1,000 samples of",
        "rarest class",
        "most frequent",
        "confidence",
        "diversity",
        "passes",
    )
    accuracy = 100 * results["classifier_accuracy"]
    seconds = sum(seed["training_seconds"] for seed in seeds) / len(seeds)
    protocol = (
        "To pass: no class under 4 % or over 20 %, confidence at least 0.92 and diversity at least "
        "0.6 of what held-out real digits have; mean ± standard error; the classifier tells "
        f"{accuracy:.1f} % of them rightly; training takes {seconds:.0f} s a seed"
    )
    return "\n".join([_row(*header), _rule(len(header)), *rows, "", _origin(protocol, content)])


def _over_seeds(judged):
    """The cells of a row: means, with standard errors where there are several."""
    least = [100 * min(one["shares"]) for one in judged]
    most = [100 * max(one["shares"]) for one in judged]
    return (
        _mean(least, 1) + " %",
        _mean(most, 1) + " %",
        _mean([one["confidence"] for one in judged], 3),
        _mean([one["diversity"] for one in judged], 3),
        f"{sum(one['passes'] for one in judged)} of {len(judged)}",
    )


def _mean(values, digits):
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values) / len(values) ** 0.5:.{digits}f}"


TABLES = {"digits": digits, "throughput": throughput, "memory": memory}


def _row(*cells):
    return f"| {' | '.join(cells)} |"


def _rule(columns):
    return "|" + " --- |" + " ---: |" * (columns - 1)


def _origin(protocol, content):
    """The line below a table: how, on what, with what, when, by which command."""
    machine, versions = content["machine"], content["versions"]
    flags = ", ".join(machine["processor_flags"])
    return (
        f"{protocol}; {machine['processor']} (family {machine['processor_family']}, model "
        f"{machine['processor_model']}; {flags}), {machine['cores']} cores, "
        f"{machine['memory_gib']:g} GiB; kgan {versions['kgan']}, Keras {versions['keras']}, "
        f"TensorFlow {versions['tensorflow']}, Python {versions['python']}; "
        f"{content['date'][:10]}; `{content['command']}`."
    )


def table(name):
    """The text between the marks of `name`."""
    path = report.RESULTS / f"{name}.json"
    if not path.exists():
        return f"Not measured yet: `python benchmarks/{name}.py`."
    return TABLES[name](json.loads(path.read_text()))


def fill(text, path):
    """`text` with all tables in it as they ought to be.

    Raises:
        ValueError: if a table begins and does not end.
    """
    for name in TABLES:
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
