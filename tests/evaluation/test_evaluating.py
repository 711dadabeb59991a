"""What an evaluation says of generators that are known to be good, copied, collapsed or noise."""

import functools
import json
import math

import numpy as np
import players
import pytest
from evaluations import TEST, TRAIN, evaluated, gan_that_draws

import kgan
from kgan import evaluation
from kgan.evaluation import evaluating


@pytest.mark.slow
def test_real_data_instead_of_samples_scores_like_real_data():
    held_out = kgan.datasets.from_arrays(TEST.samples[180:], TEST.labels[180:], batch_size=60)
    options = {"held_out": held_out, "num_seeds": 1}
    found = evaluated(TEST.samples[:180], labels=TEST.labels[:180], **options)
    assert {finding.measure for finding in found.findings} == {
        name
        for name in evaluation.ALL
        if name not in ("mixture_coverage", "intra_class_frechet_distance", "utility")
    }
    assert found.num_samples == 180
    assert found.feature_accuracy > 0.95
    for finding in found.findings:
        tolerance = {"rel": 0.25, "abs": 0.12}  # 180 images are few.
        if finding.measure not in ("kernel_distance", "parzen_log_likelihood", "frechet_distance"):
            assert finding.value == pytest.approx(finding.real, **tolerance), finding.name
    assert found["frechet_distance_digits"].value < 2.5 * found["frechet_distance_digits"].real
    assert found["parzen_log_likelihood"].value > 0
    assert found["classes_digits"].says == "Every class comes up."


def test_copies_of_the_training_data_are_recognized():
    found = evaluated(TRAIN.samples, "memorization", "frechet_distance")
    assert found["memorization_ratio"].value == 0
    assert "copies?" in found["memorization_ratio"].says
    assert "look at them" in found["memorization_share_closer"].says
    assert found["memorization_share_closer"].value == 1
    assert found["frechet_distance_digits"].value < found["frechet_distance_digits"].real


def test_a_collapsed_generator_is_recognized():
    one = np.repeat(TEST.samples[:1], 400, axis=0)
    one = np.clip(one + 1e-3 * np.random.default_rng(0).normal(size=one.shape), -1, 1)
    one = one.astype("float32")
    found = evaluated(one, "pairwise_distance", "class_coverage", "precision_recall")
    assert "collapsed" in found["pairwise_distance_digits"].says
    assert found["classes_digits"].says == "9 of 10 never come up."
    assert found["recall_digits"].value < 0.01


@pytest.mark.slow
def test_noise_is_recognized():
    noise = np.random.default_rng(0).uniform(-1, 1, (400, 8, 8, 1)).astype("float32")
    measures = "two_sample_test", "frechet_distance", "precision_recall"
    found = evaluated(noise, *measures, num_seeds=1)
    assert found["two_sample_test"].value > 0.98
    assert "easily" in found["two_sample_test"].says
    assert found["frechet_distance_digits"].value > 20 * found["frechet_distance_digits"].real
    assert found["precision_digits"].value < 0.05


def test_samples_of_the_wrong_class_are_recognized():
    found = evaluated(TEST.samples, "label_accuracy", labels=(TEST.labels + 1) % 10)
    assert found["label_accuracy_digits"].value < 0.02


def test_samples_of_the_wrong_class_are_far_from_their_class():
    extractor = kgan.features.Extractor("rows", lambda images: images[:, 2:4, 4])
    data = kgan.datasets.digits("all", with_labels=True)
    gan = gan_that_draws(data.samples, (data.labels + 1) % 10)
    options = {"features": extractor, "num_seeds": 1, "num_samples": 800}
    options["measures"] = ["frechet_distance", "intra_class_frechet_distance"]
    found = evaluation.evaluate(gan, data, data, **options)
    assert found["frechet_distance_rows"].value < 0.05
    within = found["intra_class_frechet_distance_rows"]
    assert within.value > 10 * within.real
    assert "Within a class" in within.says


