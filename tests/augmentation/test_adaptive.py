import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan.augmentation import Adaptive
from kgan.game.replicas import Share

IMAGES = np.random.default_rng(0).uniform(-1, 1, (64, 12, 12, 3)).astype("float32")
FOUR = Share(0, 4, 4)


def answer(augment, real, fake=-1.0, threshold=0.0, held_out=None):
    """Four steps in which D gives these logits."""
    for step in range(4):
        augment.begin_step(step)
        logits = [np.full((4, 1), value, "float32") for value in (real, fake)]
        augment.observe(
            *logits, threshold, FOUR, lambda *some: np.full((4, 1), held_out, "float32")
        )
    augment.begin_step(4)
    return float(augment.p)


def test_without_training_or_probability_nothing_changes():
    np.testing.assert_array_equal(Adaptive(probability=0.7)(IMAGES, training=False), IMAGES)
    np.testing.assert_allclose(Adaptive()(IMAGES, training=True), IMAGES, atol=1e-6)


def test_each_transform_is_applied_with_the_probability():
    images = np.repeat(IMAGES, 10, axis=0)
    augmented = Adaptive(("color",), probability=0.1, seed=0)(images, training=True).numpy()
    changed = np.abs(augmented - images).max(axis=(1, 2, 3)) > 1e-5
    # Brightness, contrast, hue, saturation; an inversion only in one of two cases.
    assert changed.mean() == pytest.approx(1 - 0.9**4 * 0.95, abs=0.06)


@pytest.mark.parametrize("name", ["flip", "rotate90", "translate", "scale", "rotate", "color"])
def test_every_transform_of_images_does_something_and_is_differentiable_twice(name):
    augment = Adaptive((name,), probability=1.0, seed=0)
    images = tf.constant(IMAGES[:8])
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as tape:
            tape.watch(images)
            augmented = augment(images, training=True)
            energy = tf.reduce_sum(augmented**3)
        gradient = tape.gradient(energy, images)
    assert np.abs(augmented - images).max() > 0.01
    assert np.abs(outer.gradient(gradient, images)).max() > 0


@pytest.mark.parametrize("shape", [(16, 2), (8, 9, 10, 1)])
def test_sequences_and_volumes_are_flipped_and_shifted(shape):
    samples = np.random.default_rng(0).normal(size=(32, *shape)).astype("float32")
    augmented = Adaptive(probability=1.0, seed=0)(samples, training=True).numpy()
    assert augmented.shape == samples.shape
    assert np.isin(augmented, samples).all()
    moved = np.abs(augmented - samples).reshape(32, -1).max(axis=1) > 0
    assert moved.mean() > 0.8  # Not all: a shift may be one by 0 places.


def test_a_turn_of_a_rectangle_is_half_a_turn():
    augment = Adaptive(("rotate90",), probability=1.0, seed=0)
    images = IMAGES[:, :8]
    for before, after in zip(images, augment(images, training=True).numpy(), strict=True):
        assert any(np.array_equal(after, one) for one in (before, before[::-1, ::-1]))


def test_p_rises_while_d_is_too_sure_of_real_samples_and_falls_when_it_is_not():
    augment = Adaptive(images_to_full=160)
    assert answer(augment, real=1.0) == pytest.approx(0.1)  # 16 of 160 images.
    assert answer(augment, real=1.0) == pytest.approx(0.2)
    assert answer(augment, real=-1.0) == pytest.approx(0.1)
    assert answer(augment, real=0.4, threshold=0.5) == pytest.approx(0.0)
    assert answer(augment, real=-1.0) == 0.0
    assert answer(Adaptive(images_to_full=16, most=0.3), real=1.0) == pytest.approx(0.3)


def test_held_out_samples_show_whether_d_knows_the_data_by_heart():
    augment = Adaptive(images_to_full=160, held_out=IMAGES)
    assert answer(augment, real=1.0, fake=-1.0, held_out=-0.5) == pytest.approx(0.1)
    assert answer(augment, real=1.0, fake=-1.0, held_out=0.5) == pytest.approx(0.0)


def test_logits_without_a_sign_make_p_rise_to_the_end_of_the_schedule():
    augment = Adaptive(images_to_full=160)
    for _ in range(20):
        answer(augment, real=5.0, threshold=None)
    assert float(augment.p) == pytest.approx(0.6)


