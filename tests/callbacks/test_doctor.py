import csv

import keras
import numpy as np
import players
import pytest
import tensorflow as tf
from trainings import Kill

import kgan
from kgan.callbacks import Doctor
from kgan.diagnosis import Reading

NUM_SAMPLES = 300


def points(seed=0, number=NUM_SAMPLES):
    return np.random.default_rng(seed).normal(size=(number, 2)).astype("float32")


def game(kernel=1.0):
    """A game of points in which nobody learns: G multiplies its latents with a number."""
    keras.utils.set_random_seed(1)
    latents, samples = keras.Input((2,)), keras.Input((2,))
    layer = keras.layers.Dense(2, kernel_initializer="identity")
    generator = keras.Model(latents, layer(latents))
    layer.set_weights([kernel * np.eye(2), np.zeros(2)])
    gan = kgan.GAN(generator, keras.Model(samples, keras.layers.Dense(1)(samples)), seed=0)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return gan


def fit(gan, *callbacks, data=None, epochs=5, **options):
    data = points() if data is None else data
    options = {"verbose": 0, "batch_size": 20} | options
    return gan.fit(data, epochs=epochs, callbacks=list(callbacks), **options)


def test_of_a_healthy_game_nothing_is_said(capsys):
    doctor = Doctor(points(1), every_steps=2)
    fit(game(), doctor)
    assert doctor.symptoms == []
    assert capsys.readouterr().out == ""
    assert [reading.step for reading in doctor.readings] == list(range(0, 75, 2))


def test_what_is_wrong_is_said_once_when_it_begins_and_once_when_it_is_over(capsys):
    def recover(epoch, logs):
        if epoch == 2:
            gan.generator.layers[-1].kernel.assign(np.eye(2))

    gan, doctor = game(0.0), Doctor(points(1), every_steps=2)
    history = fit(gan, doctor, keras.callbacks.LambdaCallback(on_epoch_end=recover)).history
    assert [symptom.name for symptom in doctor.symptoms] == ["mode_collapse"]
    said = capsys.readouterr().out
    assert said.count("All samples are alike") == 1
    assert said.count("Step 20, mode collapse since step 16: All samples are alike") == 1
    assert said.count("mode collapse, which began at step 16, is over.") == 1
    assert history["symptom_mode_collapse"] == [1.0, 1.0, 0.0, 0.0]
    assert "at the end" not in said


def test_what_lasts_is_said_again_at_the_end(capsys):
    fit(game(0.0), Doctor(every_steps=2))
    said = capsys.readouterr().out.strip()
    assert said.endswith("sick at the end of this training: mode collapse since step 16.")


def test_a_training_that_had_ended_already_is_not_called_short(tmp_path, capsys):
    for _ in range(2):  # The second restores what the first one left.
        doctor = Doctor(every_steps=2)
        fit(game(0.0), doctor, kgan.callbacks.BackupAndRestore(tmp_path))
    assert len(doctor.readings) > 11
    assert "too short" not in capsys.readouterr().out


def test_a_doctor_is_for_a_game():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(TypeError, match="Doctor is for a kgan.GAN"):
        model.fit(points(), np.zeros(NUM_SAMPLES), callbacks=[Doctor()], verbose=0)


def test_a_doctor_keeps_labels_for_the_next_game():
    images = players.images(rows=200) + np.random.default_rng(0).normal(size=(200, 8, 8, 1)) / 9
    held_out = images[100:].astype("float32"), np.arange(100) % 3
    doctor = Doctor(held_out, every_steps=1)
    for num_classes in (None, 3):
        labels = {"y": np.arange(100) % 3} if num_classes else {}
        gan = players.linear(num_classes=num_classes)
        fit(gan, doctor, data=images[:100].clip(-1, 1), epochs=2, **labels)
    assert np.isfinite(doctor.readings[0].label_margin)


