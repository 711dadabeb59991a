import keras
import players
import pytest

import kgan


@pytest.mark.parametrize(
    "player", ["generator", pytest.param("discriminator", marks=pytest.mark.slow)]
)
def test_terminate_on_nan_watches_both_players(player, capsys):
    gan = players.linear()
    gan.compile(**{f"{player}_optimizer": keras.optimizers.SGD(float("nan"))})
    callbacks = [kgan.callbacks.TerminateOnNaN()]
    history = gan.fit(players.dataset(), epochs=5, verbose=0, callbacks=callbacks)
    assert len(history.epoch) == 1
    said = capsys.readouterr().out
    assert "training stops" in said
    assert "a lower learning rate may help" in said


def test_terminate_on_nan_leaves_a_healthy_game_alone():
    callbacks = [kgan.callbacks.TerminateOnNaN()]
    gan = players.linear(penalties=["r1"])
    history = gan.fit(players.dataset(), epochs=2, verbose=0, callbacks=callbacks)
    assert len(history.epoch) == 2
