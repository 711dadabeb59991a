"""What can be known to be wrong before the game begins, said before time is spent on it."""

import keras
import numpy as np
import tensorflow as tf

BOUNDED = {"sigmoid", "hard_sigmoid", "softmax", "tanh", "relu"}
DISTRIBUTIONS = ("normal", "uniform")


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
    for operation in _operations(network):
        for attribute in ("input_dim", "num_tokens", "num_classes"):
            if isinstance(getattr(operation, attribute, None), int):
                return getattr(operation, attribute)
    raise ValueError(
        f"The second input of the {network.name} must be integer labels, `keras.Input((), "
        'dtype="int32", name="labels")`, fed into keras.layers.Embedding, '
        "keras.layers.CategoryEncoding or keras.ops.one_hot, which say how many classes there "
        "are. None of these was found."
    )


def _operations(network):
    """All layers and operations of a network, in order, those of nested networks too."""
    for operation in getattr(network, "operations", None) or network.layers:
        if isinstance(operation, keras.Model):
            yield from _operations(operation)
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
    *_, last = (layer for layer in _operations(discriminator) if not isinstance(layer, passing))
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


def check_settings(discriminator_steps, latent_distribution, ema_decay, seed):
    """Raises where an argument of `GAN` is out of range."""
    _check_positive_integer("discriminator_steps", discriminator_steps)
    if latent_distribution not in DISTRIBUTIONS:
        raise ValueError(
            f"`latent_distribution` must be one of {DISTRIBUTIONS}. "
            f"Received: latent_distribution={latent_distribution!r}."
        )
    if ema_decay is not None and not 0 <= ema_decay < 1:
        raise ValueError(
            "`ema_decay` must be in [0, 1), or None for no averaging. "
            f"Received: ema_decay={ema_decay}."
        )
    if seed is not None and not (isinstance(seed, int | np.integer) and 0 <= seed < 2**31):
        raise ValueError(f"`seed` must be an integer in [0, 2**31). Received: seed={seed!r}.")


def _check_positive_integer(name, value):
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must be an integer of at least 1. Received: {name}={value!r}.")


def check_compile(
    gan, generator_optimizer, discriminator_optimizer, penalties, metrics, steps_per_execution
):
    """Raises where the arguments of `compile` do not fit these players."""
    _check_penalties(penalties, gan.discriminator)
    _check_positive_integer("steps_per_execution", steps_per_execution)
    one = generator_optimizer is discriminator_optimizer
    if one and isinstance(generator_optimizer, keras.optimizers.Optimizer):
        raise ValueError(
            "`generator_optimizer` and `discriminator_optimizer` must be two instances: each keeps "
            "the moments of its own player's weights. Received: the same instance twice."
        )
    for metric in metrics or ():
        if not isinstance(metric, keras.metrics.Metric):
            raise TypeError(
                "`metrics` must be a list of keras.metrics.Metric instances, which are updated "
                f"with (real_images, fake_images). Received: {metric!r}."
            )
    if gan.distribute_strategy.num_replicas_in_sync > 1:
        raise ValueError(
            "kgan.GAN trains on one device. Received: a tf.distribute strategy with "
            f"{gan.distribute_strategy.num_replicas_in_sync} replicas; compile outside its scope."
        )


def _check_penalties(penalties, discriminator):
    normalization = keras.layers.BatchNormalization
    mixing = [layer for layer in _operations(discriminator) if isinstance(layer, normalization)]
    if penalties and mixing:
        raise ValueError(
            "`penalties` are gradients of each sample by itself, and BatchNormalization in the "
            f"discriminator (layer '{mixing[0].name}') mixes the samples of a batch. Use "
            "LayerNormalization or GroupNormalization there, or none, or no penalties. "
            f"Received: penalties={penalties}."
        )


def computes_in_float16(network):
    """Whether any layer of `network` computes in float16, whose gradients underflow."""
    return any(getattr(layer, "compute_dtype", None) == "float16" for layer in _operations(network))


def check_steps_per_execution(steps_per_execution, steps_per_epoch):
    """Raises where an epoch would end inside an execution, and the next begin too late."""
    if steps_per_epoch % steps_per_execution:
        raise ValueError(
            "`steps_per_execution` must divide `steps_per_epoch`. Received: "
            f"steps_per_execution={steps_per_execution}, steps_per_epoch={steps_per_epoch}."
        )


# The first batch


def check_first_batch(gan, x, y=None, batch_size=None, discriminator_steps=1):
    """Raises where the first batch of what `fit` was given is not what the networks play with."""
    if isinstance(x, tf.data.Dataset):
        for batch in x.take(1):
            images, labels = unpack(batch, gan.num_classes)
            check_batch(gan, images, labels)
            _check_classes(gan, getattr(x, "num_classes", None))
            _check_divisible(x.element_spec, discriminator_steps)
    elif isinstance(x, np.ndarray | tf.Tensor):
        rows = batch_size or 32
        images, labels = unpack((x[:rows], None if y is None else y[:rows]), gan.num_classes)
        check_batch(gan, images, labels)
        if len(x) >= rows:
            _check_divisible(tf.TensorSpec((rows,)), discriminator_steps)


def _check_classes(gan, num_classes):
    if num_classes and num_classes > gan.num_classes:
        raise ValueError(
            f"The data has {num_classes} classes, and the networks were built for fewer "
            f"(num_classes={gan.num_classes})."
        )


