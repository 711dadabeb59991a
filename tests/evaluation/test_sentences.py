from kgan.evaluation import sentences


def test_a_difference_within_the_errors_does_not_count():
    assert "no better" in sentences.two_sample(0.54, 0.5, noise=0.05)
    assert "sometimes" in sentences.two_sample(0.54, 0.5, noise=0.01)
