import math

import keras
import numpy as np
import players
import pytest
import tensorflow as tf
from trainings import Kill

import kgan
from kgan.callbacks import equilibrium_stopping
from kgan.diagnosis import Exam, Examiner

NUM_SAMPLES = 300


def points(seed, number=NUM_SAMPLES):
    return np.random.default_rng(seed).normal(size=(number, 2)).astype("float32")


def game(kernel, num_classes=None):
    """A game of points in which nobody learns: G multiplies its latents with a number."""
    latents = keras.Input((2,))
    layer = keras.layers.Dense(2, keras.activations.linear, kernel_initializer="identity")
    generator = keras.Model(latents, layer(latents))
    layer.kernel.assign(kernel * np.eye(2))
    samples = keras.Input((2,))
    discriminator = keras.Model(samples, keras.layers.Dense(1)(samples))
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return gan


def widening(gan):
    """Before the exam of each epoch, makes the averaged generator as wide as its number."""

    def widen(epoch, logs):
        gan.averaged_generator.set_weights([(epoch + 1) * np.eye(2), np.zeros(2)])

    return keras.callbacks.LambdaCallback(on_epoch_end=widen)


def fit(gan, stopping, epochs=6, data=None, **options):
    data = points(0) if data is None else data
    return gan.fit(data, epochs=epochs, batch_size=50, callbacks=[stopping], verbose=0, **options)


