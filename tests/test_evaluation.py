"""What an evaluation says of generators that are known to be good, copied, collapsed or noise."""

import json
import math

import numpy as np
import players
import pytest

import kgan
from kgan import evaluation, images
from kgan.evaluation import sentences

TRAIN, TEST = (kgan.datasets.digits(split, with_labels=True) for split in ("train", "test"))


def gan_that_draws(samples, labels=None):
    """A GAN whose samples are rows of an array."""
    gan = players.gan(num_classes=None if labels is None else 10)

    def generate(num_samples, seed):
        rows = np.random.default_rng(seed).permutation(len(samples))[:num_samples]
        return samples[rows] if labels is None else (samples[rows], labels[rows])

    gan.generate = generate
    return gan


def evaluated(samples, *measures, labels=None, held_out=TEST, **options):
    options = {"features": "digits", "num_seeds": 2, **options}
    gan = gan_that_draws(samples, labels)
    return evaluation.evaluate(gan, TRAIN, held_out, measures=measures or None, **options)


def test_real_data_in_the_place_of_samples_gets_what_real_data_gets():
    held_out = kgan.datasets.from_arrays(TEST.samples[180:], TEST.labels[180:], batch_size=60)
    found = evaluated(TEST.samples[:180], labels=TEST.labels[:180], held_out=held_out)
    assert {finding.measure for finding in found.findings} == {
        name for name in evaluation.ALL if name != "mixture_coverage"
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


def test_copies_of_the_training_data_are_told():
    found = evaluated(TRAIN.samples, "memorization", "frechet_distance")
    assert found["memorization_ratio"].value == 0
    assert "copies?" in found["memorization_ratio"].says
    assert "look at them" in found["memorization_share_closer"].says
    assert found["memorization_share_closer"].value == 1
    assert found["frechet_distance_digits"].value < found["frechet_distance_digits"].real


def test_a_collapsed_generator_is_told():
    one = np.repeat(TEST.samples[:1], 400, axis=0)
    one = np.clip(one + 1e-3 * np.random.default_rng(0).normal(size=one.shape), -1, 1)
    one = one.astype("float32")
    found = evaluated(one, "pairwise_distance", "class_coverage", "precision_recall")
    assert "collapsed" in found["pairwise_distance_digits"].says
    assert found["classes_digits"].says == "9 of 10 never come up."
    assert found["recall_digits"].value < 0.01


def test_noise_is_told():
    noise = np.random.default_rng(0).uniform(-1, 1, (400, 8, 8, 1)).astype("float32")
    found = evaluated(noise, "two_sample_test", "frechet_distance", "precision_recall")
    assert found["two_sample_test"].value > 0.98
    assert "easily" in found["two_sample_test"].says
    assert found["frechet_distance_digits"].value > 20 * found["frechet_distance_digits"].real
    assert found["precision_digits"].value < 0.05


def test_labels_that_are_not_as_asked_are_told():
    found = evaluated(TEST.samples, "label_accuracy", labels=(TEST.labels + 1) % 10)
    assert found["label_accuracy_digits"].value < 0.02


def test_points_of_a_mixture():
    train, test = (kgan.datasets.gaussian_mixture("ring", seed=seed) for seed in (0, 1))
    sizes = {"generator_units": (8,), "discriminator_units": (8,), "output_activation": "linear"}
    gan = kgan.GAN(*kgan.architectures.mlp((2,), 2, **sizes))
    gan.generate = lambda num_samples, seed: test.samples[:num_samples]
    found = evaluation.evaluate(gan, train, test, num_samples=1000, num_seeds=1)
    assert found["modes"].value == 8
    assert found["high_quality"].value == pytest.approx(0.989, abs=0.01)
    assert found["spread"].value == pytest.approx(1, abs=0.1)
    assert found["spread"].error is None
    assert "parzen_log_likelihood" not in {finding.measure for finding in found.findings}


def test_without_held_out_data_the_training_data_is_halved():
    found = evaluated(TEST.samples, held_out=None, num_seeds=1)
    assert not found.is_held_out
    assert found.num_reference == found.num_samples == 718
    measures = {finding.measure for finding in found.findings}
    assert "frechet_distance" in measures
    assert not measures & {"memorization", "parzen_log_likelihood"}


def test_one_seed_has_the_error_that_the_measure_knows_of():
    found = evaluated(TEST.samples, "two_sample_test", "precision_recall", num_seeds=1)
    assert 0 < found["two_sample_test"].error < 0.05
    assert found["two_sample_test"].real_error > 0
    assert found["recall_digits"].error is None


def test_the_error_of_one_seed_is_how_far_seeds_differ():
    measures = "classifier_score", "kernel_distance"
    one = evaluated(TRAIN.samples, *measures, num_seeds=1)
    many = evaluated(TRAIN.samples, *measures, num_seeds=20)
    for measure in measures:
        deviation = many[f"{measure}_digits"].error * math.sqrt(20)
        most = 4 if measure == "kernel_distance" else 2  # Its subsets are small, and overlap.
        assert 0.5 * deviation < one[f"{measure}_digits"].error < most * deviation, measure


def test_the_error_of_scored_data_stays_whatever_is_drawn():
    found = evaluated(TRAIN.samples, "parzen_log_likelihood", num_seeds=3)["parzen_log_likelihood"]
    one = evaluated(TRAIN.samples, "parzen_log_likelihood", num_seeds=1)["parzen_log_likelihood"]
    assert found.error > 0.9 * one.error
    assert found.says == f"Nats, as in 2014; training images themselves: {found.real:.1f}. " + (
        "Blur can beat those."
    )


def test_a_difference_within_the_errors_is_none():
    assert "no better" in sentences.two_sample(0.54, 0.5, noise=0.05)
    assert "sometimes" in sentences.two_sample(0.54, 0.5, noise=0.01)


def test_what_is_no_number_says_nothing():
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
        ({"features": "mnist"}, "are of samples of 28×28×1"),
        ({"num_samples": 20}, "`num_samples` must be at least 100"),
        ({"num_seeds": 0}, "`num_seeds` must be an integer of at least 1"),
    ],
)
def test_what_cannot_be_evaluated_is_said_before_a_sample_is_drawn(options, message):
    gan = players.gan()
    gan.generate = None
    with pytest.raises(ValueError, match=message):
        evaluation.evaluate(gan, TRAIN, TEST, **{"features": "digits", **options})


