"""Whether what was said of the games that `doctor.py` plays was right: labels and counts."""

import collections
import json
import statistics

import report

GAMES = ("digits", "digits_dcgan", "ring", "grid", "mnist", "fashion_mnist", "pictures")
# A run is broken if it ends at more than so many times the distance of healthy ones.
BROKEN = 2.0
# And badly at so many or more.
BADLY_BROKEN = 10.0
# An energy distance below this, and a share of wrong labels, is noise.
NOISE = {"ring": 0.01, "grid": 0.01, "pictures": 0.005}
NOISE_OF_LABELS = 0.01
# Anything said after this fraction of a training is late.
IN_TIME = 1 / 3
# The names that fit a kind of illness.
KINDS = {
    "fast_discriminator": ("discriminator_won", "generator_starved", "diverged"),
    "fast_generator": ("diverged", "mode_collapse", "not_converging"),
    "slow_discriminator": ("discriminator_too_weak", "mode_collapse"),
    "many_updates": ("mode_collapse", "discriminator_won", "generator_starved"),
    "few_updates": ("discriminator_too_weak", "mode_collapse", "not_converging"),
    "saturating": ("generator_starved", "discriminator_won"),
    "few_samples": ("discriminator_overfits",),
    "momentum": ("not_converging", "diverged", "mode_collapse"),
    "shuffled_labels": ("class_collapse",),
    "constant_latents": ("mode_collapse",),
    "blind_discriminator": ("discriminator_too_weak", "mode_collapse"),
    "frozen_end": ("discriminator_won", "generator_starved", "mode_collapse"),
    "plain": ("mode_collapse", "not_converging"),
    "strong_penalty": ("discriminator_too_weak", "mode_collapse"),
    "slow_generator": ("discriminator_won", "generator_starved", "mode_collapse"),
    "bare_critic": ("diverged", "not_converging", "mode_collapse", "discriminator_too_weak"),
    "linear_discriminator": ("discriminator_too_weak", "mode_collapse", "not_converging"),
    "sorted_data": ("not_converging", "mode_collapse"),
    "narrow_generator": ("mode_collapse", "discriminator_won", "not_converging"),
    "weight_decay": ("discriminator_too_weak", "mode_collapse"),
    "noisy_discriminator": ("discriminator_too_weak", "mode_collapse", "not_converging"),
    "saturated_end": ("generator_starved", "discriminator_won", "mode_collapse"),
    "gradient_descent": ("discriminator_too_weak", "discriminator_won", "mode_collapse"),
    "tiny_batches": ("not_converging", "diverged", "mode_collapse", "discriminator_too_weak"),
}
# What fits these was set down before they were played, and they were played once the rules of then
# had been made. Later rules know them.
KINDS_ONCE_APART = {
    "dropped_inputs": ("discriminator_too_weak", "mode_collapse", "not_converging"),
    "flipped_labels": ("discriminator_too_weak", "mode_collapse", "not_converging"),
    "clipped_weights": ("discriminator_too_weak", "mode_collapse", "not_converging"),
    "large_weights": ("diverged", "discriminator_won", "mode_collapse", "not_converging"),
    "deep_sigmoids": ("mode_collapse", "discriminator_won", "not_converging"),
}
# Likewise, and no rule knows these yet: mistakes that people make.
KINDS_APART = {
    "narrow_discriminator": ("discriminator_too_weak", "mode_collapse", "not_converging"),
    "loud_latents": ("not_converging", "discriminator_won", "mode_collapse"),
    "fast_both": ("diverged", "not_converging", "mode_collapse"),
    "equal_weights": ("discriminator_too_weak", "mode_collapse"),
    "dropped_latents": ("discriminator_won", "mode_collapse", "not_converging"),
}
RIGHT = KINDS | KINDS_ONCE_APART | KINDS_APART
# At no game of these had anyone looked while rules were made.
DATA_APART = "pictures"
# Games that are played by themselves, sick and healthy ones: which kinds, and from which seed on.
SETS = {"once_apart": (tuple(KINDS_ONCE_APART), 20), "apart": (tuple(KINDS_APART), 30)}
# What the names of results end in.
ENDINGS = ("", *(f"_{name}" for name in SETS))


def with_labels(content):
    """The runs of a game's results, each with `group`, and `ratio` to the usual distance.

    The group is "broken", "unbroken" (meant to break), "healthy", or "unhealthy" (not meant to).
    """
    runs = [dict(run, game=content["settings"]["game"]) for run in content["results"]["runs"]]
    usual = {
        kind: statistics.median(run["outcome"] for run in runs if run["kind"] == kind)
        for kind in ("as it is", "conditional")
        if any(run["kind"] == kind for run in runs)
    }
    for run in runs:
        of_labels = run["kind"] in ("shuffled_labels", "conditional")
        noise = NOISE_OF_LABELS if of_labels else NOISE.get(run["game"], 0.0)
        kind = "conditional" if of_labels else "as it is"
        run["ratio"] = run["outcome"] / max(usual[kind], noise)
        is_broken = not run["ratio"] <= BROKEN
        groups = ("unbroken", "broken") if run["kind"] in RIGHT else ("healthy", "unhealthy")
        run["group"] = groups[is_broken]
    return runs


def is_named(run):
    """Whether a name that fits was said in time, or before the first step."""
    right = RIGHT[run["kind"]]
    in_time = {name for name, at in run["said"] if at <= IN_TIME}
    return bool(in_time.union(run["risks"]).intersection(right))


def is_apart(run):
    """Whether nobody had looked at such runs while rules were made."""
    kinds, first_seed = SETS["apart"]
    is_other = run.get("game") == DATA_APART
    return is_other or run["seed"] >= first_seed or run["kind"] in kinds


def first_said(run):
    """What was said first in time, "as a risk", "late", or "nothing"."""
    in_time = [name for name, at in run["said"] if at <= IN_TIME]
    if in_time:
        return in_time[0]
    if run["risks"]:
        return "as a risk"
    return "late" if run["said"] else "nothing"


def said_at_all(run):
    """What was said first of a run, however late; "as a risk", or "nothing"."""
    if run["said"]:
        return run["said"][0][0]
    return "as a risk" if run["risks"] else "nothing"


def read(games=GAMES):
    """The labelled runs of all games of which there are results."""
    paths = [report.RESULTS / f"doctor_{game}{ending}.json" for game in games for ending in ENDINGS]
    return [
        run for path in paths if path.exists() for run in with_labels(json.loads(path.read_text()))
    ]


def confusions(runs):
    """By kind of illness, how often which symptom was said first of its broken runs."""
    found = {}
    for kind in RIGHT:
        said = [first_said(run) for run in runs if run["kind"] == kind and run["group"] == "broken"]
        if said:
            found[kind] = collections.Counter(said)
    healthy = [run for run in runs if run["group"] == "healthy"]
    found["healthy"] = collections.Counter(said_at_all(run) for run in healthy)
    return found