def test_utility_is_taken_once_and_only_if_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(
        evaluating.measures_module.metrics,
        "utility",
        functools.partial(kgan.metrics.utility, num_seeds=2, num_updates=20),
    )
    measures = "pairwise_distance", "utility"
    found = evaluated(TRAIN.samples, *measures, labels=TRAIN.labels, num_seeds=2)
    names = ["both", "generated", "augmented", "augmented_both"]
    utilities = [found[f"utility_{name}"] for name in names]
    assert [finding.name for finding in found.findings[1:]] == [one.name for one in utilities]
    assert len({finding.real for finding in utilities}) == 1
    assert all(0.1 < finding.value < 1 and finding.error > 0 for finding in utilities)
    (verdict,) = found.verdicts
    assert verdict.startswith("Generated samples ")
    assert found.to_json()["verdicts"] == found.verdicts


@pytest.mark.slow
def test_an_evaluation_of_a_mixture_counts_its_modes():
    train, test = (kgan.datasets.gaussian_mixture("ring", seed=seed) for seed in (0, 1))
    sizes = {"generator_units": (8,), "discriminator_units": (8,), "output_activation": "linear"}
    gan = kgan.GAN(*kgan.architectures.mlp((2,), 2, **sizes))
    gan.generate = lambda num_samples, seed: test.samples[:num_samples]
    found = evaluation.evaluate(gan, train, test, num_samples=300, num_seeds=1)
    assert found["modes"].value == 8
    assert found["high_quality"].value == pytest.approx(0.989, abs=0.01)
    assert found["spread"].value == pytest.approx(1, abs=0.1)
    assert found["spread"].error is None
    assert "parzen_log_likelihood" not in {finding.measure for finding in found.findings}


@pytest.mark.slow
def test_without_held_out_data_the_training_data_is_halved():
    gan = gan_that_draws(TRAIN.samples)
    found = evaluation.evaluate(gan, TEST, features="digits", num_seeds=1)
    assert not found.is_held_out
    assert found.num_reference == found.num_samples == 180
    measures = {finding.measure for finding in found.findings}
    assert {"frechet_distance", "memorization"} <= measures
    assert "parzen_log_likelihood" not in measures


@pytest.mark.slow
def test_with_one_seed_the_error_is_the_measures_own():
    found = evaluated(TEST.samples, "two_sample_test", "precision_recall", num_seeds=1)
    assert 0 < found["two_sample_test"].error < 0.05
    assert found["two_sample_test"].real_error > 0
    assert found["recall_digits"].error is None


@pytest.mark.parametrize(
    ("measure", "most"),
    [
        ("classifier_score", 2),
        # Its subsets are small, and overlap.
        pytest.param("kernel_distance", 4, marks=pytest.mark.slow),
    ],
)
def test_the_error_of_one_seed_matches_the_spread_between_seeds(measure, most):
    one = evaluated(TRAIN.samples, measure, num_seeds=1)
    many = evaluated(TRAIN.samples, measure, num_seeds=20)
    deviation = many[f"{measure}_digits"].error * math.sqrt(20)
    assert 0.5 * deviation < one[f"{measure}_digits"].error < most * deviation


def test_the_error_due_to_the_scored_data_does_not_shrink_with_more_draws():
    found = evaluated(TRAIN.samples, "parzen_log_likelihood", num_seeds=3)["parzen_log_likelihood"]
    one = evaluated(TRAIN.samples, "parzen_log_likelihood", num_seeds=1)["parzen_log_likelihood"]
    assert found.error > 0.9 * one.error
    assert f"Real training images get {found.real:.1f}" in found.says


def test_a_finding_that_is_nan_draws_no_conclusion():
    train, test = (kgan.datasets.gaussian_mixture("ring", seed=seed) for seed in (0, 1))
    sizes = {"generator_units": (8,), "discriminator_units": (8,), "output_activation": "linear"}
    gan = kgan.GAN(*kgan.architectures.mlp((2,), 2, **sizes))
    gan.generate = lambda num_samples, seed: test.samples[:num_samples] + 9
    options = {"measures": ["mixture_coverage"], "num_samples": 1000, "num_seeds": 1}
    found = evaluation.evaluate(gan, train, test, **options)
    assert found["modes"].says == "8 of 8 are never reached."
    assert found["spread"].says == "Nothing can be told: it is no number."


