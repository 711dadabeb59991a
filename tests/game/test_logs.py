"""What is logged of a game."""

import keras
import numpy as np
import players
import pytest

import kgan


def test_the_logs_hold_losses_and_the_discriminators_answers():
    history = players.linear().fit(players.dataset(), verbose=0).history
    assert set(history) == {
        "discriminator_loss",
        "generator_loss",
        "discriminator_accuracy",
        "real_probability",
        "fake_probability",
    }
    history = players.linear(loss="wasserstein", penalties=["r1"]).fit(players.dataset(), verbose=0)
    assert {"penalty", "real_logits", "fake_logits"} <= set(history.history)


def test_the_logs_of_an_epoch_are_means_over_its_steps():
    class Losses(keras.callbacks.Callback):
        running = ()

        def on_train_batch_end(self, batch, logs=None):
            self.running = (*self.running, logs["discriminator_loss"])

    losses = Losses()
    options = {"callbacks": [losses], "verbose": 0}
    history = players.linear().fit(players.dataset(), epochs=2, **options).history
    one_by_one = players.linear()
    stream = iter(players.dataset().from_step(0))
    steps = []
    for _ in range(8):
        one_by_one.reset_metrics()
        steps.append(one_by_one.train_on_batch(next(stream), return_dict=True))
    alone = [step["discriminator_loss"] for step in steps]
    assert history["discriminator_loss"][0] == pytest.approx(np.mean(alone[:4]), rel=1e-5)
    assert history["discriminator_loss"][1] == pytest.approx(np.mean(alone[4:]), rel=1e-5)
    assert losses.running[1] == pytest.approx(np.mean(alone[:2]), rel=1e-5)


def test_the_penalty_is_no_part_of_the_discriminator_loss():
    histories = [
        players.linear(penalties=penalties).fit(players.dataset(num_samples=16), verbose=0).history
        for penalties in ([], [kgan.penalties.R1(100.0)])
    ]
    assert histories[1]["discriminator_loss"] == pytest.approx(histories[0]["discriminator_loss"])
    assert histories[1]["penalty"][0] > 0


def test_a_metric_needs_no_more_than_names_for_several_results():
    class Pair(keras.metrics.Metric):
        result_names = ("low", "high")

        def update_state(self, real_images, fake_images):
            pass

        def result(self):
            return {"low": 2.0, "high": 3.0}

    log = players.linear(metrics=[Pair()]).evaluate(players.dataset(), verbose=0, return_dict=True)
    assert (log["low"], log["high"]) == (2.0, 3.0)
