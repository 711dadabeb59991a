"""A sample of a GAN is no adversarial example."""

import keras
import numpy as np
import tensorflow as tf

from kgan.game.critic import Critic
from kgan.theory.demonstrations import digits
from kgan.theory.demonstrations.demonstration import Demonstration, figure

__all__ = ["adversarial_example"]

EPSILON = 0.2  # Of values in [-1, 1]: a tenth of the range.


def adversarial_example(length: float = 1.0) -> Demonstration:
    """An adversarial example is a real sample, changed; a sample of a GAN is new.

    The fast gradient sign method, x + ε sign(∇ₓ loss), Goodfellow et al. 2015,
    https://arxiv.org/abs/1412.6572, section 4, with ε a tenth of the range of values: against a
    classifier of digits, and against D, from real digits; next to samples of the generator.

    Args:
        length: the share of the steps, in (0, 1]; about 25 seconds for 1.

    Returns:
        A `Demonstration`: `accuracy` and `accuracy_attacked` of the classifier on 360 held-out
        digits; `discriminator_logit_*` the mean logit of D for these digits, attacked so that it
        finds them fake, and for samples; `classifier_confidence_in_samples` the mean of the
        largest p(y | x).
    """
    train, test = digits.data(), digits.data("test")
    gan = digits.game(length)
    classifier = digits.classifier(train.samples, train.labels, length)
    critic = Critic(gan.discriminator)
    real = tf.constant(test.samples)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    attacked = _attacked(real, lambda x: cross_entropy(test.labels, classifier(x, training=False)))
    doubted = _attacked(real, lambda x: -tf.reduce_mean(Critic(gan.discriminator)(x)))
    drawn = gan.generate(len(real), seed=0)
    logits = {"real": real, "attacked": doubted, "of_samples": drawn}
    numbers = {
        "accuracy": digits.accuracy(classifier, real, test.labels),
        "accuracy_attacked": digits.accuracy(classifier, attacked, test.labels),
        "classifier_confidence_in_samples": float(
            digits.probabilities(classifier, drawn).max(axis=1).mean()
        ),
    }
    for name, images in logits.items():
        numbers[f"discriminator_logit_{name}"] = float(critic(images).numpy().mean())
    return Demonstration(
        numbers, _draw(real.numpy(), test.labels, attacked, drawn, classifier), CAPTION
    )


CAPTION = (
    "Above: a real digit; a change of every pixel by at most a tenth of the range, in the "
    "direction that the classifier likes least; and the sum. We still read the same digit, the "
    "classifier another. It says something about the classifier, and there is no new digit. "
    "Below: samples of a generator, digits that nobody has written, and how the classifier reads "
    "them; some are ambiguous."
)


def _attacked(images, loss):
    with tf.GradientTape() as tape:
        tape.watch(images)
        objective = loss(images)
    changed = images + EPSILON * tf.sign(tape.gradient(objective, images))
    return tf.clip_by_value(changed, -1, 1).numpy()


def _draw(real, labels, attacked, drawn, classifier):
    readings = (digits.probabilities(classifier, images) for images in (real, attacked))
    before, after = (reading.argmax(axis=1) for reading in readings)
    flipped = np.flatnonzero((before == labels) & (after != labels))
    shown = flipped[0] if len(flipped) else 0
    change = attacked[shown] - real[shown]
    pictures = [real[shown], change / (2 * EPSILON), attacked[shown]]
    titles = [
        f"real, read as {before[shown]}",
        "the change, × 2.5",
        f"attacked, read as {after[shown]}",
    ]
    read = digits.probabilities(classifier, drawn[:3]).argmax(axis=1)
    pictures += list(drawn[:3])
    titles += [f"generated, read as {one}" for one in read]
    figure_, panels = figure(2, 3, 2.1, 2.1)
    for axes, picture, title in zip(panels.ravel(), pictures, titles, strict=True):
        axes.imshow(picture[..., 0], cmap="gray", vmin=-1, vmax=1)
        axes.set_title(title, fontsize="medium")
        axes.axis("off")
    return figure_