def test_a_training_that_is_too_short_is_not_judged(capsys):
    doctor = Doctor()
    fit(game(0.0), doctor, epochs=13)
    fit(game(0.0), Doctor(every_steps=30), epochs=13)
    said = capsys.readouterr().out
    assert doctor.readings == []
    assert "too short for the doctor: it has 195 steps, and the doctor needs 200." in said
    assert "195 steps, and with every_steps=30 the doctor needs 300." in said
    stop = keras.callbacks.EarlyStopping("generator_loss", baseline=-1e9, mode="min")
    fit(game(0.0), doctor, stop, epochs=14)
    assert "the doctor needs 11 readings, and had 2" in capsys.readouterr().out


def test_risks_are_said_before_the_first_step_and_not_again(capsys):
    gan, doctor = game(), Doctor()
    gan.compile(keras.optimizers.Adam(1e-4, 0.5), keras.optimizers.Adam(1e-2, 0.5))
    fit(gan, doctor, data=points(number=200), epochs=1)
    assert [risk.names[0] for risk in doctor.risks] == [
        "discriminator_won",
        "discriminator_overfits",
    ]
    assert capsys.readouterr().out.count("Risk: ") == 2
    fit(gan, doctor, data=points(number=200), epochs=2, initial_epoch=1)
    assert len(doctor.risks) == 2
    assert "Risk: " not in capsys.readouterr().out


def test_how_a_game_begins_is_a_risk_only_before_its_first_step(capsys):
    gan, doctor = game(0.0), Doctor(every_steps=2)
    fit(gan, doctor)
    said = capsys.readouterr().out
    assert said.index("G may not look at its latents") < said.index("mode collapse since")
    assert said.count("Check that G uses its latents") == 2  # For the symptom, too.
    fit(gan, doctor)
    assert doctor.risks == []


def test_findings_are_columns_of_the_log(tmp_path):
    doctor = Doctor(every_steps=3)
    fit(game(0.0), doctor, kgan.callbacks.CSVLogger(tmp_path / "log.csv"))
    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    assert [row["symptom_mode_collapse"] for row in rows] == ["", "1.0", "1.0", "1.0", "1.0"]


def test_readings_are_no_nearer_than_twenty_steps():
    doctor = Doctor()
    fit(game(), doctor, epochs=15)
    assert [reading.step for reading in doctor.readings] == list(range(0, 225, 20))
    fit(game(), doctor, epochs=13)  # 195 steps: too few readings to tell anything.
    assert doctor.readings == []


def test_a_long_training_is_read_36_times_half_of_them_in_its_first_third():
    gan, doctor = game(), Doctor()
    doctor.set_model(gan)
    doctor.set_params({"epochs": 100, "steps": 300})
    gan.training_data = points()
    gan.step.assign(1000)  # It has been trained before.
    doctor.on_train_begin()
    for step in range(1000, 31_000, 10):
        gan.step.assign(step)
        doctor._reach(step)
    gan.step.assign(31_000)
    doctor.on_epoch_end(99)
    steps = [reading.step - 1000 for reading in doctor.readings]
    assert len(steps) == 37
    assert (steps[0], steps[-1]) == (0, 30_000)
    assert sum(step <= 10_000 for step in steps) == 18
    gaps = np.diff(steps)
    assert gaps.min() >= 20
    assert (np.diff(gaps) > -20).all()  # They grow, to within ten steps at each end.