def test_a_schedule_is_followed_and_nothing_else():
    schedule = keras.optimizers.schedules.PolynomialDecay(0.0, 10, 0.5)
    augment = Adaptive(probability=schedule)
    assert answer(augment, real=1.0) == pytest.approx(0.2)
    again = Adaptive.from_config(augment.get_config())
    again.begin_step(10)
    assert float(again.p) == pytest.approx(0.5)


def game(**arguments):
    augment = Adaptive(("color",), images_to_full=100, **arguments)  # A small graph.
    return players.linear(augmentation=augment)


def test_p_is_logged_saved_and_resumed(tmp_path):
    whole, part = game(initial=0.3), game(initial=0.3)
    log = whole.fit(players.dataset(), epochs=4, verbose=0).history
    assert log["augmentation_probability"][-1] != pytest.approx(0.3)
    part.fit(players.dataset(), epochs=2, verbose=0)
    part.save(tmp_path / "gan.keras")
    resumed = keras.models.load_model(tmp_path / "gan.keras")
    resumed.fit(players.dataset(), epochs=2, verbose=0)
    assert float(resumed.augmentation.p) == float(whole.augmentation.p)
    assert players.same(players.digest(resumed), players.digest(whole))


def test_a_game_looks_at_held_out_samples_of_the_batch_s_classes():
    held_out = players.images(rows=20), np.arange(20) % 3
    gan = players.linear(num_classes=3, augmentation=Adaptive(("color",), held_out=held_out))
    gan.fit(players.dataset(num_classes=3), epochs=1, verbose=0)
    assert np.isfinite(gan.augmentation.p.numpy())


def test_held_out_samples_have_labels_where_the_networks_take_them():
    samples = players.images(rows=20)
    with pytest.raises(ValueError, match="must have labels, as a pair.* 20 samples without"):
        players.linear(num_classes=3, augmentation=Adaptive(held_out=samples))
    with pytest.raises(ValueError, match="must have no labels.* 20 samples with labels"):
        players.linear(augmentation=Adaptive(held_out=(samples, np.zeros(20, int))))
    with pytest.raises(ValueError, match=r"must be in 0\.\.2"):
        players.linear(num_classes=3, augmentation=Adaptive(held_out=[samples, np.arange(20)]))
    held_out = players.dataset(num_classes=3)
    gan = players.linear(num_classes=3, augmentation=Adaptive(held_out=held_out))
    assert len(gan.augmentation.held_out[1]) == held_out.num_samples


@pytest.mark.parametrize("shape", [(4,), (2,)])
def test_points_and_vectors_are_refused_when_the_game_is_compiled(shape):
    sizes = {"generator_units": (4,), "discriminator_units": (4,), "maxout_pieces": 2}
    gan = kgan.GAN(*kgan.architectures.mlp(shape, 4, **sizes))
    with pytest.raises(ValueError, match="for images, sequences and volumes.*Leave `augment"):
        gan.compile(augmentation="adaptive")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"transforms": "flip"}, "must be a sequence"),
        ({"transforms": ("flipp",)}, "Did you mean 'flip'"),
        ({"target": 1.0}, r"in \(0, 1\)"),
        ({"images_to_full": 0}, "at least 1"),
        ({"probability": 1.5}, "`probability` must be"),
        ({"initial": -0.1}, r"`initial` must be in \[0, 1\]"),
        ({"most": 2}, r"`most` must be in \[0, 1\]"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Adaptive(**arguments)


def test_held_out_samples_of_another_shape_and_foreign_transforms_are_refused():
    for nothing in (3, "x", np.zeros((0, 8, 8, 3)), np.full((4, 8, 8, 3), np.nan)):
        with pytest.raises(ValueError, match="`held_out` must be (samples|finite)"):
            Adaptive(held_out=nothing)
    with pytest.raises(ValueError, match=r"`held_out` must hold samples of shape \(12, 12, 3\)"):
        Adaptive(held_out=IMAGES[:, :8])(IMAGES)
    with pytest.raises(ValueError, match="must be among flip, translate. Received: 'color'"):
        Adaptive(("color",))(IMAGES[:, 0])
