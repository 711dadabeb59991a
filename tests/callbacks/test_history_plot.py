import types

import keras
import players
import pytest
import trainings

import kgan
from kgan import plots


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn from now on, instead of a figure: the number of epochs, and of one more."""
    calls = []

    def draw(logs, running=None, progress=1.0, steps_per_epoch=None):
        calls.append((max(map(len, logs.values()), default=0), running, progress))

    monkeypatch.setattr(plots, "history", draw)
    monkeypatch.setattr(plots, "save", lambda path, figure: None)
    return calls


def test_the_figure_is_that_of_the_history_when_training_ends(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(
        plots, "save", lambda *given: saved.append(given) or plots.figures.save(*given)
    )
    plot = kgan.callbacks.HistoryPlot(tmp_path / "new" / "history.png", every_seconds=1000)
    history = players.linear().fit(players.dataset(), epochs=2, verbose=0, callbacks=[plot])
    assert plot.filename.read_bytes() == plots.encode(plots.history(history.history))
    assert len(saved) == 1  # The epochs were too short for more.


def test_the_figure_counts_steps_where_asked(tmp_path):
    plot = kgan.callbacks.HistoryPlot(tmp_path / "history.png", in_steps=True)
    dataset = players.dataset()
    history = players.linear().fit(dataset, epochs=2, verbose=0, callbacks=[plot]).history
    expected = plots.history(history, steps_per_epoch=dataset.steps_per_epoch)
    assert plot.filename.read_bytes() == plots.encode(expected)


def test_the_figure_moves_within_an_epoch_and_at_its_end(tmp_path, drawn):
    batches, epochs = [], []

    class Logs(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            batches.append(pytest.approx(logs))

        def on_epoch_end(self, epoch, logs=None):
            epochs.append(logs)

    plot = kgan.callbacks.HistoryPlot(tmp_path / "history.png", every_seconds=0)
    held_out = players.dataset(num_samples=16)
    options = {"callbacks": [plot, Logs()], "validation_data": held_out}
    players.linear().fit(players.dataset(), epochs=2, verbose=0, **options)
    within = [(0, batches[i], (i + 1) / 4) for i in range(3)]
    assert drawn[:4] == [*within, (0, epochs[0], 1.0)]
    assert any(name.startswith("val_") for name in epochs[0])
    assert drawn[-2:] == [(1, epochs[1], 1.0), (2, None, 1.0)]


@pytest.mark.slow
def test_a_resumed_training_shows_all_of_its_history(tmp_path, interrupted, monkeypatch):
    interrupted(tmp_path / "backup")  # Two of four batches into the second epoch.
    plot = kgan.callbacks.HistoryPlot(tmp_path / "history.png", every_seconds=0)
    shown = []

    def draw(logs, running, progress, steps_per_epoch):
        shown.append(({len(values) for values in logs.values()}, progress))

    with monkeypatch.context() as patched:
        patched.setattr(plots, "save", lambda path, figure: None)
        patched.setattr(plots, "history", draw)
        trainings.train(trainings.game(), tmp_path / "backup", plot)
    assert shown[:2] == [({1}, 0.5), ({1}, 0.75)]
    again = trainings.train(trainings.game(), tmp_path / "backup", plot)  # Nothing is left of it.
    assert {len(values) for values in again.history.values()} == {3}
    assert plot.filename.read_bytes() == plots.encode(plots.history(again.history))


def test_an_epoch_counts_once_whether_the_history_has_it_already_or_not(tmp_path, drawn):
    plot = kgan.callbacks.HistoryPlot(tmp_path / "history.png", every_seconds=0)
    history = types.SimpleNamespace(epoch=[0], history={"generator_loss": [1.0]})
    plot.set_model(types.SimpleNamespace(history=history, distribute_strategy=None))
    plot.on_train_begin()
    plot.on_epoch_end(0, {"generator_loss": 1.0})
    plot.on_epoch_end(1, {"generator_loss": 2.0})
    assert drawn == [(1, {}, 1.0), (1, {"generator_loss": 2.0}, 1.0)]


def test_only_the_chief_draws_and_nothing_without_a_history(tmp_path, drawn, monkeypatch):
    plot = kgan.callbacks.HistoryPlot(tmp_path / "history.png", every_seconds=0)
    history = types.SimpleNamespace(epoch=[], history={})
    plot.set_model(types.SimpleNamespace(history=history, distribute_strategy=None))
    plot.on_train_begin()
    plot.on_train_end()
    history.history["generator_loss"] = [1.0]
    monkeypatch.setattr("kgan.game.replicas.is_chief", lambda strategy: False)
    plot.on_epoch_end(0, {"generator_loss": 1.0})
    plot.on_train_end()
    assert drawn == []


def test_a_negative_age_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`every_seconds` must be at least 0.*every_seconds=-1"):
        kgan.callbacks.HistoryPlot(tmp_path / "history.png", every_seconds=-1)