def test_an_evaluation_is_json():
    found = evaluated(TEST.samples, "frechet_distance")
    content = json.loads(json.dumps(found.to_json()))
    assert content["findings"][0]["name"] == "frechet_distance_digits"
    assert content["seeds"] == [0, 1]
    broken = kgan.evaluation.Finding("x", "x", math.nan, None, 1, math.inf, None, "")
    content = evaluation.Evaluation([broken], 0, "raw", None, 1, 1, True, (0,), "").to_json()
    assert content["findings"][0]["value"] is content["findings"][0]["real"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measures": ["fid"]}, "`measures` must be one of"),
        ({"measures": "fid"}, "`measures` must be a list of names"),
        ({"measures": []}, "`measures` must be a list of names"),
        ({"measures": ["label_accuracy"]}, "do not all fit this data.*What fits: frechet"),
        ({"measures": ["utility"]}, "utility needs a conditional GAN. What fits: frechet"),
        (
            {"measures": ["utility", "class_coverage"], "held_out": None},
            "utility needs a conditional GAN and held-out data",
        ),
        (
            {"measures": ["intra_class_frechet_distance"]},
            "intra_class_frechet_distance needs a conditional GAN",
        ),
        ({"features": "mnist"}, "are of samples of 28×28×1"),
        ({"num_samples": 10}, "`num_samples` must be at least 20"),
        ({"num_seeds": 0}, "`num_seeds` must be an integer of at least 1"),
    ],
)
def test_impossible_evaluations_are_refused_before_a_sample_is_drawn(options, message):
    gan = players.linear()
    gan.generate = None
    with pytest.raises(ValueError, match=message):
        evaluation.evaluate(gan, TRAIN, **{"held_out": TEST, "features": "digits", **options})


@pytest.mark.parametrize("held_out", [TEST, None])
def test_forty_samples_are_measured_and_copies_of_them_found(held_out):
    few = kgan.datasets.from_arrays(TRAIN.samples[:40], batch_size=10)
    if held_out:
        held_out = kgan.datasets.from_arrays(TEST.samples[:20], batch_size=10)
    found = evaluation.evaluate(gan_that_draws(few.samples), few, held_out)
    assert found.num_samples == 20
    assert found["memorization_ratio"].value < 0.01
    assert found["memorization_ratio"].real == pytest.approx(1, abs=0.6)
    assert found["recall_raw"].value > 0.5


def test_a_gan_that_looks_at_two_samples_is_evaluated_on_batches_of_one():
    gan = kgan.GAN(
        kgan.architectures.mlp((8, 8, 1), 4)[0],
        kgan.architectures.mlp((8, 8, 2), 4)[1],
        packing=2,
        seed=0,
    )
    data = kgan.datasets.from_arrays(TRAIN.samples[:100], batch_size=1)
    found = evaluation.evaluate(gan, data, measures=["pairwise_distance"], num_samples=40)
    assert np.isfinite(found["pairwise_distance_raw"].value)


def test_too_few_samples_of_a_class_for_their_features_are_counted():
    gan = gan_that_draws(TRAIN.samples, TRAIN.labels)
    message = r"needs more real samples of each class than its \d+ features \(there are 33 of the"
    options = {"features": "digits", "measures": ["intra_class_frechet_distance"]}
    with pytest.raises(ValueError, match=message):
        evaluation.evaluate(gan, TRAIN, TEST, **options)


def test_too_little_data_and_data_of_another_shape_are_refused():
    few = kgan.datasets.from_arrays(TRAIN.samples[:15], batch_size=10)
    with pytest.raises(ValueError, match=r"at least 20 training .*Received: 15 .*360 held"):
        evaluation.evaluate(players.linear(), few, TEST)
    other = players.dataset(num_samples=200)
    wide = kgan.GAN(*kgan.architectures.dcgan((16, 16, 1), 4, width=8))
    with pytest.raises(ValueError, match="was built for samples of shape"):
        evaluation.evaluate(wide, other, other)


def test_who_watches_hears_which_of_how_many_and_how_long_the_rest_takes():
    said = []
    say = evaluating._counting(said.append, 3)
    for doing in ("recall", "coverage", "diversity"):
        say(doing)
    assert said[0] == "recall (1 of 3)"
    assert said[1:] == [
        "coverage (2 of 3, about 0:00:00 left)",
        "diversity (3 of 3, about 0:00:00 left)",
    ]
