"""One game on several devices of one machine: `MirroredStrategy` on logical CPUs."""

import contextlib

import keras
import numpy as np
import pytest
import replicated
import tensorflow as tf
from replicated import data, game, largest_difference, on_devices, play

import kgan

R1 = kgan.penalties.R1(0.1)
RULES = {"k": 2, "penalties": [R1]}


@pytest.mark.parametrize(
    ("number", "options", "bound"),
    [
        (2, {"optimizer": "SGD", **RULES}, 1e-6),
        pytest.param(4, {"optimizer": "SGD", **RULES}, 1e-6, marks=pytest.mark.slow),
        pytest.param(2, {"optimizer": "Adam", **RULES}, 1e-5, marks=pytest.mark.slow),
        pytest.param(
            2, {"turns": "simultaneous", "log_gradient_norms": True}, 1e-6, marks=pytest.mark.slow
        ),
        pytest.param(
            2,
            {
                "penalties": [
                    kgan.penalties.R1(0.1, every=3),
                    kgan.penalties.WassersteinGradientPenalty(1.0),
                ]
            },
            1e-6,
            marks=pytest.mark.slow,
        ),
        pytest.param(2, {"run_eagerly": True, "steps": 3}, 1e-6, marks=pytest.mark.slow),
    ],
)
def test_several_replicas_play_the_game_of_one_device(number, options, bound):
    weights, logs = largest_difference(play(**options), on_devices(number, play, **options))
    assert weights <= bound
    assert logs <= bound


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mirrored", "one device"])
def test_a_strategy_of_one_device_gives_the_bits_of_no_strategy(kind):
    strategies = {
        "mirrored": lambda: tf.distribute.MirroredStrategy(["CPU:0"]),
        "one device": lambda: tf.distribute.OneDeviceStrategy("CPU:0"),
    }
    unsynchronized = {"penalties": [R1]}
    weights, logs = play(None, 5, **unsynchronized)
    strategy = strategies[kind]()
    with strategy.scope():
        found = play(None, 5, **unsynchronized)
    assert found[1] == logs
    for mine, theirs in zip(found[0].values(), weights.values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


# What `fit` and its surroundings give under several replicas, next to one device.


def around(strategy):
    """What a game gives that is evaluated, measured, drawn from, exported and saved."""
    metric = kgan.metrics.FrechetDistance("digits", num_samples=100)
    gan = game(strategy, metrics=[metric])
    array, labels = data().samples[:150], data().labels[:150]
    history = gan.fit(array, labels, batch_size=32, epochs=2, shuffle=False, verbose=0).history
    samples, of_classes = gan.generate(10, seed=1)
    return {
        "whole batches": gan.evaluate(data(60, "test"), verbose=0, return_dict=True),
        "a short last batch": gan.evaluate(array, labels, verbose=0, return_dict=True),
        "history": {name: values[-1] for name, values in history.items()},
        "samples": {"mean": float(samples.mean())},
        "answers": {"mean": float(gan.discriminate(samples, of_classes).mean())},
        "counts": {str(i): float(count) for i, count in enumerate(gan.class_counts.numpy())},
    }


@pytest.mark.slow
def test_evaluation_arrays_and_drawing_are_those_of_one_device():
    one, two = around(None), on_devices(2, around)
    for name, numbers in one.items():
        assert all(type(value) is float for value in two[name].values())
        assert two[name] == pytest.approx(numbers, abs=1e-5), name


def watched(strategy):
    """The last reading of a doctor, outside of the strategy's scope and within."""
    found = []
    for scope in (contextlib.nullcontext(), strategy.scope() if strategy else None):
        if scope is None:
            break
        gan = game(strategy)
        doctor = kgan.callbacks.Doctor(data(split="test"), every_steps=4)
        with scope:
            gan.fit(data(), epochs=2, callbacks=[doctor], verbose=0)
        found.append(list(doctor.readings[-1]))
    return found


@pytest.mark.slow
def test_a_doctor_reads_the_game_of_several_replicas_as_that_of_one():
    (one,), two = watched(None), on_devices(2, watched)
    assert len(two) == 2
    for numbers in two:
        np.testing.assert_allclose(numbers, one, rtol=1e-3, atol=1e-3)


def saved(strategy, folder):
    """Losses after a game was saved and loaded, on one device, within the scope, and not at all."""
    gan = game(strategy)
    gan.fit(data(), steps_per_epoch=2, verbose=0)
    gan.save(folder / "gan.keras")
    loaded = [keras.models.load_model(folder / "gan.keras")]
    with strategy.scope():
        loaded.append(keras.models.load_model(folder / "gan.keras"))
    proof = gan.export(folder / "generator.tflite", "litert")
    plain = game(None, steps_per_execution=2)  # Its BatchNormalization is not synchronized.
    plain.save(folder / "plain.keras")
    with strategy.scope():
        more = keras.models.load_model(folder / "plain.keras")
    more.fit(data(), steps_per_epoch=2, verbose=0)
    fit = {"x": data(), "steps_per_epoch": 2, "verbose": 0}
    losses = [one.fit(**fit).history["generator_loss"][0] for one in [gan, *loaded]]
    return losses, proof.max_difference, _normalization(more.generator).synchronized


def _normalization(network):
    mixing = keras.layers.BatchNormalization
    return next(layer for layer in network.layers if isinstance(layer, mixing))


@pytest.mark.slow
def test_a_game_is_saved_loaded_and_exported(tmp_path):
    losses, difference, is_synchronized = on_devices(2, saved, tmp_path)
    assert losses == pytest.approx(losses[:1] * 3, abs=1e-6)
    assert difference < 1e-5
    assert is_synchronized


def noise_of_layers(strategy):
    """The states of a dropout layer on each replica, and whether float16 and augmentation train."""
    gan = game(strategy, dropout=0.5, augmentation="diff_augment")
    gan.fit(data(), steps_per_epoch=2, verbose=0)
    states = [v for v in gan.discriminator.non_trainable_variables if "seed" in v.path]
    keras.config.set_dtype_policy("mixed_float16")
    half = game(strategy, penalties=[R1])
    losses = half.fit(data(), steps_per_epoch=5, verbose=0).history["discriminator_loss"]
    local = strategy.experimental_local_results
    return [[part.numpy().tolist() for part in local(one.value)] for one in states], losses


@pytest.mark.slow
def test_every_replica_has_its_own_noise_in_layers():
    states, losses = on_devices(2, noise_of_layers)
    assert states
    assert all(first != second for first, second in states)
    assert np.isfinite(losses).all()


def probabilities_of_augmentation(strategy):
    """How probable transforms are after some steps, on all replicas and on one device."""
    found = []
    for some in (strategy, None):
        with some.scope() if some else contextlib.nullcontext():
            augment = kgan.augmentation.Adaptive(("color",), images_to_full=2000)
        gan = game(some, augmentation=augment)
        log = gan.fit(data(), steps_per_epoch=9, verbose=0).history["augmentation_probability"]
        found += [float(augment.p.numpy()), *log]
    return found


@pytest.mark.slow
def test_an_augmentation_follows_the_answers_to_the_whole_batch():
    several, log_of_several, one, log_of_one = on_devices(2, probabilities_of_augmentation)
    assert several == pytest.approx(one)
    assert one > 0
    assert log_of_several == pytest.approx(log_of_one)


# What is refused.


def refusals(strategy):
    """The error message of each case that several replicas cannot handle, by its name."""

    def unsynchronized():
        with strategy.scope():
            kgan.GAN(*replicated.networks())

    def uneven():
        game(strategy, k=2).fit(data(66), verbose=0)

    def short():
        game(strategy).fit(data().samples[:65], data().labels[:65], batch_size=32, verbose=0)

    def clipped():
        with strategy.scope():
            gan = kgan.GAN(*replicated.networks(synchronized=True))
            gan.compile("sgd", keras.optimizers.SGD(clipnorm=1.0))

    def averaged():
        with strategy.scope():
            gan = kgan.GAN(*replicated.networks(synchronized=True))
            averaging = {"use_ema": True, "ema_overwrite_frequency": 3}
            gan.compile("sgd", keras.optimizers.SGD(**averaging))

    def measured_outside():
        with strategy.scope():
            gan = kgan.GAN(*replicated.networks(synchronized=True))
        gan.compile(metrics=[metric])

    metric = keras.metrics.MeanAbsoluteError()
    cases = {
        "clipped": clipped,
        "averaged": averaged,
        "measured_outside": measured_outside,
        "one_batch": lambda: game(strategy).train_on_batch(data().samples[:64], data().labels[:64]),
        "any_size": lambda: game(strategy).fit(data().unbatch().batch(64), verbose=0),
        "steps_per_execution": lambda: game(strategy, steps_per_execution=2),
        "jit_compile": lambda: game(strategy, jit_compile=True),
        "unsynchronized": unsynchronized,
        "uneven": uneven,
        "short": short,
    }
    messages = {}
    for name, case in cases.items():
        try:
            case()
        except ValueError as error:
            messages[name] = str(error)
    return messages


@pytest.mark.slow
def test_what_several_replicas_cannot_do_is_refused():
    messages = on_devices(2, refusals)
    assert "`steps_per_execution` must be 1" in messages["steps_per_execution"]
    assert "`jit_compile` must be False or 'auto'" in messages["jit_compile"]
    assert "(BatchNormalization) must have `synchronized=True`" in messages["unsynchronized"]
    assert "multiple of the number of replicas, 2 times `discriminator_steps`" in messages["uneven"]
    assert "a last batch of 1" in messages["short"]
    assert "`discriminator_optimizer` must not have `clipnorm`" in messages["clipped"]
    assert "must not have `ema_overwrite_frequency`" in messages["averaged"]
    assert "`metrics` must be made in the same scope" in messages["measured_outside"]
    assert "`train_on_batch` is for one device: use `fit`" in messages["one_batch"]
    assert "drop_remainder=True" in messages["any_size"]


def in_scope():
    return tf.distribute.MirroredStrategy(["CPU:0"]).scope()


def test_networks_that_were_made_in_another_scope_than_the_gan_are_refused():
    pair = replicated.networks()
    with in_scope(), pytest.raises(ValueError, match="`generator` must be made in the same scope"):
        kgan.GAN(*pair)
    with in_scope():
        pair = replicated.networks()
    with pytest.raises(ValueError, match="a GAN outside of the scope"):
        kgan.GAN(*pair)


def test_a_gan_that_was_made_outside_is_not_compiled_within_a_scope():
    gan = kgan.GAN(*replicated.networks())
    with in_scope(), pytest.raises(ValueError, match="`generator` must be made in the same scope"):
        gan.compile("sgd", "sgd")
    gan.compile("sgd", "sgd")
    with in_scope(), pytest.raises(ValueError, match="`generator` must be made in the same scope"):
        gan.fit(data(), verbose=0)


def test_an_optimizer_that_was_made_in_another_scope_is_refused():
    with in_scope():
        gan = kgan.GAN(*replicated.networks())
    with pytest.raises(ValueError, match="`discriminator_optimizer` must be made in the same"):
        gan.compile("sgd", keras.optimizers.SGD())
    gan.compile("sgd", "sgd")  # By name they are made within the scope.


def test_other_strategies_are_refused_at_once():
    strategy = tf.distribute.experimental.CentralStorageStrategy()
    with strategy.scope(), pytest.raises(ValueError, match="Received: CentralStorageStrategy"):
        kgan.GAN(*replicated.networks())


def test_keras_still_has_the_private_method_that_is_overridden():
    assert "_maybe_symbolic_build" in vars(kgan.game.measured.MeasuredModel)
    assert hasattr(keras.Model, "_maybe_symbolic_build")
