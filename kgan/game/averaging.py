"""The averaged generator: a copy of G that is checked to be one, and the average of G's weights."""

import contextlib
import contextvars
import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan.game import networks, noise, schedules

__all__ = [
    "average_of",
    "averaged_copy",
    "check_repeatable",
    "decay_at",
    "digest",
    "lenient",
    "set_weights",
    "update_average",
]

WAYS_OUT = (
    "Write it as a layer class that is registered with "
    "@keras.saving.register_keras_serializable() and whose `get_config` returns every argument of "
    "`__init__`; or turn averaging off with `ema_decay=None`."
)


# Whether what is refused in a new game is only warned of, as in one that is read from a file.
_is_lenient = contextvars.ContextVar("is_lenient", default=False)


@contextlib.contextmanager
def lenient() -> Iterator[None]:
    """Warns of a generator that a new game must not have: in a file, it would be lost otherwise."""
    token = _is_lenient.set(True)
    try:
        yield
    finally:
        _is_lenient.reset(token)


def _refuse(message: str) -> None:
    if not _is_lenient.get():
        raise ValueError(message)
    warnings.warn(message, stacklevel=4)


def average_of(
    generator: keras.Model, num_classes: int | None, is_averaged: bool = True
) -> keras.Model:
    """What is to hold the average of a generator's weights: a copy of it; or itself, for none.

    Raises:
        ValueError: as `check_repeatable` and `averaged_copy`.
    """
    few = noise.few_inputs(generator, num_classes)
    check_repeatable(generator, few)
    return averaged_copy(generator, few) if is_averaged else generator


def averaged_copy(generator: keras.Model, inputs: Any) -> keras.Model:
    """A copy of `generator`, with its weights, that is to hold the averages.

    Keras copies a layer by its `get_config`. One that forgets an argument, or cannot be read back,
    would make another function of it.

    Args:
        generator: G.
        inputs: a few latents, or `[latents, labels]`, on which both must agree.

    Raises:
        ValueError: if it cannot be copied, or the copy is another function; names the layer.
    """
    try:
        copy = keras.models.clone_model(generator)
    except Exception as error:  # Keras raises whatever it trips over.
        lost = (one for one in networks.layers(generator) if not networks.can_be_rebuilt(one))
        layer = networks.describe(next(lost, None))
        raise ValueError(
            f"`generator` must be copied for the averaged generator, and {layer} cannot be: Keras "
            f"could not rebuild it from its `get_config` ({type(error).__name__}). {WAYS_OUT}"
        ) from error
    copy.name = "averaged_generator"
    if not _same_shapes(generator, copy):
        raise ValueError(
            "The averaged generator is a copy of `generator`, and the copy has weights of other "
            f"shapes. {WAYS_OUT}"
        )
    set_weights(copy, generator)
    answers = _answer(generator, inputs), _answer(copy, inputs)
    if not _agree(*answers):
        with _moved(generator, copy):
            layer = networks.describe(networks.first_difference(generator, copy, inputs, _agree))
        _refuse(
            "The averaged generator is a copy of `generator`, and the copy gives other samples for "
            f"the same latents, by up to {np.abs(answers[0] - answers[1]).max():.2g}: {layer} was "
            f"not copied faithfully. {WAYS_OUT}"
        )
    return copy


def check_repeatable(generator: keras.Model, inputs: Any) -> None:
    """Raises where G gives other samples for the same latents each time, when nothing trains.

    Raises:
        ValueError: if so; names the layer.
    """
    if _agree(_answer(generator, inputs), _answer(generator, inputs, other_seeds=True)):
        return
    with _moved(generator):
        layer = networks.describe(networks.first_difference(generator, generator, inputs, _agree))
    _refuse(
        f"`generator` must be a function of its latents. Received: one in which {layer} draws "
        "random numbers even when nothing trains, so that no sample could be drawn again, exported "
        "or interpolated. Make the noise part of the latents, or add it only if `training`."
    )


def _answer(network: keras.Model, inputs: Any, other_seeds: bool = False) -> np.ndarray:
    """What a network says to `inputs` when it does not train, with weights that are moved a little.

    Moved, because a branch that begins with zeros would hide what is behind it. Nothing changes.
    """
    trainable = [_moved_value(weight) for weight in network.trainable_variables]
    others = [
        _moved_value(variable) if networks.is_weight(variable, network) else variable + other_seeds
        for variable in network.non_trainable_variables
    ]
    answer, _ = network.stateless_call(trainable, others, inputs, training=False)
    return np.asarray(ops.cast(answer, "float32"))


def _moved_value(weight: keras.Variable) -> Any:
    if "float" not in weight.dtype:
        return weight.value
    size = int(np.prod(weight.shape))
    waves = np.sin(np.arange(1, size + 1)).reshape(weight.shape)
    return weight.value + ops.cast(0.1 + 0.05 * waves, weight.dtype)  # Variances stay positive.


@contextlib.contextmanager
def _moved(*models: keras.Model) -> Iterator[None]:
    """Moves the weights of models as `_answer` does, as long as this lasts."""
    before = [model.get_weights() for model in models]
    try:
        for model in models:
            model.set_weights([np.asarray(_moved_value(weight)) for weight in model.weights])
        yield
    finally:
        for model, weights in zip(models, before, strict=True):
            model.set_weights(weights)


def digest(network: keras.Model) -> int:
    """A number that changes with any weight of `network`."""
    checksum = 0
    for weight in network.get_weights():
        checksum = zlib.crc32(np.ascontiguousarray(weight).view("uint8").data, checksum)
    return checksum


def _agree(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two answers are the same but for the order of sums."""
    if not np.isfinite(first).all():
        return True  # There is nothing to compare; training will tell.
    largest = float(np.abs(first).max(initial=0.0))
    return bool(np.allclose(first, second, rtol=1e-3, atol=1e-4 * largest))


def _same_shapes(network: keras.Model, copy: keras.Model) -> bool:
    return [w.shape for w in network.weights] == [w.shape for w in copy.weights]


def set_weights(network: keras.Model, source: keras.Model) -> None:
    """Gives `network` the weights of `source`."""
    for weight, value in zip(network.weights, source.weights, strict=True):
        weight.assign(value)


def decay_at(
    step: Any, num_images: Any, decay: schedules.Number | None, half_life: schedules.Number | None
) -> Any:
    """The share of the averaged generator that a step keeps, a scalar tensor in [0, 1).

    It is `decay`, or 0.5^(num_images / half_life), but at most (1 + step) / (10 + step): a short
    run is then not an average of its beginnings.
    """
    step = ops.cast(step, "float32")
    if half_life is not None:
        images = ops.cast(num_images, "float32")
        decay = ops.power(0.5, images / schedules.value_at(half_life, step))
    else:
        decay = schedules.value_at(decay, step)
    return ops.minimum(decay, (1 + step) / (10 + step))


def update_average(average: keras.Model, network: keras.Model, decay: Any) -> None:
    """Moves the exponential moving average of a network's weights: it keeps `decay` of itself."""
    for mean, weight in zip(average.weights, network.weights, strict=True):
        if weight.trainable:
            mean.assign_sub((1 - decay) * (mean - weight))
        else:  # A statistic, as of BatchNormalization, is an average already.
            mean.assign(weight)
