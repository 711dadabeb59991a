import csv
import math
import warnings

import keras
import numpy as np
import PIL.Image
import players
import pytest
import tensorflow as tf

import kgan


def test_sample_grid_writes_a_picture_an_epoch_and_a_film(tmp_path):
    players.gan().fit(
        players.dataset(), epochs=5, verbose=0, callbacks=[kgan.callbacks.SampleGrid(tmp_path)]
    )
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [*(f"epoch_000{i}.png" for i in range(1, 6)), "samples.gif"]
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        assert film.n_frames == 5


def test_the_grid_shows_the_same_latents_every_time_through_the_averaged_generator(tmp_path):
    gan = players.gan()
    callback = kgan.callbacks.SampleGrid(tmp_path, num_samples=9, seed=4)
    gan.fit(players.dataset(), epochs=2, verbose=0, callbacks=[callback])
    picture = kgan.images.tile(kgan.images.to_uint8(gan.generate(9, seed=4)))
    expected = kgan.images.magnify(picture, 512)[..., 0]
    with PIL.Image.open(tmp_path / "epoch_0002.png") as drawn:
        np.testing.assert_array_equal(np.asarray(drawn), expected)
    with PIL.Image.open(tmp_path / "epoch_0001.png") as earlier:
        assert np.abs(np.asarray(earlier).astype(int) - expected).max() > 0


def test_a_grid_does_not_change_training(tmp_path):
    alone, watched = players.gan(), players.gan()
    alone.fit(players.dataset(), epochs=2, verbose=0)
    callback = kgan.callbacks.SampleGrid(tmp_path)
    watched.fit(players.dataset(), epochs=2, verbose=0, callbacks=[callback])
    assert players.same(players.digest(alone), players.digest(watched))


def test_every_epochs_thins_the_pictures_and_keeps_the_last(tmp_path):
    callback = kgan.callbacks.SampleGrid(tmp_path, every_epochs=2)
    players.gan().fit(players.dataset(), epochs=5, verbose=0, callbacks=[callback])
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == ["epoch_0002.png", "epoch_0004.png", "epoch_0005.png"]


def test_the_film_counts_epochs_as_numbers(tmp_path):
    for epoch, level in [(9_999, 0), (10_000, 120), (10_001, 250)]:
        image = np.full((8, 8, 1), level, "uint8")
        kgan.images.save_png(tmp_path / f"epoch_{epoch:04d}.png", image)
    (tmp_path / "epoch_best.png").write_bytes(b"mine")
    grid = kgan.callbacks.SampleGrid(tmp_path)
    grid.on_train_begin()
    grid.on_train_end()
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        levels = [
            np.asarray(frame.convert("L")).max() for frame in PIL.ImageSequence.Iterator(film)
        ]
    assert levels == sorted(levels)
    assert len(levels) == 3


def test_the_film_goes_on_when_training_does_and_leaves_out_an_older_runs_future(tmp_path):
    gan, callback = players.gan(), kgan.callbacks.SampleGrid(tmp_path)
    gan.fit(players.dataset(), epochs=2, verbose=0, callbacks=[callback])
    gan.fit(players.dataset(), initial_epoch=2, epochs=3, verbose=0, callbacks=[callback])
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        assert film.n_frames == 3
    players.gan().fit(players.dataset(), epochs=1, verbose=0, callbacks=[callback])
    with PIL.Image.open(tmp_path / "samples.gif") as film:
        assert getattr(film, "n_frames", 1) == 1


def test_a_conditional_grid_has_a_class_a_column(tmp_path):
    gan = players.gan(3)
    callback = kgan.callbacks.SampleGrid(tmp_path, num_samples=6)
    gan.fit(players.dataset(3), verbose=0, callbacks=[callback])
    samples = gan.generate(6, [0, 1, 2, 0, 1, 2], seed=0)
    expected = kgan.images.magnify(kgan.images.tile(kgan.images.to_uint8(samples), 3), 512)
    with PIL.Image.open(tmp_path / "epoch_0001.png") as drawn:
        np.testing.assert_array_equal(np.asarray(drawn), expected[..., 0])


@pytest.mark.parametrize("size", [1, 2, 5])
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


def test_pictures_go_to_tensorboard(tmp_path):
    callback = kgan.callbacks.SampleGrid(tmp_path / "samples", log_dir=tmp_path / "logs")
    players.gan().fit(players.dataset(), verbose=0, callbacks=[callback])
    (file,) = (tmp_path / "logs").iterdir()
    events = list(tf.compat.v1.train.summary_iterator(str(file)))
    assert [value.tag for event in events for value in event.summary.value] == ["samples"]


