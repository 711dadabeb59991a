"""From samples to feature vectors."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

__all__ = ["Extractor", "shared"]

# What networks have answered, while `shared` lasts.
_answered: dict[tuple[int, int], Any] | None = None


@contextlib.contextmanager
def shared() -> Iterator[None]:
    """As long as this lasts a network looks at a tensor once, however many measures ask."""
    global _answered
    _answered = {}
    try:
        yield
    finally:
        _answered = None


@dataclasses.dataclass(frozen=True, eq=False)
class Extractor:
    """A network that looks at samples, and the name that its numbers go by.

    Args:
        name: what stands behind the name of every measure taken with it, as in
            `frechet_distance_mnist`.
        network: a Keras model or any callable, from float32 samples `(batch, ...)`, images in
            [-1, 1], to features, `(batch, ...)`; or to a dict of `features` and, of a classifier,
            `logits` `(batch, num_classes)`.
        sample_shape: of one sample, None where any size will do; None for any samples.

    Example:

    >>> rows = kgan.features.Extractor("rows", lambda images: keras.ops.mean(images, axis=2))
    >>> rows.features(np.zeros((5, 8, 8, 1), "float32")).shape
    (5, 8)
    """

    name: str
    network: Callable[[Any], Any]
    sample_shape: tuple[int | None, ...] | None = None

    def __call__(self, samples: Any) -> tuple[Any, Any]:
        """Both answers, tensors: features `(batch, num_features)`, and logits or None."""
        if _answered is None:
            return self._look(samples)
        key = id(self), id(samples)
        if key not in _answered:
            _answered[key] = samples, self._look(samples)  # Kept, so that no other gets its id.
        return _answered[key][1]

    def _look(self, samples):
        self.check(samples.shape[1:])
        answers = self.network(samples)
        answers = answers if isinstance(answers, dict) else {"features": answers}
        flat = ops.cast(answers["features"], "float32")
        flat = ops.reshape(flat, (ops.shape(flat)[0], int(np.prod(flat.shape[1:]))))
        return flat, answers.get("logits")

    def logits(self, samples: Any) -> Any:
        """A classifier's logits, a tensor `(batch, num_classes)`.

        Raises:
            ValueError: if the network is no classifier; and as `check`.
        """
        logits = self(samples)[1]
        if logits is None:
            raise ValueError(
                f"The features {self.name!r} are not of a classifier: their network answers with "
                "no `logits`. Use 'mnist', 'fashion_mnist', 'digits', 'inception_v3', or a network "
                "of your own whose answer is a dict of `features` and `logits`."
            )
        return logits

    def check(self, shape: Sequence[int | None]) -> None:
        """Raises where samples of this shape, `(height, width, channels)`, are not for it.

        Raises:
            ValueError: if so.
        """
        wanted = self.sample_shape
        if wanted is not None and not self.fits(shape):
            sizes = "×".join("any" if want is None else str(want) for want in wanted)
            raise ValueError(
                f"The features {self.name!r} are of samples of {sizes}; choose others, such as "
                "'raw' or a network of your own, or bring the images to that size. "
                f"Received: samples of {'×'.join(map(str, shape))}."
            )

    def fits(self, shape: Sequence[int | None]) -> bool:
        """Whether samples of this shape are for it."""
        wanted = self.sample_shape
        if wanted is None:
            return True
        return len(shape) == len(wanted) and all(
            size in (None, want) or want is None for size, want in zip(shape, wanted, strict=True)
        )

    def features(self, samples: Any, batch_size: int = 256) -> np.ndarray:
        """The features of an array of samples, float32 `(num_samples, num_features)`.

        Raises:
            ValueError: for samples of another shape, or that are not finite.
        """
        return self.answers(samples, batch_size)["features"]

    def answers(self, samples: Any, batch_size: int = 256) -> dict[str, np.ndarray]:
        """`features`, and of a classifier `probabilities`, of an array of samples, as a dict."""
        samples = np.asarray(samples, "float32")
        self.check(samples.shape[1:])
        if not np.isfinite(samples).all():
            raise ValueError(
                "`samples` must be finite. Received: NaN or infinite values in "
                f"{int((~np.isfinite(samples)).reshape(len(samples), -1).any(axis=1).sum())} of "
                f"{len(samples)} samples."
            )
        pairs = []
        for start in range(0, len(samples), batch_size):
            answers = self(tf.constant(samples[start : start + batch_size]))
            pairs.append([None if part is None else ops.convert_to_numpy(part) for part in answers])
        features, logits = zip(*pairs, strict=True)
        if logits[0] is None:
            return {"features": np.concatenate(features)}
        probabilities = ops.convert_to_numpy(ops.softmax(np.concatenate(logits)))
        return {"features": np.concatenate(features), "probabilities": probabilities}
