"""Why G does not play minimax: while D is winning, that loss is flat."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan import losses
from kgan.datasets import GaussianMixture
from kgan.game.critic import Critic
from kgan.gan import GAN
from kgan.theory.demonstrations import games
from kgan.theory.demonstrations.demonstration import (
    DISCRIMINATOR,
    GENERATED,
    THEORY,
    Demonstration,
    check_length,
    figure,
    label_panels,
)
from kgan.theory.objective import generator_gradient

__all__ = ["saturation"]

PROBABILITIES = 10.0 ** -np.arange(1, 7)
LOSSES = {"minimax": DISCRIMINATOR, "non_saturating": GENERATED}
DATA = GaussianMixture(np.array([[5.0]]), 0.5)
AHEAD, STEPS, BATCH_SIZE = 1000, 1500, 128
MOMENTS = np.linspace(0, 1, 16)


def saturation(length: float = 1.0) -> Demonstration:
    """Minimax gives G no gradient while D is winning; the non-saturating loss does.

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, section 3. Two measurements: the norm
    of the gradient at the weights of a real generator, for D(G(z)) from 0.1 to 10⁻⁶, next to the
    formula; and two games from the same weights with the same latents, in which D, which has had
    1,000 steps alone, is ahead, and G learns by plain gradient descent.

    Args:
        length: the share of the steps that is played, in (0, 1]; about 15 seconds on two CPU
            cores for 1.

    Returns:
        A `Demonstration`. `LOSS_gradient_at_1e-N` is the norm at D(G(z)) = 10⁻ᴺ;
        `largest_error_of_formula` is relative; `LOSS_distance` is how far the mean of the samples
        is from that of the data at the end, `distance_before` at the start.
    """
    check_length(length)
    measured, expected = _norms()
    numbers = {
        f"{loss}_gradient_at_1e-{i + 1}": float(norm)
        for loss, norms in measured.items()
        for i, norm in enumerate(norms)
    }
    errors = [np.abs(measured[loss] / expected[loss] - 1).max() for loss in LOSSES]
    numbers["largest_error_of_formula"] = float(max(errors))
    games_of_losses = {loss: _play(loss, length) for loss in LOSSES}
    for loss, (_, distances, _) in games_of_losses.items():
        numbers[f"{loss}_distance"] = distances[-1]
    numbers["distance_before"] = games_of_losses["minimax"][1][0]
    return Demonstration(numbers, _draw(measured, expected, games_of_losses), CAPTION)


CAPTION = (
    "Left: how much gradient reaches the generator, against how probable the discriminator finds "
    "its samples; D is surer to the right. With minimax the gradient shrinks in proportion to "
    "D(G(z)), with the non-saturating loss it stays nearly constant; points are measured in a "
    "network, lines are the formula. Middle and right: the same two networks, the same noise, D "
    "far ahead. With minimax the samples stay where they are, and D becomes surer still; with the "
    "non-saturating loss they reach the data."
)


def _norms():
    """The norms of G's gradient by loss, measured and by the formula: arrays like PROBABILITIES."""
    keras.utils.set_random_seed(0)
    gan = GAN(games.generator(2, 1), games.discriminator(1), ema_decay=None, seed=0)
    latents = tf.random.stateless_normal((1, 2), [0, 0])
    logit = games.logits(gan, gan.generator(latents, training=False))[0]
    bias = gan.discriminator.trainable_weights[-1]

    def norm(loss):
        with tf.GradientTape() as tape:
            fake_logits = Critic(gan.discriminator)(gan.generator(latents, training=True))
            objective = tf.reduce_mean(loss(fake_logits))
        gradients = tape.gradient(objective, gan.generator.trainable_weights)
        return float(tf.linalg.global_norm(gradients))

    of_logit = norm(lambda logits: logits)
    measured: dict[str, Any] = {loss: [] for loss in LOSSES}
    for probability in PROBABILITIES:
        bias.assign_add([np.log(probability / (1 - probability)) - logit])
        logit = np.log(probability / (1 - probability))
        for loss, norms in measured.items():
            generator_loss = losses.get(loss).generator_loss
            norms.append(norm(lambda logits, of=generator_loss: of(None, logits)))
    measured = {loss: np.array(norms) for loss, norms in measured.items()}
    return measured, {
        loss: np.abs(generator_gradient(loss, PROBABILITIES)) * of_logit for loss in LOSSES
    }


def _play(loss, length):
    """Steps, distances of the means, and D(G(z)), of a game in which D has a start."""
    ahead, steps = games.steps_of(AHEAD, length), games.steps_of(STEPS, length)
    keras.utils.set_random_seed(0)
    gan = GAN(games.generator(2, 1), games.discriminator(1), ema_decay=None, seed=0)
    optimizers = keras.optimizers.SGD(0.0), keras.optimizers.Adam(2e-3, beta_1=0.5)
    games.compile(gan, ahead + steps, *optimizers, loss=loss)
    dataset = games.points(DATA, ahead + steps, BATCH_SIZE)

    def look():
        drawn = games.samples(gan.generator, 2000)
        distance = float(abs(drawn.mean() - DATA.means.mean()))
        return distance, float(np.mean(games.probabilities(gan, drawn)))

    games.play(gan, dataset, ahead)
    optimizers[0].learning_rate = 0.05
    views = games.play(gan, dataset, steps, MOMENTS, look)
    return [step for step, _ in views], *zip(*(view for _, view in views), strict=True)


def _draw(measured, expected, games_of_losses):
    drawn, panels = figure(1, 3, 3.5, 2.9)
    for loss, color in LOSSES.items():
        name = loss.replace("_", "-")
        label = "the formula" if loss == "minimax" else None
        panels[0].loglog(PROBABILITIES, expected[loss], color=THEORY, label=label)
        panels[0].loglog(PROBABILITIES, measured[loss], "o", color=color, label=name)
        steps, distances, probabilities = games_of_losses[loss]
        panels[1].plot(steps, distances, color=color, label=name)
        panels[2].semilogy(steps, probabilities, color=color, label=name)
    panels[0].invert_xaxis()
    titles = "gradient that reaches G", "distance to the data", "D's answer to the samples"
    label_panels(panels, titles, "step of G", "norm of the gradient")
    panels[0].set_xlabel("D(G(z)); D is surer →")
    panels[1].set(ylabel="difference of the means", ylim=(0, None))
    panels[2].set_ylabel("mean D(G(z))")
    panels[2].axhline(0.5, color=THEORY, linestyle=":", label="1/2")
    panels[2].legend(fontsize="small")
    return drawn