def stops(held_out=None, **options):
    options = {"min_samples": NUM_SAMPLES // 2, "every_epochs": 1, **options}
    return kgan.callbacks.EquilibriumStopping(held_out, **options)


def test_a_generator_that_draws_the_data_is_at_equilibrium(capsys):
    gan, stopping = game(1.0), stops(points(1))
    history = fit(gan, stopping, epochs=12)
    assert stopping.reason == "equilibrium"
    passed = [exam.is_passed for exam in stopping.exams]
    assert passed[-2:] == [True, True]
    assert len(passed) >= 3
    step = 6 * len(history.epoch)
    assert stopping.exams[-1].step == step < 6 * 12
    assert f"Equilibrium after {step} steps" in capsys.readouterr().out


@pytest.mark.parametrize(
    "kernel",
    [pytest.param(0.0, id="collapsed"), pytest.param(3.0, id="too wide", marks=pytest.mark.slow)],
)
def test_a_weak_discriminator_does_not_make_an_equilibrium(kernel, capsys):
    gan, stopping = game(kernel), stops(points(1), patience=3)
    gan.discriminator.set_weights([np.zeros((2, 1)), np.zeros(1)])
    assert gan.discriminate(points(0)).tolist() == [0.5] * NUM_SAMPLES  # It is confused.
    fit(gan, stopping)
    assert stopping.reason == "no_progress"
    assert "No progress in 3 exams: the distance to held-out data" in capsys.readouterr().out


@pytest.fixture
def given(monkeypatch):
    """A function that makes exams have these distances; none of them is passed."""
    examined = []

    def set_distances(distances, error=0.1):
        left, nan = iter(distances), math.nan
        errors = iter(error if isinstance(error, list) else [error] * len(distances))

        def measure(self, samples, step=0):
            if len(samples) == self.few_samples:  # They show nothing.
                return Exam(step, nan, nan, nan, nan, nan, nan, math.inf, 0.0)
            examined.append((samples, self._all_training))
            return Exam(step, nan, nan, nan, nan, nan, nan, next(left), next(errors))

        def classify(self, exam, samples):
            return exam._replace(accuracy=1.0, most=0.5)

        monkeypatch.setattr(Examiner, "measure", measure)
        monkeypatch.setattr(Examiner, "classify", classify)
        return examined

    return set_distances


@pytest.mark.parametrize(
    ("distances", "number", "best"),
    [
        ([9, 8, 7, 6, 5, 4], 6, 6),  # It gets better to the end.
        ([9, 5, 4.95, 4.95, 4.93, 1], 5, 5),  # By less than the error, three times.
        ([9, 5, 6, 4, 7, 8, 6, 1], 7, 4),
        ([5, 4.95, 4.9, 4.85, 4.8, 4.75], 6, 6),  # Slowly, but by more than it, all in all.
        ([math.inf, math.inf, math.inf, 1], 3, 1),
    ],
)
def test_training_ends_when_the_distance_stays_where_it_is(given, distances, number, best):
    gan, stopping = game(1.0), stops(patience=3)
    given(distances)
    data = points(0)
    callbacks = [widening(gan), stopping]
    gan.fit(data, epochs=len(distances), batch_size=50, callbacks=callbacks, verbose=0)
    assert len(stopping.exams) == number
    assert stopping.reason == ("no_progress" if number < len(distances) else None)
    width = gan.averaged_generator.get_weights()[0][0, 0]
    # A training that was not stopped keeps the latest weights, so that it can be continued.
    assert width == (best if stopping.reason else number)


def test_the_distance_falls_by_the_error_of_the_difference(given):
    given([5, 4.6, 4.5, 4.5], error=[0.4, 0.1, 0.1, 0.1])  # By 0.4, and 0.5, of 0.41.
    stopping = stops(patience=2)
    fit(game(1.0), stopping, epochs=4)
    assert stopping.reason is None
    given([5, 4.6, 4.61, 4.5], error=[0.4, 0.1, 0.1, 0.1])
    fit(game(1.0), stopping, epochs=4)
    assert (stopping.reason, len(stopping.exams)) == ("no_progress", 3)


def test_a_surer_exam_is_the_best_of_two_that_are_about_as_good(given):
    gan, stopping = game(1.0), stops(patience=2)
    given([5, 4, 4.1, 4.2], error=[0.1, 0.8, 0.1, 0.1])
    callbacks = [widening(gan), stopping]
    gan.fit(points(0), epochs=4, batch_size=50, callbacks=callbacks, verbose=0)
    assert stopping.reason == "no_progress"
    assert gan.averaged_generator.get_weights()[0][0, 0] == 3


@pytest.mark.parametrize(("epochs", "expected"), [(3, [1, 2, 3]), (11, [3, 6, 9])])
def test_a_training_has_a_certain_number_of_exams(given, monkeypatch, epochs, expected):
    monkeypatch.setattr(equilibrium_stopping, "NUM_EXAMS", 5)
    given([3, 2, 1, *[1] * 99])
    stopping = stops(every_epochs=None, patience=50)
    fit(game(1.0), stopping, epochs=epochs)
    assert [exam.step // 6 for exam in stopping.exams][:3] == expected
    assert stopping.exams[-1].step == 6 * epochs


@pytest.mark.parametrize(
    ("distances", "number"),
    [
        ([3, 3, 3, 3, 3, 3, 3, 3], 6),  # The first is progress.
        ([6, 5, 4, 3, 2, 2, 2, 2, 2, 2], 10),
        ([6, 5, 4, 3, 2, 1], 6),
    ],
)
def test_there_is_no_equilibrium_while_the_distance_falls(given, monkeypatch, distances, number):
    given(distances)
    monkeypatch.setattr(Exam, "is_passed", True)
    stopping = stops(patience=9)
    fit(game(1.0), stopping, epochs=len(distances))
    assert len(stopping.exams) == number
    assert stopping.reason == (None if distances[-1] == 1 else "equilibrium")


def test_classifiers_are_asked_once_the_distance_has_stopped_falling(given):
    given([6, 5, 4, 4, 4, 3, 3, 3])
    stopping = stops(patience=3)
    fit(game(1.0), stopping, epochs=8)
    asked = [not math.isnan(exam.accuracy) for exam in stopping.exams]
    assert asked == [False, False, False, False, True, False, False, True]


def test_an_exam_is_short_while_the_distance_clearly_falls(monkeypatch):
    distances, numbers, nan = [9.0, 8.0, 7.6, 7.9, 2.0], [], math.nan  # The third by 1.4 errors.

    def measure(self, samples, step=0):
        numbers.append(len(samples) // self.few_samples)
        return Exam(step, nan, nan, nan, nan, nan, nan, distances[step // 6 - 1], 0.2)

    monkeypatch.setattr(Examiner, "measure", measure)
    fit(game(1.0), stops(patience=9), epochs=5)
    assert numbers == [1, 1, 1, 4, 1, 4, 1]


def test_a_killed_training_stops_where_it_would_have_with_the_same_weights(tmp_path, given):
    data = kgan.datasets.from_arrays(points(0), batch_size=50)

    def train(distances, *more):
        given(distances)
        gan, stopping = game(1.0), stops(patience=3)
        callbacks = [widening(gan), stopping, *more]
        gan.fit(data, epochs=9, callbacks=callbacks, verbose=0)
        return gan, stopping

    def backup():
        return kgan.callbacks.BackupAndRestore(tmp_path, every_seconds=0)

    whole, expected = train([5, 4, math.inf, 4, 4])
    with pytest.raises(KeyboardInterrupt):
        train([5, 4, math.inf], Kill(20), backup())  # In the fourth epoch.
    for _ in range(2):  # The second time it has been stopped already.
        gan, resumed = train([4, 4, 4, 4], backup())
        assert resumed.reason == expected.reason == "no_progress"
        assert str(resumed.exams[:5]) == str(expected.exams)  # NaN is no NaN.
        assert gan.averaged_generator.get_weights()[0][0, 0] == 2
    assert whole.averaged_generator.get_weights()[0][0, 0] == 2


def test_a_second_training_has_exams_of_its_own(given, capsys):
    gan, stopping = game(1.0), stops()
    given([5, 4, 3, 2])
    fit(gan, stopping, epochs=2)
    fit(gan, stopping, epochs=2)
    assert [exam.distance for exam in stopping.exams] == [3, 2]
    assert stopping.reason is None
    assert "ended before there was a reason to stop it" in capsys.readouterr().out


@pytest.mark.parametrize("is_kgan", [True, False])
def test_samples_are_examined_without_their_labels(given, is_kgan):
    examined = given([1])
    data = players.dataset(10, num_samples=128)
    batches = data if is_kgan else tf.data.Dataset.from_tensors((data.samples, data.labels))
    gan = kgan.GAN(*players.networks(10), seed=0)
    gan.compile()
    stopping = kgan.callbacks.EquilibriumStopping(
        (players.images(rows=100), np.zeros(100)), min_samples=64, every_epochs=1
    )
    gan.fit(batches, epochs=1, callbacks=[stopping], verbose=0)
    (samples, training), *others = examined
    assert samples.shape == (4 * 128, 8, 8, 1)
    assert not others
    np.testing.assert_array_equal(training, data.samples)


def test_few_training_samples_are_said_to_hide_differences(given):
    given([1])
    with pytest.warns(UserWarning, match="300 training samples.*fewer than min_samples=1,000"):
        fit(game(1.0), stops(min_samples=1000), epochs=1)


def test_held_out_data_of_another_scale_is_said_to_be_so():
    with pytest.warns(UserWarning, match=r"can almost always tell `held_out` from training"):
        fit(game(1.0), stops(100 + 9 * points(1)), epochs=1)


@pytest.mark.parametrize("kind", ["kgan", "array", "stream", "repeated", "batches"])
def test_training_data_comes_in_several_forms_and_is_seen_once(given, kind):
    examined = given([1])
    array = points(0)
    stream = tf.data.Dataset.from_tensor_slices(array)
    data = {
        "array": array,
        "kgan": kgan.datasets.from_arrays(array, batch_size=50),
        "stream": stream.batch(50),
        "repeated": stream.repeat().batch(50),
        "batches": players.Batches(array),
    }[kind]
    steps = 12 if kind == "repeated" else None
    game(1.0).fit(data, epochs=1, steps_per_epoch=steps, callbacks=[stops()], verbose=0)
    ((_, training),) = examined
    np.testing.assert_array_equal(training, array)


def test_other_data_is_refused_before_training():
    batches = (points(0) for _ in range(2))
    gan = game(1.0)
    with pytest.raises(ValueError, match=r"must look at training samples.*Received: Peeked"):
        gan.fit(batches, epochs=1, callbacks=[stops()], verbose=0)
    assert gan.step.numpy() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patience": 0}, "`patience` must be an integer of at least 1"),
        ({"every_epochs": 0}, "`every_epochs` must be"),
        ({"min_samples": 39}, "`min_samples` must be at least 40"),
        ({"seed": -3.5}, "`seed` must be"),
        ({"held_out": points(1, number=99)}, r"at least 100 samples.*\(99, 2\)"),
        ({"held_out": points(1) * np.nan}, "`held_out` must be finite"),
        ({"held_out": "digits"}, "`held_out` must be at least 100 samples"),
        ({"held_out": np.zeros((100, 2), "uint8")}, "from_arrays scales bytes. Received: uint8"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        stops(**options)


def test_features_of_other_samples_and_too_few_samples_are_refused_before_training():
    gan = game(1.0)
    with pytest.raises(ValueError, match=r"'digits' are of samples of 8×8×1.*Received.*2"):
        fit(gan, stops(features="digits"))
    with pytest.raises(ValueError, match="at least 40 samples: a classifier learns from half"):
        fit(gan, stops(min_samples=40), data=points(0, number=39), epochs=1)
    assert gan.step.numpy() == 0


def test_held_out_samples_of_another_shape_are_refused_before_training():
    gan = game(1.0)
    with pytest.raises(ValueError, match=r"of shape \(2,\), as the generator.*\(3,\)"):
        fit(gan, stops(np.zeros((100, 3))))
    assert gan.step.numpy() == 0
