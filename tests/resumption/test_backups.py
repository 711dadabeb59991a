"""Backups: which one counts, and whose it is."""

import os
import zipfile

import keras
import players
import pytest
from trainings import (
    EPOCHS,
    full_game,
    game,
    killed,
    same,
    train,
    uninterrupted,
)

import kgan
from kgan.resumption import backups


@pytest.mark.slow
def test_a_resumed_training_adopts_the_drawn_seed_of_its_backup(tmp_path):
    first = game(seed=None)
    killed(first, tmp_path, 5)
    whole = game(seed=first.seed)
    other = game()
    keras.utils.set_random_seed(2)
    second = kgan.GAN(other.generator, other.discriminator)
    second.compile(**players.light())
    assert second.seed != first.seed
    second.fit(players.dataset(10), epochs=1, verbose=0)  # Traced with its own seed.
    history = train(second, tmp_path)
    assert second.seed == first.seed
    whole_history = whole.fit(players.dataset(10), epochs=EPOCHS, verbose=0)
    assert same((whole, whole_history), (second, history))


# Damage


def _truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))


def _leave_out_position(path):
    with zipfile.ZipFile(path) as archive:
        entries = {n: archive.read(n) for n in archive.namelist() if n != backups.POSITION}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


DAMAGE = {
    "truncated": _truncate,
    "a byte changed": _flip,
    "emptied": lambda path: path.write_bytes(b""),
    "no position": _leave_out_position,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_newest_intact_backup_counts(tmp_path, interrupted, damage):
    interrupted(tmp_path)
    assert backups.find(tmp_path) == tmp_path / backups.NEWEST
    DAMAGE[damage](tmp_path / backups.NEWEST)
    with pytest.warns(UserWarning, match=r"newest\.keras is damaged and was skipped"):
        assert backups.find(tmp_path) == tmp_path / backups.PREVIOUS


@pytest.mark.parametrize(
    "damage",
    [pytest.param(name, marks=[pytest.mark.slow] * (name != "truncated")) for name in DAMAGE],
)
def test_a_training_whose_newest_backup_is_damaged_resumes_from_the_previous_one(
    tmp_path, interrupted, damage
):
    interrupted(tmp_path)
    DAMAGE[damage](tmp_path / backups.NEWEST)
    gan = game()
    with pytest.warns(UserWarning, match=r"newest\.keras is damaged and was skipped"):
        history = train(gan, tmp_path)
    assert same(uninterrupted(), (gan, history))


def test_a_backup_whose_writing_was_killed_between_its_renames_is_the_one_before(
    tmp_path, interrupted
):
    interrupted(tmp_path)
    os.replace(tmp_path / backups.NEWEST, tmp_path / backups.PREVIOUS)
    gan = game()
    assert same(uninterrupted(), (gan, train(gan, tmp_path)))


def test_a_damaged_backup_does_not_take_the_place_of_an_intact_one(tmp_path):
    gan = game()
    for epoch in (1, 2):
        backups.save(tmp_path, gan, backups.Position(epoch))
    intact = (tmp_path / backups.PREVIOUS).read_bytes()
    (tmp_path / backups.NEWEST).write_bytes(b"PK")
    backups.save(tmp_path, gan, backups.Position(3))
    assert (tmp_path / backups.PREVIOUS).read_bytes() == intact
    assert backups.restore(tmp_path, gan).epoch == 3


@pytest.mark.filterwarnings("ignore:The backup")
def test_two_damaged_backups_are_named_and_left_alone(tmp_path, interrupted):
    interrupted(tmp_path)
    for name in (backups.NEWEST, backups.PREVIOUS):
        _truncate(tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"damaged: newest\.keras, previous\.keras.*start over"):
        train(game(), tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


# Something else


@pytest.mark.parametrize(
    ("other", "data", "named"),
    [
        (
            lambda: full_game(loss="hinge"),
            {},
            "loss.class_name: 'NonSaturating' there, 'Hinge' now",
        ),
        pytest.param(
            lambda: full_game(penalties=["r2"]),
            {},
            "penalties.0.class_name: 'R1' there, 'R2' now",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            lambda: full_game(generator_optimizer=keras.optimizers.SGD(0.5)),
            {},
            "generator_optimizer.class_name: 'Adam' there, 'SGD' now",
            marks=pytest.mark.slow,
        ),
        (lambda: full_game(seed=7), {}, "seed: 0 there, 7 now"),
        (lambda: full_game(dropout=0.4), {}, "rate: 0.3 there, 0.4 now"),
        (full_game, {"seed": 3}, "data.seed: 0 there, 3 now"),
        pytest.param(
            full_game,
            {"batch_size": 8},
            "data.batch_size: 16 there, 8 now",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            full_game,
            {"num_samples": 80},
            "data.num_samples: 64 there, 80 now",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_backup_of_another_training_is_refused_and_what_differs_is_named(
    tmp_path, interrupted, other, data, named
):
    interrupted(tmp_path, make=full_game)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    gan = other()
    with pytest.raises(ValueError, match=f"(?s)of another training:.*{named}"):
        train(gan, tmp_path, data=players.dataset(10, **data))
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert gan.step.numpy() == 0


@pytest.mark.slow
def test_another_learning_rate_schedule_is_another_training(tmp_path):
    def make(schedule):
        return game(generator_optimizer=keras.optimizers.Adam(schedule(1e-3, 10, 0.5)))

    schedules = keras.optimizers.schedules
    killed(make(schedules.ExponentialDecay), tmp_path, 2)
    with pytest.raises(ValueError, match="'ExponentialDecay' there, 'InverseTimeDecay' now"):
        train(make(schedules.InverseTimeDecay), tmp_path)


@pytest.mark.slow
def test_a_deeper_network_is_described_briefly(tmp_path):
    def make(units):
        networks = kgan.architectures.mlp(
            (8, 8, 1), 4, generator_units=units, discriminator_units=(8,), num_classes=10
        )
        gan = kgan.GAN(*networks, seed=0)
        gan.compile()
        return gan

    killed(make((8,)), tmp_path, 2)
    with pytest.raises(ValueError, match=r"number of generator.layers: \d there, \d now") as error:
        train(make((8, 8)), tmp_path)
    assert len(str(error.value)) < 600


def test_a_refused_training_keeps_its_seed(tmp_path, interrupted):
    interrupted(tmp_path, 2)
    gan = game(seed=None, loss="hinge")
    seed = gan.seed
    with pytest.raises(ValueError, match="of another training"):
        train(gan, tmp_path)
    assert gan.seed == seed


@pytest.mark.slow
def test_layers_with_other_automatic_names_are_the_same_game(tmp_path, interrupted):
    interrupted(tmp_path)
    for _ in range(2):
        game()  # Keras counts the layers that it has named.
    gan = game()
    assert same(uninterrupted(), (gan, train(gan, tmp_path)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:layer 'lambda.* holds a Python function")
def test_a_lambda_defined_in_another_cell_is_the_same_game(tmp_path):
    def make(cell):
        double = eval(compile("lambda x: 2 * x", cell, "eval"))
        generator, discriminator = players.networks()
        logits = keras.layers.Lambda(double)(discriminator.outputs[0])
        gan = kgan.GAN(generator, keras.Model(discriminator.inputs, logits), seed=0)
        gan.compile()
        return gan

    killed(make("cell 1"), tmp_path, 2, data=players.dataset())
    assert train(make("cell 2"), tmp_path, data=players.dataset()).epoch == [0, 1, 2]
