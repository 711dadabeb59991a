"""`kgan evaluate`."""

import functools
import pathlib

import rich.markup

from kgan import evaluation, files, runs
from kgan.cli import data_of_runs
from kgan.cli.saying import command, console, following, open_run, tell

__all__ = ["evaluate"]

# Of fewer samples the numbers are rough.
FEW = 200
NOTHING_HELD_OUT = (
    "No data was held out from this training, so half of the training data stands in for new data: "
    "a GAN that copies gets good numbers, except for memorization_ratio."
)


@command
def evaluate(
    path: pathlib.Path,
    num_samples: int,
    measures: str | None,
    num_seeds: int,
    features: str | None,
    dataset: str | None,
) -> None:
    """Measures the GAN at `path`, and writes the results next to it."""
    run = runs.of(path)
    measures = [name.strip() for name in measures.split(",")] if measures else None
    evaluation.check(measures, num_samples, num_seeds)
    run.evaluations()  # If they are damaged that is said before any time is spent.
    files.check_writable(run.folder)
    gan, model, _ = open_run(path)
    name, training, held_out = _data(run, gan, model, dataset)
    features = features or data_of_runs.features_for(name, gan.generator.output_shape[1:])
    with console.status("") as status:
        found = evaluation.evaluate(
            gan,
            training,
            held_out,
            features=features,
            measures=measures,
            num_samples=num_samples,
            num_seeds=num_seeds,
            watch=following(status),
        )
        run.add_evaluation({"model": model.name, "dataset": name} | found.to_json())
        status.update("pictures")
        written = evaluation.draw(gan, training, held_out, run.folder)
    _show(found, name)
    if model == run.model and run.best.exists():
        console.print(
            "The epoch was chosen on this held-out data (--best), so these numbers are optimistic."
        )
    tell("\n".join(map(str, [run.evaluation, *written])))


def _data(run, gan, model, dataset):
    """The data's name, what the GAN at `model` was trained on, and held-out data or None."""
    name = dataset or (run.asked or {}).get("dataset")
    if name is None:
        raise runs.RunError(
            f"Nothing beside {model} says which data it was trained on (there is no "
            f"{run.description.name}). Say so: --dataset mnist, or a folder of pictures."
        )
    try:
        return name, *data_of_runs.load_all(run, gan, name)
    except (ValueError, OSError) as error:
        raise runs.RunError(
            f"The data of this run, {name!r}, cannot be read: {error}\nIf it is elsewhere "
            "now, say where: --dataset FOLDER (or TFDS_DATA_DIR for TensorFlow Datasets)."
        ) from error


def _with_error(number, error):
    return f"{number:.4g}" + ("" if error is None else f" ± {error:.2g}")


def _features(name):
    return "raw, the values of the samples themselves" if name == "raw" else name


def _show(found, name):
    real = "held-out" if found.is_held_out else "other real"
    print_line = functools.partial(console.print, highlight=False, soft_wrap=True)
    if not found.is_held_out:
        console.print(NOTHING_HELD_OUT, highlight=False)
    print_line(f"{'':34}{'samples':>22}{f'{real} data':>22}")
    for finding in found.findings:
        value = _with_error(finding.value, finding.error)
        usual = _with_error(finding.real, finding.real_error)
        print_line(f"[bold]{finding.name:34}[/]{value:>22}{usual:>22}")
        few = finding.num_samples < found.num_samples
        of = f" ({finding.num_samples:,} samples.)" if few else ""
        print_line(f"  [dim]{rich.markup.escape(finding.says)}{of}")
    for verdict in found.verdicts:
        print_line(f"\n[bold]{rich.markup.escape(verdict)}[/]\n")
    utility = "; of utility, real samples alone" if found.verdicts else ""
    classifier = ""
    if found.feature_accuracy is not None:
        share = f"{100 * found.feature_accuracy:.1f} %"
        classifier = f", of a classifier that is right about {share} of {real} data"
    number = len(found.seeds)
    times = "once" if number == 1 else f"{number} times (mean ± standard error)"
    console.print(
        f"{found.num_samples:,} samples, {times}, "
        f"compared with {found.num_reference:,} training samples of {rich.markup.escape(name)}. "
        f"Last column: as many of {real} data instead{utility}. "
        f"Features: {_features(found.features)}{classifier}.",
        highlight=False,
    )
    if found.num_samples < FEW:
        console.print("So few samples give rough numbers: look at the pictures, too.")
