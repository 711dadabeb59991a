import math

import keras
import numpy as np
import players
import pytest
from evaluations import TEST, TRAIN, gan_that_draws

import kgan
from kgan import evaluation, images, plots
from kgan.evaluation import pictures
from kgan.metrics import distances


def test_interpolations_begin_and_end_at_samples():
    gan = players.linear()
    ends = gan.generate(6, seed=3)
    for kind in ("linear", "spherical"):
        between = evaluation.interpolate(gan, 3, 5, kind=kind, seed=3)
        assert between.shape == (15, 8, 8, 1)
        np.testing.assert_allclose(between[::5], ends[:3], atol=1e-5)
        np.testing.assert_allclose(between[4::5], ends[3:], atol=1e-5)
    conditional = players.linear(num_classes=3)
    between = evaluation.interpolate(conditional, 2, 4, labels=[2, 1], seed=3)
    expected = conditional.generate(4, [2, 1, 2, 1], seed=3)
    np.testing.assert_allclose(between[[0, 4, 3, 7]], expected, atol=1e-5)
    with pytest.raises(ValueError, match="must be 'linear' or 'spherical'"):
        evaluation.interpolate(gan, 2, 2, kind="straight")


def test_the_pictures_show_the_nearest_training_samples(tmp_path):
    gan = gan_that_draws(TRAIN.samples[:40])
    paths = evaluation.draw(gan, TRAIN, TEST, tmp_path)
    names = ["nearest.png", "nearest_pairs.png", "interpolation.png"]
    assert [path.name for path in paths] == names
    picture = np.asarray(images.load(paths[0]).convert("L"), "int")
    third = picture.shape[1] // 3
    generated, nearest = (picture[60:, i * third + 20 : i * third + third - 20] for i in (1, 2))
    assert generated.std() > 30
    # Each sample is a training image: beside itself, up to where the panel begins.
    assert min(np.abs(np.roll(nearest, i, axis=1) - generated).mean() for i in range(-9, 10)) < 20


def test_copies_of_a_picture_that_is_there_twice_are_among_the_nearest():
    random = np.random.default_rng(0)
    known = random.uniform(-1, 1, (30, 16))
    known[1] = known[0]
    samples = random.uniform(-1, 1, (20, 16))
    samples[7] = known[0] + 0.01
    indices, away = distances.nearest(samples, known)
    assert np.argmin(away / pictures._loneliness(known, indices)) == 7


def test_one_copy_of_each_image_comes_before_further_ones():
    order, indices = np.array([4, 0, 3, 1, 2]), np.array([7, 7, 5, 9, 7])
    np.testing.assert_array_equal(pictures._different_first(order, indices), [4, 3, 2, 0, 1])


def _generator(shape):
    latents = keras.Input((2,))
    x = keras.layers.Dense(math.prod(shape), "tanh")(latents)
    discriminator = keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    return kgan.GAN(keras.Model(latents, keras.layers.Reshape(shape)(x)), discriminator, seed=0)


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((3, 4, 5, 1), ["nearest.png", "nearest_pairs.png", "interpolation.png"]),
        pytest.param((6, 2), ["samples.png"], marks=pytest.mark.slow),
    ],
)
def test_volumes_are_shown_as_slices_and_sequences_as_lines(tmp_path, shape, names, monkeypatch):
    panels = []
    monkeypatch.setattr(plots, "grids", lambda given, **options: panels.append(given))
    monkeypatch.setattr(plots, "save", lambda path, figure, dpi: None)
    samples = np.random.default_rng(0).uniform(-1, 1, (50, *shape)).astype("float32")
    dataset = kgan.datasets.from_arrays(samples, value_range=(-1, 1), batch_size=10)
    gan = _generator(shape)
    paths = evaluation.draw(gan, dataset, None, tmp_path, num_samples=5)
    assert [path.name for path in paths] == names
    for shown in panels:
        assert {np.shape(strips)[1:] for strips in shown.values()} == {(3 * 4 + 2, 5, 1)}
    if len(shape) == 2:
        some = samples[np.random.default_rng(0).permutation(50)[:5]]
        expected = plots.picture(gan.generate(1000, seed=0)[:5], some)
        assert paths[0].read_bytes() == expected