def unpack(data, num_classes):
    """The `(images, labels)` of a batch; labels None for networks that take none."""
    images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    if isinstance(images, dict | list | tuple):
        raise ValueError(
            "A batch must be `images`, or the pair `(images, labels)`. Received: a batch whose "
            f"first part is a {type(images).__name__}."
        )
    if num_classes and labels is None:
        raise ValueError(
            f"The networks take labels (num_classes={num_classes}), and the data has none: give "
            "batches of (images, labels), as from kgan.datasets with `with_labels=True`; or "
            "build the networks without `num_classes`."
        )
    if labels is not None and not num_classes:
        raise ValueError(
            "The data has labels, and the networks take none: build them with `num_classes`, or "
            "leave the labels out, as kgan.datasets does with `with_labels=False`."
        )
    return images, labels


def check_batch(gan, images, labels):
    """Raises where `images` or `labels` are not what the networks were built for."""
    images = np.asarray(images)
    wanted = gan.discriminator.inputs[0].shape[1:]
    if images.shape[1:] != wanted:
        raise ValueError(
            f"The discriminator was built for samples of shape {wanted}. "
            f"Received: a batch of shape {images.shape}, samples of shape {images.shape[1:]}."
            + _shape_hint(images.shape[1:], wanted)
        )
    _check_values(images, _is_bounded(gan.generator))
    if (labels is None) != (gan.num_classes is None):
        unpack((images, labels), gan.num_classes)
    if labels is not None:
        check_labels(labels, gan.num_classes, len(images))


def _shape_hint(shape, wanted):
    if (*shape, 1) == tuple(wanted):
        return " Give grey images a channel: images[..., None]."
    if len(shape) == 3 and shape[0] in (1, 3) and (*shape[1:], shape[0]) == tuple(wanted):
        return " Channels come last: np.moveaxis(images, 1, -1)."
    return ""


def _is_bounded(generator):
    """Whether G can only make values in [-1, 1]."""
    *_, last = _operations(generator)
    return getattr(getattr(last, "activation", None), "__name__", "") in {"tanh", "scaled_tanh"}


def _check_values(images, bounded):
    fix = (
        "kgan.datasets.from_arrays does it for uint8 images; by hand it is "
        "`images.astype('float32') / 127.5 - 1`"
    )
    if not np.issubdtype(images.dtype, np.floating) and images.dtype != tf.bfloat16.as_numpy_dtype:
        raise ValueError(
            f"Samples must be floating point, images in [-1, 1]: {fix}. "
            f"Received: dtype {images.dtype}, values from {images.min()} to {images.max()}."
        )
    images = images.astype("float32")
    low, high = images.min(initial=np.inf), images.max(initial=-np.inf)
    if not np.all(np.isfinite(images)):
        raise ValueError("Samples must be finite. Received: a batch with NaN or infinite values.")
    if (bounded or images.ndim == 4) and (low < -1.001 or high > 1.001):
        raise ValueError(
            f"Samples must be in [-1, 1]; of images in [0, 255], {fix}. "
            f"Received: values from {low:g} to {high:g}."
        )
    # Scaled from bytes to [-1, 1] a value is an odd multiple of 1/255: none lies near zero.
    if images.ndim == 4 and len(images) > 1 and 0 <= low < 1 / 256:
        raise ValueError(
            "Images must be in [-1, 1], and these look like [0, 1]: use `2 * images - 1`. "
            f"Received: values from {low:g} to {high:g}."
        )


def check_labels(labels, num_classes, num_samples):
    """Raises where `labels` are not `num_samples` integers below `num_classes`."""
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (num_samples,):
        raise ValueError(
            f"`labels` must be integers of shape ({num_samples},). "
            f"Received: dtype {labels.dtype}, shape {labels.shape}."
        )
    wrong = np.unique(labels[(labels < 0) | (labels >= num_classes)])
    if len(wrong):
        raise ValueError(
            f"`labels` must be in 0..{num_classes - 1} (num_classes={num_classes}). "
            f"Received: {', '.join(map(str, wrong[:5]))}."
        )


def _check_divisible(spec, k):
    rows = tf.nest.flatten(spec)[0].shape[0]
    if rows is not None and rows % k:
        raise ValueError(
            "`discriminator_steps` must divide the batch size, so that each step of D sees as "
            f"many samples. Received: discriminator_steps={k}, batch size {rows}."
        )


def usable_rows(images, k):
    """How many rows of a batch make k slices of as many.

    All of a batch that k divides; of a shorter last batch the largest multiple of k.
    """
    rows = images.shape[0]
    if rows is not None and rows >= k:
        return rows - rows % k
    message = (
        f"A batch must have at least discriminator_steps={k} rows; "
        "batch the data with drop_remainder=True."
    )
    if rows is not None:
        raise ValueError(f"{message} Received: a batch of {rows}.")
    rows = tf.shape(images)[0]
    with tf.control_dependencies([tf.debugging.assert_greater_equal(rows, k, message)]):
        return rows - rows % k


def check_generate(gan, num_samples, labels, seeds):
    """How many samples `generate` is to draw; raises where its arguments do not fit."""
    if (num_samples is None) == (seeds is None):
        raise ValueError("`generate` takes either `num_samples` or `seeds`, one of the two.")
    num_samples = len(seeds) if num_samples is None else num_samples
    _check_positive_integer("num_samples", num_samples)
    if labels is not None and not gan.num_classes:
        raise ValueError(
            "`labels` were asked for, and these networks take none: build them with `num_classes`. "
            f"Received: labels={labels!r}."
        )
    if labels is not None:
        labels = np.broadcast_to(labels, num_samples) if np.ndim(labels) == 0 else labels
        check_labels(labels, gan.num_classes, num_samples)
    return num_samples
