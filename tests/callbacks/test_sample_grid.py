import math
import types

import keras
import numpy as np
import PIL.Image
import players
import pytest
import tensorflow as tf
import trainings

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


@pytest.mark.parametrize("argument", ["every_epochs", "every_steps", "num_samples", "most"])
def test_sample_grid_refuses_numbers_below_one(tmp_path, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be an integer of at least 1"):
        kgan.callbacks.SampleGrid(tmp_path, **{argument: -1})


def test_sample_grid_refuses_one_picture_and_two_intervals(tmp_path):
    with pytest.raises(ValueError, match="`most` must be at least 2.* None for no limit"):
        kgan.callbacks.SampleGrid(tmp_path, most=1)
    with pytest.raises(ValueError, match="give one of them. Received: every_epochs=2, every_steps"):
        kgan.callbacks.SampleGrid(tmp_path, every_epochs=2, every_steps=3)


def _positions(folder):
    """The epochs or steps of the pictures in a folder, in order."""
    return sorted(int(path.stem.split("_")[1]) for path in folder.glob("*_*.png"))


def _step(gan, callback, first, steps, at_once=1):
    """Plays the hooks of one epoch, without a training: `steps` batches, from batch `first` on."""
    callback.on_epoch_begin(0)
    for batch in range(first, first + steps, at_once):
        callback.on_train_batch_begin(batch)
        gan.step.assign_add(min(at_once, first + steps - batch))
    callback.on_epoch_end(0)


@pytest.fixture
def watched(tmp_path):
    """A function that makes a grid of a GAN that stands at a step, and draws nothing but ink."""

    def watch(step=0, **options):
        gan = types.SimpleNamespace(step=keras.Variable(step, dtype="int64"), is_chief=True)
        grid = kgan.callbacks.SampleGrid(tmp_path, **options)
        grid.set_model(gan)
        grid.draw = lambda title: kgan.images.encode_png(np.zeros((2, 2, 1)))
        grid.on_train_begin()
        return gan, grid

    return watch


@pytest.mark.parametrize(
    ("at_once", "expected"),
    [(1, [10, 20, 30, 33]), (4, [12, 20, 32, 33]), (16, [16, 32, 33]), (40, [33])],
)
def test_pictures_by_steps_come_at_the_first_execution_that_reaches_them(
    tmp_path, watched, at_once, expected
):
    gan, grid = watched(every_steps=10)
    _step(gan, grid, 0, 33, at_once)
    grid.on_train_end()
    assert _positions(tmp_path) == expected
    assert (tmp_path / f"step_{expected[0]:06d}.png").exists()


@pytest.mark.parametrize("kill", [20, 25, 29])
def test_pictures_by_steps_do_not_know_of_an_interruption(tmp_path, watched, kill):
    gan, grid = watched(every_steps=10)
    _step(gan, grid, 0, kill)
    (tmp_path / "step_000020.png").unlink()  # The backup at step 20 was faster than its picture.
    gan, grid = watched(step=20, every_steps=10)
    _step(gan, grid, 20, 13)
    grid.on_train_end()
    assert _positions(tmp_path) == [10, 20, 30, 33]
    gan, grid = watched(step=33, every_steps=10)
    grid.on_train_end()  # Nothing is left to train.
    _step(gan, grid, 0, 17)
    assert _positions(tmp_path) == [10, 20, 30, 33, 40, 50]


def test_a_gan_that_has_been_trained_before_has_no_picture_of_its_first_step(tmp_path, watched):
    gan, grid = watched(step=1005, every_steps=10, most=3)
    _step(gan, grid, 0, 20)
    assert _positions(tmp_path) == [1010, 1020]


@pytest.mark.parametrize(
    ("options", "last", "expected"),
    [
        ({"most": 5}, 5, [1, 2, 3, 4, 5]),
        ({"most": 5}, 6, [1, 2, 4, 6]),
        ({"most": 5}, 7, [1, 2, 4, 6, 7]),
        ({"most": 5}, 9, [1, 4, 8, 9]),
        ({"most": 2}, 100, [1, 100]),
        ({"most": 5, "every_epochs": 3}, 18, [3, 6, 12, 18]),
        ({"most": None}, 9, [*range(1, 10)]),
    ],
)
def test_pictures_are_thinned_out_but_for_the_first_and_the_latest(
    tmp_path, watched, options, last, expected
):
    _, grid = watched(**options)
    for epoch in range(last):
        grid.on_epoch_end(epoch)
        assert len(_positions(tmp_path)) <= (grid.most or last)
    grid.on_train_end()
    assert _positions(tmp_path) == expected
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        assert getattr(film, "n_frames", 1) >= 1


@pytest.mark.parametrize("resumed", range(1, 23, 3))
def test_an_interrupted_training_leaves_the_pictures_of_an_undisturbed_one(
    tmp_path, watched, resumed
):
    _, grid = watched(most=5)
    for epoch in range(23):
        grid.on_epoch_end(epoch)
    undisturbed = _positions(tmp_path)
    _, grid = watched(most=5)  # A new game.
    for epoch in range(22):
        grid.on_epoch_end(epoch)
    _, grid = watched(step=1, most=5)
    for epoch in range(resumed, 23):
        grid.on_epoch_end(epoch)
    assert _positions(tmp_path) == undisturbed


def test_many_pictures_of_an_older_run_are_thinned_out_too(tmp_path, watched):
    _, grid = watched(most=None)
    for epoch in range(20):
        grid.on_epoch_end(epoch)
    _, grid = watched(step=1, most=6)
    for epoch in range(20, 24):
        grid.on_epoch_end(epoch)
    assert _positions(tmp_path) == [1, 8, 16, 24]


def test_a_new_game_removes_pictures_of_both_names(tmp_path, watched):
    for name in ("epoch_0002.png", "step_000002.png", "samples.gif", "step_best.png"):
        (tmp_path / name).write_bytes(b"old")
    watched()
    assert [path.name for path in tmp_path.iterdir()] == ["step_best.png"]


@pytest.mark.parametrize("at_once", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_pictures_by_steps_of_a_training(tmp_path, at_once):
    gan = players.linear(steps_per_execution=at_once)
    callback = kgan.callbacks.SampleGrid(tmp_path, every_steps=3, num_samples=4)
    gan.fit(players.dataset(), epochs=2, verbose=0, callbacks=[callback])
    assert _positions(tmp_path) == ([3, 6, 8] if at_once == 1 else [4, 6, 8])
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        assert film.n_frames == 3


@pytest.mark.slow
def test_pictures_by_steps_do_not_change_training_and_survive_a_kill(tmp_path):
    def grid(folder):
        return kgan.callbacks.SampleGrid(tmp_path / folder / "samples", every_steps=3)

    whole = trainings.game()
    history = trainings.train(whole, tmp_path / "whole", grid("whole"))
    assert trainings.same((whole, history), trainings.uninterrupted())
    trainings.killed(trainings.game(), tmp_path / "killed", 6, grid("killed"))
    trainings.train(trainings.game(), tmp_path / "killed", grid("killed"))
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name / "samples").iterdir()}
        for name in ("whole", "killed")
    )
    assert first == second
    assert _positions(tmp_path / "whole" / "samples") == [3, 6, 9, 12]


@pytest.mark.parametrize(
    ("shape", "num_samples"),
    [((8, 6, 4), 66), ((4, 6, 6, 1), 9), pytest.param((12, 2), 18, marks=pytest.mark.slow)],
)
def test_samples_of_every_shape_have_one_class_per_column(tmp_path, shape, num_samples):
    latents, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()([latents, keras.layers.Embedding(3, 2)(labels)])
    x = keras.layers.Reshape(shape)(keras.layers.Dense(math.prod(shape), "tanh")(x))
    generator = keras.Model([latents, labels], x)

    def generate(number, labels, seed):
        return generator.predict([np.zeros((number, 2)), labels], verbose=0)

    grid = kgan.callbacks.SampleGrid(tmp_path)
    grid.set_model(
        types.SimpleNamespace(averaged_generator=generator, num_classes=3, generate=generate)
    )
    expected = generate(num_samples, np.arange(num_samples) % 3, 0)
    assert grid.draw() == kgan.plots.picture(expected, columns=3)
