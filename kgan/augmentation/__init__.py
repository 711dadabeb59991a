"""Augmentations: what the discriminator sees all samples through, real and generated alike.

An augmentation is a differentiable Keras layer, for `gan.compile(augmentation=...)`. It is applied
in both players' updates, with `training=True`, and not in evaluation. D hardly ever sees a sample
as it is, so it is slower to memorize a small training set; and because generated samples are
augmented too, G does not learn to draw augmented ones (Zhao et al. 2020; Karras et al. 2020,
https://arxiv.org/abs/2006.06676). Layers of Keras work too if they are differentiable, such as
`keras.layers.RandomTranslation`. Random numbers come from the layer's `keras.random.SeedGenerator`,
whose state the game sets before each step, so that a run resumes exactly.
"""

import keras

from kgan.augmentation.adaptive import Adaptive
from kgan.augmentation.diff_augment import DiffAugment
from kgan.lookup import by_name

__all__ = ["ALL", "Adaptive", "DiffAugment", "get"]

ALL = {"adaptive": Adaptive, "diff_augment": DiffAugment}


def get(identifier: str | keras.Layer | None) -> keras.Layer | None:
    """Returns the augmentation that `identifier` names or is; None for None.

    Raises:
        ValueError: for an unknown name, with the nearest known ones.
        TypeError: for anything that is not a layer, such as a class instead of an instance.
    """
    if isinstance(identifier, str):
        return by_name(identifier, ALL, "augmentation")()
    if identifier is None or isinstance(identifier, keras.Layer):
        return identifier
    raise TypeError(
        "`augmentation` must be a name or a Keras layer, such as kgan.augmentation.DiffAugment(). "
        f"Received: augmentation={identifier!r}."
    )
