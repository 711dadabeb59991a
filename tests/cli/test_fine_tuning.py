"""`kgan train --from`."""

import json
import pathlib
import shutil

import numpy as np
import players
import pytest
from commands import call, contents, said

from kgan import datasets, runs
from kgan.cli import fine_tuning
from kgan.cli.planning import Plan


@pytest.fixture
def new(tmp_path):
    """A run that has not begun."""
    return runs.Run(tmp_path / "new")


def plan(source, new, settings=(), name="digits", freeze=None, **options):
    """What the command would do with these options."""
    others = fine_tuning.asked(pathlib.Path(source), freeze, has_data=True)
    return fine_tuning.planned(Plan.of(name, options, settings, others), new)


def test_from_and_freeze_need_what_they_work_on():
    with pytest.raises(runs.RunError, match="--freeze needs --from"):
        fine_tuning.asked(None, 2, has_data=True)
    with pytest.raises(runs.RunError, match="--from needs --dataset"):
        fine_tuning.asked(pathlib.Path("run"), None, has_data=False)
    assert fine_tuning.asked(None, None, has_data=False) == {}


def test_a_plan_has_the_networks_of_the_run_it_starts_from(run, new, pictures):
    source, _ = runs.find(run)
    options = {"dataset": str(pictures), "conditional": True, "precision": "float32"}
    made = plan(run, new, name="pictures", **options)
    assert made.recipe.architecture == "mlp"
    assert (made.recipe.image_size, made.recipe.channels) == (8, 1)
    with pytest.warns(UserWarning, match="2 of 26 files"):
        dataset, _ = made.recipe.load_all()
    made = made.fitted(dataset, None, is_new=True)
    assert "width" not in made.chosen  # Which the recipe chooses for networks of its own.
    gan = made.recipe.build(made.recipe.batched(dataset))
    assert gan.num_classes == 2
    latents, labels = np.random.default_rng(0).normal(size=(4, gan.latent_dim)), np.arange(4) % 2
    for name in ("generator", "averaged_generator"):
        before, now = getattr(source, name)(latents), getattr(gan, name)([latents, labels])
        np.testing.assert_allclose(now, before, atol=1e-5)
    assert int(gan.generator_optimizer.iterations) == int(gan.step) == 0


@pytest.mark.parametrize(
    ("settings", "difference"),
    [
        (["generator_units=8,8"], "generator_units: 256,256 there, 8,8 now"),
        (["maxout_pieces=3"], "maxout_pieces: 5 there, 3 now"),
        (["architecture=dcgan", "width=8"], "architecture: mlp there, dcgan now\n  width: unknown"),
    ],
)
def test_other_networks_are_refused(run, new, settings, difference):
    with pytest.raises(runs.RunError) as raised:
        plan(run, new, settings)
    assert f"asked for:\n  {difference}" in str(raised.value)


def test_another_size_is_refused(run, new, pictures):
    options = {"name": "pictures", "dataset": str(pictures)}
    with pytest.raises(runs.RunError, match="image_size: 8 there, 16 now\n  channels: 1 there, 3"):
        plan(run, new, image_size=[16, 16], channels=3, **options)
    assert plan(run, new, image_size=[8, 8], channels=1, **options)
    made = plan(run, new)
    points = datasets.gaussian_mixture("ring", batch_size=32)
    with pytest.raises(runs.RunError, match="samples of 8×8×1.* Received: samples of 2"):
        made.recipe.build(points)


def test_all_blocks_cannot_be_frozen(run, new):
    with pytest.raises(ValueError, match="at most 2 of its 3"):
        plan(run, new, freeze=3)
    _, discriminator = plan(run, new, freeze=2).recipe.networks((8, 8, 1), None)
    assert len(discriminator.trainable_weights) == 2


def test_a_file_by_itself_is_enough_for_as_many_classes(new, tmp_path):
    source = players.gan(3)
    source.save(tmp_path / "gan.keras")
    made = plan(tmp_path / "gan.keras", new)
    gan = made.recipe.build(players.dataset(3).batched(64))
    for name in ("generator", "discriminator"):
        old, copy = getattr(source, name), getattr(gan, name)
        np.testing.assert_array_equal(players.weights(old), players.weights(copy))
    with pytest.raises(runs.RunError, match="3 classes, and data with 2 classes"):
        made.recipe.build(players.dataset(2).batched(64))
    new.begin({"recipe": "digits", "epochs": 1})
    new.end(gan)
    (tmp_path / "gan.keras").unlink()  # The run that has begun has networks of its own to copy.
    again = plan(tmp_path / "gan.keras", new).recipe.build(players.dataset(3).batched(64))
    assert players.weights(again.generator).shape == players.weights(gan.generator).shape


def test_a_run_that_was_itself_begun_from_a_file_can_be_begun_from(new, tmp_path):
    source = players.gan(3)
    source.save(tmp_path / "gan.keras")
    first = plan(tmp_path / "gan.keras", new)
    assert first.recipe.precision == "float32"  # That of the copies; nothing to measure.
    gan = first.recipe.build(players.dataset(3).batched(64))
    new.begin(first.asked, chosen=first.chosen)
    new.end(gan)
    second = plan(new.folder, runs.Run(tmp_path / "second"))
    again = second.recipe.build(players.dataset(3).batched(64))
    np.testing.assert_array_equal(players.weights(again.generator), players.weights(gan.generator))


def test_a_source_that_is_missing_is_an_error(new, tmp_path):
    with pytest.raises(runs.RunError, match="no such file or folder"):
        plan(tmp_path / "nowhere", new)
    new.begin({"recipe": "digits", "epochs": 1})
    with pytest.raises(runs.RunError, match="no backup yet, so it still needs what it starts from"):
        plan(tmp_path / "nowhere", new)


def test_what_reads_new_labels_cannot_be_frozen(run, new):
    made = plan(run, new, freeze=1)
    with pytest.raises(runs.RunError, match="--freeze must leave the layer that reads the labels"):
        made.recipe.build(players.dataset(2).batched(64))
    assert made.recipe.build(players.dataset().batched(64))


@pytest.mark.slow
def test_a_fine_tuning_resumes_without_the_run_it_started_from(run, tmp_path, pictures):
    source = shutil.copytree(run, tmp_path / "source")
    output = tmp_path / "tuned"
    options = ["--dataset", pictures, "--batch-size", 8, "--output", output]
    options += ["--from", source, "--freeze", 1, "--steps"]
    result = call("train", *options, 100)
    assert result.exit_code == 0, result.output
    assert "1 block of the discriminator" in said(result)
    asked = json.loads((output / "run.json").read_text())["asked"]
    assert (asked["from"], asked["freeze"]) == (str(source), 1)
    frozen = runs.find(source)[0].discriminator.get_weights()[0]
    source.rename(tmp_path / "elsewhere")
    assert call("train", *options, 200).exit_code == 0
    gan, _ = runs.find(output)
    assert int(gan.step) == 200
    assert any(np.array_equal(frozen, weight) for weight in gan.discriminator.get_weights())
    before = contents(output)
    options[options.index("--freeze") + 1] = 2
    refused = call("train", *options, 200)
    assert refused.exit_code == 1
    assert "freeze: 1 there, 2 now" in said(refused)
    assert before == contents(output)
