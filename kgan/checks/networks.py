"""Whether two networks can play with each other."""

import keras
import tensorflow as tf

BOUNDED = {"sigmoid", "hard_sigmoid", "softmax", "tanh", "relu"}


def check_networks(generator, discriminator):
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
    made, judged = generator.outputs[0].shape, discriminator.inputs[0].shape
    if made != judged:
        raise ValueError(
            "`discriminator` must take what `generator` makes. Received: a generator whose output "
            f"is {made}, and a discriminator whose first input is {judged}."
        )
    if num_classes(generator) != num_classes(discriminator):
        raise ValueError(
            "`generator` and `discriminator` must both take labels, of as many classes, or "
            f"neither of them. Received: num_classes={num_classes(generator)} and "
            f"{num_classes(discriminator)}."
        )
    _check_logits(discriminator)
    _check_gradient_reaches(generator, discriminator)


def num_classes(network):
    """How many classes the labels of `network` have; None where it takes no labels.

    Read off what the labels are fed into: `Embedding`, `CategoryEncoding` or `ops.one_hot`.
    """
    if len(network.inputs) < 2:
        return None
    for operation in operations(network):
        for attribute in ("input_dim", "num_tokens", "num_classes"):
            if isinstance(getattr(operation, attribute, None), int):
                return getattr(operation, attribute)
    raise ValueError(
        f"The second input of the {network.name} must be integer labels, `keras.Input((), "
        'dtype="int32", name="labels")`, fed into keras.layers.Embedding, '
        "keras.layers.CategoryEncoding or keras.ops.one_hot, which say how many classes there "
        "are. None of these was found."
    )


def operations(network):
    """All layers and operations of a network, in order, those of nested networks too."""
    for operation in getattr(network, "operations", None) or network.layers:
        if isinstance(operation, keras.Model):
            yield from operations(operation)
        else:
            yield operation


def _check_logits(discriminator):
    shape = discriminator.outputs[0].shape
    if len(shape) > 1 and shape[-1] != 1:
        raise ValueError(
            "`discriminator` must end in one unit, the logit of a sample being real. "
            f"Received: an output of shape {shape}."
        )
    passing = keras.layers.Flatten | keras.layers.Reshape
    *_, last = (layer for layer in operations(discriminator) if not isinstance(layer, passing))
    activation = getattr(last, "activation", None)
    name = getattr(activation, "__name__", None) or type(last).__name__.lower()
    if name in BOUNDED:
        raise ValueError(
            "`discriminator` must return logits: the loss applies the sigmoid itself, and "
            f"precisely. Received: a discriminator that ends in {name} (layer '{last.name}'); "
            "remove that activation."
        )


def _check_gradient_reaches(generator, discriminator):
    labelled = len(generator.inputs) == 2

    def gradients():  # Traced, to see what depends on what, and never run.
        labels = [tf.zeros((2,), generator.inputs[1].dtype)] if labelled else []
        latents = tf.zeros((2, generator.inputs[0].shape[-1]))
        with tf.GradientTape() as tape:
            fakes = generator([latents, *labels] if labelled else latents, training=True)
            logits = discriminator([fakes, *labels] if labelled else fakes, training=True)
        return tape.gradient(logits, [weight.value for weight in generator.trainable_weights])

    found = tf.function(gradients).get_concrete_function().structured_outputs
    if all(gradient is None for gradient in found):
        raise ValueError(
            "`generator` cannot learn: no gradient of the discriminator's logits reaches its "
            f"{len(generator.trainable_weights)} trainable weights. Look for a stop_gradient, a "
            "rounding or an argmax in either network, or for layers with trainable=False."
        )


def computes_in_float16(network):
    """Whether any layer of `network` computes in float16, whose gradients underflow."""
    return any(getattr(layer, "compute_dtype", None) == "float16" for layer in operations(network))
