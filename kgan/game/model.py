"""What a GAN is apart from the rules of its game: drawn from, asked, fed, saved and loaded."""

import pathlib
from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kgan import checks
from kgan.game import averaging, batches, logs, networks, noise, players, replicas, sampling
from kgan.game.critic import Critic
from kgan.game.measured import MeasuredModel
from kgan.protocols import FollowsAnswers, FollowsTraining, MovesPerUpdate

__all__ = ["GameModel"]


class GameModel(MeasuredModel):
    """The base of `kgan.GAN`, which documents the attributes and sets them."""

    generator: keras.Model
    discriminator: keras.Model
    averaged_generator: keras.Model
    num_classes: int | None
    packing: int
    train_function: Any
    test_function: Any
    _digest_of_copy: int

    def _set_seed(self, seed: int | None) -> None:
        drawn = noise.random_seed() if seed is None else seed
        # Made within the scope of a strategy, it has the chief's value on all workers.
        self._seed = tf.Variable(drawn, dtype="int64", trainable=False)
        self.adopt_seed(int(self._seed.numpy()) if seed is None else seed)
        self.seed_is_drawn = seed is None

    @property
    def seed(self) -> int:
        """All noise is a function of it and of `gan.step`; it may change at any time."""
        return self._seed_value

    @seed.setter
    def seed(self, seed: int) -> None:
        self.adopt_seed(seed)
        self.seed_is_drawn = False

    def adopt_seed(self, seed: int) -> None:
        """Takes the seed of the training that is resumed; it is drawn or given as before."""
        checks.check_seed(seed)
        self._seed_value = int(seed)
        self._seed.assign(self._seed_value)  # Traced steps read the variable.

    @property
    def augmentation(self) -> keras.Layer | None:
        """What D sees samples through, as `compile` was given it."""
        return self._augmentations[0] if self._augmentations else None

    @augmentation.setter
    def augmentation(self, layer: keras.Layer | None) -> None:
        self._augmentations.clear()  # Keras forgets what is taken out of a list, and only that.
        self._augmentations.extend([] if layer is None else [layer])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Samples for latents `(batch, latent_dim)`, or for `[latents, labels]`."""
        return self.averaged_generator(inputs, training=False)

    def generate(
        self,
        num_samples: int | None = None,
        labels: Any = None,
        *,
        seed: int | None = None,
        seeds: Sequence[int] | None = None,
        truncation: float | None = None,
        batch_size: int = 128,
    ) -> Any:
        """Draws samples from the averaged generator.

        Args:
            num_samples: how many. `None`: as many as there are `labels`, or `seeds`.
            labels: for a conditional GAN: which, an integer or `(num_samples,)` of them. `None`
                draws them with the frequencies of the training data.
            seed: an integer; the same one gives the same samples. `None`: fresh ones.
            seeds: instead of `num_samples` and `seed`, one integer per sample: each sample
                then depends on its own seed alone, and is the same in any batch.
            truncation: the furthest that a component of the latents may be from 0. Less gives
                less varied samples, and of some generators more typical ones (Brock et al. 2019,
                https://arxiv.org/abs/1809.11096, section 3.1). `None`: as in training.
            batch_size: how many go through the generator at once.

        Returns:
            A float32 array `(num_samples, ...)`, images in [-1, 1]; for a conditional GAN without
            `labels` the pair `(samples, labels)`, labels int32 `(num_samples,)`.

        Raises:
            ValueError: for labels that do not exist, or are not `num_samples` many; for seeds that
                are not integers; for a `truncation` or a `batch_size` that is not positive.
        """
        if num_samples is None and seeds is None and np.ndim(labels) == 1:
            num_samples = len(labels)
        checks.check_generate(self, num_samples, labels, seed, seeds, truncation, batch_size)
        self._follow_generator()
        return sampling.generate(self, num_samples, labels, seed, seeds, truncation, batch_size)

    def discriminate(self, samples: Any, labels: Any = None, *, batch_size: int = 128) -> Any:
        """D(x): how probable the discriminator finds it that each sample is real.

        Args:
            samples: as in `fit`, `(num_samples, ...)`.
            labels: for a conditional GAN, integers `(num_samples,)`.
            batch_size: how many, or how many packs, go through the discriminator at once.

        Returns:
            A float32 array `(num_samples,)`, in [0, 1]; of a map of logits the mean probability.
            With `packing` m it is `(num_samples / m,)`: how probable it is that all samples of the
            pack, m in a row, are real.

        Raises:
            TypeError: if the loss defines no probability.
            ValueError: if the samples are not what the discriminator was built for, or no whole
                number of packs.
        """
        checks.check_compiled(self, "discriminate")
        if not self.loss.defines_probability:
            self.loss.probability(None)
        checks.check_batch(self, samples, labels)
        checks.check_packs(self.packing, len(samples))
        return sampling.discriminate(self, samples, labels, batch_size)

    def export(self, filepath: Any, format: str = "tf_saved_model", **options: Any) -> Any:
        """Writes the averaged generator for use without kgan and Keras; see `kgan.export`.

        Args:
            filepath: a folder that does not exist yet, or a file (.keras, .tflite, .onnx).
            format: `"tf_saved_model"`, `"keras"`, `"litert"` or `"onnx"`.
            **options: as of `kgan.export`.

        Returns:
            A `kgan.exports.Proof`: how it was compared with the generator.
        """
        from kgan import exports  # The game itself needs none of it.

        self._follow_generator()
        return exports.export(self, filepath, format, **options)

    # In `compile`

    def _compile_step(
        self, run_eagerly: bool, steps_per_execution: int, jit_compile: bool | str
    ) -> None:
        self._execution = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        super().compile(optimizer=None, **self._execution)

    # Within a step

    def _begin_step(self) -> None:
        """Sets all state that a step depends on, from the seed and `step`."""
        layers = [self.generator, self.discriminator, *self._augmentations]
        noise.set_layer_seeds(layers, self._seed, self.step)
        for layer in networks.of_kind(self._augmentations, FollowsTraining):
            layer.begin_step(self.step)

    def _begin_discriminator_update(self) -> None:
        """Moves what of D moves once per update, whatever D is then asked."""
        for layer in networks.of_kind([self.discriminator], MovesPerUpdate):
            layer.begin_update()

    def _report_answers(
        self, critic: Critic, real: batches.Minibatch, fake_images: Any
    ) -> dict[str, Any]:
        """Tells an augmentation that follows D what D has answered; returns the log of it."""
        log = {}

        def look(samples: Any, labels: Any) -> Any:
            return self._critic(real._replace(labels=labels))(samples)

        for layer in networks.of_kind(self._augmentations, FollowsAnswers):
            logits = critic(real.images), critic(fake_images)
            layer.observe(*logits, self.loss.threshold, real.share, look)
            log[logs.AUGMENTATION_PROBABILITY] = tf.convert_to_tensor(layer.p)
        return log

    def _critic(self, real: batches.Minibatch, training: bool = True) -> Critic:
        return Critic(
            self.discriminator,
            real.labels,
            training=training,
            augmentation=self.augmentation if training else None,
            share=real.share,
            packing=self.packing,
        )

    def _learn(
        self, tape: tf.GradientTape, share: replicas.Share, moves: dict[str, players.Move]
    ) -> dict[str, Any]:
        """Makes moves; returns the norms of their gradients by the moves' names, where logged."""
        norms = players.learn(
            tape, *moves.values(), share=share, with_norms=self.log_gradient_norms
        )
        return dict(zip(moves, norms, strict=False))

    def _minibatches(self, data: Any) -> list[batches.Minibatch]:
        """The batch as k slices of equal size; counts the labels."""
        images, labels = self._unpack(data)
        if self.num_classes:
            one_hot = ops.one_hot(labels, self.num_classes, dtype="int64")
            self.class_counts.assign_add(replicas.total(ops.sum(one_hot, axis=0)))
        return batches.split(images, labels, self.discriminator_steps)

    def _unpack(self, data: Any) -> tuple[Any, Any]:
        images, labels = batches.unpack(data, self.num_classes)
        if labels is not None and self.num_classes:
            labels = batches.within(labels, self.num_classes)
        return ops.cast(images, "float32"), labels

    def _latents(self, share: replicas.Share, draw: Any) -> Any:
        """As many latents as there are rows: of those of the whole batch."""
        seed = noise.fold(self._seed, noise.LATENTS + draw, self.step)
        distribution, size = self.latent_distribution, self.latent_dim
        return share.of(lambda total: noise.latents(distribution, (total, size), seed))

    # What Keras asks for

    def _follow_generator(self) -> None:
        """Before the first step, gives the average the weights that G was loaded with.

        Unless weights were loaded into the averaged generator itself.
        """
        average = self.averaged_generator
        if average is self.generator or self.step.numpy():
            return
        if averaging.digest(average) == self._digest_of_copy:
            averaging.set_weights(average, self.generator)
            self._digest_of_copy = averaging.digest(average)

    def _made(self, kind: str, make: Callable[[bool], Any], force: bool) -> Any:
        """The train or test function, whose logs several workers send as one."""
        self._follow_generator()
        name = f"{kind}_function"
        if getattr(self, name) is None or force:
            with replicas.sent_as_one(self, f"{kind}_step"):
                make(force)
            setattr(self, name, replicas.with_names(self.distribute_strategy, getattr(self, name)))
        return getattr(self, name)

    def make_train_function(self, force: bool = False) -> Any:
        """As in `keras.Model`."""
        return self._made("train", super().make_train_function, force)

    def make_test_function(self, force: bool = False) -> Any:
        """As in `keras.Model`."""
        return self._made("test", super().make_test_function, force)

    def make_predict_function(self, force: bool = False) -> Any:
        """As in `keras.Model`."""
        self._follow_generator()
        return super().make_predict_function(force)

    def save(self, filepath: Any, *arguments: Any, **kwargs: Any) -> None:
        """As in `keras.Model`, to a .keras file.

        Raises:
            ValueError: for any other file, before it is touched.
        """
        if pathlib.Path(filepath).suffix != ".keras":
            raise ValueError(
                "`filepath` must end with .keras, the format that holds both players and their "
                "optimizers; for the generator alone, without kgan, there is `export`. "
                f"Received: filepath={str(filepath)!r}."
            )
        super().save(filepath, *arguments, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return keras.saving.serialize_keras_object(
            {
                "generator": self.generator,
                "discriminator": self.discriminator,
                "discriminator_steps": self.discriminator_steps,
                "packing": self.packing,
                "latent_distribution": self.latent_distribution,
                "ema_decay": self.ema_decay,
                "ema_half_life": self.ema_half_life,
                "num_classes": self._given_num_classes,
                "seed": self.seed,
                "name": self.name,
            }
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        parts = {
            name: keras.saving.deserialize_keras_object(value)
            for name, value in config.items()
            if isinstance(value, dict)  # A network, or a schedule.
        }
        if replicas.number() > 1:  # What one device did with a batch, several must do together.
            for name in ("generator", "discriminator"):
                for layer in networks.normalizations(parts[name]):
                    layer.synchronized = True
        with averaging.lenient():
            return cls(**{**config, **parts})

    def get_compile_config(self) -> dict[str, Any]:
        if not self.compiled:
            return {}
        return keras.saving.serialize_keras_object(
            {
                "generator_optimizer": self.generator_optimizer,
                "discriminator_optimizer": self.discriminator_optimizer,
                "loss": self.loss,
                "penalties": self.penalties,
                "augmentation": self.augmentation,
                "turns": self.turns,
                "metrics": self.evaluation_metrics,
                "log_gradient_norms": self.log_gradient_norms,
                **self._execution,
            }
        )

    def compile_from_config(self, config: dict[str, Any]) -> None:
        if self.distribute_strategy.num_replicas_in_sync > 1:  # Which cannot do the rest.
            config = {**config, "steps_per_execution": 1, "jit_compile": "auto"}
        self.compile(**keras.saving.deserialize_keras_object(config))
