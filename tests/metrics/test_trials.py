import numpy as np

from kgan.metrics import trials


def test_images_are_flipped_left_to_right_and_shifted_a_sixteenth_with_their_edges():
    rows, columns = np.meshgrid(np.arange(32), np.arange(32), indexing="ij")
    images = np.stack([rows, columns], axis=-1)[None].repeat(400, axis=0)
    moved = trials.flipped_and_shifted(images, np.random.default_rng(0))
    down, right = moved[:, 9, 9, 0] - 9, moved[:, 9, 9, 1]
    is_flipped = moved[:, 0, 20, 1] < moved[:, 0, 10, 1]
    assert 0.4 < is_flipped.mean() < 0.6
    right = np.where(is_flipped, right - 22, right - 9)
    assert set(down) == set(right) == {-2, -1, 0, 1, 2}
    wanted = np.clip(np.arange(32) + down[:, None], 0, 31)
    assert np.array_equal(moved[:, :, 5, 0], wanted)
    assert moved.min() == 0
    assert moved.max() == 31


def test_small_images_are_shifted_by_a_pixel():
    images = np.arange(8)[None, :, None, None].repeat(200, axis=0).repeat(8, axis=2)
    moved = trials.flipped_and_shifted(images, np.random.default_rng(0))
    assert set(moved[:, 4, 0, 0]) == {3, 4, 5}
