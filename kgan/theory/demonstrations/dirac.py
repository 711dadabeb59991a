"""The smallest game there is, and how its turns are taken."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from kgan import penalties
from kgan.gan import GAN
from kgan.theory.demonstrations.demonstration import (
    COLORS,
    THEORY,
    Demonstration,
    check_length,
    figure,
)

__all__ = ["dirac_gan"]

STEPS, LEARNING_RATE, START = 250, 0.2, 1.0
GAMES: dict[str, Any] = {
    "simultaneous": {"turns": "simultaneous"},
    "alternating": {},
    "alternating_with_r1": {"penalties": [penalties.R1(0.3)]},
}


def dirac_gan(length: float = 1.0) -> Demonstration:
    """One number against one number: the game does not come to rest by itself.

    The Dirac GAN of Mescheder et al. 2018, https://arxiv.org/abs/1801.04406, section 2: all data
    lies at 0, G puts all samples at θ, and D(x) = sigmoid(ψx). The equilibrium is θ = ψ = 0. By
    `SGD`, simultaneous turns spiral away from it, alternating turns circle around it, and R1 makes
    them converge.

    Args:
        length: the share of the 250 steps, in (0, 1]; about 3 seconds on two CPU cores for 1.

    Returns:
        A `Demonstration`: `NAME_radius` is the distance from the equilibrium at the end, which was
        √2 at the start.
    """
    check_length(length)
    steps = max(1, round(STEPS * length))
    paths = {name: _path(steps, **rules) for name, rules in GAMES.items()}
    numbers = {f"{name}_radius": float(np.hypot(*path[-1])) for name, path in paths.items()}
    return Demonstration(numbers, _draw(paths), CAPTION)


CAPTION = (
    "Each player has one number: θ, where the generator puts its samples, and ψ, the slope of "
    "the discriminator's logit. They play the minimax game by plain gradient descent. Arrows: "
    "the direction in which the two players move, without the penalty. The game begins at the "
    "dot and its equilibrium is the cross. With simultaneous turns it spirals away; with "
    "alternating turns it circles; with the R1 penalty, which makes D pay for being steep at the "
    "data, it comes to rest."
)


def _path(steps, **rules):
    """θ and ψ after each step, `(steps + 1, 2)`."""
    latents, inputs = keras.Input((1,)), keras.Input((1,))
    theta, psi = layers.Dense(1), layers.Dense(1, use_bias=False)
    generator = keras.Model(latents, theta(layers.Rescaling(0.0)(latents)))
    gan = GAN(generator, keras.Model(inputs, psi(inputs)), ema_decay=None, seed=0)
    theta.set_weights([np.ones((1, 1)), np.array([START])])
    psi.set_weights([np.array([[START]])])
    optimizers = keras.optimizers.SGD(LEARNING_RATE), keras.optimizers.SGD(LEARNING_RATE)
    gan.compile(*optimizers, loss="minimax", run_eagerly=steps < 20, **rules)
    path = []

    def record(batch=None, logs=None):
        path.append((float(theta.bias[0]), float(psi.kernel[0, 0])))

    record()
    zeros = tf.data.Dataset.from_tensors(tf.zeros((1, 1))).repeat(steps)
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=record)
    gan.fit(zeros, epochs=1, verbose=0, callbacks=[watch])
    return np.array(path)


def _draw(paths):
    drawn, panels = figure(1, len(paths), 3.1, 3.1, sharex=True, sharey=True)
    reach = 1.15 * max(np.abs(path).max() for path in paths.values())
    theta, psi = np.meshgrid(*2 * [np.linspace(-reach, reach, 15)])
    # Both gradients are multiples of D(G(z)): the direction does not depend on it.
    field = np.array([psi, -theta]) / np.maximum(np.hypot(psi, theta), 1e-9)
    for axes, color, (name, path) in zip(panels, COLORS, paths.items(), strict=False):
        axes.quiver(theta, psi, *field, color="silver", zorder=0)
        axes.plot(*path.T, color=color, linewidth=1.2)
        axes.plot(*path[0], "o", color=color)
        axes.plot(0, 0, "+", color=THEORY, markersize=12, markeredgewidth=2)
        axes.set_title(name.replace("_", " ").replace("r1", "R1"), fontsize="medium")
        axes.set(aspect="equal", xlabel="θ (generator)")
    panels[0].set_ylabel("ψ (discriminator)")
    return drawn
