import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan import augmentation

IMAGES = np.random.default_rng(0).uniform(-1, 1, (64, 16, 12, 3)).astype("float32")


def test_without_training_nothing_changes():
    np.testing.assert_array_equal(augmentation.DiffAugment()(IMAGES, training=False), IMAGES)


@pytest.mark.parametrize("policies", [("color",), ("translation",), ("cutout",)])
def test_a_strength_of_zero_changes_nothing(policies):
    augment = augmentation.DiffAugment(policies, strength=0.0)
    np.testing.assert_allclose(augment(IMAGES, training=True), IMAGES, atol=1e-6)


def test_colour_changes_brightness_saturation_and_contrast_within_their_bounds():
    augment = augmentation.DiffAugment(("color",), seed=0)
    levels = augment(np.zeros_like(IMAGES), training=True).numpy()
    assert np.ptp(levels, axis=(1, 2, 3)).max() < 1e-6  # A flat image stays flat.
    brightness = levels[:, 0, 0, 0]
    assert np.abs(brightness).max() <= 0.5
    assert brightness.std() == pytest.approx(0.5 / np.sqrt(3), rel=0.2)
    grey = np.repeat(IMAGES[..., :1], 3, axis=-1)
    changed = augment(grey, training=True).numpy()
    np.testing.assert_allclose(changed[..., 0], changed[..., 2], atol=1e-6)  # Grey stays grey.
    contrast = changed.std(axis=(1, 2, 3)) / grey.std(axis=(1, 2, 3))
    assert contrast.min() >= 0.5 - 1e-4
    assert contrast.max() <= 1.5 + 1e-4


def test_translation_moves_by_whole_pixels_and_zeros_move_in():
    augment = augmentation.DiffAugment(("translation",), seed=0)
    moved = augment(IMAGES, training=True).numpy()
    shifts = set()
    for before, after in zip(IMAGES, moved, strict=True):
        padded = np.pad(before, ((2, 2), (2, 2), (0, 0)))
        fits = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(padded[2 - down : 18 - down, 2 - right : 14 - right], after)
        ]
        assert len(fits) == 1
        shifts |= set(fits)
    assert len(shifts) > 10
    assert {down for down, _ in shifts} == {right for _, right in shifts} == {-2, -1, 0, 1, 2}


def test_cutout_greys_out_a_rectangle_of_half_the_sides():
    augment = augmentation.DiffAugment(("cutout",), seed=0)
    cut = augment(np.ones_like(IMAGES), training=True).numpy()
    assert set(np.unique(cut)) == {0.0, 1.0}
    holes = 1 - cut[..., 0]
    heights, widths = holes.max(axis=2).sum(axis=1), holes.max(axis=1).sum(axis=1)
    np.testing.assert_array_equal(holes.sum(axis=(1, 2)), heights * widths)
    assert heights.max() == 8
    assert widths.max() == 6
    assert heights.min() >= 4  # A center at the border cuts half of it.


@pytest.mark.parametrize("size", [8, 9])
def test_the_hole_is_as_often_above_as_below(size):
    augment = augmentation.DiffAugment(("cutout",), seed=0)
    cut = augment(np.ones((20_000, size, size, 1), "float32"), training=True).numpy()
    share = 1 - cut[:, :, :, 0].mean(axis=(0, 2))
    np.testing.assert_allclose(share, share[::-1], atol=0.015)
    assert share.max() > share.min() + 0.03


