"""What a running game shows of itself: cheap numbers that tell illnesses apart.

Distances are divided by the mean distance of real samples from each other, so that they mean the
same for any data. Logits have a scale of their own: they are log-odds, or have a margin of 1. Those
of a Wasserstein critic have the scale of the data, and are divided by that distance too.
"""

import math
from typing import NamedTuple

__all__ = ["Reading"]


class Reading(NamedTuple):
    """What a probe has read; a number that cannot be known is NaN.

    "The samples" are those of the present generator, not of the averaged one, unless stated.

    Args:
        step: how many steps the game had been played.
        real_logit, held_out_logit, fake_logit: D's mean logits for training samples, for held-out
            ones and for the samples.
        real_accuracy: the share of training samples that D takes for real, its logit above 0.
        logit_spread: the standard deviation of D's logits for training samples.
        auc: how often D rates a training sample above a generated one, in [0, 1].
        held_out_auc: likewise a held-out one.
        slope: by how much D's logit changes over the mean distance of real samples, at eight of
            the samples.
        push: by how much G's loss changes with D's logit, |∂L_G/∂D(G(z))|; at most 1 for
            cross-entropy, 0 where the loss is flat.
        generator_gradient, discriminator_gradient: the Euclidean norms of both players' gradients
            on eight samples, without penalties.
        variety: the mean distance of the samples from each other; real ones have 1.
        distance: the energy distance (Székely and Rizzo 2013) of the samples to training data.
        missing: the share of the training data that lies in clusters with hardly any sample.
        averaged_distance, averaged_missing: likewise, of samples of the averaged generator, when it
            was looked at last.
        drift: how far a sample has moved since the last reading, in the mean.
        label_margin: how often D rates a real sample higher with its own label than with another.
        label_effect: how far another label moves a sample, over how far other latents do.
        memorization: the median distance of samples of the averaged generator to training data,
            over that of held-out data; plus two standard errors, since for points it is inexact.
            It looks at 2,000 training samples: copies of 4,000 or more go unnoticed.
    """

    step: int
    real_logit: float = math.nan
    held_out_logit: float = math.nan
    fake_logit: float = math.nan
    real_accuracy: float = math.nan
    logit_spread: float = math.nan
    auc: float = math.nan
    held_out_auc: float = math.nan
    slope: float = math.nan
    push: float = math.nan
    generator_gradient: float = math.nan
    discriminator_gradient: float = math.nan
    variety: float = math.nan
    distance: float = math.nan
    missing: float = math.nan
    averaged_distance: float = math.nan
    averaged_missing: float = math.nan
    drift: float = math.nan
    label_margin: float = math.nan
    label_effect: float = math.nan
    memorization: float = math.nan

    @property
    def is_finite(self) -> bool:
        """Whether D's logits, the samples and both gradients are finite."""
        found = self.real_logit, self.fake_logit, self.variety, self.slope
        return all(map(math.isfinite, (*found, *self.gradients)))

    @property
    def gradients(self) -> tuple[float, float]:
        """The norms of both players' gradients."""
        return self.generator_gradient, self.discriminator_gradient
