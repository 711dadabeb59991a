"""Who moves when, and how far."""

import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan


def linear_players():
    """G adds a number to its latent; D is a line."""
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    generator.set_weights([np.zeros((1, 1)), np.array([2.0])])  # G(z) = 2.
    discriminator.set_weights([np.array([[3.0]])])  # D(x) = 3 x.
    return generator, discriminator


def step(turns):
    """One step of a Wasserstein game on the real point 0; the new D and the new G(z)."""
    gan = kgan.GAN(*linear_players(), ema_decay=None, seed=0)
    gan.compile(*[keras.optimizers.SGD(0.1) for _ in range(2)], loss="wasserstein", turns=turns)
    gan.fit(tf.data.Dataset.from_tensors(np.zeros((4, 1), "float32")), verbose=0)
    return gan.discriminator.get_weights()[0].item(), gan.generator.get_weights()[1].item()


def test_alternating_turns_are_algorithm_1():
    slope, place = step("alternating")
    assert slope == pytest.approx(3 - 0.1 * 2)  # d(loss)/dw = G(z) = 2.
    assert place == pytest.approx(2 + 0.1 * slope)  # Up the line that D is now.


def test_simultaneous_turns_start_at_the_same_point():
    slope, place = step("simultaneous")
    assert slope == pytest.approx(3 - 0.1 * 2)
    assert place == pytest.approx(2 + 0.1 * 3)  # Up the line that D was.


def test_simultaneous_turns_share_their_fakes_and_both_forward_passes():
    generator, discriminator = players.networks()
    generator, drawn = players.recorded(generator)
    discriminator, judged = players.recorded(discriminator)
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(turns="simultaneous", loss="relativistic", penalties=["r1"], run_eagerly=True)
    drawn.seen.clear()
    judged.seen.clear()
    gan.fit(players.dataset(num_samples=16), verbose=0)
    assert len(drawn.seen) == 1
    assert len(judged.seen) == 2


def test_simultaneous_turns_survive_a_file(tmp_path):
    gan = players.linear(turns="simultaneous", penalties=["r1"], log_gradient_norms=True)
    gan.fit(players.dataset(), verbose=0)
    gan.save(tmp_path / "gan.keras")
    again = keras.models.load_model(tmp_path / "gan.keras")
    assert again.turns == "simultaneous"
    assert again.log_gradient_norms
    for game in (gan, again):
        game.fit(players.dataset(), verbose=0)
    assert players.same(players.digest(gan), players.digest(again))


def test_a_way_to_take_turns_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"`turns` must be one of \('alternating', 'simult"):
        players.linear(turns="both")


def test_simultaneous_turns_of_several_discriminator_steps_are_refused():
    with pytest.raises(ValueError, match=r"needs `discriminator_steps=1`.*discriminator_steps=3"):
        players.linear(turns="simultaneous", discriminator_steps=3)


# The norms of gradients


@pytest.mark.parametrize(
    ("turns", "policy"),
    [
        ("alternating", "mixed_float16"),
        ("simultaneous", "float32"),
        pytest.param("alternating", "float32", marks=pytest.mark.slow),
        pytest.param("simultaneous", "mixed_float16", marks=pytest.mark.slow),
    ],
)
def test_gradient_norms_are_how_far_sgd_moves_each_player(turns, policy):
    keras.config.set_dtype_policy(policy)
    gan = players.gan(architecture=kgan.architectures.mlp)
    optimizers = [keras.optimizers.SGD(1e-3) for _ in range(2)]
    gan.compile(*optimizers, turns=turns, log_gradient_norms=True)
    before = [players.weights(player) for player in (gan.discriminator, gan.generator)]
    log = gan.train_on_batch(players.dataset().samples[:16], return_dict=True)
    norms = log["discriminator_gradient_norm"], log["generator_gradient_norm"]
    for player, start, norm in zip((gan.discriminator, gan.generator), before, norms, strict=True):
        distance = np.linalg.norm(players.weights(player) - start)
        assert distance / 1e-3 == pytest.approx(norm, rel=1e-2)
        assert norm > 0


def test_the_gradient_of_an_embedding_is_summed_over_equal_labels():
    gan = players.linear(num_classes=2)
    gan.compile(keras.optimizers.SGD(1e-3), keras.optimizers.SGD(1e-3), log_gradient_norms=True)
    before = players.weights(gan.discriminator)
    batch = players.dataset(2)
    log = gan.train_on_batch(batch.samples[:16], batch.labels[:16], return_dict=True)
    distance = np.linalg.norm(players.weights(gan.discriminator) - before)
    assert distance / 1e-3 == pytest.approx(log["discriminator_gradient_norm"], rel=1e-2)


def test_a_step_that_overflowed_in_float16_counts_as_zero():
    keras.config.set_dtype_policy("mixed_float16")
    gan = players.gan(architecture=kgan.architectures.mlp, compiled=False)
    scaled = [
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-3), initial_scale=2.0**40)
        for _ in range(2)
    ]
    gan.compile(*scaled, log_gradient_norms=True)
    log = gan.train_on_batch(players.dataset().samples[:16], return_dict=True)
    assert log["discriminator_gradient_norm"] == log["generator_gradient_norm"] == 0
    assert np.isfinite(log["generator_loss"])


def test_callbacks_see_the_norms_that_were_asked_for_and_evaluation_has_none():
    class Norms(keras.callbacks.Callback):
        seen = ()

        def on_train_batch_end(self, batch, logs=None):
            self.seen = (*self.seen, logs["generator_gradient_norm"])

    norms = Norms()
    gan = players.linear(log_gradient_norms=True, discriminator_steps=2)
    data = players.dataset()
    history = gan.fit(data, validation_data=data, callbacks=[norms], verbose=0).history
    assert len(norms.seen) == 4
    assert "discriminator_gradient_norm" in history
    assert not [name for name in history if name.startswith("val_") and "gradient" in name]
    assert not [
        name for name in players.linear().fit(data, verbose=0).history if "gradient" in name
    ]


@pytest.mark.slow
def test_norms_that_nobody_asked_for_are_not_computed():
    gan, asking = players.linear(), players.linear(log_gradient_norms=True)
    counts = []
    for game in (gan, asking):
        step = tf.function(game.train_step).get_concrete_function(tf.TensorSpec((16, 8, 8, 1)))
        counts.append(len(_needed(step.graph)))
    assert counts[0] < counts[1]
    data = players.dataset()
    for game in (gan, asking):
        game.fit(data, verbose=0)
    assert players.same(gan.generator.get_weights(), asking.generator.get_weights())


def _needed(graph):
    """The operations that what a graph returns or changes depends on."""
    stateful = [op for op in graph.get_operations() if op.type.startswith(("Assign", "Resource"))]
    stack, seen = [*(tensor.op for tensor in graph.outputs), *stateful], set()
    while stack:
        op = stack.pop()
        if op.name not in seen:
            seen.add(op.name)
            stack += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    return seen
