"""The measures as Keras metrics: each is its function of all batches."""

import json
import warnings

import keras
import numpy as np
import players
import pytest
from measured import FAKE_IMAGES, REAL_IMAGES, flat, taken

import kgan
from kgan import features, metrics


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (metrics.FrechetDistance, lambda real, fake: metrics.frechet_distance(real, fake)),
        (metrics.KernelDistance, lambda real, fake: metrics.kernel_distance(real, fake).value),
        (metrics.PrecisionRecall, metrics.precision_recall),
        (metrics.DensityCoverage, metrics.density_coverage),
        pytest.param(
            metrics.TwoSampleTest,
            lambda real, fake: metrics.two_sample_test(real, fake).accuracy,
            marks=pytest.mark.slow,
        ),
        (
            metrics.PairwiseDistance,
            lambda real, fake: metrics.pairwise_distance(fake).value,
        ),
    ],
)
def test_a_metric_equals_its_function_of_all_batches(metric, expected):
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


def test_a_metric_without_samples_is_nan_and_can_be_reset():
    metric = metrics.FrechetDistance("raw")
    assert np.isnan(metric.result())
    first = taken(metric)
    metric.reset_state()
    assert np.isnan(metric.result())
    assert taken(metric, batch_size=30) == pytest.approx(first, rel=1e-6)
    pair = metrics.PrecisionRecall("raw", name="pr")
    assert list(pair.result()) == ["pr_precision", "pr_recall"]


def test_a_metric_uses_only_the_first_samples():
    metric = metrics.FrechetDistance("raw", num_samples=100)
    expected = metrics.frechet_distance(flat(REAL_IMAGES)[:100], flat(FAKE_IMAGES)[:100])
    assert taken(metric) == pytest.approx(expected, rel=1e-6)


def conditional_evaluation(**options):
    data = kgan.datasets.digits("test", with_labels=True, batch_size=120)
    gan = players.linear(num_classes=10)
    found = [
        metrics.FrechetDistance("digits"),
        metrics.PrecisionRecall("digits"),
        metrics.LabelAccuracy("digits"),
        metrics.Memorization(kgan.datasets.digits("train").samples, "digits"),
    ]
    gan.compile(**players.light(), metrics=found, **options)
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


@pytest.mark.slow
def test_measures_do_not_change_training():
    measured, data = conditional_evaluation()
    measured.fit(data, epochs=2, validation_data=data, verbose=0)
    plain = players.linear(num_classes=10)
    plain.fit(data, epochs=2, verbose=0)
    assert players.same(players.digest(measured), players.digest(plain))


@pytest.mark.slow
@pytest.mark.usefixtures("_xla")
def test_measures_under_xla():
    gan, data = conditional_evaluation(jit_compile=True)
    logs = gan.evaluate(data, verbose=0, return_dict=True)
    assert all(np.isfinite(value) for value in logs.values())


@pytest.mark.slow
def test_a_saved_gan_keeps_its_metrics_but_not_the_samples_they_saw(tmp_path):
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
def test_metrics_that_do_not_fit_are_refused_by_compile(measures, num_classes, message):
    with pytest.raises(ValueError, match=message):
        players.linear(num_classes, metrics=measures)


def test_similarity_of_points_is_refused_by_compile():
    gan = kgan.GAN(*kgan.architectures.mlp((2, 2, 1), latent_dim=3))
    with pytest.raises(ValueError, match=r"at least 7×7 pixels. Received: shape \(None, 2, 2, 1\)"):
        gan.compile(metrics=[metrics.MultiscaleSimilarity()])


@pytest.mark.filterwarnings("ignore:.*their covariance is singular")
@pytest.mark.parametrize(
    ("metric", "least"),
    [
        pytest.param(metrics.DensityCoverage(k=20), 21, marks=pytest.mark.slow),
        pytest.param(metrics.FrechetDistance("raw", num_samples=64), 10, marks=pytest.mark.slow),
        pytest.param(metrics.TwoSampleTest(), 20, marks=pytest.mark.slow),
        (metrics.ParzenLogLikelihood(), 100),
    ],
    ids=lambda value: getattr(value, "measure", None),
)
def test_too_little_validation_data_is_refused_before_training(metric, least):
    gan = players.linear(metrics=[metric])
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
    names = set(metrics.__all__) - {"SampleMetric", "UtilityResult"}
    made = {
        "Memorization": lambda: metrics.Memorization(REAL_IMAGES),
        "MixtureCoverage": lambda: metrics.MixtureCoverage(ring.distribution.means, 0.01),
        "MultiscaleSimilarity": metrics.MultiscaleSimilarity,
        "ParzenLogLikelihood": metrics.ParzenLogLikelihood,
    }
    for name in sorted(names):
        if name[0].isupper():
            yield name, made.get(name, lambda name=name: getattr(metrics, name)("digits"))


@pytest.mark.parametrize(("name", "make"), list(every_metric()))
def test_every_metric_comes_back_from_its_configuration(name, make):
    metric = make()
    config = keras.saving.serialize_keras_object(metric)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That the training samples are not in it.
        again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert again.get_config() == metric.get_config()
    assert again.result_names == metric.result_names


def test_a_configuration_names_known_networks_and_omits_custom_ones():
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


def test_samples_that_are_not_finite_give_nan_and_do_not_stop_training():
    metric = metrics.FrechetDistance("raw")
    assert np.isnan(taken(metric, fake=np.full_like(FAKE_IMAGES, np.nan)))
    metric.reset_state()
    assert np.isfinite(taken(metric))


def test_metrics_that_share_a_network_run_it_once():
    seen = []

    def looked(images):
        seen.append(images.shape)
        return keras.ops.mean(images, axis=1)

    own = features.Extractor("own", looked)
    measures = [metrics.FrechetDistance(own), metrics.PrecisionRecall(own)]
    counts = []
    for some in (measures[:1], measures):
        gan = players.linear(metrics=some)
        seen.clear()
        gan.evaluate(players.dataset(num_samples=32, batch_size=32), verbose=0)
        counts.append(len(seen))
    assert counts[0] == counts[1] > 0
