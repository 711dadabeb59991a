"""How the discriminator looks at samples within one step: the only place that calls it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from kgan.game import networks
from kgan.game.replicas import WHOLE, Share

__all__ = ["Critic", "CriticOfPenalties", "packed"]


def packed(samples: Any, packing: int) -> Any:
    """Packs of samples, one behind another along the last axis.

    Args:
        samples: `(batch, ..., channels)`.
        packing: how many there are in a pack; it divides `batch`.

    Returns:
        A tensor `(batch / packing, ..., packing * channels)`; pack i is of the `packing` samples
        from `i * packing` on.
    """
    if packing == 1:
        return samples
    return tf.concat([samples[i::packing] for i in range(packing)], axis=-1)


@dataclasses.dataclass(frozen=True, eq=False)
class _Look:
    """One forward pass of D: the samples, its logits, and the tape that can differentiate them."""

    images: Any
    logits: Any
    total: Any
    tape: tf.GradientTape


class Critic:
    """A discriminator bound to labels, an augmentation and a mode, for one update.

    Losses, penalties, G's update and evaluation all ask it. It looks at the same tensor once: a
    penalty that differentiates D at samples whose logits the loss has used needs no second
    forward pass.

        logits = critic(images)                     # float32, (batch, 1) or a map of logits
        logits, gradient = critic.gradient(images)  # the gradient in the shape of images

    Args:
        discriminator: a Keras network, `samples` or `[samples, labels]` -> logits; or any function
            from samples to logits, which is called without a mode.
        labels: integers `(batch,)`; None for a network that takes none.
        training: the mode in which D is called.
        augmentation: a Keras layer that D sees all samples through, differentiable; None for none.
        share: which rows of the whole batch D looks at.
        packing: at how many samples D looks at once; there are then so many times fewer logits.
    """

    def __init__(
        self,
        discriminator: keras.Model | Callable[[Any], Any],
        labels: Any = None,
        *,
        training: bool = False,
        augmentation: keras.Layer | None = None,
        share: Share = WHOLE,
        packing: int = 1,
    ) -> None:
        self._discriminator = discriminator
        self._labels = labels
        self._training = training
        self._augmentation = augmentation
        self._share = share
        self.packing = packing
        self._looks: list[_Look] = []
        self._losses: list[list[Any]] = []  # What D's layers added, at each forward pass.

    def __call__(self, images: Any) -> Any:
        """D's logits, float32 whatever it computes in."""
        return self._look(images).logits

    def gradient(self, images: Any) -> tuple[Any, Any]:
        """D's logits, and the gradient of each sample's logits with respect to that sample.

        The logits of a pack depend on several samples, each of which has its part of the gradient.
        It is the derivative of the sum of all logits; a patch discriminator has many per sample.
        It is taken with respect to the samples before augmentation, as StyleGAN2-ADA does
        (Karras et al. 2020, https://arxiv.org/abs/2006.06676), and is itself differentiable in D's
        weights.

        Returns:
            The pair of the float32 logits and the float32 gradient, in the shape of `images`.
        """
        look = self._look(images)
        gradient = look.tape.gradient(look.total, look.images)
        return look.logits, tf.cast(gradient, "float32")

    def uniform(self, images: Any, seed: Any) -> Any:
        """Random numbers in [0, 1), one for each sample, that can be multiplied with `images`.

        They are drawn for the whole batch, of which this device may have a share. The samples of a
        pack have the same one.

        Args:
            images: samples, `(batch, ...)`.
            seed: integers `(2,)`.

        Returns:
            A float32 tensor `(batch, 1, ...)`.
        """
        ones = [1] * (len(images.shape) - 1)
        if self._share.is_whole:
            drawn = tf.random.stateless_uniform([tf.shape(images)[0], *ones], seed)
        else:
            drawn = self._share.of(lambda total: tf.random.stateless_uniform([total, *ones], seed))
        if self.packing == 1:
            return drawn
        return tf.repeat(drawn[:: self.packing], self.packing, axis=0)

    def regularization(self) -> list[Any]:
        """What D's layers add to its objective, scalars: none in most games.

        Weight regularizers count once per update; activity regularizers and `add_loss` are
        averaged over the forward passes so far.
        """
        if not any(self._losses):
            return []
        of_weights = networks.num_weight_losses(self._discriminator)
        of_calls = [loss for losses in self._losses for loss in losses[: len(losses) - of_weights]]
        weights = self._losses[-1][len(self._losses[-1]) - of_weights :]
        return [*weights, *(loss / len(self._losses) for loss in of_calls)]

    def for_penalties(self) -> "CriticOfPenalties":
        """The same critic, as penalties get it."""
        return CriticOfPenalties(self)

    def afresh(self, images: Any) -> Any:
        """D's logits by a forward pass of their own, which all open tapes record."""
        seen = self._augmentation(images, training=True) if self._augmentation else images
        return tf.cast(self._answer(packed(seen, self.packing)), "float32")

    def _look(self, images: Any) -> _Look:
        images = tf.convert_to_tensor(images)
        for look in self._looks:
            if look.images is images:
                return look
        # Recording a forward pass costs a graph nothing unless the gradient is asked for.
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(images)
            logits = self.afresh(images)
            total = tf.reduce_sum(logits)
        self._looks.append(_Look(images, logits, total, tape))
        return self._looks[-1]

    def _answer(self, images: Any) -> Any:
        inputs = images if self._labels is None else [images, self._labels]
        if not isinstance(self._discriminator, keras.Model):
            return self._discriminator(inputs)
        logits = self._discriminator(inputs, training=self._training)
        if self._training:
            self._losses.append(networks.losses(self._discriminator))
        return logits


class CriticOfPenalties:
    """A critic as penalties get it.

    `critic.gradient(images)` shares the forward pass of the loss. `critic(images)` is one of its
    own, so that a penalty may also differentiate D by its own `tf.GradientTape`.

    Args:
        critic: the critic of the update.
    """

    def __init__(self, critic: Critic) -> None:
        self._critic = critic
        self.packing = critic.packing

    def __call__(self, images: Any) -> Any:
        """As `Critic.afresh`."""
        return self._critic.afresh(images)

    def gradient(self, images: Any) -> tuple[Any, Any]:
        """As `Critic.gradient`."""
        return self._critic.gradient(images)

    def uniform(self, images: Any, seed: Any) -> Any:
        """As `Critic.uniform`."""
        return self._critic.uniform(images, seed)
