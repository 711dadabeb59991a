"""Measures, beside the implementations that published them and beside what is known exactly."""

import json
import pathlib
import sys
import warnings

import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan import features, metrics
from kgan.metrics import distances, frechet, kernel, mode_coverage, parzen, two_sample

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
sys.path.append(str(FIXTURES))

import torch_fidelity_fixture  # noqa: E402

PUBLISHED = json.loads((FIXTURES / "torch_fidelity.json").read_text())["results"]
REAL, GENERATED, LOGITS = torch_fidelity_fixture.features()
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# Beside torch-fidelity


def test_the_frechet_distance_is_torch_fidelitys():
    expected = PUBLISHED["frechet_inception_distance"]
    assert metrics.frechet_distance(REAL, GENERATED) == pytest.approx(expected, rel=1e-6)


def test_the_kernel_distance_is_torch_fidelitys():
    found = metrics.kernel_distance(REAL, GENERATED, num_subsets=20, subset_size=100, seed=0)
    assert found.value == pytest.approx(PUBLISHED["kernel_inception_distance_mean"], rel=1e-6)
    assert found.error == pytest.approx(PUBLISHED["kernel_inception_distance_std"], rel=1e-6)
    assert found.num_samples == len(GENERATED)


def test_precision_and_recall_are_torch_fidelitys():
    found = metrics.precision_recall(REAL, GENERATED, k=3)
    assert found.precision == pytest.approx(PUBLISHED["precision"], rel=1e-6)
    assert found.recall == pytest.approx(PUBLISHED["recall"], rel=1e-6)


def test_the_classifier_score_is_torch_fidelitys():
    found = metrics.classifier_score(PROBABILITIES, num_splits=10)
    assert found.value == pytest.approx(PUBLISHED["inception_score_mean"], rel=1e-6)
    assert found.error == pytest.approx(PUBLISHED["inception_score_std"], rel=1e-6)


# Beside others


def test_the_frechet_distance_is_that_with_scipys_square_root():
    linalg = pytest.importorskip("scipy.linalg")
    (mean, covariance), (other_mean, other) = map(frechet.moments, (REAL, GENERATED))
    root = linalg.sqrtm(covariance @ other).real
    expected = np.sum((mean - other_mean) ** 2) + np.trace(covariance + other - 2 * root)
    assert metrics.frechet_distance(REAL, GENERATED) == pytest.approx(expected, rel=1e-6)


