"""Gradient penalties on the discriminator. (In Keras "regularizer" means weight decay.)

A penalty is a frozen dataclass, called as `penalty(critic, real_images, fake_images, seed)`. It
returns one value per sample, `(batch,)`; the game adds the mean to D's loss. `critic` is a
`kgan.game.critic.CriticOfPenalties`: `critic(images)` gives logits, and `critic.gradient(images)`
logits and the gradient of each sample's logits with respect to that sample, `∇ₓ D(x)`, for the
price of one forward pass, or of none where the loss has used the logits already. D must not mix
samples: no BatchNormalization. `seed` is an integer tensor `(2,)` for `tf.random.stateless_*`:
penalties keep no random state, which is what lets a run resume exactly.
"""

import abc
import copy
import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.game import schedules
from kgan.game.critic import Critic, CriticOfPenalties
from kgan.lookup import by_name
from kgan.protocols import Differentiable, DrawsForSamples

__all__ = [
    "ALL",
    "R1",
    "R2",
    "Penalty",
    "WassersteinGradientPenalty",
    "get",
    "get_all",
    "gradient_squared_norm",
]


def gradient_squared_norm(critic: Any, images: Any) -> Any:
    """‖∇ₓ D(x)‖² of each sample, `(batch,)`, differentiable in D's weights.

    Of a D that looks at packs of m samples (`GAN(packing=m)`), x is a pack, and there are m times
    fewer: the slope of D along all that it looks at, as PacGAN has it
    (https://arxiv.org/abs/1712.04086).

    Args:
        critic: what a penalty gets, or any function from images to logits.
        images: samples, `(batch, ...)`.
    """
    critic = critic if isinstance(critic, Differentiable) else Critic(critic)
    _, gradient = critic.gradient(images)
    squares = tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(gradient.shape))))
    packing = critic.packing if isinstance(critic, Critic | CriticOfPenalties) else 1
    return squares if packing == 1 else tf.reduce_sum(tf.reshape(squares, (-1, packing)), axis=1)


@dataclasses.dataclass(frozen=True)
class Penalty(abc.ABC):
    """What D pays for a steep landscape: the base of all penalties.

    Args:
        weight: how much it counts in D's loss, at least 0; or a
            `keras.optimizers.schedules.LearningRateSchedule` of it, evaluated at `gan.step`.
        every: compute it on every so many updates of D only, times `every`, as StyleGAN2 does
            (Karras et al. 2020, https://arxiv.org/abs/1912.04958, section 3.1 and appendix B). Its
            mean, and that of its log, stay the same. (StyleGAN2 also adjusts Adam: it multiplies
            the learning rate by every / (every + 1), 16/17, and raises β₁ and β₂ to that power.
            kgan leaves the optimizer as it is.)

    Raises:
        ValueError: for a negative weight, or an `every` that is not a positive integer.
    """

    weight: schedules.Number
    every: int = dataclasses.field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        schedules.check("weight", self.weight, 0)
        is_integer = isinstance(self.every, int | np.integer) and not isinstance(self.every, bool)
        if not is_integer or self.every < 1:
            raise ValueError(
                f"`every` must be an integer of at least 1. Received: every={self.every!r}."
            )

    def mean(
        self,
        critic: Any,
        real_images: Any,
        fake_images: Any,
        seed: Any,
        *,
        step: Any = 0,
        update: Any = None,
    ) -> Any:
        """What the game adds to D's loss: the mean over the batch, a scalar.

        Args:
            critic, real_images, fake_images, seed: as the penalty is called.
            step: where a scheduled weight is evaluated.
            update: how many updates D has made; a lazy penalty is 0 unless `every` divides it.
                None: not lazily, as in evaluation.
        """
        penalty = self
        if isinstance(self.weight, schedules.Schedule):
            penalty = copy.copy(self)
            object.__setattr__(penalty, "weight", self.weight(step))  # It is frozen.

        def mean() -> Any:
            return tf.reduce_mean(penalty(critic, real_images, fake_images, seed))

        if update is None or self.every == 1:
            return mean()
        is_due = tf.equal(update % self.every, 0)
        return tf.cond(is_due, lambda: self.every * mean(), lambda: tf.zeros(()))

    @abc.abstractmethod
    def __call__(self, critic: Any, real_images: Any, fake_images: Any, seed: Any) -> Any:
        """The penalty of each sample, float32 `(batch,)`."""

    def get_config(self) -> dict[str, Any]:
        fields = dataclasses.fields(self)
        return {field.name: schedules.serialize(getattr(self, field.name)) for field in fields}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Penalty":
        return cls(**{name: schedules.deserialize(value) for name, value in config.items()})


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class R1(Penalty):
    """Flattens D at real samples, which makes training converge locally.

        weight / 2 · ‖∇ₓ D(x)‖² at real x

    Mescheder et al. 2018, https://arxiv.org/abs/1801.04406, equation 9.

    Args:
        weight: γ of the paper. There is no universal one: R3GAN's go from 0.05 to 150
            (https://arxiv.org/abs/2501.05441).
        every: as in `Penalty`; StyleGAN2 has 16.
    """

    weight: schedules.Number = 1.0

    def __call__(self, critic: Any, real_images: Any, fake_images: Any, seed: Any) -> Any:
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
        every: as in `Penalty`.
    """

    weight: schedules.Number = 1.0

    def __call__(self, critic: Any, real_images: Any, fake_images: Any, seed: Any) -> Any:
        return self.weight / 2 * gradient_squared_norm(critic, fake_images)


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class WassersteinGradientPenalty(Penalty):
    """Holds the slope of D at 1 between real samples and fakes; WGAN-GP.

        weight · (‖∇ₓ D(x)‖ - 1)² at x = ε real + (1 - ε) fake, ε uniform on [0, 1)

    Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028, equation 3.

    Args:
        weight: λ of the paper, which uses 10.
        every: as in `Penalty`.
    """

    weight: schedules.Number = 10.0

    def __call__(self, critic: Any, real_images: Any, fake_images: Any, seed: Any) -> Any:
        drawer = critic if isinstance(critic, DrawsForSamples) else Critic(critic)
        epsilon = drawer.uniform(real_images, seed)
        between = epsilon * real_images + (1 - epsilon) * fake_images
        # Without the small number under the root its derivative at a flat D is NaN.
        norm = tf.sqrt(gradient_squared_norm(critic, between) + 1e-12)
        return self.weight * tf.square(norm - 1)


ALL: dict[str, Callable[[], Penalty]] = {
    "r1": R1,
    "r2": R2,
    "wasserstein_gradient_penalty": WassersteinGradientPenalty,
}


def get(identifier: str | Penalty) -> Penalty:
    """Returns the penalty that `identifier` names or is.

    Raises:
        ValueError: for an unknown name, with the nearest known ones.
        TypeError: for anything else, such as a class instead of an instance.
    """
    if isinstance(identifier, str):
        return by_name(identifier, ALL, "penalties")()
    if isinstance(identifier, Penalty):
        return identifier
    raise TypeError(
        "`penalties` must be a list of names or instances of kgan.penalties classes, such as "
        f"[kgan.penalties.R1(0.1)]. Received: {identifier!r}."
    )


def get_all(identifiers: Iterable[str | Penalty] | None) -> list[Penalty]:
    """Returns a list of penalties for a list of names or penalties."""
    if isinstance(identifiers, str | Penalty):
        raise TypeError(f"`penalties` must be a list. Received: penalties={identifiers!r}.")
    return [get(identifier) for identifier in identifiers or ()]
