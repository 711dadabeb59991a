import types

import keras
import numpy as np
import PIL.Image
import players
import pytest
import tensorflow as tf

import kgan


def test_sample_grid_writes_one_picture_per_epoch_and_a_film(tmp_path):
    players.linear().fit(
        players.dataset(), epochs=5, verbose=0, callbacks=[kgan.callbacks.SampleGrid(tmp_path)]
    )
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [*(f"epoch_000{i}.png" for i in range(1, 6)), "samples.gif"]
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        assert film.n_frames == 5


def test_the_grid_shows_the_same_latents_every_time_through_the_averaged_generator(tmp_path):
    gan = players.linear()
    callback = kgan.callbacks.SampleGrid(tmp_path, num_samples=9, seed=4)
    gan.fit(players.dataset(), epochs=2, verbose=0, callbacks=[callback])
    picture = kgan.images.tile(kgan.images.to_uint8(gan.generate(9, seed=4)))
    expected = kgan.images.magnify(picture, 512)[..., 0]
    with PIL.Image.open(tmp_path / "epoch_0002.png") as drawn:
        np.testing.assert_array_equal(np.asarray(drawn), expected)
    with PIL.Image.open(tmp_path / "epoch_0001.png") as earlier:
        assert np.abs(np.asarray(earlier).astype(int) - expected).max() > 0


def test_a_grid_does_not_change_training(tmp_path):
    gan, callback = players.gan(), kgan.callbacks.SampleGrid(tmp_path)
    gan.fit(players.dataset(), epochs=2, verbose=0, callbacks=[callback])
    assert players.same(players.digest(gan), players.undisturbed())


def test_every_epochs_skips_pictures_but_not_the_last(tmp_path):
    callback = kgan.callbacks.SampleGrid(tmp_path, every_epochs=2)
    players.linear().fit(players.dataset(), epochs=5, verbose=0, callbacks=[callback])
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == ["epoch_0002.png", "epoch_0004.png", "epoch_0005.png"]


def test_the_film_counts_epochs_as_numbers(tmp_path):
    for epoch, level in [(9_999, 0), (10_000, 120), (10_001, 250)]:
        image = np.full((8, 8, 1), level, "uint8")
        kgan.images.save_png(tmp_path / f"epoch_{epoch:04d}.png", image)
    (tmp_path / "epoch_best.png").write_bytes(b"mine")
    grid = kgan.callbacks.SampleGrid(tmp_path)
    grid.set_model(types.SimpleNamespace(step=keras.Variable(1), is_chief=True))
    grid.on_train_begin()
    grid.on_train_end()
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        levels = [
            np.asarray(frame.convert("L")).max() for frame in PIL.ImageSequence.Iterator(film)
        ]
    assert levels == sorted(levels)
    assert len(levels) == 3


@pytest.mark.slow
def test_the_film_continues_with_training_and_omits_pictures_of_a_longer_earlier_run(tmp_path):
    gan, callback = players.linear(), kgan.callbacks.SampleGrid(tmp_path)
    gan.fit(players.dataset(), epochs=2, verbose=0, callbacks=[callback])
    gan.fit(players.dataset(), initial_epoch=2, epochs=3, verbose=0, callbacks=[callback])
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        assert film.n_frames == 3
    (tmp_path / "epoch_best.png").write_bytes(b"mine")
    players.linear().fit(players.dataset(), epochs=1, verbose=0, callbacks=[callback])
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        assert getattr(film, "n_frames", 1) == 1
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["epoch_0001.png", "epoch_best.png", "samples.gif"]


def test_a_conditional_grid_has_one_class_per_column(tmp_path):
    gan = players.linear(3)
    callback = kgan.callbacks.SampleGrid(tmp_path, num_samples=6)
    gan.fit(players.dataset(3), verbose=0, callbacks=[callback])
    samples = gan.generate(6, [0, 1, 2, 0, 1, 2], seed=0)
    expected = kgan.images.magnify(kgan.images.tile(kgan.images.to_uint8(samples), 3), 512)
    with PIL.Image.open(tmp_path / "epoch_0001.png") as drawn:
        np.testing.assert_array_equal(np.asarray(drawn), expected[..., 0])


@pytest.mark.parametrize(
    "size", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(5, marks=pytest.mark.slow)]
)
def test_points_and_vectors_become_figures_beside_the_data(tmp_path, size):
    networks = kgan.architectures.mlp(
        size, 2, generator_units=(4,), discriminator_units=(4,), output_activation="linear"
    )
    gan = kgan.GAN(*networks)
    gan.compile()
    data = np.random.default_rng(0).normal(size=(64, size)).astype("float32")
    callback = kgan.callbacks.SampleGrid(tmp_path, real_samples=data)
    gan.fit(data, verbose=0, callbacks=[callback])
    with PIL.Image.open(tmp_path / "epoch_0001.png") as figure:
        assert min(figure.size) > 200


@pytest.mark.slow
def test_pictures_go_to_tensorboard(tmp_path):
    callback = kgan.callbacks.SampleGrid(tmp_path / "samples", log_dir=tmp_path / "logs")
    players.linear().fit(players.dataset(), verbose=0, callbacks=[callback])
    (file,) = (tmp_path / "logs").iterdir()
    events = list(tf.compat.v1.train.summary_iterator(str(file)))
    assert [value.tag for event in events for value in event.summary.value] == ["samples"]


def test_tensorboard_that_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        kgan.callbacks.SampleGrid(tmp_path, log_dir=tmp_path)


@pytest.mark.parametrize("argument", ["every_epochs", "num_samples"])
def test_sample_grid_refuses_numbers_below_one(tmp_path, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be an integer of at least 1"):
        kgan.callbacks.SampleGrid(tmp_path, **{argument: -1})
