"""How the GAN of a run is found."""

import keras
import players
import pytest
from run_folders import ASKED, ended, start

import kgan
from kgan import files, runs
from kgan.resumption import backups


def test_a_saved_gan_is_found_by_its_folder_and_by_its_file(tmp_path):
    run, gan = ended(tmp_path)
    for path in (tmp_path, run.model, str(run.model)):
        found, where = runs.find(path)
        assert where == run.model
        assert players.same(players.digest(found), players.digest(gan))


def test_an_unfinished_run_is_found_by_its_last_backup(tmp_path):
    run, gan = start(tmp_path), players.linear()
    backups.save(run.backup, gan, backups.Position(1))
    found, where = runs.find(tmp_path)
    assert where.parent == run.backup
    assert players.same(players.digest(found), players.digest(gan))


def test_a_run_being_extended_is_found_by_its_last_backup(tmp_path):
    run, _ = ended(tmp_path)
    run.begin(ASKED | {"epochs": 3})
    gan = players.linear()
    gan.step.assign(7)
    backups.save(run.backup, gan, backups.Position(2, 1))
    found, where = runs.find(tmp_path)
    assert where.parent == run.backup
    assert int(found.step) == 7
    run.end(gan)
    assert runs.find(tmp_path)[1] == run.model


def test_a_path_may_start_with_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    run, _ = ended(tmp_path / "run")
    assert runs.find("~/run")[1] == run.model
    assert runs.of("~/run") == runs.of("~/run/gan.keras") == run


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip"])
def test_a_damaged_gan_is_named_with_what_can_be_done(tmp_path, content):
    run, _ = ended(tmp_path, backup=False)
    run.model.write_bytes(content)
    with pytest.raises(runs.RunError, match=r"gan\.keras is damaged.*trains a new"):
        runs.find(tmp_path)


def test_a_model_that_is_no_gan_is_refused(tmp_path):
    players.linear().generator.save(tmp_path / "generator.keras")
    with pytest.raises(runs.RunError, match="holds a Functional model, and no GAN"):
        runs.find(tmp_path / "generator.keras")


@pytest.mark.parametrize(("name", "found"), [("empty", "no gan.keras in it"), ("no", "no such")])
def test_a_run_that_does_not_exist_is_refused_with_the_command_that_makes_one(
    tmp_path, name, found
):
    (tmp_path / "empty").mkdir()
    with pytest.raises(runs.RunError, match=rf"{found}.*\n?.*kgan train --output"):
        runs.find(tmp_path / name)


def test_a_damaged_gan_with_an_intact_backup_names_it(tmp_path):
    run, _ = ended(tmp_path)
    run.model.write_bytes(run.model.read_bytes()[:2000])
    newest = run.backup / backups.NEWEST
    with pytest.raises(runs.RunError, match=rf"The backup {newest} is intact: `kgan generate"):
        runs.find(tmp_path)


def test_classes_that_are_not_registered_are_said_to_be_so(tmp_path):
    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    generator, discriminator = players.networks()
    latents = keras.Input((4,))
    with keras.saving.custom_object_scope({"Scale": Scale}):
        doubled = keras.Model(latents, generator(Scale()(latents)))
        kgan.GAN(doubled, discriminator, seed=0).save(tmp_path / "gan.keras")
    with pytest.raises(runs.RunError, match=r"needs classes or functions of your own.*Scale"):
        runs.find(tmp_path / "gan.keras")


def test_a_run_without_a_backup_yet_says_whether_it_is_being_trained(tmp_path):
    start(tmp_path)
    with pytest.raises(runs.RunError, match="interrupted before its first backup. Start it again"):
        runs.find(tmp_path)
    with files.held(tmp_path), pytest.raises(runs.RunError, match="is being trained, and has no"):
        runs.find(tmp_path)
