"""Backups, and the trainings that go on from them; the kills here are exceptions, for speed."""

import functools
import os
import zipfile

import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan.resumption import backups

STEPS, EPOCHS = 4, 3


class Kill(keras.callbacks.Callback):
    """Stops training with an exception, after so many batches."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_batch_end(self, batch, logs=None):
        self.batches -= 1
        if self.batches == 0:
            raise KeyboardInterrupt


class Seen(keras.callbacks.Callback):
    """Writes down what a callback is called with."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("begin")

    def on_train_end(self, logs=None):
        self.calls.append("end")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} of {self.params['epochs']}")

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(batch)

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"end of {epoch}")


def game(**arguments):
    """A small game with all that has a state: dropout, labels, a penalty, two steps of D."""
    arguments = {"discriminator_steps": 2, "penalties": ["r1"], **arguments}
    return players.gan(10, kgan.architectures.mlp, **arguments)


def train(gan, folder, *callbacks, data=None, epochs=EPOCHS, every_seconds=0, **options):
    backup = kgan.callbacks.BackupAndRestore(folder, every_seconds=every_seconds)
    data = players.dataset(10) if data is None else data
    watching = [backup, *callbacks]
    return gan.fit(data, epochs=epochs, verbose=0, callbacks=watching, **options)


def killed(gan, folder, batches, *callbacks, **options):
    with pytest.raises(KeyboardInterrupt):
        train(gan, folder, *callbacks, Kill(batches), **options)


def same(first, second):
    """Whether two pairs of a GAN and its history are equal, bit for bit."""
    (gan, history), (other, other_history) = first, second
    weights = players.same(players.digest(gan), players.digest(other))
    return weights and (history.epoch, history.history) == (
        other_history.epoch,
        other_history.history,
    )


def undisturbed(make=game, **options):
    gan = make()
    return gan, gan.fit(options.pop("data", players.dataset(10)), verbose=0, **options)


def dcgan():
    return players.gan(10, kgan.architectures.dcgan, penalties=["r1"])


def two_at_once():
    return game(steps_per_execution=2)


def in_float16():
    keras.config.set_dtype_policy("mixed_float16")
    return game()


@pytest.mark.parametrize(
    ("make", "batches"),
    [(game, 1), (game, 4), (game, 11), (dcgan, 6), (two_at_once, 3), (in_float16, 5)],
)
def test_a_training_that_is_killed_ends_like_one_that_is_not(tmp_path, make, batches):
    killed(make(), tmp_path, batches)
    gan = make()
    history = train(gan, tmp_path)
    assert same(undisturbed(make, epochs=EPOCHS), (gan, history))