def test_the_kernel_distance_is_a_double_loop():
    x, y = REAL[:40], GENERATED[:30]

    def value(a, b):
        return (a @ b / len(a) + 1) ** 3

    real = np.mean([value(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    generated = np.mean([value(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    expected = real + generated - 2 * np.mean([value(a, b) for a in x for b in y])
    assert kernel.squared_discrepancy(y, x) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("k", [3, 5])
def test_density_and_coverage_are_those_of_their_authors(k):
    expected = pytest.importorskip("prdc").compute_prdc(REAL, GENERATED, k)
    found = metrics.density_coverage(REAL, GENERATED, k=k)
    assert found.density == pytest.approx(expected["density"], rel=1e-6)
    assert found.coverage == pytest.approx(expected["coverage"], rel=1e-6)
    found = metrics.precision_recall(REAL, GENERATED, k=k)
    assert found.precision == pytest.approx(expected["precision"], rel=1e-6)
    assert found.recall == pytest.approx(expected["recall"], rel=1e-6)


def test_the_likelihood_is_a_double_loop():
    samples, test = normal(15, 3), normal(12, 3, seed=1)
    sigma = 0.4

    def density(x):
        terms = [
            np.exp(-np.sum((x - s) ** 2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi)) ** 3
            for s in samples
        ]
        return np.log(np.mean(terms))

    (found,) = parzen.log_likelihoods(test, samples, [sigma])
    np.testing.assert_allclose(found, [density(x) for x in test], rtol=1e-9)


# What is known exactly


def test_the_frechet_distance_of_two_gaussians():
    real, generated = normal(200_000, 2), normal(200_000, 2, seed=1) * [2.0, 0.5] + [1.0, -2.0]
    expected = 1 + 4 + (2 - 1) ** 2 + (0.5 - 1) ** 2
    assert metrics.frechet_distance(real, generated) == pytest.approx(expected, rel=0.02)
    mean, covariance = np.zeros(2), np.diag([4.0, 9.0])
    distance = frechet.distance_of_moments(mean, covariance, mean + 1, np.eye(2))
    assert distance == pytest.approx(2 + 1 + 4, rel=1e-12)


def test_samples_of_one_distribution_are_near_and_others_are_not():
    one, same, other = normal(1000, 4), normal(1000, 4, seed=1), normal(1000, 4, seed=2) + 1.5
    assert metrics.frechet_distance(one, same) < 0.05 < metrics.frechet_distance(one, other)
    near = metrics.kernel_distance(one, same, num_subsets=30, subset_size=300)
    far = metrics.kernel_distance(one, other, num_subsets=30, subset_size=300)
    assert abs(near.value) < 3 * near.error
    assert far.value > 10 * far.error
    assert min(metrics.precision_recall(one, same)) > 0.9
    assert max(metrics.precision_recall(one, other + 5)) == 0
    alike = metrics.density_coverage(one, same)
    assert alike.density == pytest.approx(1, abs=0.1)
    assert alike.coverage > 0.9
    assert metrics.density_coverage(one, other + 5) == (0, 0)


def test_a_collapsed_generator_is_precise_and_recalls_nothing():
    real = normal(1000, 4)
    collapsed = real[:1] + 1e-3 * normal(1000, 4, seed=1)
    found = metrics.precision_recall(real, collapsed)
    assert found.precision == 1
    assert found.recall < 0.01
    assert metrics.density_coverage(real, collapsed).coverage < 0.05


def test_the_score_is_one_for_a_classifier_that_does_not_know_and_the_classes_for_one_that_does():
    unsure = np.full((100, 4), 0.25)
    assert metrics.classifier_score(unsure).value == pytest.approx(1)
    sure = np.eye(4)[np.arange(400) % 4]
    assert metrics.classifier_score(sure).value == pytest.approx(4)
    one = np.eye(4)[np.zeros(400, int)]
    assert metrics.classifier_score(one).value == pytest.approx(1)


def test_the_likelihood_of_a_gaussian():
    samples, validation, test = normal(4000, 1), normal(500, 1, seed=1), normal(2000, 1, seed=2)
    found = metrics.parzen_log_likelihood(samples, validation, test, sigmas=[0.01, 0.2, 5.0])
    assert found.sigma == 0.2
    entropy = -0.5 * np.log(2 * np.pi * np.e)
    assert found.value == pytest.approx(entropy, abs=4 * found.error)
    assert found.error == pytest.approx(np.sqrt(0.5 / 2000), rel=0.1)


MEANS = np.array([[x, y] for x in range(-2, 3) for y in range(-2, 3)], float) * 2


def grid(num_samples, modes=25, sigma=0.05, seed=0):
    random = np.random.default_rng(seed)
    return MEANS[random.integers(0, modes, num_samples)] + sigma * random.normal(
        size=(num_samples, 2)
    )


def test_samples_of_a_mixture_are_in_all_its_modes():
    found = metrics.mixture_coverage(grid(20_000), MEANS, 0.05)
    assert (found.modes, found.num_modes, found.num_samples) == (25, 25, 20_000)
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.003)  # 98.9 %
    assert found.reverse_kl < 0.002
    assert found.spread == pytest.approx(1, abs=0.05)


def test_modes_that_are_missing_count_in_the_divergence():
    found = metrics.mixture_coverage(grid(20_000, modes=5), MEANS, 0.05)
    assert found.modes == 5
    assert found.reverse_kl == pytest.approx(np.log(5), abs=0.01)
    assert found.kl == np.inf


def test_samples_between_modes_are_of_no_quality_and_narrow_ones_of_no_spread():
    between = MEANS[np.arange(500) % 25] + 1.0
    found = metrics.mixture_coverage(between, MEANS, 0.05)
    assert (found.modes, found.high_quality, found.spread) == (0, 0, None)
    narrow = metrics.mixture_coverage(grid(5000, sigma=0.01), MEANS, 0.05)
    assert narrow.high_quality == 1
    assert narrow.spread == pytest.approx(0.2, abs=0.01)


def test_classes_are_modes():
    labels = np.arange(3000) % 750
    found = metrics.class_coverage(labels, 1000)
    assert (found.modes, found.num_modes) == (750, 1000)
    assert found.reverse_kl == pytest.approx(np.log(1000 / 750))
    shares = np.array([0.5, 0.25, 0.25])
    assert metrics.class_coverage(np.repeat([0, 1, 2], [2, 1, 1]), 3, real_shares=shares).kl == 0


def test_a_divergence_is_zero_of_equals_and_not_symmetric():
    p, q = [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]
    assert mode_coverage.divergence(p, p) == 0
    assert mode_coverage.divergence(p, q) == pytest.approx(np.log(2))
    assert mode_coverage.divergence(q, p) == np.inf


def test_copies_are_told_from_new_samples():
    training, held_out, new = normal(2000, 5), normal(500, 5, seed=1), normal(500, 5, seed=2)
    honest = metrics.memorization(new, training, held_out)
    assert honest.ratio == pytest.approx(1, abs=0.1)
    assert honest.share_closer < 0.04
    copies = metrics.memorization(training[7:107] + 1e-4, training, held_out)
    assert copies.ratio < 0.01
    assert copies.share_closer == 1
    np.testing.assert_array_equal(copies.indices, np.arange(7, 107))


# Memory and input


def test_chunks_change_nothing(monkeypatch):
    def all_measures():
        return (
            metrics.precision_recall(REAL, GENERATED),
            metrics.density_coverage(REAL, GENERATED),
            metrics.parzen_log_likelihood(GENERATED, REAL[:50], REAL[50:]),
            metrics.memorization(GENERATED, REAL[:200], REAL[200:])[:2],
        )

    at_once = all_measures()
    monkeypatch.setattr(distances, "CHUNK", 1000)
    assert len(list(distances.squared(REAL, GENERATED))) == 100
    for one, other in zip(at_once, all_measures(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_images_are_flattened():
    images = normal(50, 4, 4, 1)
    flat = images.reshape(50, 16)
    assert metrics.frechet_distance(images, images + 1) == metrics.frechet_distance(flat, flat + 1)


def test_fewer_samples_than_features_are_warned_of():
    with pytest.warns(UserWarning, match="`real` has 12 samples of 20 features: .* too large"):
        metrics.frechet_distance(normal(12, 20), normal(200, 20, seed=1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.frechet_distance(REAL[:9], GENERATED), "`real` must be .* at least 10"),
        (
            lambda: metrics.frechet_distance(REAL, GENERATED[:, :3]),
            "same number of features.*12 and 3",
        ),
        (lambda: metrics.kernel_distance(REAL * np.nan, GENERATED), "`real` must be finite"),
        (lambda: metrics.precision_recall(REAL[:12], GENERATED, k=20), "at least 21"),
        (
            lambda: metrics.density_coverage(REAL[:, 0], GENERATED),
            r"shape \(num_samples, num_feat",
        ),
        (lambda: metrics.classifier_score(LOGITS), "apply a softmax to logits first"),
        (lambda: metrics.mixture_coverage(REAL, MEANS, 1.0), "the same space.*12 and 2"),
        (lambda: metrics.class_coverage([0, 7], 5), r"integers in 0\.\.4"),
        (lambda: metrics.class_coverage([0, 1], 2, real_shares=[5, 5]), "divide counts.*sum 10"),
        (lambda: metrics.class_coverage([0, 1], 2, real_shares=[1.0]), r"2 numbers.*shape \(1,\)"),
        (lambda: metrics.mixture_coverage(REAL, REAL[:3], 0), "positive numbers.*sigma=0"),
        (lambda: metrics.mixture_coverage(REAL, REAL[:3], np.nan), "positive numbers.*sigma=nan"),
        (lambda: metrics.kernel_distance(REAL, REAL, subset_size=1), "`subset_size`.*at least 2"),
        (lambda: metrics.kernel_distance(REAL, REAL, num_subsets=0), "`num_subsets` must be"),
        (lambda: metrics.precision_recall(REAL, REAL, k=0), "`k` must be an integer of at least 1"),
        (lambda: metrics.density_coverage(REAL, REAL, k=0), "`k` must be an integer of at least 1"),
        (lambda: metrics.PrecisionRecall(k=0), "`k` must be an integer of at least 1"),
        (lambda: metrics.classifier_score(np.eye(10), num_splits=0), "`num_splits` must be"),
        (lambda: metrics.classifier_score(np.eye(10)), "with at least 20 samples"),
        (lambda: metrics.parzen_log_likelihood(REAL, REAL[:5], REAL), "`validation` must be"),
        (
            lambda: metrics.memorization(GENERATED, REAL, REAL[:3]),
            "`held_out` must be.*at least 10",
        ),
    ],
)
def test_what_cannot_be_measured_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# What tells samples apart, and from each other


def test_a_classifier_cannot_tell_one_distribution_from_itself_and_tells_another():
    same = metrics.two_sample_test(normal(1000, 4), normal(1000, 4, seed=1))
    assert same.low < 0.5 < same.high
    assert same.num_samples == 1000
    far = metrics.two_sample_test(normal(1000, 4), normal(500, 4, seed=1) + 3)
    assert far.accuracy > 0.98
    assert far.num_samples == 500


def test_the_two_sample_test_is_a_function_of_its_seed_and_draws_nothing_else():
    first = metrics.two_sample_test(normal(100, 8, 8, 1), normal(100, 8, 8, 1, seed=1), seed=3)
    keras.utils.set_random_seed(9)
    expected = keras.random.uniform((2,)).numpy()
    keras.utils.set_random_seed(9)
    again = metrics.two_sample_test(normal(100, 8, 8, 1), normal(100, 8, 8, 1, seed=1), seed=3)
    assert again == first
    assert np.array_equal(keras.random.uniform((2,)).numpy(), expected)


def test_the_interval_of_the_two_sample_test_is_wilsons():
    # Of 81 of 263 it is 0.2553 to 0.3662: Newcombe 1998, Statistics in Medicine 17, table I.
    low, high = two_sample._wilson(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_label_accuracy_is_the_share_that_is_as_asked():
    found = metrics.label_accuracy([0, 1, 2, 3], [0, 1, 2, 0])
    assert found.value == 0.75
    assert found.error == pytest.approx(np.sqrt(0.75 * 0.25 / 4))
    with pytest.raises(ValueError, match="must be as many labels"):
        metrics.label_accuracy([0, 1], [0])


def test_the_pairwise_distance_is_a_double_loop():
    samples = normal(30, 5)
    pairs = [np.linalg.norm(a - b) for i, a in enumerate(samples) for b in samples[:i]]
    assert metrics.pairwise_distance(samples).value == pytest.approx(np.mean(pairs), rel=1e-9)
    assert metrics.pairwise_distance(np.ones((30, 5))).value == 0


def test_the_error_of_the_pairwise_distance_is_how_far_it_varies():
    found = [metrics.pairwise_distance(normal(100, 3, seed=seed)) for seed in range(200)]
    values, errors = zip(*[(estimate.value, estimate.error) for estimate in found], strict=True)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)


def test_similarity_is_one_for_copies_and_lower_for_others():
    image = np.clip(normal(1, 28, 28, 1), -1, 1)
    copies = metrics.multiscale_similarity(np.repeat(image, 20, axis=0))
    assert copies.value == pytest.approx(1, abs=1e-5)
    noise = np.clip(normal(40, 28, 28, 1), -1, 1)
    assert metrics.multiscale_similarity(noise).value < 0.3
    with pytest.raises(ValueError, match="at least 7×7 pixels"):
        metrics.multiscale_similarity(normal(20, 4, 4, 1))


def test_similarity_with_five_scales_is_tensorflows():
    images = np.clip(normal(10, 176, 176, 1), -1, 1).astype("float32")
    order = np.random.default_rng(0).permutation(10)
    pairs = [(images[order[part]] + 1) / 2 for part in (slice(5), slice(5, 10))]
    expected = tf.image.ssim_multiscale(*pairs, max_val=1.0).numpy().mean()
    found = metrics.multiscale_similarity(images, num_pairs=5)
    assert found.value == pytest.approx(expected, rel=2e-3)  # It computes in float32.
    assert found.num_samples == 10


# As Keras metrics

REAL_IMAGES = np.clip(normal(120, 8, 8, 1), -1, 1).astype("float32")
FAKE_IMAGES = np.clip(normal(120, 8, 8, 1, seed=1) * 0.5, -1, 1).astype("float32")


def flat(images):
    return images.reshape(len(images), -1)


def taken(metric, batch_size=40, real=REAL_IMAGES, fake=FAKE_IMAGES, **options):
    for start in range(0, len(real), batch_size):
        rows = slice(start, start + batch_size)
        metric.update_state(real[rows], fake[rows], **options)
    return metric.result()


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (metrics.FrechetDistance, lambda real, fake: metrics.frechet_distance(real, fake)),
        (metrics.KernelDistance, lambda real, fake: metrics.kernel_distance(real, fake).value),
        (metrics.PrecisionRecall, metrics.precision_recall),
        (metrics.DensityCoverage, metrics.density_coverage),
        (metrics.TwoSampleTest, lambda real, fake: metrics.two_sample_test(real, fake).accuracy),
        (
            metrics.PairwiseDistance,
            lambda real, fake: metrics.pairwise_distance(fake).value,
        ),
    ],
)
def test_a_metric_is_its_function_of_all_batches(metric, expected):
    metric = metric("raw")
    found = taken(metric)
    values = list(found.values()) if isinstance(found, dict) else [found]
    expected = np.atleast_1d(expected(flat(REAL_IMAGES), flat(FAKE_IMAGES)))
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert all(name.endswith("_raw") for name in metric.result_names)


def test_the_metrics_of_a_classifier_are_their_functions():
    answers = features.get("digits").answers(FAKE_IMAGES)["probabilities"]
    found = taken(metrics.ClassifierScore("digits"))
    assert found == pytest.approx(metrics.classifier_score(answers).value, rel=1e-5)
    real = features.get("digits").answers(REAL_IMAGES)["probabilities"].argmax(axis=1)
    shares = np.bincount(real, minlength=10) / len(real)
    coverage = metrics.class_coverage(answers.argmax(axis=1), 10, real_shares=shares)
    expected = {"classes_digits": coverage.modes, "class_kl_digits": coverage.reverse_kl}
    assert taken(metrics.ClassCoverage("digits")) == pytest.approx(expected)
    labels = answers.argmax(axis=1)[:40]
    metric = metrics.LabelAccuracy("digits")
    metric.update_state(REAL_IMAGES[:40], FAKE_IMAGES[:40], labels)
    assert metric.result() == 1
    metric.update_state(REAL_IMAGES[:40], FAKE_IMAGES[:40], (labels + 1) % 10)
    assert metric.result() == 0.5


def test_the_metrics_of_images_and_points_are_their_functions():
    found = taken(metrics.ParzenLogLikelihood())
    fake, real = (flat(FAKE_IMAGES) + 1) / 2, (flat(REAL_IMAGES) + 1) / 2
    expected = metrics.parzen_log_likelihood(fake, real[:12], real[12:]).value
    assert found == pytest.approx(expected, rel=1e-6)
    expected = metrics.multiscale_similarity(FAKE_IMAGES).value
    assert taken(metrics.MultiscaleSimilarity()) == pytest.approx(expected, rel=1e-6)
    found = taken(metrics.Memorization(FAKE_IMAGES[:60]))
    expected = metrics.memorization(FAKE_IMAGES, FAKE_IMAGES[:60], REAL_IMAGES)
    assert list(found.values()) == pytest.approx([expected.ratio, expected.share_closer])
    ring = kgan.datasets.gaussian_mixture("ring", num_samples=300)
    metric = metrics.MixtureCoverage(ring.distribution.means, 0.01)
    found = taken(metric, real=ring.samples, fake=ring.samples)
    assert found["modes"] == 8
    assert found["high_quality"] > 0.97


def test_a_metric_that_has_seen_nothing_is_nan_and_forgets_what_it_saw():
    metric = metrics.FrechetDistance("raw")
    assert np.isnan(metric.result())
    first = taken(metric)
    metric.reset_state()
    assert np.isnan(metric.result())
    assert taken(metric, batch_size=30) == pytest.approx(first, rel=1e-6)
    pair = metrics.PrecisionRecall("raw", name="pr")
    assert list(pair.result()) == ["pr_precision", "pr_recall"]


def test_a_metric_looks_at_the_first_samples_and_no_more():
    metric = metrics.FrechetDistance("raw", num_samples=100)
    expected = metrics.frechet_distance(flat(REAL_IMAGES)[:100], flat(FAKE_IMAGES)[:100])
    assert taken(metric) == pytest.approx(expected, rel=1e-6)


def conditional_evaluation(**options):
    data = kgan.datasets.digits("test", with_labels=True, batch_size=120)
    gan = players.gan(num_classes=10)
    found = [
        metrics.FrechetDistance("digits"),
        metrics.PrecisionRecall("digits"),
        metrics.LabelAccuracy("digits"),
        metrics.Memorization(kgan.datasets.digits("train").samples, "digits"),
    ]
    gan.compile(metrics=found, **options)
    return gan, data


def test_evaluate_takes_each_measure_once_and_fit_logs_it():
    gan, data = conditional_evaluation()
    logs = gan.evaluate(data, verbose=0, return_dict=True)
    measured = [name for name in logs if name.endswith("_digits")]
    assert sorted(measured) == [
        "frechet_distance_digits",
        "label_accuracy_digits",
        "memorization_ratio_digits",
        "memorization_share_closer_digits",
        "precision_digits",
        "recall_digits",
    ]
    assert all(np.isfinite(logs[name]) for name in measured)
    assert logs["frechet_distance_digits"] > 10
    history = gan.fit(data, epochs=2, validation_data=data, verbose=0).history
    assert len(history["val_frechet_distance_digits"]) == 2
    assert "frechet_distance_digits" not in history


def test_measures_change_nothing_of_the_training():
    measured, data = conditional_evaluation()
    measured.fit(data, epochs=2, validation_data=data, verbose=0)
    plain = players.gan(num_classes=10)
    plain.fit(data, epochs=2, verbose=0)
    assert players.same(players.digest(measured), players.digest(plain))


@pytest.mark.usefixtures("_xla")
def test_measures_under_xla():
    gan, data = conditional_evaluation(jit_compile=True)
    logs = gan.evaluate(data, verbose=0, return_dict=True)
    assert all(np.isfinite(value) for value in logs.values())


def test_a_gan_in_a_file_keeps_its_metrics_and_not_what_they_saw(tmp_path):
    gan, data = conditional_evaluation()
    expected = gan.evaluate(data, verbose=0, return_dict=True)
    gan.save(tmp_path / "gan.keras")
    assert (tmp_path / "gan.keras").stat().st_size < 500_000
    with pytest.warns(UserWarning, match="had `training_samples` of your own"):
        loaded = keras.models.load_model(tmp_path / "gan.keras")
    found = loaded.evaluate(data, verbose=0, return_dict=True)
    for name in ("frechet_distance_digits", "precision_digits", "label_accuracy_digits"):
        assert found[name] == pytest.approx(expected[name], rel=1e-5)
    assert np.isnan(found["memorization_ratio_digits"])


@pytest.mark.parametrize(
    ("measures", "num_classes", "message"),
    [
        ([metrics.FrechetDistance("mnist")], None, "are of samples of 28×28×1"),
        ([metrics.LabelAccuracy("digits")], None, "is for networks that take labels"),
        ([metrics.FrechetDistance("raw")] * 2, None, "must have names of their own"),
        ([metrics.ClassifierScore("raw")], None, "are not of a classifier"),
        (
            [metrics.MixtureCoverage(np.zeros((8, 2)), 1.0)],
            None,
            "2 coordinates, and samples of 64",
        ),
        ([metrics.Memorization(np.zeros((8, 2)))], None, "2 features of each, and 64 of what"),
        (
            [metrics.FrechetDistance(features.Extractor("numpy", lambda images: np.abs(images)))],
            None,
            "must be computed by TensorFlow or keras.ops",
        ),
        ([metrics.ParzenLogLikelihood(99)], None, "needs at least 100 samples.*Received: 99"),
    ],
)
def test_metrics_that_cannot_be_taken_are_refused_by_compile(measures, num_classes, message):
    with pytest.raises(ValueError, match=message):
        players.gan(num_classes, metrics=measures)


def test_similarity_of_points_is_refused_by_compile():
    gan = kgan.GAN(*kgan.architectures.mlp((2, 2, 1), latent_dim=3))
    with pytest.raises(ValueError, match=r"at least 7×7 pixels. Received: shape \(None, 2, 2, 1\)"):
        gan.compile(metrics=[metrics.MultiscaleSimilarity()])


@pytest.mark.filterwarnings("ignore:.*their covariance is singular")
@pytest.mark.parametrize(
    ("metric", "least"),
    [
        (metrics.DensityCoverage(k=20), 21),
        (metrics.FrechetDistance("raw", num_samples=64), 10),
        (metrics.TwoSampleTest(), 20),
        (metrics.ParzenLogLikelihood(), 100),
    ],
    ids=lambda value: getattr(value, "measure", None),
)
def test_too_little_validation_data_is_refused_before_training(metric, least):
    gan = players.gan(metrics=[metric])
    enough = players.dataset(num_samples=least, batch_size=least)
    training = players.dataset()
    with pytest.raises(ValueError, match=f"needs at least {least} samples.*Received: {least - 1};"):
        gan.fit(
            training, validation_data=players.dataset(num_samples=least - 1, batch_size=least - 1)
        )
    with pytest.raises(ValueError, match=f"needs at least {least} samples"):
        gan.fit(training, validation_data=enough.unbatch().batch(1).repeat(), validation_steps=9)
    assert int(gan.step) == 0
    gan.fit(training, validation_data=enough, epochs=1, steps_per_epoch=1, verbose=0)
    assert int(gan.step) == 1


def every_metric():
    ring = kgan.datasets.gaussian_mixture("ring", num_samples=300)
    names = set(metrics.__all__) - {"SampleMetric"}
    made = {
        "Memorization": lambda: metrics.Memorization(REAL_IMAGES),
        "MixtureCoverage": lambda: metrics.MixtureCoverage(ring.distribution.means, 0.01),
        "MultiscaleSimilarity": metrics.MultiscaleSimilarity,
        "ParzenLogLikelihood": metrics.ParzenLogLikelihood,
    }
    for name in sorted(names):
        if name[0].isupper():
            yield name, made.get(name, lambda name=name: getattr(metrics, name)("digits"))


@pytest.mark.parametrize(("name", "make"), every_metric())
def test_every_metric_comes_back_from_its_configuration(name, make):
    metric = make()
    config = keras.saving.serialize_keras_object(metric)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That the training samples are not in it.
        again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert again.get_config() == metric.get_config()
    assert again.result_names == metric.result_names


def test_a_network_of_ones_own_is_not_in_a_configuration_and_one_that_is_known_is():
    known = metrics.FrechetDistance(features.get("digits"))
    assert known.get_config()["features"] == "digits"
    own = metrics.FrechetDistance(features.Extractor("own", lambda images: images))
    with pytest.warns(UserWarning, match="had `features` of your own"):
        again = metrics.FrechetDistance.from_config(own.get_config())
    again.update_state(REAL_IMAGES, FAKE_IMAGES)
    assert again.name == "frechet_distance_own"
    assert np.isnan(again.result())


def test_features_that_cannot_be_downloaded_leave_a_metric_empty(monkeypatch):
    def fails():
        raise ConnectionError("no network")

    monkeypatch.setitem(features.ALL, "inception_v3", fails)
    config = {"features": "inception_v3", "num_samples": 100, "name": "frechet_distance_x"}
    with pytest.warns(UserWarning, match="has no features .no network"):
        metric = metrics.FrechetDistance.from_config(config)
    assert np.isnan(metric.result())


def test_samples_that_are_not_finite_give_nan_and_end_nothing():
    metric = metrics.FrechetDistance("raw")
    assert np.isnan(taken(metric, fake=np.full_like(FAKE_IMAGES, np.nan)))
    metric.reset_state()
    assert np.isfinite(taken(metric))


def test_the_spread_is_about_the_samples_own_mean():
    means = np.array([[0.0, 0.0], [10.0, 0.0]])
    points = np.repeat(means, 50, axis=0)
    shifted = metrics.mixture_coverage(points + 0.1, means, 0.1)
    assert shifted.spread == pytest.approx(0, abs=1e-9)
    spread = points + 0.1 * normal(100, 2)
    assert metrics.mixture_coverage(spread, means, 0.1).spread == pytest.approx(0.98, abs=0.1)


def test_the_kernel_distance_of_small_sets_has_an_error():
    found = metrics.kernel_distance(normal(60, 3), normal(60, 3, seed=1), num_subsets=20)
    assert found.error > 1e-3


def test_far_too_few_samples_for_a_frechet_distance_are_refused():
    with pytest.raises(ValueError, match="at least a tenth as many samples as features"):
        metrics.frechet_distance(normal(12, 200), normal(12, 200, seed=1))


def test_distances_in_chunks_are_those_of_all_at_once(monkeypatch):
    x, y = normal(30, 5).astype("float32"), normal(40, 5, seed=1)
    expected = np.square(x[:, None].astype("float64") - y[None]).sum(axis=-1)
    monkeypatch.setattr(distances, "CHUNK", 37)
    found = np.concatenate([part for _, part in distances.squared(x, y)])
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_metrics_of_one_network_have_it_look_once():
    seen = []

    def looked(images):
        seen.append(images.shape)
        return keras.ops.mean(images, axis=1)

    own = features.Extractor("own", looked)
    measures = [metrics.FrechetDistance(own), metrics.PrecisionRecall(own)]
    counts = []
    for some in (measures[:1], measures):
        gan = players.gan(metrics=some)
        seen.clear()
        gan.evaluate(players.dataset(num_samples=32, batch_size=32), verbose=0)
        counts.append(len(seen))
    assert counts[0] == counts[1] > 0