def test_too_little_data_and_data_of_another_shape_are_refused():
    few = kgan.datasets.from_arrays(TRAIN.samples[:50], batch_size=10)
    with pytest.raises(ValueError, match=r"at least 100 samples each.*Received: 50 and 360"):
        evaluation.evaluate(players.gan(), few, TEST)
    other = players.dataset(num_samples=200)
    wide = kgan.GAN(*kgan.architectures.dcgan((16, 16, 1), 4, width=8))
    with pytest.raises(ValueError, match="was built for samples of shape"):
        evaluation.evaluate(wide, other, other)


def test_interpolations_begin_and_end_at_samples():
    gan = players.gan()
    ends = gan.generate(6, seed=3)
    for kind in ("linear", "spherical"):
        between = evaluation.interpolate(gan, 3, 5, kind=kind, seed=3)
        assert between.shape == (15, 8, 8, 1)
        np.testing.assert_allclose(between[::5], ends[:3], atol=1e-5)
        np.testing.assert_allclose(between[4::5], ends[3:], atol=1e-5)
    conditional = players.gan(num_classes=3)
    between = evaluation.interpolate(conditional, 2, 4, labels=[2, 1], seed=3)
    expected = conditional.generate(4, [2, 1, 2, 1], seed=3)
    np.testing.assert_allclose(between[[0, 4, 3, 7]], expected, atol=1e-5)
    with pytest.raises(ValueError, match="must be 'linear' or 'spherical'"):
        evaluation.interpolate(gan, 2, 2, kind="straight")


def test_the_pictures_show_the_nearest_training_samples(tmp_path):
    gan = gan_that_draws(TRAIN.samples[:40])
    paths = evaluation.draw(gan, TRAIN, TEST, tmp_path)
    names = ["nearest.png", "nearest_pairs.png", "interpolation.png"]
    assert [path.name for path in paths] == names
    picture = np.asarray(images.load(paths[0]).convert("L"), "int")
    third = picture.shape[1] // 3
    generated, nearest = (picture[60:, i * third + 20 : i * third + third - 20] for i in (1, 2))
    assert generated.std() > 30
    # Each sample is a training image: beside itself, up to where the panel begins.
    assert min(np.abs(np.roll(nearest, i, axis=1) - generated).mean() for i in range(-9, 10)) < 20