@pytest.mark.slow
def test_a_training_that_is_killed_again_and_again_ends_like_one_that_is_not(tmp_path):
    whole = undisturbed(epochs=EPOCHS)
    for batches in (3, 3, 1, 2):
        killed(game(), tmp_path, batches, kgan.callbacks.CSVLogger(tmp_path / "log.csv"))
    gan = game()
    history = train(gan, tmp_path, kgan.callbacks.CSVLogger(tmp_path / "log.csv"))
    assert same(whole, (gan, history))
    log = kgan.callbacks.CSVLogger(tmp_path / "whole.csv")
    game().fit(players.dataset(10), epochs=EPOCHS, verbose=0, callbacks=[log])
    assert (tmp_path / "log.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_logs_of_held_out_data_go_on_too(tmp_path):
    options = {"validation_data": players.dataset(10, seed=1)}
    whole = undisturbed(epochs=EPOCHS, **options)
    assert "val_generator_loss" in whole[1].history
    killed(game(), tmp_path, 6, **options)
    gan = game()
    assert same(whole, (gan, train(gan, tmp_path, **options)))


def test_the_same_gan_may_be_fit_again_after_an_interruption(tmp_path):
    whole = undisturbed(epochs=EPOCHS)
    gan = game()
    killed(gan, tmp_path, 7, every_seconds=0)
    gan.fit(players.dataset(10), epochs=1, verbose=0)
    assert same(whole, (gan, train(gan, tmp_path)))


def test_callbacks_see_one_training(tmp_path):
    killed(game(), tmp_path, STEPS + 2)
    seen = Seen()
    train(game(), tmp_path, seen)
    assert seen.calls == [
        "begin",
        *("epoch 1 of 3", 2, 3, "end of 1"),
        *("epoch 2 of 3", 0, 1, 2, 3, "end of 2"),
        "end",
    ]


def test_a_training_that_is_stopped_in_the_interrupted_epoch_ends_once(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    killed(game(), tmp_path, 2)
    seen = Seen()
    history = train(game(), tmp_path, seen, Stop())
    assert history.epoch == [0]
    assert seen.calls == ["begin", "epoch 0 of 3", 2, 3, "end of 0", "end"]


def test_a_training_that_was_killed_in_its_last_epoch_ends_once(tmp_path):
    killed(game(), tmp_path, 11)
    seen = Seen()
    assert train(game(), tmp_path, seen).epoch == [0, 1, 2]
    assert seen.calls == ["begin", "epoch 2 of 3", 3, "end of 2", "end"]


def test_pictures_and_film_are_those_of_an_undisturbed_training(tmp_path):
    for folder, kills in [("whole", []), ("killed", [5, 3])]:
        for batches in kills:
            killed(dcgan(), tmp_path / folder, batches, _grid(tmp_path / folder))
        train(dcgan(), tmp_path / folder, _grid(tmp_path / folder))
    whole, resumed = (
        {path.name: path.read_bytes() for path in (tmp_path / folder / "samples").iterdir()}
        for folder in ("whole", "killed")
    )
    assert whole == resumed
    assert len(whole) == EPOCHS + 1


def _grid(folder):
    return kgan.callbacks.SampleGrid(folder / "samples", num_samples=4)


def test_a_training_that_has_ended_is_left_as_it_is_and_says_so(tmp_path, capsys):
    gan = game()
    first = gan, train(gan, tmp_path, _grid(tmp_path / "folder"))
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = game()
    assert same(first, (again, train(again, tmp_path, _grid(tmp_path / "folder"))))
    assert "has had its 3 epochs. With more `epochs` it goes on." in capsys.readouterr().out
    assert files == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


class StopAfter(keras.callbacks.Callback):
    """Stops training after so many batches, as `EarlyStopping` does after an epoch."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self.model.step.numpy() >= self.batches


@pytest.mark.parametrize(
    "batches", [STEPS, STEPS + 2], ids=["at an epoch's end", "within an epoch"]
)
def test_a_training_that_a_callback_stopped_is_left_as_it_is(tmp_path, capsys, batches):
    gan = game()
    first = gan, train(gan, tmp_path, StopAfter(batches))
    assert gan.step.numpy() == batches
    again = game()
    assert same(first, (again, train(again, tmp_path)))
    epochs = -(-batches // STEPS)
    assert f"was stopped by a callback after {epochs} of 3 epochs. With" in capsys.readouterr().out
    longer = game()
    assert train(longer, tmp_path, epochs=4).epoch == [0, 1, 2, 3]
    assert longer.step.numpy() == batches + (4 - epochs) * STEPS


def test_what_other_callbacks_do_at_the_end_is_in_the_backup(tmp_path):
    class RestoreBest(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            self.model.generator.set_weights([0 * w for w in self.model.generator.get_weights()])

    gan = game()
    first = gan, train(gan, tmp_path, RestoreBest())
    again = game()
    assert same(first, (again, train(again, tmp_path)))
    assert not players.weights(again.generator).any()


@pytest.mark.parametrize("every_seconds", [0, 60])
def test_more_epochs_go_on_as_one_long_training(tmp_path, capsys, every_seconds):
    train(game(), tmp_path, epochs=2, every_seconds=every_seconds)
    gan = game()
    history = train(gan, tmp_path, epochs=5, every_seconds=every_seconds)
    assert same(undisturbed(epochs=5), (gan, history))
    assert "2 of 5 epochs." in capsys.readouterr().out


def test_no_backup_is_made_before_its_time(tmp_path):
    killed(game(), tmp_path, 6, every_seconds=60)
    assert backups.find(tmp_path) is None


def test_a_seed_that_was_drawn_is_that_of_the_backup(tmp_path):
    first = game(seed=None)
    killed(first, tmp_path, 5)
    second, whole = game(seed=None), game(seed=first.seed)
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
def test_of_two_backups_the_newest_intact_one_counts(tmp_path, damage):
    whole = undisturbed(epochs=EPOCHS)
    killed(game(), tmp_path, 6)
    DAMAGE[damage](tmp_path / backups.NEWEST)
    gan = game()
    with pytest.warns(UserWarning, match=r"newest\.keras is damaged, and passed over"):
        history = train(gan, tmp_path)
    assert same(whole, (gan, history))


def test_a_backup_whose_writing_was_killed_between_its_renames_is_the_one_before(tmp_path):
    killed(game(), tmp_path, 6)
    os.replace(tmp_path / backups.NEWEST, tmp_path / backups.PREVIOUS)
    gan = game()
    assert same(undisturbed(epochs=EPOCHS), (gan, train(gan, tmp_path)))


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
def test_two_damaged_backups_are_named_and_left(tmp_path):
    killed(game(), tmp_path, 6)
    for name in (backups.NEWEST, backups.PREVIOUS):
        _truncate(tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"damaged: newest\.keras, previous\.keras.*begin anew"):
        train(game(), tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


# Something else


def _wider():
    networks = kgan.architectures.mlp(
        (8, 8, 1),
        4,
        generator_units=(9,),
        discriminator_units=(8,),
        maxout_pieces=2,
        num_classes=10,
    )
    gan = kgan.GAN(*networks, seed=0, discriminator_steps=2)
    gan.compile(penalties=["r1"])
    return gan


@pytest.mark.parametrize(
    ("other", "data", "named"),
    [
        (lambda: game(loss="hinge"), {}, "loss.class_name: 'NonSaturating' there, 'Hinge' now"),
        (lambda: game(penalties=["r2"]), {}, "penalties.0.class_name: 'R1' there, 'R2' now"),
        (
            lambda: game(generator_optimizer=keras.optimizers.SGD(0.5)),
            {},
            "generator_optimizer.class_name: 'Adam' there, 'SGD' now",
        ),
        (lambda: game(seed=7), {}, "seed: 0 there, 7 now"),
        (_wider, {}, "units: 8 there, 9 now"),
        (game, {"seed": 3}, "data.seed: 0 there, 3 now"),
        (game, {"batch_size": 8}, "data.batch_size: 16 there, 8 now"),
        (game, {"num_samples": 80}, "data.num_samples: 64 there, 80 now"),
    ],
)
def test_a_backup_of_another_training_is_refused_and_what_differs_is_named(
    tmp_path, other, data, named
):
    killed(game(), tmp_path, 6)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    gan = other()
    with pytest.raises(ValueError, match=f"(?s)of another training:.*{named}"):
        train(gan, tmp_path, data=players.dataset(10, **data))
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert gan.step.numpy() == 0


def test_another_schedule_of_the_learning_rate_is_another_training(tmp_path):
    def make(schedule):
        return game(generator_optimizer=keras.optimizers.Adam(schedule(1e-3, 10, 0.5)))

    schedules = keras.optimizers.schedules
    killed(make(schedules.ExponentialDecay), tmp_path, 2)
    with pytest.raises(ValueError, match="'ExponentialDecay' there, 'InverseTimeDecay' now"):
        train(make(schedules.InverseTimeDecay), tmp_path)


def test_a_learning_rate_that_a_callback_changes_is_no_other_training(tmp_path):
    class Halve(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rate = self.model.generator_optimizer.learning_rate
            rate.assign(rate / 2)

    whole = game()
    history = whole.fit(players.dataset(10), epochs=EPOCHS, verbose=0, callbacks=[Halve()])
    killed(game(), tmp_path, 6, Halve())
    gan = game()
    assert same((whole, history), (gan, train(gan, tmp_path, Halve())))


def test_a_deeper_network_is_named_in_few_words(tmp_path):
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


def test_a_refused_training_keeps_its_seed(tmp_path):
    killed(game(), tmp_path, 2)
    gan = game(seed=None, loss="hinge")
    seed = gan.seed
    with pytest.raises(ValueError, match="of another training"):
        train(gan, tmp_path)
    assert gan.seed == seed


def test_logs_of_numpy_are_backed_up(tmp_path):
    class Score(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = np.float32(0.5)

    train(game(), tmp_path, Score(), epochs=1)
    assert backups.find(tmp_path) is not None


def test_one_backup_is_enough(tmp_path):
    two = [kgan.callbacks.BackupAndRestore(tmp_path / name) for name in ("a", "b")]
    with pytest.raises(ValueError, match="one BackupAndRestore at most.*Received: 2"):
        game().fit(players.dataset(10), callbacks=two)


def test_layers_of_a_later_kernel_have_other_names_and_are_the_same_game(tmp_path):
    killed(game(), tmp_path, 6)
    for _ in range(2):
        game()  # Keras counts the layers that it has named.
    gan = game()
    assert same(undisturbed(epochs=EPOCHS), (gan, train(gan, tmp_path)))


def test_a_lambda_of_another_cell_is_the_same_game(tmp_path):
    def make(cell):
        double = eval(compile("lambda x: 2 * x", cell, "eval"))
        generator, discriminator = players.networks()
        logits = keras.layers.Lambda(double)(discriminator.outputs[0])
        gan = kgan.GAN(generator, keras.Model(discriminator.inputs, logits), seed=0)
        gan.compile()
        return gan

    killed(make("cell 1"), tmp_path, 2, data=players.dataset())
    assert train(make("cell 2"), tmp_path, data=players.dataset()).epoch == [0, 1, 2]


def test_only_a_gan_can_be_backed_up(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(TypeError, match=r"there is keras\.callbacks\.BackupAndRestore"):
        model.fit(np.ones((1, 1)), callbacks=[kgan.callbacks.BackupAndRestore(tmp_path)])


def test_a_negative_interval_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`every_seconds` must be at least 0.*every_seconds=-1"):
        kgan.callbacks.BackupAndRestore(tmp_path, every_seconds=-1)


def test_two_trainings_do_not_share_a_folder(tmp_path):
    class Second(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with pytest.raises(BlockingIOError, match="is in use"):
                train(game(), tmp_path)

    gan = game()
    assert same(undisturbed(epochs=EPOCHS), (gan, train(gan, tmp_path, Second())))


def test_a_game_that_has_diverged_is_not_backed_up(tmp_path):
    gan = game(generator_optimizer=keras.optimizers.SGD(1e38))
    train(gan, tmp_path, kgan.callbacks.TerminateOnNaN())
    assert not np.isfinite(players.weights(gan.generator)).all()
    restored = game(generator_optimizer=keras.optimizers.SGD(1e38))
    backups.restore(tmp_path, restored)
    assert np.isfinite(players.weights(restored.generator)).all()


# Other data


def _arrays():
    return players.dataset(10).samples, players.dataset(10).labels


def _fixed_order():
    """Four batches in an order that does not depend on the process."""
    slices = tf.data.Dataset.from_tensor_slices(_arrays())
    return slices.batch(players.BATCH_SIZE, drop_remainder=True)


@pytest.mark.parametrize(
    "batches",
    [pytest.param(4, marks=pytest.mark.slow), 5, pytest.param(11, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize(
    ("data", "steps_per_epoch"),
    [
        (_fixed_order, None),
        (lambda: _fixed_order().repeat(), 3),
        (_fixed_order, 2),
    ],
    ids=["finite", "endless", "finite, an epoch half of it"],
)
def test_other_data_in_a_fixed_order_is_skipped_through(tmp_path, batches, data, steps_per_epoch):
    data = data()
    length = {"steps_per_epoch": steps_per_epoch} if steps_per_epoch else {}
    whole = undisturbed(data=data, epochs=EPOCHS, **length)
    batches = min(batches, EPOCHS * (steps_per_epoch or STEPS) - 1)
    killed(game(), tmp_path, batches, data=data, **length)
    gan = game()
    assert same(whole, (gan, train(gan, tmp_path, data=data, **length)))


def test_data_of_which_an_end_is_never_reached_may_have_any_length(tmp_path):
    history = train(game(), tmp_path, data=_fixed_order(), epochs=1, steps_per_epoch=3)
    assert history.epoch == [0]


def test_data_that_ends_within_an_epoch_is_refused_at_the_beginning(tmp_path):
    gan = game()
    with pytest.raises(
        ValueError, match=r"must divide.*\.repeat\(\).*steps_per_epoch=3, 4 batches"
    ):
        train(gan, tmp_path, data=_fixed_order(), steps_per_epoch=3)
    assert gan.step.numpy() == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "given", [{"batch_size": 16}, {"steps_per_epoch": 4}, {}, {"validation_split": 0.25}], ids=str
)
def test_arrays_have_the_steps_and_batches_of_an_undisturbed_training(tmp_path, given):
    samples, labels = (np.concatenate([part] * 2) for part in _arrays())
    whole = game()
    whole.fit(samples, labels, epochs=EPOCHS, verbose=0, **given)
    steps = whole.step.numpy() // EPOCHS
    killed(game(), tmp_path, steps + 1, data=samples, y=labels, **given)
    gan = game()
    history = train(gan, tmp_path, data=samples, y=labels, **given)
    assert gan.step.numpy() == whole.step.numpy()
    assert history.epoch == [0, 1, 2]
    assert gan.class_counts.numpy().sum() == whole.class_counts.numpy().sum()


def test_an_execution_of_several_steps_does_not_go_beyond_an_interrupted_epoch(tmp_path):
    data = _fixed_order().concatenate(_fixed_order()).take(7)
    make = functools.partial(game, steps_per_execution=3)
    whole = undisturbed(make, data=data, epochs=2)
    killed(make(), tmp_path, 1, data=data, epochs=2)
    gan = make()
    assert same(whole, (gan, train(gan, tmp_path, data=data, epochs=2)))
    assert gan.step.numpy() == 14


def test_a_callback_that_restores_something_else_is_no_backup():
    class Other(keras.callbacks.Callback):
        def restore(self):
            raise AssertionError

    game().fit(players.dataset(10), callbacks=[Other()], verbose=0)
