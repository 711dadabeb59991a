"""The adversarial game: two Keras networks that learn from each other through `fit`."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kgan import checks, exports, losses, noise, players, resuming
from kgan import penalties as penalties_module
from kgan.running_means import RunningMeans


@keras.saving.register_keras_serializable("kgan")
class GAN(keras.Model):
    """Two networks that play the game of Goodfellow et al. 2014.

    The generator G turns latents into samples; the discriminator D answers with a logit, high for
    real. `fit` plays Algorithm 1: `discriminator_steps` updates of D, each on real samples and
    fakes of its own, then one update of G. Called, exported, or asked to `predict` or `generate`,
    a GAN is its `averaged_generator`: G with an exponential moving average of its weights, which
    draws better than the weights of any single step.

    With networks that take labels too, `[latents, labels]` and `[images, labels]`, it models
    p(x, y); a batch is then `(images, labels)`.

    The logs, each a mean over the epoch so far:

    - `discriminator_loss`, `generator_loss`, and `penalty` where there is one, each by itself;
    - `discriminator_accuracy`: the share of real samples and fakes that D tells rightly;
    - `real_probability` = D(x) and `fake_probability` = D(G(z)); or `real_logits` and
      `fake_logits`, where the loss defines no probability.

    When D can only guess, accuracy and both probabilities are 1/2.

    Args:
        generator: a built Functional or Sequential model, `(batch, latent_dim)` -> samples.
        discriminator: the same, samples -> a logit each, `(batch, 1)`, or a map of logits,
            `(batch, height, width, 1)`; no activation at its end.
        discriminator_steps: k of Algorithm 1. A batch of k·m samples makes k updates of D on m
            samples each: slice i is `images[i::k]`.
        latent_distribution: `"normal"`, N(0, 1), or `"uniform"`, on [-√3, √3].
        ema_decay: the share of the averaged generator that a step keeps, in [0, 1); early steps
            keep less, (1 + step) / (10 + step), so that a short run is not an average of its
            beginnings. `None` or 0: no averaging.
        seed: an integer in [0, 2³¹). All noise is a function of it and of `gan.step`. `None`
            draws one, which `gan.seed` then holds.

    Raises:
        TypeError, ValueError: if the two networks cannot play, or an argument is out of range.

    Example:

    >>> dataset = kgan.datasets.digits(batch_size=64)
    >>> generator, discriminator = kgan.architectures.dcgan((8, 8, 1), latent_dim=16, width=16)
    >>> gan = kgan.GAN(generator, discriminator, seed=0)
    >>> gan.compile(loss="non_saturating", penalties=[kgan.penalties.R1(0.1)])
    >>> history = gan.fit(dataset, epochs=1, verbose=0)
    >>> gan.generate(64, seed=0).shape
    (64, 8, 8, 1)
    """

    def __init__(
        self,
        generator,
        discriminator,
        *,
        discriminator_steps=1,
        latent_distribution="normal",
        ema_decay=0.999,
        seed=None,
        name="gan",
    ):
        super().__init__(name=name, dtype="float32")
        checks.check_networks(generator, discriminator)
        checks.check_settings(discriminator_steps, latent_distribution, ema_decay, seed)
        self.generator = generator
        self.discriminator = discriminator
        self.discriminator_steps = discriminator_steps
        self.latent_distribution = latent_distribution
        self.ema_decay = ema_decay
        self.seed = noise.random_seed() if seed is None else int(seed)
        self.seed_is_drawn = seed is None
        self.averaged_generator = players.averaged_copy(generator) if ema_decay else generator
        self.latent_dim = generator.inputs[0].shape[-1]
        self.num_classes = checks.num_classes(generator)
        counter = {"dtype": "int64", "initializer": "zeros", "trainable": False}
        self.step = self.add_weight(name="step", shape=(), **counter)
        if self.num_classes:
            shape = (self.num_classes,)
            self.class_counts = self.add_weight(name="class_counts", shape=shape, **counter)
        self.built = True

    # The rules of the game

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        *,
        loss="non_saturating",
        penalties=(),
        metrics=None,
        run_eagerly=False,
        steps_per_execution=1,
        jit_compile="auto",
    ):
        """Sets what each player minimises, and how.

        Args:
            generator_optimizer, discriminator_optimizer: two Keras optimizers, or names. Default
                to the DCGAN paper's: `Adam(2e-4, beta_1=0.5)`
                (https://arxiv.org/abs/1511.06434, section 4).
            loss: a name or an instance from `kgan.losses`.
            penalties: a list of names or instances from `kgan.penalties`; added to D's loss.
            metrics: a list of Keras metrics, as those of `kgan.metrics`, that `evaluate` updates
                with `(real_images, fake_images)`.
            run_eagerly, steps_per_execution, jit_compile: as in `keras.Model.compile`.

        Raises:
            TypeError, ValueError: for an unknown loss, penalty or optimizer, one optimizer
                instance for both players, a penalty on a D with BatchNormalization.
        """
        loss, penalties = losses.get(loss), penalties_module.get_all(penalties)
        optimizers = generator_optimizer, discriminator_optimizer
        checks.check_compile(self, *optimizers, penalties, metrics, steps_per_execution)
        self._execution = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        super().compile(optimizer=None, **self._execution)
        self.loss = loss
        self.penalties = penalties
        self.generator_optimizer = players.optimizer(optimizers[0], self.generator)
        self.discriminator_optimizer = players.optimizer(optimizers[1], self.discriminator)
        self.evaluation_metrics = list(metrics or ())
        names = ["discriminator_loss", "generator_loss", *(["penalty"] if penalties else [])]
        self.game_log = RunningMeans([*names, *loss.answer_names])

    # The game: Algorithm 1

    def train_step(self, data):
        """One iteration of Algorithm 1: k updates of D, one of G; then the averaged generator."""
        noise.set_dropout([self.generator, self.discriminator], self.seed, self.step)
        minibatches = self._minibatches(data)
        discriminator_logs = [
            self._update_discriminator(images, labels, draw=i)
            for i, (images, labels) in enumerate(minibatches)
        ]
        generator_logs = self._update_generator(*minibatches[-1], draw=self.discriminator_steps)
        self._update_averaged_generator()
        self.step.assign_add(1)
        return self._log(discriminator_logs, generator_logs, minibatches[-1][0])

    def _update_discriminator(self, real_images, labels, draw):
        latents = self._latents(real_images, draw)
        fake_images = players.play(self.generator, latents, labels, training=True)
        with tf.GradientTape() as tape:
            loss, penalty, logs = self._judge(real_images, fake_images, labels, draw, training=True)
            objective = self.discriminator_optimizer.scale_loss(loss + penalty)
        players.learn(self.discriminator, self.discriminator_optimizer, tape, objective)
        return logs

    def _update_generator(self, real_images, labels, draw):
        latents = self._latents(real_images, draw)
        with tf.GradientTape() as tape:
            fake_images = players.play(self.generator, latents, labels, training=True)
            loss = self._generator_loss(real_images, fake_images, labels, training=True)
            objective = self.generator_optimizer.scale_loss(loss)
        players.learn(self.generator, self.generator_optimizer, tape, objective)
        return {"generator_loss": loss}

    def _judge(self, real_images, fake_images, labels, draw, training):
        """D's loss, its penalty, and the logs of how it answered."""

        def critic(images):
            return players.play(self.discriminator, images, labels, training)

        real_logits, fake_logits = critic(real_images), critic(fake_images)
        loss = ops.mean(self.loss.discriminator_loss(real_logits, fake_logits))
        logs = {"discriminator_loss": loss, **self.loss.answers(real_logits, fake_logits)}
        penalty = 0.0
        for i, term in enumerate(self.penalties):
            place = len(self.penalties) * draw + i
            seed = noise.fold(self.seed, noise.PENALTIES + place, self.step)
            penalty += ops.mean(term(critic, real_images, fake_images, seed))
            logs["penalty"] = penalty
        return loss, penalty, logs

    def _generator_loss(self, real_images, fake_images, labels, training):
        real_logits = None
        if self.loss.generator_sees_real:
            real_logits = players.play(self.discriminator, real_images, labels, training)
        fake_logits = players.play(self.discriminator, fake_images, labels, training)
        return ops.mean(self.loss.generator_loss(real_logits, fake_logits))

    def _update_averaged_generator(self):
        if self.averaged_generator is self.generator:
            return
        step = ops.cast(self.step, "float32")
        decay = ops.minimum(self.ema_decay, (1 + step) / (10 + step))
        pairs = zip(self.averaged_generator.weights, self.generator.weights, strict=True)
        for average, weight in pairs:
            if weight.trainable:
                average.assign_sub((1 - decay) * (average - weight))
            else:  # A statistic, as of BatchNormalization, is an average already.
                average.assign(weight)

    def test_step(self, data):
        """The game on held-out data: nobody learns, and G is the averaged generator."""
        (real_images, labels), *_ = self._minibatches(data, split=False)
        draw = noise.EVALUATION + ops.cast(self.game_log.count, "int64")
        latents = self._latents(real_images, draw)
        fake_images = players.play(self.averaged_generator, latents, labels, training=False)
        _, _, logs = self._judge(real_images, fake_images, labels, draw, training=False)
        loss = self._generator_loss(real_images, fake_images, labels, training=False)
        logs = self._log([logs], {"generator_loss": loss}, real_images)
        return logs | players.show(self.evaluation_metrics, real_images, fake_images, labels)

    def _minibatches(self, data, split=True):
        """The batch as k slices of as many `(images, labels)`."""
        images, labels = checks.unpack(data, self.num_classes)
        images = ops.cast(images, "float32")
        if not split:
            return [(images, labels)]
        if self.num_classes:
            one_hot = ops.one_hot(labels, self.num_classes, dtype="int64")
            self.class_counts.assign_add(ops.sum(one_hot, axis=0))
        k = self.discriminator_steps
        usable = checks.usable_rows(images, k)
        return [
            (images[i:usable:k], None if labels is None else labels[i:usable:k]) for i in range(k)
        ]

    def _latents(self, real_images, draw):
        shape = (tf.shape(real_images)[0], self.latent_dim)
        seed = noise.fold(self.seed, noise.LATENTS + draw, self.step)
        return noise.latents(self.latent_distribution, shape, seed)

    def _log(self, discriminator_logs, generator_logs, images):
        logs = {
            name: sum(logs[name] for logs in discriminator_logs) / len(discriminator_logs)
            for name in discriminator_logs[0]
        }
        self.game_log.update_state(logs | generator_logs, ops.shape(images)[0])
        return self.game_log.result()

    @property
    def metrics(self):
        return [self.game_log, *self.evaluation_metrics] if self.compiled else []

    # Around the game

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """Trains both players; `keras.Model.fit`, and four things more.

        The first batch is looked at before any time is spent. A data set of `kgan.datasets` goes
        on where `gan.step` stands, so that `fit` twice is `fit` once for as long. Each epoch of
        such a data set has another order, which depends on its seed alone. With
        `kgan.callbacks.BackupAndRestore` a training that was killed goes on within its epoch.

        Args:
            x: batches of real samples, float32, images in [-1, 1]; or `(samples, labels)`, labels
                as integers `(batch,)`. Whatever `keras.Model.fit` takes.
            y: labels, where x is an array.
            batch_size, epochs, **kwargs: as in `keras.Model.fit`; without weights of samples or
                classes, which the game does not know.

        Raises:
            TypeError, ValueError: if the first batch, or that of `validation_data`, is not what
                these networks can play with; for a callback that a GAN has nothing for.
        """
        self._assert_compile_called("fit")
        kwargs |= {"batch_size": batch_size, "epochs": epochs}
        checks.check_fit(self, x, y, **kwargs)
        with resuming.resumed(self, x, **kwargs) as position:
            for part in resuming.parts(self, x, position, **kwargs):
                super().fit(y=y, **part)
        return self.history

    def evaluate(self, x=None, y=None, *, return_dict=False, **kwargs):
        """The logs of the game on held-out data, where nobody learns; `keras.Model.evaluate`.

        Args:
            x, y: as in `fit`.
            return_dict: whether the numbers come with their names; else a list, in the order of
                `metrics_names`.
            **kwargs: as in `keras.Model.evaluate`.

        Raises:
            TypeError, ValueError: as by `fit`.
        """
        self._assert_compile_called("evaluate")
        if "_use_cached_eval_dataset" not in kwargs:  # Else `fit` asks, which has looked at it.
            checks.check_evaluate(self, x, y, **kwargs)
        logs = super().evaluate(x, y, return_dict=True, **kwargs)
        return logs if return_dict else [logs[name] for name in self.metrics_names]

    @property
    def metrics_names(self):
        """The names of what `evaluate` gives."""
        return checks.log_names(self) if self.compiled else []

    def adopt_seed(self, seed):
        """Takes the seed of the training that is gone on with; what was traced had the old one."""
        if self.seed != seed:
            self.seed, self.train_function, self.test_function = seed, None, None

    def call(self, inputs, training=None):
        """Samples for latents `(batch, latent_dim)`, or for `[latents, labels]`."""
        return self.averaged_generator(inputs, training=False)

    def generate(
        self,
        num_samples=None,
        labels=None,
        *,
        seed=None,
        seeds=None,
        truncation=None,
        batch_size=128,
    ):
        """Draws samples from the averaged generator.

        Args:
            num_samples: how many.
            labels: for a conditional GAN: which, an integer or `(num_samples,)` of them. `None`
                draws them with the frequencies of the training data.
            seed: an integer; the same one gives the same samples. `None`: fresh ones.
            seeds: instead of `num_samples` and `seed`, one integer a sample: each sample is then
                a function of its own seed, whatever it is drawn together with.
            truncation: the furthest that a component of the latents may be from 0. Less gives
                less varied samples, and of some generators more typical ones (Brock et al. 2019,
                https://arxiv.org/abs/1809.11096, section 3.1). `None`: as in training.
            batch_size: how many go through the generator at once.

        Returns:
            A float32 array `(num_samples, ...)`, images in [-1, 1]; for a conditional GAN without
            `labels` the pair `(samples, labels)`, labels int32 `(num_samples,)`.

        Raises:
            ValueError: for labels that do not exist, or are not `num_samples` many; for a
                `truncation` that is not positive.
        """
        num_samples = checks.check_generate(self, num_samples, labels, seeds, truncation)
        if seeds is None:
            seeds = [noise.random_seed() if seed is None else seed]
        blocks = [(each, num_samples // len(seeds)) for each in seeds]
        latents = self.latent_distribution, self.latent_dim
        inputs = [noise.latent_blocks(*latents, blocks, truncation)]
        if self.num_classes and labels is None:
            inputs.append(noise.label_blocks(self.class_counts, blocks))
        elif self.num_classes:
            inputs.append(np.broadcast_to(labels, num_samples).astype("int32"))
        samples = players.predict(self.averaged_generator, inputs, batch_size)
        return (samples, inputs[1]) if self.num_classes and labels is None else samples

    def discriminate(self, samples, labels=None, *, batch_size=128):
        """D(x): how probable the discriminator finds it that each sample is real.

        Args:
            samples: as in `fit`, `(num_samples, ...)`.
            labels: for a conditional GAN, integers `(num_samples,)`.
            batch_size: how many go through the discriminator at once.

        Returns:
            A float32 array `(num_samples,)`, in [0, 1]; of a map of logits the mean probability.

        Raises:
            TypeError: if the loss defines no probability.
            ValueError: if the samples are not what the discriminator was built for.
        """
        self._assert_compile_called("discriminate")
        if not self.loss.defines_probability:
            self.loss.probability(None)
        checks.check_batch(self, samples, labels)
        inputs = [samples] if labels is None else [samples, labels]
        logits = players.predict(self.discriminator, inputs, batch_size)
        probabilities = ops.convert_to_numpy(self.loss.probability(logits))
        return probabilities.reshape(len(logits), -1).mean(axis=1)

    def export(self, filepath, format="tf_saved_model", **options):
        """Writes the averaged generator for use without kgan and Keras; see `kgan.export`.

        Args:
            filepath: a folder that does not exist yet, or a file (.tflite, .onnx).
            format: `"tf_saved_model"`, `"litert"` or `"onnx"`.
            **options: as of `kgan.export`.

        Returns:
            A `kgan.exports.Proof`: how it was compared with the generator.
        """
        return exports.export(self, filepath, format, **options)

    # Saving

    def get_config(self):
        return {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "discriminator_steps": self.discriminator_steps,
            "latent_distribution": self.latent_distribution,
            "ema_decay": self.ema_decay,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        networks = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("generator", "discriminator")
        }
        return cls(**{**config, **networks})

    def get_compile_config(self):
        if not self.compiled:
            return {}
        parts = {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "loss": self.loss,
            "penalties": self.penalties,
            "metrics": self.evaluation_metrics,
        }
        return keras.saving.serialize_keras_object(parts | self._execution)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
