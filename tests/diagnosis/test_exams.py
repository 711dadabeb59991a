"""Exams of generators, by samples whose quality is known."""

import json
import math

import numpy as np
import pytest

from kgan.diagnosis import Exam, Examiner, exams
from kgan.resumption import states

NUM_SAMPLES = 400


def normal(seed, mean=0.0, number=NUM_SAMPLES):
    return np.random.default_rng(seed).normal(mean, 1.0, (number, 2)).astype("float32")


@pytest.fixture(scope="module")
def examiner():
    return Examiner(normal(0, number=1000), normal(1), NUM_SAMPLES)


def test_samples_of_the_same_distribution_pass(examiner):
    passed = [examiner.examine(normal(seed), seed).is_passed for seed in range(10, 15)]
    assert sum(passed) >= 4
    exam = examiner.examine(normal(10), step=7)
    assert exam.step == 7
    assert abs(exam.distance) < 4 * exam.error
    assert 0.45 < exam.most < 0.6


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(normal(2, mean=1.0), id="elsewhere"),
        pytest.param(np.zeros((NUM_SAMPLES, 2), "float32"), id="collapsed"),
        pytest.param(np.abs(normal(3)) * [1, -1], id="a quarter of the data"),
        pytest.param(np.full((NUM_SAMPLES, 2), np.nan, "float32"), id="not finite"),
        pytest.param(1e22 * normal(4), id="diverged"),
    ],
)
def test_other_samples_do_not(examiner, samples):
    exam = examiner.examine(samples)
    assert not exam.is_passed
    assert not exam.memorizes
    assert exam.accuracy > 0.6
    assert exam.distance > examiner.examine(normal(4)).distance + 0.1
    assert math.isnan(exam.memorization_ratio)


def test_copies_do_not_and_are_called_so(examiner):
    training = normal(0, number=1000)
    exam = examiner.examine(training[np.random.default_rng(0).permutation(1000)[:NUM_SAMPLES]])
    assert exam.memorization_ratio < 0.05
    assert exam.memorizes
    assert not exam.is_passed


def test_without_held_out_data_copies_go_unnoticed():
    training = normal(0, number=1000)
    exam = Examiner(training, None, NUM_SAMPLES).examine(training[:NUM_SAMPLES])
    assert exam.is_passed
    assert not exam.memorizes
    assert math.isnan(exam.held_out_most)


def test_what_counts_as_guessing_is_measured_on_real_data():
    other = Examiner(normal(0, number=1000), normal(1, mean=1.0), NUM_SAMPLES)
    exam = other.examine(normal(5))
    assert exam.most < 0.6 < exam.held_out_most
    # Real samples are nearer to training data than such held-out data is.
    assert exam.memorization_ratio < 0.9
    assert exam.is_passed


def test_an_exam_has_two_parts(examiner):
    samples = normal(10)
    exam = examiner.measure(samples, step=7)
    assert math.isnan(exam.accuracy)
    assert not exam.is_passed
    assert examiner.classify(exam, samples) == examiner.examine(samples, step=7)


def test_an_exam_takes_no_more_samples_than_there_are():
    assert Examiner(normal(0, number=60), None, NUM_SAMPLES).num_samples == 4 * 60


def test_the_energy_distance_of_two_normal_distributions_is_the_known_one():
    # In one dimension E|x - y| is sqrt(4/π) exp(-m²/4) + m erf(m/2) for means that are m apart.
    m = 1.5
    far = math.sqrt(4 / math.pi) * math.exp(-(m**2) / 4) + m * math.erf(m / 2)
    expected = 2 * far - 2 * math.sqrt(4 / math.pi)
    x, y = (normal(seed, mean, 4000)[:, :1] for seed, mean in ((0, 0.0), (1, m)))
    found = exams.energy_distance(x, y)
    assert abs(found.value - expected) < 4 * found.error < 0.2
    assert found.num_samples == 4000


def test_an_examination_changes_no_random_number_of_the_program(examiner):
    before = np.random.get_state()[1].copy()
    examiner.examine(normal(6))
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_an_exam_outlives_its_process(examiner):
    exam = examiner.examine(np.full((4, 2), np.nan, "float32"), step=3)
    packed, arrays = states.pack({"Callback": {"exams": [list(exam)]}})
    (values,) = states.unpack(json.loads(json.dumps(packed)), arrays)["Callback"]["exams"]
    assert str(Exam(*values)) == str(exam)  # NaN is no NaN.


def test_held_out_data_that_is_trained_on_is_refused():
    training = normal(0, number=1000)
    with pytest.raises(ValueError, match="nobody trains on.*at least half is in the training"):
        Examiner(training, training[:300], NUM_SAMPLES)


@pytest.mark.parametrize("name", ["training", "held_out"])
def test_too_few_samples_are_refused(name):
    sets = {"training": normal(0), "held_out": normal(1)} | {name: normal(2, number=39)}
    with pytest.raises(ValueError, match=f"`{name}` must have at least 40 samples.*39"):
        Examiner(**sets, num_samples=100)
