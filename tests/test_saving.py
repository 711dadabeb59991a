import os
import pathlib
import subprocess
import sys
import textwrap

import keras
import numpy as np
import players
import pytest

import kgan


def reload(gan, folder):
    gan.save(folder / "gan.keras")
    return keras.models.load_model(folder / "gan.keras")


def test_everything_comes_back(tmp_path):
    gan = players.gan(
        10,
        kgan.architectures.mlp,
        discriminator_steps=2,
        latent_distribution="uniform",
        ema_decay=0.9,
        seed=5,
        loss=kgan.losses.Minimax(label_smoothing=0.1),
        penalties=[kgan.penalties.R1(0.3), "r2"],
        generator_optimizer=keras.optimizers.RMSprop(1e-3),
        steps_per_execution=2,
    )
    gan.fit(players.dataset(10), epochs=2, verbose=0)
    loaded = reload(gan, tmp_path)
    assert players.same(players.digest(gan), players.digest(loaded))
    for name in ("discriminator_steps", "latent_distribution", "ema_decay", "seed", "loss"):
        assert getattr(loaded, name) == getattr(gan, name)
    assert loaded.penalties == gan.penalties
    assert loaded.step.numpy() == 8
    assert loaded.class_counts.numpy().sum() == 128
    assert isinstance(loaded.generator_optimizer, keras.optimizers.RMSprop)
    assert float(loaded.generator_optimizer.learning_rate.numpy()) == pytest.approx(1e-3)
    assert loaded.steps_per_execution == 2
    samples, labels = gan.generate(5, seed=1)
    loaded_samples, loaded_labels = loaded.generate(5, seed=1)
    np.testing.assert_array_equal(samples, loaded_samples)
    np.testing.assert_array_equal(labels, loaded_labels)


def test_a_learning_rate_schedule_comes_back(tmp_path):
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 100, 0.9)
    gan = players.linear(generator_optimizer=keras.optimizers.Adam(schedule))
    gan.fit(players.dataset(), verbose=0)
    loaded = reload(gan, tmp_path)
    assert loaded.generator_optimizer.get_config() == gan.generator_optimizer.get_config()


@pytest.mark.parametrize(
    "policy", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
def test_mixed_precision_comes_back(tmp_path, policy):
    keras.config.set_dtype_policy(policy)
    gan = players.gan()
    gan.fit(players.dataset(), verbose=0)
    keras.config.set_dtype_policy("float32")
    loaded = reload(gan, tmp_path)
    assert players.same(players.digest(gan), players.digest(loaded))
    loaded.fit(players.dataset(), verbose=0)


def test_a_gan_that_was_never_compiled_comes_back(tmp_path):
    gan = players.linear(compiled=False)
    np.testing.assert_array_equal(
        reload(gan, tmp_path).generate(3, seed=0), gan.generate(3, seed=0)
    )


def test_a_gan_without_averaging_comes_back_as_one(tmp_path):
    loaded = reload(players.linear(ema_decay=None), tmp_path)
    assert loaded.averaged_generator is loaded.generator


@pytest.mark.parametrize(
    "architecture",
    [kgan.architectures.mlp, pytest.param(kgan.architectures.dcgan, marks=pytest.mark.slow)],
)
def test_two_fits_are_one_fit_of_as_many_epochs(architecture):
    once, twice = players.gan(10, architecture), players.gan(10, architecture)
    once.fit(players.dataset(10), epochs=4, verbose=0)
    for _ in range(2):
        twice.fit(players.dataset(10), epochs=2, verbose=0)
    assert players.same(players.digest(once), players.digest(twice))


RESUME = """
    import keras, numpy as np, players, tensorflow as tf, kgan
    tf.config.experimental.enable_op_determinism()
    gan = keras.models.load_model({path!r})
    keras.utils.set_random_seed(99)
    gan.discriminator(np.zeros((1, 8, 8, 1), "float32"), training=True)
    gan.fit(kgan.datasets.digits(batch_size=256), epochs=2, verbose=0)
    np.savez({result!r}, *players.digest(gan))
"""


@pytest.mark.slow
def test_training_resumed_in_a_new_process_ends_with_the_same_bits(tmp_path):
    def fresh():
        return players.gan(
            architecture=kgan.architectures.mlp,
            discriminator_steps=2,
            penalties=["wasserstein_gradient_penalty"],
        )

    data = kgan.datasets.digits(batch_size=256)
    undisturbed, stopped = fresh(), fresh()
    undisturbed.fit(data, epochs=4, verbose=0)
    stopped.fit(data, epochs=2, verbose=0)
    stopped.save(tmp_path / "gan.keras")
    program = RESUME.format(path=str(tmp_path / "gan.keras"), result=str(tmp_path / "end.npz"))
    environment = os.environ | {"PYTHONPATH": str(pathlib.Path(players.__file__).parent)}
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, env=environment)
    with np.load(tmp_path / "end.npz") as arrays:
        resumed = [arrays[name] for name in arrays.files]
    assert players.same(players.digest(undisturbed), resumed)


def test_an_averaged_generator_is_exported_by_itself(tmp_path):
    gan = players.gan()
    gan.averaged_generator.save(tmp_path / "generator.keras")
    generator = keras.models.load_model(tmp_path / "generator.keras")
    latents = np.zeros((2, players.LATENT_DIM), "float32")
    np.testing.assert_allclose(generator(latents), gan(latents), atol=1e-6)


# Keras's callbacks


def test_model_checkpoint_keeps_the_best_and_early_stopping_stops(tmp_path):
    gan = players.linear(compiled=False)
    gan.compile()
    history = gan.fit(
        players.dataset(),
        epochs=6,
        verbose=0,
        validation_data=players.dataset(seed=1),
        callbacks=[
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.keras",
                monitor="val_generator_loss",
                save_best_only=True,
                mode="min",
            ),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "{epoch:02d}.weights.h5", save_weights_only=True
            ),
            keras.callbacks.EarlyStopping("val_generator_loss", patience=1, mode="max", baseline=9),
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        ],
    )
    assert (tmp_path / "03.weights.h5").exists()
    best = int(np.argmin(history.history["val_generator_loss"])) + 1
    assert keras.models.load_model(tmp_path / "best.keras").step.numpy() == 4 * best
    header, *rows = (tmp_path / "log.csv").read_text().splitlines()
    assert "val_discriminator_accuracy" in header
    assert len(history.epoch) == len(rows) == 3


def test_keras_tensorboard_writes_the_logs(tmp_path):
    callback = keras.callbacks.TensorBoard(tmp_path, write_graph=False)
    players.linear().fit(players.dataset(), verbose=0, callbacks=[callback])
    assert list(tmp_path.rglob("events.out.tfevents.*"))
