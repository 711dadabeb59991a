"""Adversarial losses. One object holds both players' halves, so that they cannot be mismatched.

Conventions, the same for all: the discriminator returns logits, and high means real. A loss is
unreduced, in the shape of the logits; the game takes the mean. Both players minimise.
"""

import abc
import dataclasses
from typing import Any, ClassVar

import keras
from keras import ops

from kgan.lookup import by_name

__all__ = [
    "ALL",
    "AdversarialLoss",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Relativistic",
    "Wasserstein",
    "get",
]


@dataclasses.dataclass(frozen=True)
class AdversarialLoss(abc.ABC):
    """What the two players minimise: the base of all losses.

    Losses are frozen: `train_step` is traced once, so a field that changed later would silently do
    nothing.
    """

    # Whether G's loss looks at the logits of real samples. Where it does not, it is given None.
    generator_sees_real: ClassVar[bool] = False
    # A logit above it says "real". None: only the order of real and fake logits has a meaning.
    threshold: ClassVar[float | None] = 0.0

    @abc.abstractmethod
    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        """What D minimises, in the shape of the logits."""

    @abc.abstractmethod
    def generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        """What G minimises, in the shape of the logits."""

    def probability(self, logits: Any) -> Any:
        """D(x), the probability in [0, 1] that a sample is real, in the shape of `logits`.

        Raises:
            TypeError: if the loss trains D to a score that is not a probability.
        """
        raise TypeError(
            f"The logits of a discriminator that was trained with {type(self).__name__} are "
            "not probabilities. Use the losses 'minimax' or 'non_saturating', or call "
            "`gan.discriminator(samples)` for the logits themselves."
        )

    @property
    def defines_probability(self) -> bool:
        """Whether `probability` is defined."""
        return type(self).probability is not AdversarialLoss.probability

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AdversarialLoss":
        return cls(**config)


@dataclasses.dataclass(frozen=True)
class _CrossEntropy(AdversarialLoss):
    """D as a classifier of real against fake, D(x) = sigmoid(logit)."""

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.label_smoothing < 0.5:
            raise ValueError(
                "`label_smoothing` must be in [0, 0.5). "
                f"Received: label_smoothing={self.label_smoothing}."
            )

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        smoothing = self.label_smoothing
        real = (1 - smoothing) * ops.softplus(-real_logits) + smoothing * ops.softplus(real_logits)
        return real + ops.softplus(fake_logits)

    def probability(self, logits: Any) -> Any:
        return ops.sigmoid(logits)


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class Minimax(_CrossEntropy):
    """The two-player zero-sum game of the value function V(D, G); it saturates.

    Use it to study the theory. While D is winning, log(1 - D(G(z))) is flat and G gets next to no
    gradient; `NonSaturating` has the same fixed point and does not have that fault.

        discriminator_loss = -log D(x) - log(1 - D(G(z)))
        generator_loss = log(1 - D(G(z)))

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, equation 1.

    Args:
        label_smoothing: one-sided: the target for real samples is 1 - label_smoothing, that for
            fakes stays 0 (Salimans et al. 2016, section 3.4). In [0, 0.5).
    """

    def generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return -ops.softplus(fake_logits)


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class NonSaturating(_CrossEntropy):
    """G maximises log D(G(z)): the default, and what the 2014 paper trained with.

        discriminator_loss = -log D(x) - log(1 - D(G(z)))
        generator_loss = -log D(G(z))

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, section 3.

    Args:
        label_smoothing: one-sided: the target for real samples is 1 - label_smoothing, that for
            fakes stays 0 (Salimans et al. 2016, section 3.4). In [0, 0.5).
    """

    def generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return ops.softplus(-fake_logits)


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class LeastSquares(AdversarialLoss):
    """D is regressed to 1 on real samples and to 0 on fakes; LSGAN.

        discriminator_loss = (D(x) - 1)² / 2 + D(G(z))² / 2
        generator_loss = (D(G(z)) - 1)² / 2

    Mao et al. 2017, https://arxiv.org/abs/1611.04076, equation 9 (a = 0, b = c = 1).
    """

    threshold: ClassVar[float | None] = 0.5

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return ops.square(real_logits - 1) / 2 + ops.square(fake_logits) / 2

    def generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return ops.square(fake_logits - 1) / 2


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class Wasserstein(AdversarialLoss):
    """D is a critic whose mean difference estimates the Wasserstein-1 distance.

    Use it with `penalties.WassersteinGradientPenalty`, which keeps the critic 1-Lipschitz, and
    with `discriminator_steps=5`.

        discriminator_loss = D(G(z)) - D(x)
        generator_loss = -D(G(z))

    Arjovsky et al. 2017, https://arxiv.org/abs/1701.07875, algorithm 1.
    """

    threshold: ClassVar[float | None] = None

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return fake_logits - real_logits

    def generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return -fake_logits


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class Hinge(AdversarialLoss):
    """D stops learning from samples that are on their side of the margin; SAGAN, BigGAN.

        discriminator_loss = max(0, 1 - D(x)) + max(0, 1 + D(G(z)))
        generator_loss = -D(G(z))

    Lim and Ye 2017, https://arxiv.org/abs/1705.02894; Miyato et al. 2018,
    https://arxiv.org/abs/1802.05957, equations 16 and 17.
    """

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return ops.relu(1 - real_logits) + ops.relu(1 + fake_logits)

    def generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return -fake_logits


@keras.saving.register_keras_serializable("kgan")
@dataclasses.dataclass(frozen=True)
class Relativistic(AdversarialLoss):
    """D says how much more real the real sample of a pair is than the fake one; RpGAN.

    Use it with `penalties.R1` and `penalties.R2`, as R3GAN does, against dropped modes.

        discriminator_loss = -log sigmoid(D(x) - D(G(z)))
        generator_loss = -log sigmoid(D(G(z)) - D(x))

    Jolicoeur-Martineau 2018, https://arxiv.org/abs/1807.00734; Huang et al. 2024,
    https://arxiv.org/abs/2501.05441, equation 2.
    """

    generator_sees_real: ClassVar[bool] = True
    threshold: ClassVar[float | None] = None

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return ops.softplus(fake_logits - real_logits)

    def generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        return ops.softplus(real_logits - fake_logits)


ALL = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "least_squares": LeastSquares,
    "wasserstein": Wasserstein,
    "hinge": Hinge,
    "relativistic": Relativistic,
}


def get(identifier: str | AdversarialLoss) -> AdversarialLoss:
    """Returns the loss that `identifier` names or is.

    Args:
        identifier: a key of `ALL`, or an `AdversarialLoss`, of kgan or one's own.

    Raises:
        ValueError: for an unknown name, with the nearest known ones.
        TypeError: for anything that is no loss, a class instead of an instance included.
    """
    if isinstance(identifier, str):
        return by_name(identifier, ALL, "loss")()
    if isinstance(identifier, AdversarialLoss):
        return identifier
    raise TypeError(
        "`loss` must be a name or an instance of a kgan.losses class, such as "
        f"kgan.losses.Hinge(). Received: loss={identifier!r}."
    )
