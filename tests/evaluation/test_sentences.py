from kgan.evaluation import sentences


def test_a_difference_within_the_errors_does_not_count():
    assert "no better" in sentences.two_sample(0.54, 0.5, noise=0.05)
    assert "sometimes" in sentences.two_sample(0.54, 0.5, noise=0.01)


def test_sentences_about_utility_say_what_was_trained_on():
    assert "generated samples alone: 78.0 %; on real ones 81.0 %" in sentences.utility_generated(
        0.78, 0.81, noise=0.0
    )
    assert "none generated: 83.0 %" in sentences.utility_augmented(0.83, 0.81, noise=0.0)
