"""A sample of a GAN is no adversarial example."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from kgan.game.critic import Critic
from kgan.theory.demonstrations import digits, games
from kgan.theory.demonstrations.demonstration import Demonstration, figure

__all__ = ["adversarial_example"]

EPSILON = 0.2  # Of values in [-1, 1]: a tenth of the range.


def adversarial_example(length: float = 1.0) -> Demonstration:
    """An adversarial example is a real sample, changed; a sample of a GAN is new.

    The fast gradient sign method, x + ε sign(∇ₓ loss), Goodfellow et al. 2015,
    https://arxiv.org/abs/1412.6572, section 4, with ε a tenth of the range of values: against a
    classifier of digits, and against D, from real digits; next to samples of the generator.

    Args:
        length: the share of the steps, in (0, 1]; about 25 seconds on two CPU cores for 1.

    Returns:
        A `Demonstration`: `accuracy` and `accuracy_attacked` of the classifier on 360 held-out
        digits; `real_probability`, the mean D(x) of these digits, and `real_probability_attacked`,
        after an attack on D; `fake_probability`, the mean D(G(z)); `classifier_confidence`, the
        mean of the largest p(y | x) of samples.
    """
    train, test = digits.data(), digits.data("test")
    gan = digits.game(length)
    classifier = digits.classifier(train.samples, train.labels, length)
    real = tf.constant(test.samples)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    attacked = _attacked(real, lambda x: cross_entropy(test.labels, classifier(x, training=False)))
    doubted = _attacked(real, lambda x: -tf.reduce_mean(Critic(gan.discriminator)(x)))
    drawn = gan.generate(len(real), seed=0)
    seen = {"real": real.numpy(), "attacked": attacked, "doubted": doubted, "drawn": drawn}
    read = {name: digits.probabilities(classifier, images) for name, images in seen.items()}
    believed = {name: games.probabilities(gan, images) for name, images in seen.items()}
    numbers = {
        "accuracy": float((read["real"].argmax(axis=1) == test.labels).mean()),
        "accuracy_attacked": float((read["attacked"].argmax(axis=1) == test.labels).mean()),
        "real_probability": float(believed["real"].mean()),
        "real_probability_attacked": float(believed["doubted"].mean()),
        "fake_probability": float(believed["drawn"].mean()),
        "classifier_confidence": float(read["drawn"].max(axis=1).mean()),
    }
    labels = {name: answers.argmax(axis=1) for name, answers in read.items()}
    return Demonstration(numbers, _draw(seen, labels, believed, test.labels), CAPTION)


CAPTION = (
    "Above: a real digit; a change of every pixel by at most a tenth of the range, in the "
    "direction that the classifier likes least; and the sum. We still read the same digit, the "
    "classifier another. (Mid-grey in the middle column: no change.) Second row: the same against "
    "the discriminator, for the digit whose D(x) falls most. Both say something about a network, "
    "and there is no new digit. Below: samples of a generator, digits that nobody has written, "
    "and how the classifier reads them; some are ambiguous."
)


def _attacked(images, loss):
    with tf.GradientTape() as tape:
        tape.watch(images)
        objective = loss(images)
    changed = images + EPSILON * tf.sign(tape.gradient(objective, images))
    return tf.clip_by_value(changed, -1, 1).numpy()


def _draw(seen, read, believed, labels):
    flipped = np.flatnonzero((read["real"] == labels) & (read["attacked"] != labels))
    doubted = np.argmax(believed["real"] - believed["doubted"])
    shown = flipped[0] if len(flipped) else 0
    rows = [
        _row(
            seen, "attacked", shown, [f"read as {read[one][shown]}" for one in ("real", "attacked")]
        ),
        _row(
            seen,
            "doubted",
            doubted,
            [f"D = {believed[one][doubted]:.2f}" for one in ("real", "doubted")],
        ),
        [(seen["drawn"][i], f"generated, read as {read['drawn'][i]}") for i in range(3)],
    ]
    drawn, panels = figure(3, 3, 2.1, 2.1)
    for axes, (picture, title) in zip(panels.ravel(), itertools.chain(*rows), strict=True):
        axes.imshow(picture[..., 0], cmap="gray", vmin=-1, vmax=1)
        axes.set_title(title, fontsize="medium")
        axes.axis("off")
    return drawn


def _row(seen, name, i, answers):
    """A digit, what is done to it, and the sum: pairs of a picture and a title."""
    change = seen[name][i] - seen["real"][i]
    return [
        (seen["real"][i], f"real, {answers[0]}"),
        (change / (2 * EPSILON), "the change, × 2.5"),
        (seen[name][i], f"attacked, {answers[1]}"),
    ]
