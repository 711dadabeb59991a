"""Files of version 0.1.0 load, and its interrupted trainings resume.

Made with version 0.1.0: `gan.keras` after two epochs of the game below, and the backup of the same
training, killed in its second epoch.
"""

import pathlib
import shutil

import keras
import numpy as np
import pytest

import kgan

FILES = pathlib.Path(__file__).parent.parent / "fixtures" / "version_0_1_0"


def game():
    networks = kgan.architectures.mlp(
        (8, 8, 1),
        latent_dim=4,
        generator_units=(8,),
        discriminator_units=(8,),
        maxout_pieces=2,
        num_classes=10,
    )
    gan = kgan.GAN(*networks, discriminator_steps=2, seed=3)
    gan.compile(penalties=[kgan.penalties.R1(0.1)])
    return gan


def data():
    return kgan.datasets.digits(batch_size=200, with_labels=True)


def test_a_model_file_loads_whole_and_trains_on():
    gan = keras.models.load_model(FILES / "gan.keras")
    assert gan.compiled
    assert gan.num_classes == 10
    assert gan.seed == 3
    assert gan.step.numpy() == 14
    assert gan.discriminator_optimizer.iterations.numpy() == 28
    assert gan.class_counts.numpy().sum() == 14 * 200
    samples, labels = gan.generate(5, seed=0)
    assert samples.shape == (5, 8, 8, 1)
    assert labels.shape == (5,)
    before = gan.generator.get_weights()[0].copy()
    history = gan.fit(data(), epochs=1, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert not np.array_equal(before, gan.generator.get_weights()[0])


def test_a_training_killed_in_the_middle_of_an_epoch_resumes(tmp_path, capsys):
    folder = shutil.copytree(FILES / "backup", tmp_path / "backup")
    gan = game()
    backup = kgan.callbacks.BackupAndRestore(folder, every_seconds=1e9)
    history = gan.fit(data(), epochs=2, verbose=0, callbacks=[backup]).history
    assert "11 of 14 steps (1 of 2 epochs)" in capsys.readouterr().out
    assert gan.step.numpy() == 14
    assert len(history["generator_loss"]) == 2
    finished = keras.models.load_model(FILES / "gan.keras")
    np.testing.assert_array_equal(gan.class_counts, finished.class_counts)
    # Not bit for bit: a penalty now shares the forward pass, and so the dropout, of the loss.
    for mine, theirs in zip(gan.get_weights(), finished.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2 * 6 * 2e-4)  # Six updates of Adam(2e-4).


@pytest.mark.parametrize(
    ("compiling", "difference"),
    [
        ({"turns": "simultaneous", "discriminator_steps": 1}, "discriminator_steps: 2 there, 1"),
        ({"augmentation": "diff_augment"}, "augmentation"),
        ({"penalties": [kgan.penalties.R1(0.1, every=2)]}, "every: 1 there, 2 now"),
    ],
)
def test_a_backup_of_another_game_is_still_refused(tmp_path, compiling, difference):
    folder = shutil.copytree(FILES / "backup", tmp_path / "backup")
    gan = game()
    if "discriminator_steps" in compiling:
        gan = kgan.GAN(gan.generator, gan.discriminator, discriminator_steps=1, seed=3)
        del compiling["discriminator_steps"]
    gan.compile(**{"penalties": [kgan.penalties.R1(0.1)], **compiling})
    backup = kgan.callbacks.BackupAndRestore(folder)
    with pytest.raises(ValueError, match=difference):
        gan.fit(data(), epochs=2, verbose=0, callbacks=[backup])


def test_a_number_of_classes_that_is_now_given_is_the_same_game(tmp_path):
    folder = shutil.copytree(FILES / "backup", tmp_path / "backup")
    found = game()
    gan = kgan.GAN(
        found.generator, found.discriminator, discriminator_steps=2, num_classes=10, seed=3
    )
    gan.compile(penalties=[kgan.penalties.R1(0.1)])
    backup = kgan.callbacks.BackupAndRestore(folder, every_seconds=1e9)
    gan.fit(data(), epochs=2, verbose=0, callbacks=[backup])
    assert gan.step.numpy() == 14
