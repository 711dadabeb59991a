"""Ctrl-C and SIGTERM lose nothing."""

import signal
import threading

import keras
import players
import pytest
from trainings import EPOCHS, STEPS, full_game, game, same, train, uninterrupted

from kgan.callbacks.signals import Signals
from kgan.resumption import backups

ENDS = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: SystemExit}


@pytest.fixture(autouse=True)
def _handlers():
    """Those of a program in the foreground: in the background shells ignore Ctrl-C."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {one: signal.signal(one, handler) for one, handler in usual.items()}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


class Send(keras.callbacks.Callback):
    """Sends a signal to this process, at a moment of training; some moments have a number."""

    def __init__(self, number, moment, when=0):
        super().__init__()
        self.number, self.moment, self.when = number, moment, when

    def _send(self, moment, count=0):
        if moment == self.moment and count == self.when:
            signal.raise_signal(self.number)

    def on_train_begin(self, logs=None):
        self._send("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self._send("epoch begins", epoch)

    def on_train_batch_begin(self, batch, logs=None):
        self._send("batch begins", self.model.step.numpy())

    def on_train_batch_end(self, batch, logs=None):
        self._send("batch ends", self.model.step.numpy())

    def on_epoch_end(self, epoch, logs=None):
        self._send("epoch ends", epoch)


MOMENTS = [
    ("begin", 0),
    ("epoch begins", 1),
    ("batch begins", STEPS + 1),
    ("batch ends", 2 * STEPS),
    ("epoch ends", 0),
]


@pytest.mark.parametrize(
    ("number", "moment", "when"),
    [
        pytest.param(number, *moment, marks=[] if place == order else pytest.mark.slow)
        for order, number in enumerate(ENDS)
        for place, moment in enumerate(MOMENTS)
    ],
)
def test_an_interrupted_training_loses_nothing(tmp_path, capsys, number, moment, when):
    before = [signal.getsignal(one) for one in ENDS]
    with pytest.raises(ENDS[number]) as ended:
        train(game(), tmp_path, Send(number, moment, when))
    assert number == signal.SIGINT or ended.value.code == 143
    assert [signal.getsignal(one) for one in ENDS] == before
    said = capsys.readouterr().out
    assert "finishing this step" in said
    assert f"It is backed up in {tmp_path}: run the same again to resume" in said
    gan = game()
    history = train(gan, tmp_path)
    assert same(uninterrupted(), (gan, history))


@pytest.mark.slow
def test_an_interrupted_full_game_loses_nothing(tmp_path):
    for number, when in [(signal.SIGINT, 2), (signal.SIGTERM, 5), (signal.SIGINT, 9)]:
        with pytest.raises(ENDS[number]):
            train(full_game(), tmp_path, Send(number, "batch ends", when))
    gan = full_game()
    assert same(uninterrupted(full_game), (gan, train(gan, tmp_path)))


def test_a_signal_in_the_last_step_finds_the_training_ended(tmp_path):
    gan = game()
    with pytest.raises(KeyboardInterrupt):
        train(gan, tmp_path, Send(signal.SIGINT, "epoch ends", EPOCHS - 1))
    again = game()
    history = train(again, tmp_path)
    assert players.same(players.digest(gan), players.digest(again))
    assert history.epoch == list(range(EPOCHS))


def test_the_second_signal_leaves_at_once(tmp_path):
    class Twice(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    gan = game()
    with pytest.raises(KeyboardInterrupt):
        train(gan, tmp_path, Twice())
    assert gan.step.numpy() == 0
    assert backups.find(tmp_path) is None


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Keras learns its length so.
def test_where_the_length_of_an_epoch_is_unknown_it_is_finished_first(tmp_path, capsys):
    def data():
        return players.dataset(10).filter(lambda images, labels: True)

    with pytest.raises(SystemExit):
        train(game(), tmp_path, Send(signal.SIGTERM, "batch ends", 2), data=data())
    said = capsys.readouterr().out
    assert "finishing this epoch first" in said
    assert "interrupted after 1 of 3 epochs" in said


def test_other_threads_train_without_handlers(tmp_path):
    gan = game()
    thread = threading.Thread(target=train, args=(gan, tmp_path), kwargs={"epochs": 1})
    thread.start()
    thread.join()
    assert gan.step.numpy() == STEPS


def test_handlers_are_put_back_after_an_error():
    def fail():
        with Signals():
            assert signal.getsignal(signal.SIGTERM) != before
            raise ZeroDivisionError

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_that_is_ignored_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Signals() as signals:
        signal.raise_signal(signal.SIGINT)
        assert signals.received is None
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_a_signal_in_the_middle_of_a_print_is_kept(monkeypatch):
    def reentrant(*arguments, **options):
        raise RuntimeError("reentrant call inside <_io.BufferedWriter name='<stdout>'>")

    with Signals() as signals:
        monkeypatch.setattr("builtins.print", reentrant)
        signal.raise_signal(signal.SIGINT)
    assert signals.received == signal.SIGINT
