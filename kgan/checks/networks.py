"""Whether two networks can play with each other."""

import itertools
import warnings
from typing import Any

import keras
import tensorflow as tf

from kgan.game import networks, noise, ranges
from kgan.game.critic import packed

__all__ = ["check_answers", "check_learns", "check_networks"]

BOUNDED = {name for name, values in ranges.RANGES.items() if values != ranges.UNBOUNDED}


def check_networks(
    generator: keras.Model,
    discriminator: keras.Model,
    num_classes: int | None = None,
    packing: int = 1,
) -> None:
    """Raises where these two networks cannot play with each other."""
    for name, network in [("generator", generator), ("discriminator", discriminator)]:
        if not isinstance(network, keras.Model) or not getattr(network, "inputs", None):
            raise TypeError(
                f"`{name}` must be a built Functional or Sequential Keras model; give a "
                f"Sequential model a keras.Input first. Received: {name}={network!r}."
            )
        if len(network.outputs) != 1 or len(network.inputs) > 2:
            raise ValueError(
                f"`{name}` must have one output, and one input or two (the second for labels). "
                f"Received: {len(network.inputs)} inputs, {len(network.outputs)} outputs."
            )
    if len(generator.inputs[0].shape) != 2:
        raise ValueError(
            "`generator` must take latents of shape (batch, latent_dim). "
            f"Received: a first input of shape {generator.inputs[0].shape}."
        )
    _check_samples(generator.outputs[0].shape, discriminator.inputs[0].shape, packing)
    _check_separate(generator, discriminator)
    num_classes = _check_classes(generator, discriminator, num_classes)
    if num_classes and packing > 1:
        raise ValueError(
            "`packing` is for networks without labels: a pack would have several. Received: "
            f"packing={packing}, and networks for {num_classes} classes."
        )
    _check_logits(discriminator)
    _check_gradient_reaches(generator, discriminator, num_classes, packing)
    _warn_of_functions(generator, discriminator)


def _check_samples(made: Any, judged: Any, packing: int) -> None:
    """Raises where D cannot take what G makes, or packs of it."""
    wanted = (*made[:-1], packing * made[-1])
    if packing == 1 and made != judged:
        raise ValueError(
            "`discriminator` must take what `generator` makes. Received: a generator whose output "
            f"is {made}, and a discriminator whose first input is {judged}."
        )
    if wanted != judged:
        raise ValueError(
            f"`discriminator` must take {packing} samples of `generator` at once, as packing="
            f"{packing} says, one behind another along the last axis: {wanted}. Received: a "
            f"generator whose output is {made}, and a discriminator whose first input is {judged}."
        )


def _check_separate(generator: keras.Model, discriminator: keras.Model) -> None:
    theirs = {id(variable) for variable in discriminator.variables}
    for layer in networks.layers(generator):
        if any(id(variable) in theirs for variable in layer.variables):
            raise ValueError(
                "`generator` and `discriminator` must not share layers: each learns against the "
                "other, and a saved game could not be loaded. Give each player a layer of its own. "
                f"Received: {networks.describe(layer)} in both."
            )


def _check_classes(
    generator: keras.Model, discriminator: keras.Model, num_classes: int | None
) -> int | None:
    """How many classes there are: as many as given, or as both networks reveal."""
    both = [("generator", generator), ("discriminator", discriminator)]
    if num_classes is None:
        counts = [networks.num_classes(network) for _, network in both]
        if counts[0] != counts[1]:
            raise ValueError(
                "`generator` and `discriminator` must both take labels, of as many classes, or "
                f"neither of them. Received: num_classes={counts[0]} and {counts[1]}."
            )
        return counts[0]
    for name, network in both:
        if len(network.inputs) != 2:
            raise ValueError(
                "`num_classes` is for networks that take labels, as their second input. "
                f"Received: num_classes={num_classes}, and a {name} with one input."
            )
    return num_classes


def _check_logits(discriminator: keras.Model) -> None:
    shape = discriminator.outputs[0].shape
    if len(shape) > 1 and shape[-1] != 1:
        raise ValueError(
            "`discriminator` must end in one unit, the logit of a sample being real. "
            f"Received: an output of shape {shape}."
        )
    name, last = ranges.ending(discriminator), networks.final_operation(discriminator)
    if name in BOUNDED and networks.has_one_end(discriminator):
        raise ValueError(
            "`discriminator` must return logits: the loss applies the sigmoid itself, and "
            f"precisely. Received: a discriminator that ends in {name} (layer '{last.name}'); "
            "remove that activation."
        )


def check_answers(discriminator: keras.Model, num_classes: int | None) -> None:
    """Raises where D's answers have bounds, whatever makes them."""
    low, high = ranges.output_range(discriminator, num_classes)
    if (low, high) != ranges.UNBOUNDED:
        last = networks.final_operation(discriminator)
        raise ValueError(
            "`discriminator` must return logits, which are any numbers: the loss applies the "
            "sigmoid itself, and precisely. Received: a discriminator that answers from "
            f"{low:g} to {high:g}, whatever its weights and inputs; see {networks.describe(last)}."
        )


def check_learns(discriminator: keras.Model) -> None:
    """Raises where D has nothing to learn with."""
    if discriminator.trainable_weights:
        return
    if discriminator.weights:
        raise ValueError(
            "`discriminator` must be able to learn. Received: one whose weights are all frozen. "
            "Set `discriminator.trainable = True`: kgan updates one player at a time without "
            "freezing the other."
        )
    raise ValueError("`discriminator` must have weights to learn. Received: one without any.")


def _check_gradient_reaches(
    generator: keras.Model, discriminator: keras.Model, num_classes: int | None, packing: int
) -> None:
    """Plays once; nothing that the networks remember changes."""
    weights = [tf.convert_to_tensor(weight) for weight in generator.trainable_variables]
    inputs = noise.few_inputs(generator, num_classes)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        others = generator.non_trainable_variables
        fakes, _ = generator.stateless_call(weights, others, inputs, training=True)
        fakes = packed(tf.repeat(fakes, packing, axis=0), packing)
        seen = [fakes, inputs[1]] if num_classes else fakes
        logits, _ = discriminator.stateless_call(
            discriminator.trainable_variables,
            discriminator.non_trainable_variables,
            seen,
            training=True,
        )
    if all(gradient is None for gradient in tape.gradient(logits, weights)):
        raise ValueError(
            "`generator` cannot learn: no gradient of the discriminator's logits reaches its "
            f"{len(weights)} trainable weights. Look for a stop_gradient, a rounding or an argmax "
            "in either network, or for layers with trainable=False."
        )


def _warn_of_functions(*players: keras.Model) -> None:
    """Warns of layers that Keras writes to a file and does not read back."""
    for layer in itertools.chain(*map(networks.layers, players)):
        if isinstance(layer, keras.layers.Lambda) and not networks.can_be_rebuilt(layer):
            warnings.warn(
                f"{networks.describe(layer)} holds a Python function. The game can be trained and "
                "saved, but its file loads only with `safe_mode=False`, and not in the `kgan` "
                "command. Write it as a layer class that is registered with "
                "@keras.saving.register_keras_serializable().",
                stacklevel=4,
            )
