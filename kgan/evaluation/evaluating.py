"""Taking the measures, several times, and what comes of it."""

import dataclasses
import datetime
import functools
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kgan import checks
from kgan import features as features_module
from kgan.datasets import Dataset
from kgan.evaluation import measures as measures_module
from kgan.evaluation.reality import LEAST, Samples, reality
from kgan.lookup import by_name
from kgan.metrics.estimates import Estimate

__all__ = ["UNKNOWN", "Evaluation", "Finding", "check", "evaluate"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """What one number came out as.

    Args:
        name: of the number, its features at its end if it depends on them.
        measure: the name of the measure that gave it.
        value: the mean over the seeds.
        error: its standard error over the seeds, this GAN and this data being given; for a measure
            that scores real data, as Parzen windows do, that of those together. Of one seed what
            the measure itself knows, or None.
        num_samples: how many generated samples each repetition looked at.
        real: what held-out data gets in their place; of `"utility"`, the accuracy of a classifier
            of real samples alone.
        real_error: what the measure itself knows of the standard error of that, or None.
        says: in a sentence.
    """

    name: str
    measure: str
    value: float
    error: float | None
    num_samples: int
    real: float
    real_error: float | None
    says: str


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Args:
        findings: a list of `Finding`.
        step: how many steps the GAN had been trained.
        features: the name of the features.
        feature_accuracy: how often the network behind them is right about held-out data; None if
            it is no classifier, or the data has no labels.
        num_samples: how many samples each repetition drew.
        num_reference: of how many training samples distances are measured to.
        is_held_out: whether those were no part of the training.
        seeds: of the latents.
        date: when.
        verdicts: of each measure on request a sentence on what follows from its numbers.
    """

    findings: list[Finding]
    step: int
    features: str
    feature_accuracy: float | None
    num_samples: int
    num_reference: int
    is_held_out: bool
    seeds: tuple[int, ...]
    date: str
    verdicts: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Finding:
        """The `Finding` of this name."""
        return by_name(name, {finding.name: finding for finding in self.findings}, "name")

    def to_json(self) -> dict[str, Any]:
        """All of it, as JSON can hold it: a number that is not finite is null."""
        content = dataclasses.asdict(self)
        for finding in content["findings"]:
            for key in ("value", "error", "real", "real_error"):
                number = finding[key]
                finding[key] = number if number is not None and math.isfinite(number) else None
        return content


def evaluate(
    gan: Any,
    training: Dataset,
    held_out: Dataset | None = None,
    *,
    features: Any = "raw",
    measures: Sequence[str] | None = None,
    num_samples: int = 10_000,
    num_seeds: int = 3,
    watch: Callable[[str], Any] | None = None,
) -> Evaluation:
    """Takes every measure that fits, of samples and of held-out data in their place.

    Distances are measured to `num_samples` of the training data. Held-out data shows what can be
    hoped for: it is as good as data gets, and its distance is not 0. Most measures depend on the
    number of samples; so that the two compare, no more are drawn at once than there is held-out
    data. Each number is the mean over `num_seeds` such draws, with its standard error; compare it
    only with those of as many samples, and of the same features.

    Args:
        gan: a `kgan.GAN`.
        training: the `kgan.datasets.Dataset` that it was trained on.
        held_out: one that it was not trained on; None: the training data is halved instead, and
            what only new data can show is left out.
        features: what `kgan.features.get` takes.
        measures: names of `kgan.evaluation.ALL`; None for all that fit, but `"utility"`, which
            takes minutes.
        num_samples: how many samples at once, and how much data; where there is less held-out data,
            so much.
        num_seeds: how often; `"utility"` is taken once, with three classifiers of each kind.
        watch: a function that is called with the name of what is being done.

    Returns:
        An `Evaluation`.

    Raises:
        ConnectionError: if the features are to be downloaded, and cannot be.
        ValueError: for too few samples, unknown measures, those that do not fit, and features of
            samples of another shape.

    Example:

    >>> train, test = (kgan.datasets.digits(split) for split in ("train", "test"))
    >>> generator, discriminator = kgan.architectures.mlp((8, 8, 1), latent_dim=16)
    >>> gan = kgan.GAN(generator, discriminator, seed=0)
    >>> found = kgan.evaluate(gan, train, test, features="digits", measures=["frechet_distance"])
    >>> found["frechet_distance_digits"].value > 10 * found["frechet_distance_digits"].real
    True
    """
    check(measures, num_samples, num_seeds)
    for data in (training, *([] if held_out is None else [held_out])):
        few = data.batched(gan.packing)  # As many as D looks at.
        checks.check_first_batch(gan, few if gan.num_classes else _without_labels(few))
    extractor = features_module.get(features)
    extractor.check(gan.generator.output_shape[1:])
    world = reality(training, held_out, extractor, num_samples)
    num_samples = len(world.real)
    fitting = _fitting(world, bool(gan.num_classes), measures, features)
    draws = functools.partial(_generated, gan, num_samples, extractor)
    watch = watch or (lambda doing: None)
    findings, verdicts = _findings(fitting, world, draws, num_seeds, watch)
    return Evaluation(
        findings=findings,
        step=int(gan.step.numpy()),
        features=extractor.name,
        feature_accuracy=_accuracy(world),
        num_samples=num_samples,
        num_reference=len(world.reference),
        is_held_out=world.is_held_out,
        seeds=tuple(range(num_seeds)),
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        verdicts=verdicts,
    )


def check(measures: Sequence[str] | None, num_samples: int, num_seeds: int) -> None:
    """Raises where these arguments of `evaluate` are out of range.

    Raises:
        ValueError: if so.
    """
    checks.check_positive_integer("num_seeds", num_seeds)
    if not isinstance(num_samples, int) or num_samples < LEAST:
        raise ValueError(
            f"`num_samples` must be at least {LEAST}: of fewer these numbers say nothing. "
            f"Received: num_samples={num_samples}."
        )
    if measures is not None and (isinstance(measures, str) or not measures):
        raise ValueError(
            "`measures` must be a list of names, or None for all that fit. "
            f"Received: measures={measures!r}."
        )
    for name in measures or ():
        by_name(name, measures_module.ALL, "measures")


def _fitting(world, conditional, asked, features):
    known = measures_module.ALL
    lacking = {name: measure.lacks(world, conditional) for name, measure in known.items()}
    unfit = [f"{name} needs {lacking[name]}" for name in asked or () if lacking[name]]
    fitting = {name: measure for name, measure in known.items() if not lacking[name]}
    if unfit:
        raise ValueError(
            f"`measures` do not all fit this data, this GAN and these features ({features!r}): "
            f"{'; '.join(unfit)}. What fits: {', '.join(fitting)}."
        )
    if asked is not None:
        return {name: measure for name, measure in fitting.items() if name in asked}
    return {name: measure for name, measure in fitting.items() if not measure.on_request}


def _without_labels(data):
    return data if data.num_classes is None else data.map(lambda samples, labels: samples)


def _generated(gan, num_samples, extractor, seed):
    drawn = gan.generate(num_samples, seed=seed)
    values, labels = drawn if gan.num_classes else (drawn, None)
    return Samples(values, labels, extractor, generate=gan.generate)


def _counting(watch, total):
    """`watch`, told which of `total` things is being done, and how long the rest may take."""
    began, done = time.monotonic(), 0

    def say(doing):
        nonlocal done
        seconds = (time.monotonic() - began) / max(1, done) * (total - done)
        left = f", about {datetime.timedelta(seconds=round(seconds))} left" if done else ""
        done += 1
        watch(f"{doing} ({done} of {total}{left})")

    return say


def _findings(fitting, world, draws, num_seeds, watch):
    """The findings of every measure, a list, and the verdicts of those on request, a tuple."""
    repeated = [name for name, measure in fitting.items() if not measure.on_request]
    num_draws = num_seeds if repeated else 1
    watch = _counting(watch, len(fitting) + num_draws * (1 + len(repeated)))
    taken: dict[str, list[Any]] = {name: [] for name in fitting}
    real: dict[str, Any] = {}
    for name in repeated:
        watch(f"{name}, real data")
        real[name] = (fitting[name].real or fitting[name].take)(world.real, world)
    for seed in range(num_draws):
        watch(f"samples {seed + 1} of {num_draws}")
        samples = draws(seed)
        for name in repeated:
            watch(f"{name}, samples {seed + 1} of {num_draws}")
            taken[name].append(fitting[name].take(samples, world))
    verdicts = []
    for name in fitting.keys() - set(repeated):
        watch(f"{name}, which takes minutes")
        numbers, real[name], verdict = fitting[name].take(samples, world)
        taken[name].append(numbers)
        verdicts.append(verdict)
    findings = [
        finding
        for name, measure in fitting.items()
        for finding in _summarized(name, measure, taken[name], real[name], world)
    ]
    return findings, tuple(verdicts)


def _summarized(name, measure, taken, real, world):
    num_samples = min(len(world.real), measure.most or len(world.real))
    for i, (number, says) in enumerate(measure.numbers.items()):
        values, errors = zip(*[_with_error(numbers[i]) for numbers in taken], strict=True)
        value, error = float(np.mean(values)), errors[0]
        if len(values) > 1:
            error = float(np.std(values, ddof=1) / math.sqrt(len(values)))
            error = math.hypot(error, np.mean(errors)) if measure.of_data else error
        usual, usual_error = _with_error(real[i])
        full = f"{number}_{world.real.extractor.name}" if measure.of_features else number
        known = math.isfinite(value) and math.isfinite(usual)
        noise = 2 * math.hypot(error or 0, usual_error or 0)  # By which one in twenty differs.
        told = says(value, usual, noise) if known else UNKNOWN
        yield Finding(full, name, value, error, num_samples, usual, usual_error, told)


UNKNOWN = "Nothing can be told: it is no number."


def _with_error(number):
    """A number, and the error that its measure knows of, or None."""
    if isinstance(number, Estimate):
        return number.value, number.error
    return float(number), None


def _accuracy(world):
    if not world.knows_classes:
        return None
    return float(np.mean(world.real.classes == world.real.labels))
