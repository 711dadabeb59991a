import numpy as np
import pytest
import tensorflow as tf
from measured import normal

from kgan import metrics


def test_the_pairwise_distance_is_a_double_loop():
    samples = normal(30, 5)
    pairs = [np.linalg.norm(a - b) for i, a in enumerate(samples) for b in samples[:i]]
    assert metrics.pairwise_distance(samples).value == pytest.approx(np.mean(pairs), rel=1e-9)
    assert metrics.pairwise_distance(np.ones((30, 5))).value == 0


def test_the_error_of_the_pairwise_distance_matches_its_spread():
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