@pytest.mark.parametrize("steps_per_execution", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_training_is_not_changed(steps_per_execution):
    weights = []
    doctor = Doctor(players.images(rows=120), every_steps=1)
    for callbacks in ([], [doctor]):
        gan = players.gan(steps_per_execution=steps_per_execution)
        gan.fit(players.dataset(), epochs=4, callbacks=callbacks, verbose=0)
        weights.append([weight.numpy() for weight in gan.weights])
    assert len(doctor.readings) > 4
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("every_steps", [5, None])
def test_what_was_read_survives_a_kill(every_steps, tmp_path, capsys):
    def play(name, *callbacks, every_seconds=60):
        gan, doctor = game(0.0), Doctor(points(1), every_steps=every_steps)
        gan.step.assign(1000)  # It has been trained before.
        backup = kgan.callbacks.BackupAndRestore(tmp_path / name, every_seconds=every_seconds)
        fit(gan, doctor, *callbacks, backup, epochs=16)
        return doctor

    whole = play("whole")
    with pytest.raises(KeyboardInterrupt):
        play("killed", Kill(131), every_seconds=0)
    capsys.readouterr()
    resumed = play("killed")
    assert "Resuming from" in capsys.readouterr().out
    assert len(whole.readings) > 12
    np.testing.assert_array_equal(resumed.readings, whole.readings)
    assert resumed.symptoms == whole.symptoms
    assert resumed.risks == whole.risks


def test_a_stream_of_unknown_length_is_looked_at():
    stream = tf.data.Dataset.from_tensor_slices(points()).batch(20).filter(lambda x: True)
    doctor = Doctor(every_steps=4)
    fit(game(), doctor, data=stream, batch_size=None, epochs=2)
    assert [reading.step for reading in doctor.readings] == list(range(0, 30, 4))


def test_a_game_that_becomes_nan_has_diverged(capsys):
    def ruin(batch, logs):
        if batch == 5:
            gan.generator.layers[-1].kernel.assign(np.nan * np.eye(2))

    gan, doctor = game(), Doctor(every_steps=10)
    ruined = keras.callbacks.LambdaCallback(on_train_batch_end=ruin)
    fit(gan, doctor, ruined, kgan.callbacks.TerminateOnNaN(), epochs=20)
    assert [symptom.name for symptom in doctor.symptoms] == ["diverged"]
    assert "diverged since step 7: D's logits, samples or gradients" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kgan", "array", "stream", "batches"])
def test_training_data_comes_in_several_forms(kind):
    array = points()
    data = {
        "kgan": lambda: kgan.datasets.from_arrays(array, batch_size=20),
        "array": lambda: array,
        "stream": lambda: tf.data.Dataset.from_tensor_slices(array).batch(20),
        "batches": lambda: players.Batches(array),
    }[kind]()
    doctor = Doctor(every_steps=1)
    fit(game(), doctor, data=data, batch_size=20 if kind == "array" else None, epochs=12)
    assert doctor.readings[0].distance == pytest.approx(0, abs=0.1)


def test_labels_of_arrays_are_looked_at():
    gan, doctor = players.linear(num_classes=3), Doctor(every_steps=1)
    images = players.images(rows=60)
    fit(gan, doctor, data=images, y=np.arange(60) % 3, epochs=4)
    assert np.isfinite(doctor.readings[0].label_margin)


def test_of_data_that_cannot_be_looked_at_nothing_is_said_and_training_goes_on():
    gan, doctor = game(), Doctor(every_steps=1)
    with pytest.warns(UserWarning, match="Doctor must look at 32 training samples"):
        fit(gan, doctor, data=(points() for _ in range(3)), epochs=1, batch_size=None)
    assert doctor.readings == []
    assert gan.step.numpy() == 3
    with pytest.warns(UserWarning, match="Received: 31 different samples"):
        fit(gan, doctor, data=points(number=31), epochs=1)


@pytest.mark.parametrize(
    "change",
    [lambda x: 127.5 * (x + 1), lambda x: x + 10, lambda x: 0.3 * x, lambda x: (x + 1) / 2],
)
def test_held_out_data_in_another_range_is_refused_before_training(change):
    gan = game()
    with pytest.raises(ValueError, match="in the same range. Received: samples that are"):
        fit(gan, Doctor(change(points(1)), every_steps=1))
    assert gan.step.numpy() == 0


def test_a_stream_may_begin_with_one_kind_of_samples():
    # Two clusters, far apart, one after the other.
    two = np.concatenate([points() / 100, points(1, 3000) / 100 + 10])
    stream = tf.data.Dataset.from_tensor_slices(two).repeat().batch(20)
    doctor = Doctor(two[::-20].copy(), every_steps=5)
    fit(game(), doctor, data=stream, batch_size=None, steps_per_epoch=14, epochs=5)
    assert len(doctor.readings) == 15
    with pytest.raises(ValueError, match="in the same range"):
        fit(game(), doctor, data=two[:280], epochs=5)


@pytest.mark.parametrize("number", [100, 300])
def test_held_out_data_that_is_training_data_is_refused_before_training(number):
    gan, data = game(), points(number=5000)  # More than it looks at.
    others = np.concatenate([data[-number:], points(1, number - 20)])
    with pytest.raises(
        ValueError, match="data that nobody trains on. Received: data of which about half"
    ):
        fit(gan, Doctor(others), data=data)
    assert gan.step.numpy() == 0
    few = np.concatenate([data[:20], points(1, 200)])
    fit(gan, Doctor(few), data=data, epochs=1)
    fit(gan, Doctor(data[-300:]), data=data, epochs=1, validation_split=0.1)
    both = {"validation_split": 0.1, "validation_data": points(1, 100)}
    with pytest.raises(ValueError, match="about half"):  # Keras splits nothing off then.
        fit(gan, Doctor(data[-300:]), data=data, epochs=1, **both)


def test_held_out_data_may_be_like_training_data_that_repeats_itself():
    patterns = np.sign(points(number=20))
    fit(game(), Doctor(patterns.repeat(10, axis=0)), data=patterns.repeat(15, axis=0), epochs=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every_steps": 0}, "`every_steps` must be an integer of at least 1"),
        ({"seed": -3.5}, "`seed` must be"),
        ({"held_out": points(number=99)}, r"at least 100 samples.*\(99, 2\)"),
        ({"held_out": points() * np.nan}, "`held_out` must be finite"),
        ({"held_out": "digits"}, "`held_out` must be at least 100 samples"),
        ({"held_out": tf.data.Dataset.range(9)}, r"Received: _RangeDataset\."),
        ({"held_out": (points(), np.ones(300), np.ones(300))}, r"Received: tuple\."),
        ({"held_out": (points(), np.ones(300) / 2)}, r"integers, one for each.*float64 of shape"),
        ({"held_out": (points(), np.ones(50, int))}, r"shape \(50,\) for 300 samples"),
        ({"held_out": (points(), ["a"] * 300)}, "Received: <U1 of shape"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Doctor(**options)


def test_held_out_samples_that_do_not_fit_are_refused_before_training():
    gan = game()
    with pytest.raises(ValueError, match=r"samples of shape \(2,\), as the generator draws"):
        fit(gan, Doctor(np.zeros((100, 3), "float32")))
    assert gan.step.numpy() == 0
    gan = players.linear(num_classes=3)
    images = players.images(rows=100)
    for held_out in (images, (images, np.arange(100))):
        with pytest.raises(ValueError, match="labels"):
            fit(gan, Doctor(held_out), data=images, y=np.arange(100) % 3)
    assert gan.step.numpy() == 0


def test_labels_that_nobody_needs_are_left_out():
    doctor = Doctor((points(1), np.zeros(NUM_SAMPLES, int)), every_steps=1)
    fit(game(), doctor, epochs=1)
    assert isinstance(doctor.readings[-1], Reading)


def test_readings_of_another_version_are_forgotten():
    doctor, reading = Doctor(), Reading(7, auc=0.5)
    others = [[0, 1.0, 2.0], {"step": 3, "unknown": 1.0}]
    doctor.set_state({"readings": [*others, reading._asdict()], "probe": None})
    assert [one.step for one in doctor.readings] == [7]


@pytest.mark.slow
def test_a_training_that_was_too_short_for_a_doctor_may_be_extended(tmp_path):
    doctors = [Doctor(), Doctor()]
    for doctor, epochs in zip(doctors, (2, 20), strict=True):
        fit(game(), doctor, kgan.callbacks.BackupAndRestore(tmp_path), epochs=epochs)
    assert doctors[0].readings == []
    assert doctors[1].readings[-1].step > 280


def test_a_doctor_that_has_not_begun_has_a_state():
    doctor = Doctor()
    doctor.set_state(Doctor().get_state())
    assert doctor.readings == []
