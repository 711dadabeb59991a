import numpy as np
from measured import normal

from kgan.metrics import small_classifier


def test_a_learner_returns_to_any_of_its_states():
    learner = small_classifier.Learner((3,), 2, num_updates=4)
    samples, labels = normal(8, 3).astype("float32"), np.arange(8, dtype="int32") % 2
    learner.restart(5)
    fresh = learner.state
    learner.update(samples, labels)
    once = learner.state
    assert any((a != b).any() for a, b in zip(fresh, once, strict=True))
    learner.update(samples, labels)
    learner.state = fresh
    learner.update(samples, labels)
    for value, expected in zip(learner.state, once, strict=True):
        np.testing.assert_array_equal(value, expected)
    learner.restart(5)
    for value, expected in zip(learner.state, fresh, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_only_the_kernels_of_a_restarted_classifier_are_not_zero():
    classifier = small_classifier.network((8, 8, 1), 3)
    small_classifier.restart(classifier, small_classifier.adamw(classifier, 10), seed=0)
    for weight in classifier.weights:
        assert (np.abs(weight.numpy()).max() > 0) == (weight.name == "kernel")
