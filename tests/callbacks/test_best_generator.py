import math
import warnings

import keras
import numpy as np
import players
import pytest

import kgan

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
    gan = players.linear(metrics=[kgan.metrics.FrechetDistance("raw", num_samples=16)])
    best = kgan.callbacks.BestGenerator(folder / "best.keras", MONITOR, **options)
    backup = kgan.callbacks.BackupAndRestore(folder / "backup")
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
        pytest.param([math.nan, 2.0, math.nan], "min", 2, marks=pytest.mark.slow),
        pytest.param([3.0, 1.0, 2.0], "max", 1, marks=pytest.mark.slow),
        pytest.param([2.0, 2.0], "min", 1, marks=pytest.mark.slow),
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


@pytest.mark.slow
def test_a_resumed_training_remembers_the_best_value(tmp_path):
    fitted(tmp_path, [3.0, 1.0], epochs=2)
    _, best = fitted(tmp_path, [0.0, 0.0, 2.0, 1.5], epochs=4)
    assert best.best == 1.0
    assert steps(tmp_path / "best.keras") == 8


@pytest.mark.slow
def test_a_finished_training_restores_the_best_weights(tmp_path):
    fitted(tmp_path, [3.0, 1.0], epochs=2, restore_best_weights=True)
    gan, best = fitted(tmp_path, [], epochs=2, restore_best_weights=True)
    assert best.best == 1.0
    saved = keras.models.load_model(tmp_path / "best.keras")
    expected = players.weights(saved.averaged_generator)
    assert np.array_equal(players.weights(gan.averaged_generator), expected)


def test_wrong_arguments_of_the_best_generator_are_refused(tmp_path):
    with pytest.raises(ValueError, match="`mode` must be 'min' or 'max'"):
        kgan.callbacks.BestGenerator("best.keras", MONITOR, mode="auto")
    with pytest.raises(ValueError, match=r"`filepath` must end with .keras"):
        kgan.callbacks.BestGenerator("best.h5", MONITOR)
    best = kgan.callbacks.BestGenerator(tmp_path / "best.keras", "val_frechet_distance_mnist")
    with pytest.raises(ValueError, match="`monitor` must be one of discriminator_accuracy, .*"):
        players.linear().fit(players.dataset(), verbose=0, callbacks=[best])


def test_only_validated_epochs_count_and_a_training_without_any_is_warned_about(tmp_path):
    gan = players.linear(metrics=[kgan.metrics.FrechetDistance("digits")])
    data = kgan.datasets.digits("test", batch_size=120)
    best = kgan.callbacks.BestGenerator(tmp_path / "best.keras", "val_frechet_distance_digits")
    options = {"validation_data": data, "validation_freq": 2}
    gan.fit(data, epochs=3, callbacks=[best], verbose=0, **options)
    assert steps(tmp_path / "best.keras") == 6
    again = kgan.callbacks.BestGenerator(tmp_path / "more.keras", "val_frechet_distance_digits")
    with pytest.warns(UserWarning, match="nothing was saved.* need `validation_data`"):
        gan.fit(data, callbacks=[again], verbose=0)


@pytest.mark.slow
def test_checkpoint_and_early_stopping_of_keras_can_monitor_a_distance(tmp_path):
    gan = players.linear(metrics=[kgan.metrics.FrechetDistance("digits")])
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