@pytest.mark.parametrize(("size", "furthest"), [(4, 1), (8, 1), (20, 3), (28, 4), (36, 5)])
def test_translation_goes_as_far_as_an_eighth_rounded_up_from_a_half(size, furthest):
    augment = augmentation.DiffAugment(("translation",), seed=0)
    image = np.zeros((300, size, size, 1), "float32")
    image[:, size // 2] = 1
    rows = augment(image, training=True).numpy().max(axis=(2, 3)).argmax(axis=1) - size // 2
    assert set(rows) == set(range(-furthest, furthest + 1))


@pytest.mark.parametrize("training", [True])
def test_the_gradient_reaches_the_images_and_their_gradient(training):
    images = tf.constant(IMAGES[:4])
    augment = augmentation.DiffAugment(seed=0)
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as inner:
            inner.watch(images)
            total = tf.reduce_sum(augment(images, training=training) ** 3)
        gradient = inner.gradient(total, images)
        norm = tf.reduce_sum(gradient**2)
    assert np.abs(gradient).max() > 0
    assert np.abs(outer.gradient(norm, images)).max() > 0


def test_real_and_generated_samples_get_random_numbers_of_their_own():
    augment = augmentation.DiffAugment(("color",), seed=0)
    first, second = (augment(IMAGES, training=True).numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    assert len({image.tobytes() for image in first}) == len(first)


@pytest.mark.slow
def test_a_game_with_augmentation_resumes_exactly_from_its_file(tmp_path):
    gan = players.linear(augmentation="diff_augment", penalties=["r1"])
    gan.fit(players.dataset(), epochs=1, verbose=0)
    gan.save(tmp_path / "gan.keras")
    gan.fit(players.dataset(), epochs=1, verbose=0)
    again = keras.models.load_model(tmp_path / "gan.keras")
    assert isinstance(again.augmentation, augmentation.DiffAugment)
    again.fit(players.dataset(), epochs=1, verbose=0)
    assert players.same(players.digest(gan), players.digest(again))


def test_augmentation_changes_the_game_and_not_its_evaluation():
    plain, augmented = players.linear(), players.linear(augmentation="diff_augment")
    for gan in (plain, augmented):
        gan.fit(players.dataset(), verbose=0)
    assert not players.same(players.digest(plain), players.digest(augmented))
    augmented.set_weights([*plain.get_weights(), *augmented.get_weights()[len(plain.weights) :]])
    logs = [gan.evaluate(players.dataset(), verbose=0) for gan in (plain, augmented)]
    assert logs[0] == logs[1]


def test_the_strength_follows_its_schedule():
    schedule = keras.optimizers.schedules.PolynomialDecay(0.0, 8, 1.0)
    augment = augmentation.DiffAugment(strength=schedule)
    gan = players.linear(augmentation=augment)
    assert augment.weights[0].numpy() == 0.0
    gan.fit(players.dataset(), epochs=2, verbose=0)
    assert augment.weights[0].numpy() == pytest.approx(float(schedule(7)))


def test_a_schedule_counts_inside_other_layers_too():
    schedule = keras.optimizers.schedules.PolynomialDecay(0.0, 8, 1.0)
    augment = augmentation.DiffAugment(strength=schedule)
    several = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.RandomFlip(), augment])
    gan = players.linear(augmentation=several)
    gan.fit(players.dataset(), verbose=0)
    assert augment.weights[0].numpy() == pytest.approx(float(schedule(3)))


@pytest.mark.usefixtures("_xla")
def test_a_layer_that_xla_cannot_compile_turns_it_off():
    layer = keras.layers.RandomTranslation(0.1, 0.1)
    assert not layer.supports_jit
    with pytest.warns(UserWarning, match="jit_compile"):
        gan = players.linear(augmentation=layer, jit_compile=True)
    assert not gan.jit_compile
    assert players.linear(jit_compile=True).jit_compile


def test_a_layer_of_keras_works():
    layer = keras.layers.RandomTranslation(0.2, 0.2, fill_mode="constant")
    games = [players.linear(augmentation=layer)]
    games.append(players.linear(augmentation=type(layer).from_config(layer.get_config())))
    for gan in games:
        gan.fit(players.dataset(), verbose=0)
    assert players.same(*map(players.digest, games))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_is_augmented_in_float32(policy):
    keras.config.set_dtype_policy(policy)
    augment = augmentation.DiffAugment()
    gan = players.linear(augmentation=augment, penalties=[kgan.penalties.R1(every=2)])
    gan.fit(players.dataset(), verbose=0)
    assert kgan.game.players.is_finite(gan)
    assert augment(IMAGES, training=True).dtype == tf.float32


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policies": ("colour",)}, "Did you mean 'color'"),
        ({"policies": "color"}, "`policies` must be a sequence"),
        ({"strength": -0.1}, "`strength` must be at least 0"),
        ({"strength": 1.5}, r"`strength` must be in \[0, 1\]"),
        ({"strength": "much"}, "`strength` must be at least 0, or a schedule"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        augmentation.DiffAugment(**arguments)


@pytest.mark.parametrize(
    ("thing", "error", "message"),
    [
        ("diffaugment", ValueError, "Did you mean 'diff_augment'"),
        (augmentation.DiffAugment, TypeError, "a name or a Keras layer"),
        (lambda images: images, TypeError, "a name or a Keras layer"),
        (keras.layers.Flatten(), ValueError, r"must keep the shape .* \(64,\) of \(8, 8, 1\)"),
        (keras.layers.Lambda(tf.stop_gradient), ValueError, "must be differentiable"),
    ],
)
def test_what_cannot_augment_is_refused_by_compile(thing, error, message):
    with pytest.raises(error, match=message):
        players.linear(augmentation=thing)


def test_points_are_not_augmented():
    generator, discriminator = (
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(size)]) for size in (2, 1)
    )
    gan = kgan.GAN(generator, discriminator)
    with pytest.raises(ValueError, match="DiffAugment is for images"):
        gan.compile(augmentation="diff_augment")


def test_opacity_is_no_colour():
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 6, 6, 4)).astype("float32")
    pictures[..., 3] = 1
    augmented = augmentation.DiffAugment(["color"], seed=0)(pictures, training=True).numpy()
    assert np.all(augmented[..., 3] == 1)
    alone = augmentation.DiffAugment(["color"], seed=0)(pictures[..., :3], training=True)
    np.testing.assert_array_equal(augmented[..., :3], alone)