def test_tensorboard_that_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'kgan\[tensorboard\]'"):
        kgan.callbacks.SampleGrid(tmp_path, log_dir=tmp_path)


@pytest.mark.parametrize("argument", ["every_epochs", "num_samples"])
def test_sample_grid_refuses_numbers_below_one(tmp_path, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be an integer of at least 1"):
        kgan.callbacks.SampleGrid(tmp_path, **{argument: -1})


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_terminate_on_nan_watches_both_players(player, capsys):
    gan = players.gan()
    gan.compile(**{f"{player}_optimizer": keras.optimizers.SGD(float("nan"))})
    callbacks = [kgan.callbacks.TerminateOnNaN()]
    history = gan.fit(players.dataset(), epochs=5, verbose=0, callbacks=callbacks)
    assert len(history.epoch) == 1
    assert "training stops" in capsys.readouterr().out


def test_terminate_on_nan_leaves_a_healthy_game_alone():
    callbacks = [kgan.callbacks.TerminateOnNaN()]
    gan = players.gan(penalties=["r1"])
    history = gan.fit(players.dataset(), epochs=2, verbose=0, callbacks=callbacks)
    assert len(history.epoch) == 2


def test_the_log_is_a_row_an_epoch_and_goes_on_from_any_epoch(tmp_path):
    log = kgan.callbacks.CSVLogger(tmp_path / "logs" / "log.csv")
    options = {"verbose": 0, "callbacks": [log]}
    gan = players.gan()
    history = gan.fit(players.dataset(), epochs=3, **options).history
    text = log.filename.read_text()
    header, *rows = text.splitlines()
    assert header.split(",") == ["epoch", *history]
    assert [row.split(",")[0] for row in rows] == ["0", "1", "2"]
    assert float(rows[1].split(",")[1]) == next(iter(history.values()))[1]
    later = gan.fit(players.dataset(), initial_epoch=2, epochs=4, **options).history
    after = log.filename.read_text().splitlines()
    assert after[:3] == [header, *rows[:2]]
    assert [row.split(",")[0] for row in after[3:]] == ["2", "3"]
    assert float(after[3].split(",")[1]) == next(iter(later.values()))[0]
    players.gan().fit(players.dataset(), epochs=3, **options)
    assert log.filename.read_text() == text


def test_what_only_some_epochs_have_stays_in_the_log(tmp_path):
    log = kgan.callbacks.CSVLogger(tmp_path / "log.csv")
    options = {"validation_data": players.dataset(), "validation_freq": 2}
    history = players.gan().fit(players.dataset(), epochs=3, verbose=0, callbacks=[log], **options)
    with log.filename.open(newline="") as file:
        rows = list(csv.DictReader(file))
    values = [row["val_generator_loss"] for row in rows]
    assert values == ["", str(history.history["val_generator_loss"][0]), ""]


def test_a_file_of_something_else_is_no_log_and_is_left(tmp_path):
    (tmp_path / "log.csv").write_text("name,price\ntea,3\n")
    log = kgan.callbacks.CSVLogger(tmp_path / "log.csv")
    with pytest.raises(ValueError, match=r"log\.csv, which holds something else"):
        players.gan().fit(players.dataset(), verbose=0, callbacks=[log])
    assert (tmp_path / "log.csv").read_text() == "name,price\ntea,3\n"


# The best generator

MONITOR = "val_frechet_distance_raw"


class Given(keras.callbacks.Callback):
    """Puts given values, one an epoch, in the place of the measured distance."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs[MONITOR] = self.values[epoch]


def fitted(folder, values, epochs=None, **options):
    """A GAN that was trained with a `BestGenerator`, and this."""
    gan = players.gan(metrics=[kgan.metrics.FrechetDistance("raw", num_samples=16)])
    best = kgan.callbacks.BestGenerator(folder / "best.keras", MONITOR, **options)
    backup = kgan.callbacks.BackupAndRestore(folder / "backup", every_seconds=0)
    data = players.dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # There are fewer samples than features.
        gan.fit(
            data,
            epochs=epochs or len(values),
            validation_data=data,
            callbacks=[Given(values), best, backup],
            verbose=0,
        )
    return gan, best


def steps(path):
    return int(keras.models.load_model(path).step.numpy())


@pytest.mark.parametrize(
    ("values", "mode", "epoch"),
    [
        ([3.0, 1.0, 2.0], "min", 2),
        ([3.0, 1.0, 2.0], "max", 1),
        ([math.nan, 2.0, math.nan], "min", 2),
        ([2.0, 2.0], "min", 1),
    ],
)
def test_the_best_epoch_is_kept(tmp_path, values, mode, epoch):
    _, best = fitted(tmp_path, values, mode=mode)
    assert steps(tmp_path / "best.keras") == 4 * epoch
    assert best.best == values[epoch - 1]


def test_the_best_weights_are_put_back_when_training_ends(tmp_path):
    gan, _ = fitted(tmp_path, [3.0, 1.0, 2.0], restore_best_weights=True)
    saved = keras.models.load_model(tmp_path / "best.keras")
    expected = players.weights(saved.averaged_generator)
    assert np.array_equal(players.weights(gan.averaged_generator), expected)
    assert not np.array_equal(players.weights(gan.generator), players.weights(saved.generator))


def test_a_training_that_goes_on_knows_what_was_best_before(tmp_path):
    fitted(tmp_path, [3.0, 1.0], epochs=2)
    _, best = fitted(tmp_path, [0.0, 0.0, 2.0, 1.5], epochs=4)
    assert best.best == 1.0
    assert steps(tmp_path / "best.keras") == 8


def test_a_training_that_has_ended_or_validates_no_more_knows_what_was_best(tmp_path):
    fitted(tmp_path, [3.0, 1.0], epochs=2, restore_best_weights=True)
    gan, best = fitted(tmp_path, [], epochs=2, restore_best_weights=True)
    assert best.best == 1.0
    saved = keras.models.load_model(tmp_path / "best.keras")
    expected = players.weights(saved.averaged_generator)
    assert np.array_equal(players.weights(gan.averaged_generator), expected)


def test_wrong_arguments_of_the_best_generator_are_said_to_be(tmp_path):
    with pytest.raises(ValueError, match="`mode` must be 'min' or 'max'"):
        kgan.callbacks.BestGenerator("best.keras", MONITOR, mode="auto")
    with pytest.raises(ValueError, match=r"`filepath` must end with .keras"):
        kgan.callbacks.BestGenerator("best.h5", MONITOR)
    best = kgan.callbacks.BestGenerator(tmp_path / "best.keras", "val_frechet_distance_mnist")
    with pytest.raises(ValueError, match="`monitor` must be one of discriminator_accuracy, .*"):
        players.gan().fit(players.dataset(), verbose=0, callbacks=[best])


def test_only_validated_epochs_are_looked_at_and_none_is_warned_of(tmp_path):
    gan = players.gan(metrics=[kgan.metrics.FrechetDistance("digits")])
    data = kgan.datasets.digits("test", batch_size=120)
    best = kgan.callbacks.BestGenerator(tmp_path / "best.keras", "val_frechet_distance_digits")
    options = {"validation_data": data, "validation_freq": 2}
    gan.fit(data, epochs=3, callbacks=[best], verbose=0, **options)
    assert steps(tmp_path / "best.keras") == 6
    again = kgan.callbacks.BestGenerator(tmp_path / "more.keras", "val_frechet_distance_digits")
    with pytest.warns(UserWarning, match="nothing was saved.* need `validation_data`"):
        gan.fit(data, callbacks=[again], verbose=0)


def test_keras_own_checkpoint_and_early_stopping_watch_a_distance(tmp_path):
    gan = players.gan(metrics=[kgan.metrics.FrechetDistance("digits")])
    data = kgan.datasets.digits("test", batch_size=120)
    checkpoint = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "best.keras"),
        monitor="val_frechet_distance_digits",
        mode="min",
        save_best_only=True,
    )
    stopping = keras.callbacks.EarlyStopping(
        "val_frechet_distance_digits", mode="min", patience=9, restore_best_weights=True
    )
    callbacks = [checkpoint, stopping]
    history = gan.fit(data, epochs=2, validation_data=data, callbacks=callbacks, verbose=0)
    values = history.history["val_frechet_distance_digits"]
    best = keras.models.load_model(tmp_path / "best.keras")
    assert int(best.step.numpy()) == 3 * (1 + int(np.argmin(values)))
    found = best.evaluate(data, verbose=0, return_dict=True)
    assert found["frechet_distance_digits"] == pytest.approx(min(values), rel=1e-3)
