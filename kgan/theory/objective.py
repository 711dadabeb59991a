"""The value of the game, and what of it reaches the generator."""

from typing import Any

import numpy as np
import tensorflow as tf

from kgan import losses

__all__ = ["generator_gradient", "implied_divergence", "value"]


def value(real_logits: Any, fake_logits: Any) -> float:
    """V(D, G) = E[log D(x)] + E[log(1 - D(G(z)))], which D maximises and G minimises, in nats.

    At equilibrium it is -log 4 = -1.386. Goodfellow et al. 2014,
    https://arxiv.org/abs/1406.2661, equation 1.

    Args:
        real_logits: D's logits of real samples, of any shape; D(x) = sigmoid(logit).
        fake_logits: D's logits of generated samples.

    Returns:
        A float, at most 0.

    Raises:
        ValueError: if either is empty or holds NaN.

    Example:

    >>> kgan.theory.value([0.0, 0.0], [0.0]) == float(-np.log(4))
    True
    """
    real_logits, fake_logits = (
        np.asarray(logits, "float64") for logits in (real_logits, fake_logits)
    )
    for name, logits in (("real_logits", real_logits), ("fake_logits", fake_logits)):
        if not logits.size:
            raise ValueError(f"`{name}` must hold at least one logit. Received: none.")
        if np.isnan(logits).any():
            raise ValueError(f"`{name}` must not hold NaN. Received: {np.isnan(logits).sum()}.")
    return float(-np.logaddexp(0, -real_logits).mean() - np.logaddexp(0, fake_logits).mean())


def implied_divergence(value: float) -> float:
    """The Jensen-Shannon divergence that a value of the game implies: (V + log 4) / 2, in nats.

    It is the divergence of data and samples if D is optimal, and a lower bound for any other D, as
    long as the value is taken on samples that D has not learned from; Goodfellow et al. 2014,
    https://arxiv.org/abs/1406.2661, theorem 1.

    Args:
        value: V(D, G), as of `kgan.theory.value`.

    Returns:
        At most log 2 = 0.693. It is negative where D does worse than guessing.
    """
    return (value + float(np.log(4))) / 2


def generator_gradient(
    loss: str | losses.AdversarialLoss, fake_probability: Any, real_logits: Any = 0.0
) -> np.ndarray:
    """How steep G's loss is in D's logit: the factor by which all of G's gradient is multiplied.

    The gradient at G's weights θ is the mean over latents z of this, times the gradient of D's
    logit of G(z) in θ. With D = D(G(z)):

    - minimax: -D, which vanishes while D is winning: the loss saturates;
    - non-saturating: -(1 - D), which is then largest;
    - Wasserstein and hinge: -1, whatever D says.

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, section 3.

    Args:
        loss: a name or an instance from `kgan.losses`.
        fake_probability: D(G(z)), in (0, 1), an array of any shape; the logit is
            log(D / (1 - D)), also for losses that define no probability.
        real_logits: D's logits of real samples, where the loss compares with them: a number, or an
            array in the shape of `fake_probability`.

    Returns:
        A float64 array in the shape of `fake_probability`.

    Raises:
        TypeError, ValueError: for an unknown loss, a probability that is not strictly between 0 and
            1, or real logits of another shape.

    Example:

    >>> kgan.theory.generator_gradient("minimax", [0.5, 0.001])
    array([-0.5  , -0.001])
    >>> kgan.theory.generator_gradient("non_saturating", [0.5, 0.001])
    array([-0.5  , -0.999])
    """
    loss = losses.get(loss)
    probability = np.asarray(fake_probability, "float64")
    if not ((probability > 0) & (probability < 1)).all():
        raise ValueError(
            "`fake_probability` must be strictly between 0 and 1. "
            f"Received: values from {probability.min():.4g} to {probability.max():.4g}."
        )
    logits = tf.constant(np.log(probability) - np.log1p(-probability))
    if np.shape(real_logits) not in ((), probability.shape):
        raise ValueError(
            "`real_logits` must be a number, or have the shape of `fake_probability`. "
            f"Received: shapes {np.shape(real_logits)} and {probability.shape}."
        )
    real = tf.constant(np.broadcast_to(np.asarray(real_logits, "float64"), probability.shape))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        objective = loss.generator_loss(real if loss.generator_sees_real else None, logits)
    return tape.gradient(objective, logits).numpy()
