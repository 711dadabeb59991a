"""Whether generated samples help, where that is known: copies do not, a class that lacked does."""

import keras
import numpy as np
import pytest
from measured import normal

import kgan
from kgan import metrics
from kgan.metrics.estimates import Estimate

TRAIN, TEST = (kgan.datasets.digits(split, with_labels=True) for split in ("train", "test"))
LABELS = np.arange(20) % 2


def tried(real, generated, **options):
    """The result for these rows of the training digits as real and as generated ones."""
    samples, labels = TRAIN.samples, TRAIN.labels
    pairs = (samples[real], labels[real], TEST.samples, TEST.labels)
    options = {"num_seeds": 2, "num_updates": 25, **options}
    return metrics.utility(*pairs, (samples[generated], labels[generated]), **options)


def test_copies_of_the_training_data_do_not_help():
    found = tried(np.arange(200), np.arange(200))
    assert abs(found.gain.value) <= 2 * found.gain.error
    assert found.verdict.startswith("Generated samples make no clear difference: ")
    assert "Within the error nothing can be told." in found.verdict


def test_a_class_that_is_nearly_missing_and_is_generated_helps():
    threes = TRAIN.labels == 3
    few = np.concatenate([np.flatnonzero(threes)[:2], np.flatnonzero(~threes)[:300]])
    found = tried(few, np.arange(300, 1437), num_updates=60)
    assert found.gain.value > 2 * found.gain.error > 0
    assert found.verdict.startswith("Generated samples help: ")


@pytest.mark.slow
def test_samples_with_wrong_labels_hurt():
    generated = TRAIN.samples, (TRAIN.labels + 1) % 10
    found = metrics.utility(
        TRAIN.samples[:300], TRAIN.labels[:300], TEST.samples, TEST.labels, generated,
        num_seeds=2, num_updates=40,
    )  # fmt: skip
    assert found.generated.value < 0.1
    assert found.verdict.startswith("Generated samples hurt: ")


def test_vectors_have_no_flips_and_shifts_and_nothing_else_is_drawn():
    samples, labels = normal(400, 2), np.arange(400) % 2
    samples += 4.0 * labels[:, None]
    seeds = []

    def generate(number, seed):
        seeds.append((number, seed))
        rows = np.random.default_rng(seed).integers(200, size=number)
        return samples[rows], labels[rows]

    keras.utils.set_random_seed(9)
    expected = keras.random.uniform((2,)).numpy()
    keras.utils.set_random_seed(9)
    real = samples[:200], labels[:200], samples[200:], labels[200:]
    options = {"num_seeds": 2, "num_updates": 33, "batch_size": 20}
    found = metrics.utility(*real, generate, **options)
    assert found == metrics.utility(*real, generate, **options)
    assert np.array_equal(keras.random.uniform((2,)).numpy(), expected)
    assert min(found.generated.value, found.real.value, found.both.value) > 0.9
    assert found.augmented is found.gain_over_augmented is found.gain_with_augmented is None
    assert "flips" not in found.verdict
    assert seeds == 2 * [(640, 0), (20, 32), (640, 33), (20, 65)]


VERDICTS = [
    # The gain, that over flips and shifts, and that with them; then the two sentences' beginnings.
    (0.03, 0.02, 0.00, "help: 83.0 % accuracy with them, 80.0 % without", "Added to flips"),
    (0.03, 0.005, 0.02, "help, but are no better than flips and shifts: 83.0 %", "They add to"),
    (0.03, -0.02, -0.02, "help, but are worse than flips and shifts: 83.0 %", "They take from"),
    (0.005, -0.02, 0.00, "make no clear difference: 80.5 %", "Within the error nothing"),
    (-0.03, -0.04, 0.00, "hurt: 77.0 % accuracy", ""),
]


@pytest.mark.parametrize(("gain", "over", "added", "first", "second"), VERDICTS)
def test_the_verdict_compares_with_flips_and_shifts(gain, over, added, first, second):
    def value(number):
        return Estimate(number, 0.005, 100)

    augmented = value(0.8 + gain - over)
    found = metrics.UtilityResult(
        generated=value(0.7), real=value(0.8), both=value(0.8 + gain),
        augmented=augmented, augmented_both=value(augmented.value + added),
        gain=value(gain), gain_over_augmented=value(over), gain_with_augmented=value(added),
    )  # fmt: skip
    assert found.verdict.startswith(f"Generated samples {first}")
    assert second in found.verdict
    assert found.verdict.count(". ") == bool(second)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"held_out": normal(20, 3)}, r"`held_out` must be samples of shape \(2,\).*\(3,\)"),
        ({"real": normal(5, 2), "real_labels": LABELS[:5]}, "`real` must be .* at least 10"),
        ({"real_labels": LABELS[:9]}, r"labels of `real` must be 20 integers.*\(9,\)"),
        ({"held_out_labels": LABELS * 1.0}, "labels of `held_out` must be .*float64"),
        ({"real_labels": LABELS - 1}, r"labels of `real` must be at least 0.*-1\.\.0"),
        ({"generate": (normal(20, 2), LABELS + 1)}, r"labels of `generate` must be in 0\.\.1"),
        ({"generate": lambda number, seed: normal(number, 2)}, "must return a pair.*ndarray"),
        ({"generate": (normal(20, 2) * np.nan, LABELS)}, "`generate` must be finite"),
        ({"num_seeds": 1}, "`num_seeds` must be an integer of at least 2"),
        ({"num_updates": 0}, "`num_updates` must be an integer of at least 1"),
    ],
)
def test_what_does_not_belong_together_is_refused(changes, message):
    arguments = {
        "real": normal(20, 2), "real_labels": LABELS, "held_out": normal(20, 2),
        "held_out_labels": LABELS, "generate": (normal(20, 2), LABELS),
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        metrics.utility(**arguments | changes)
