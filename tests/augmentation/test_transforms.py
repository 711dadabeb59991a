import numpy as np
import tensorflow as tf

from kgan.augmentation import transforms

IMAGES = np.random.default_rng(0).uniform(-1, 1, (6, 5, 8, 3)).astype("float32")
SQUARE = IMAGES[:, :, :5]


def matrices(*rows):
    return np.repeat(np.array([rows], "float32"), len(IMAGES), axis=0)


def shifts(down, right):
    return np.repeat(np.array([[down, right]], "float32"), len(IMAGES), axis=0)


def test_the_identity_changes_nothing():
    same = transforms.resample(IMAGES, matrices([1, 0], [0, 1]), shifts(0, 0))
    np.testing.assert_array_equal(same, IMAGES)


def test_a_flip_and_a_quarter_turn_move_whole_pixels():
    flipped = transforms.resample(IMAGES, matrices([1, 0], [0, -1]), shifts(0, 0))
    np.testing.assert_array_equal(flipped, IMAGES[:, :, ::-1])
    turned = transforms.resample(SQUARE, matrices([0, 1], [-1, 0]), shifts(0, 0))
    np.testing.assert_array_equal(turned, np.rot90(SQUARE, 1, axes=(1, 2)))


def test_what_moves_in_is_the_mirror_image():
    moved = transforms.resample(IMAGES, matrices([1, 0], [0, 1]), shifts(2, -3)).numpy()
    padded = np.pad(IMAGES, ((0, 0), (0, 2), (3, 0), (0, 0)), mode="symmetric")
    np.testing.assert_array_equal(moved, padded[:, 2:, :8])


def test_between_pixels_the_value_is_interpolated():
    moved = transforms.resample(IMAGES, matrices([1, 0], [0, 1]), shifts(0, 0.25)).numpy()
    expected = 0.75 * IMAGES[:, :, :-1] + 0.25 * IMAGES[:, :, 1:]
    np.testing.assert_allclose(moved[:, :, :-1], expected, atol=1e-6)


def test_resampling_is_linear_and_its_gradient_is_the_transpose():
    random = np.random.default_rng(1)
    some, other = (random.normal(size=IMAGES.shape).astype("float32") for _ in range(2))
    turn = matrices([0.8, -0.6], [0.6, 0.8])
    some = tf.constant(some)
    with tf.GradientTape() as tape:
        tape.watch(some)
        inner = tf.reduce_sum(transforms.resample(some, turn, shifts(0.3, 0.7)) * other)
    gradient = tape.gradient(inner, some)
    np.testing.assert_allclose(tf.reduce_sum(gradient * some), inner, rtol=1e-4)


def test_a_sequence_is_flipped_and_shifted_along_one_axis():
    flip, shift = np.arange(6) % 2 == 1, np.array([0, 0, 2, 2, -1, -1], "int32")
    moved = transforms.move(IMAGES, 2, flip, shift).numpy()
    np.testing.assert_array_equal(moved[0], IMAGES[0])
    np.testing.assert_array_equal(moved[1], IMAGES[1][:, ::-1])
    np.testing.assert_array_equal(moved[2][:, :-2], IMAGES[2][:, 2:])
    np.testing.assert_array_equal(moved[2][:, -2:], IMAGES[2][:, :-3:-1])


def test_a_volume_can_be_moved_along_each_axis():
    volumes = IMAGES[..., None]
    for axis in (1, 2, 3):
        moved = transforms.move(volumes, axis, np.ones(6, bool), np.zeros(6, "int32"))
        np.testing.assert_array_equal(moved, np.flip(volumes, axis))


def test_colours_turn_around_grey_and_grey_stays():
    def change(contrast=1.0, invert=False, hue=0.0, saturation=1.0):
        arguments = [contrast], [invert], [hue], [saturation]
        return transforms.color_matrices(
            *(np.array(one) for one in arguments[:1]), *(tf.constant(one) for one in arguments[1:])
        )[0].numpy()

    grey = np.ones(3)
    np.testing.assert_allclose(change(), np.eye(3), atol=1e-6)
    np.testing.assert_allclose(change(hue=1.0) @ grey, grey, atol=1e-6)
    np.testing.assert_allclose(change(hue=2 * np.pi / 3), np.eye(3)[[2, 0, 1]], atol=1e-6)
    np.testing.assert_allclose(change(saturation=0.0), np.full((3, 3), 1 / 3), atol=1e-6)
    np.testing.assert_allclose(change(invert=True) @ grey, -grey, atol=1e-6)
    np.testing.assert_allclose(change(contrast=1.5), 1.5 * np.eye(3), atol=1e-6)


def test_transparency_keeps_its_values():
    images = np.concatenate([IMAGES, IMAGES[..., :1]], axis=-1)
    changed = transforms.recolor(images, np.zeros((6, 3, 3), "float32"), np.ones(6, "float32"))
    np.testing.assert_array_equal(changed[..., :3], np.ones_like(IMAGES))
    np.testing.assert_array_equal(changed[..., 3], images[..., 3])
