"""Gradient penalties on the discriminator. (In Keras "regularizer" means weight decay.)

A penalty is a frozen dataclass, called as `penalty(critic, real_images, fake_images, seed)`, where
`critic` maps images to logits. It returns one value a sample, `(batch,)`; the game takes the mean
and adds it to D's loss. The derivative is that of the sum of a sample's logits (a patch
discriminator has many) with respect to that sample, so D may not mix samples: no
BatchNormalization. `seed` is an integer tensor `(2,)` for `tf.random.stateless_*`: penalties keep
no random state, which is what lets a run be resumed exactly.
"""

import dataclasses

import keras
import tensorflow as tf

from kgan.lookup import by_name


def gradient_squared_norm(critic, images):
    """‖∇ₓ D(x)‖² for each sample, `(batch,)`, differentiable in D's weights."""
    images = tf.convert_to_tensor(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        total = tf.reduce_sum(critic(images))
    gradient = tf.cast(tape.gradient(total, images), "float32")
    return tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(images.shape))))


@dataclasses.dataclass(frozen=True)
class Penalty:
    """What D pays for a steep landscape: the base of all penalties.

    Args:
        weight: how much it counts in D's loss; at least 0.
    """

    weight: float

    def __post_init__(self):
        if self.weight < 0:
            raise ValueError(f"`weight` must be at least 0. Received: weight={self.weight}.")

    def get_config(self):
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class R1(Penalty):
    """Flattens D at real samples, which makes training converge locally.

        weight / 2 · ‖∇ₓ D(x)‖² at real x

    Mescheder et al. 2018, https://arxiv.org/abs/1801.04406, equation 9.

    Args:
        weight: γ of the paper. There is no universal one: R3GAN's go from 0.05 to 150
            (https://arxiv.org/abs/2501.05441).
    """

    weight: float = 1.0

    def __call__(self, critic, real_images, fake_images, seed):
        return self.weight / 2 * gradient_squared_norm(critic, real_images)


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class R2(Penalty):
    """Flattens D at fakes; with `R1` the pair of R3GAN.

        weight / 2 · ‖∇ₓ D(x)‖² at x = G(z)

    Mescheder et al. 2018, https://arxiv.org/abs/1801.04406, equation 10; Huang et al. 2024,
    https://arxiv.org/abs/2501.05441, section 2.

    Args:
        weight: γ of the paper.
    """

    weight: float = 1.0

    def __call__(self, critic, real_images, fake_images, seed):
        return self.weight / 2 * gradient_squared_norm(critic, fake_images)


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class WassersteinGradientPenalty(Penalty):
    """Holds the slope of D at 1 between real samples and fakes; WGAN-GP.

        weight · (‖∇ₓ D(x)‖ - 1)² at x = ε real + (1 - ε) fake, ε uniform on [0, 1)

    Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028, equation 3.

    Args:
        weight: λ of the paper, which uses 10.
    """

    weight: float = 10.0

    def __call__(self, critic, real_images, fake_images, seed):
        shape = [tf.shape(real_images)[0]] + [1] * (len(real_images.shape) - 1)
        epsilon = tf.random.stateless_uniform(shape, seed)
        between = epsilon * real_images + (1 - epsilon) * fake_images
        # Without the small number under the root its derivative at a flat D is NaN.
        norm = tf.sqrt(gradient_squared_norm(critic, between) + 1e-12)
        return self.weight * tf.square(norm - 1)


ALL = {
    "r1": R1,
    "r2": R2,
    "wasserstein_gradient_penalty": WassersteinGradientPenalty,
}


def get(identifier):
    """Returns the penalty that `identifier` names or is.

    Raises:
        ValueError: for an unknown name, with the nearest known ones.
        TypeError: for anything that is no penalty, a class instead of an instance included.
    """
    if isinstance(identifier, str):
        return by_name(identifier, ALL, "penalties")()
    if isinstance(identifier, Penalty):
        return identifier
    raise TypeError(
        "`penalties` must be a list of names or instances of kgan.penalties classes, such as "
        f"[kgan.penalties.R1(0.1)]. Received: {identifier!r}."
    )


def get_all(identifiers):
    """Returns a list of penalties for a list of names or penalties."""
    if isinstance(identifiers, str | Penalty):
        raise TypeError(f"`penalties` must be a list. Received: penalties={identifiers!r}.")
    return [get(identifier) for identifier in identifiers or ()]
