"""The adversarial game: two Keras networks that learn from each other through `fit`."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from kgan import augmentation as augmentations
from kgan import checks, losses
from kgan import penalties as penalties_module
from kgan.game import averaging, batches, logs, networks, noise, players, replicas, schedules
from kgan.game.batches import Minibatch
from kgan.game.critic import Critic
from kgan.game.divergence import StopDiverged
from kgan.game.model import GameModel
from kgan.game.players import Move
from kgan.resumption import parts

__all__ = ["GAN"]

EMA_DECAY = 0.999


@keras.saving.register_keras_serializable("kgan")
class GAN(GameModel):
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
    - `discriminator_accuracy`: the share of real samples and fakes that D classifies correctly;
    - `real_probability` = D(x) and `fake_probability` = D(G(z)); or `real_logits` and
      `fake_logits`, where the loss defines no probability.

    When D can only guess, accuracy and both probabilities are 1/2. What a network's layers add to
    its player's objective is not logged: weight regularizers count once per update; activity
    regularizers and `add_loss` for each call, averaged over real samples and fakes.

    Args:
        generator: a built Functional or Sequential model, `(batch, latent_dim)` -> samples.
        discriminator: the same, samples -> one logit each, `(batch, 1)`, or a map of logits,
            `(batch, height, width, 1)`; no activation at its end.
        discriminator_steps: k of Algorithm 1. A batch of k·m samples makes k updates of D on m
            samples each: slice i is `images[i::k]`.
        latent_distribution: `"normal"`, N(0, 1), or `"uniform"`, on [-√3, √3].
        ema_decay: the share of the averaged generator that a step keeps, in [0, 1), or a
            `keras.optimizers.schedules.LearningRateSchedule`, evaluated at `gan.step`; early steps
            keep less, (1 + step) / (10 + step). `None` or 0: no averaging.
        ema_half_life: instead of `ema_decay`, in real images, or a schedule of it: a step keeps
            0.5^(batch / ema_half_life).
        num_classes: of networks that take labels, integers in [0, num_classes). By default it is
            read from the networks' first `Embedding`, `CategoryEncoding` or `ops.one_hot`.
        packing: D looks at so many samples at once, one behind another along the channels, and so
            at their variety: PacGAN (Lin et al. 2018, https://arxiv.org/abs/1712.04086).
        seed: an integer in [0, 2³¹). All noise is a function of it and of `gan.step`. `None`
            draws one, which `gan.seed` then holds; it follows `keras.utils.set_random_seed`.

    Raises:
        TypeError, ValueError: if the two networks cannot play, if a copy of the generator is
            another function, or if an argument is out of range.

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
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        discriminator_steps: int = 1,
        latent_distribution: str = "normal",
        ema_decay: schedules.Number | None = EMA_DECAY,
        ema_half_life: schedules.Number | None = None,
        num_classes: int | None = None,
        packing: int = 1,
        seed: int | None = None,
        name: str = "gan",
    ) -> None:
        super().__init__(name=name, dtype="float32")
        if ema_half_life is not None and ema_decay == EMA_DECAY:  # The default.
            ema_decay = None
        checks.check_settings(discriminator_steps, latent_distribution, num_classes, packing, seed)
        checks.check_averaging(ema_decay, ema_half_life)
        checks.check_networks(generator, discriminator, num_classes, packing)
        checks.check_scope(self.distribute_strategy, generator, discriminator)
        self.generator, self.discriminator = generator, discriminator
        self.discriminator_steps = discriminator_steps
        self.packing = packing
        self.latent_distribution = latent_distribution
        self.latent_dim = generator.inputs[0].shape[-1]
        self.ema_decay, self.ema_half_life = ema_decay, ema_half_life
        self.num_classes = num_classes or networks.num_classes(generator)
        self._given_num_classes = num_classes
        self._set_seed(seed)
        is_averaged = bool(ema_decay) or ema_half_life is not None
        self.averaged_generator = averaging.average_of(generator, self.num_classes, is_averaged)
        self._digest_of_copy = averaging.digest(self.averaged_generator)
        self._augmentations: list[keras.Layer] = []
        counter = {"dtype": "int64", "initializer": "zeros", "trainable": False}
        self.step = self.add_weight(name="step", shape=(), **counter)
        if self.num_classes:
            shape = (self.num_classes,)
            self.class_counts = self.add_weight(name="class_counts", shape=shape, **counter)
        self.built = True

    # The rules of the game

    @replicas.within_scope
    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        *,
        loss: str | losses.AdversarialLoss = "non_saturating",
        penalties: Sequence[str | penalties_module.Penalty] = (),
        augmentation: str | keras.Layer | None = None,
        turns: str = "alternating",
        metrics: Sequence[keras.metrics.Metric] | None = None,
        log_gradient_norms: bool = False,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        **unknown: Any,
    ) -> None:
        """Sets what each player minimises, and how.

        Args:
            generator_optimizer, discriminator_optimizer: two Keras optimizers, or names. Default
                to the DCGAN paper's: `Adam(2e-4, beta_1=0.5)`
                (https://arxiv.org/abs/1511.06434, section 4). A learning-rate schedule counts the
                updates of its own player, of which D makes `discriminator_steps` per step.
            loss: a name or an instance from `kgan.losses`.
            penalties: a list of names or instances from `kgan.penalties`; added to D's loss.
            augmentation: a name or an instance from `kgan.augmentation`, or a differentiable Keras
                layer: D sees real and generated samples through it, in both players' updates.
            turns: `"alternating"` is Algorithm 1. `"simultaneous"`, for `discriminator_steps=1`,
                takes both players' gradients at the same point, on the same fakes, before either
                moves, as the 2014 code does (https://github.com/goodfeli/adversarial).
            metrics: a list of Keras metrics, as those of `kgan.metrics`, that `evaluate` updates
                with `(real_images, fake_images)`.
            log_gradient_norms: whether the logs have `discriminator_gradient_norm` and
                `generator_gradient_norm`, the Euclidean norms of both players' gradients.
            run_eagerly, steps_per_execution, jit_compile: as in `keras.Model.compile`.
            **unknown: any other argument is an error, which names the one that is meant.

        Raises:
            TypeError, ValueError: for an unknown argument, loss, penalty, augmentation, optimizer
                or way to take turns, one optimizer instance for both players, a penalty on a D with
                BatchNormalization, an augmentation that is not differentiable.
        """
        checks.check_known(unknown)
        loss, penalties = losses.get(loss), penalties_module.get_all(penalties)
        augmentation = augmentations.get(augmentation)
        optimizers = generator_optimizer, discriminator_optimizer
        execution = steps_per_execution, jit_compile
        rules = checks.Rules(penalties, augmentation, turns, metrics, *execution)
        checks.check_compile(self, *optimizers, rules)
        generator_optimizer = players.build_optimizer(optimizers[0], self.generator)
        discriminator_optimizer = players.build_optimizer(optimizers[1], self.discriminator)
        self.augmentation = augmentation  # Keras turns XLA off for a layer that cannot do it.
        self._compile_step(run_eagerly, steps_per_execution, jit_compile)
        self.loss = loss
        self.penalties = penalties
        self.turns = turns
        self.log_gradient_norms = log_gradient_norms
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.compiled_weights = networks.learning_weights(self.generator, self.discriminator)
        self._begin_logs(metrics)

    # The game: Algorithm 1

    def train_step(self, data: Any) -> dict[str, Any]:
        """One iteration of Algorithm 1: k updates of D, one of G; then the averaged generator."""
        self._begin_step()
        minibatches = self._minibatches(data)
        if self.turns == "simultaneous":
            updates = [self._update_both(minibatches[0])]
        else:
            updates = [
                self._update_discriminator(minibatch, draw=i)
                for i, minibatch in enumerate(minibatches)
            ]
            updates.append(self._update_generator(minibatches[-1], draw=self.discriminator_steps))
        self._update_averaged_generator(num_images=minibatches[0].share.total)
        with tf.control_dependencies([minibatches[0].images]):  # Data that has ended makes no step.
            self.step.assign_add(1)
        self.game_log.update_state(logs.merge(updates), minibatches[-1].share)
        return self.game_log.result()

    def _update_discriminator(self, real: Minibatch, draw: int) -> dict[str, Any]:
        self._begin_discriminator_update()
        latents = self._latents(real.share, draw)
        fake_images = players.play(self.generator, latents, real.labels, training=True)
        with tf.GradientTape() as tape:
            critic = self._critic(real)
            objective, log = self._discriminator_objective(critic, real.images, fake_images, draw)
        log |= self._report_answers(critic, real, fake_images)
        move = Move(self.discriminator, self.discriminator_optimizer, objective)
        return log | self._learn(tape, real.share, {logs.DISCRIMINATOR_GRADIENT_NORM: move})

    def _update_generator(self, real: Minibatch, draw: int) -> dict[str, Any]:
        latents = self._latents(real.share, draw)
        with tf.GradientTape() as tape:
            fake_images = players.play(self.generator, latents, real.labels, training=True)
            loss = self._generator_loss(self._critic(real), real.images, fake_images)
            objective = sum(networks.losses(self.generator), loss)
        move = Move(self.generator, self.generator_optimizer, objective)
        norm = self._learn(tape, real.share, {logs.GENERATOR_GRADIENT_NORM: move})
        return {logs.GENERATOR_LOSS: loss} | norm

    def _update_both(self, real: Minibatch) -> dict[str, Any]:
        """Both players at once, from the same point and on the same fakes."""
        self._begin_discriminator_update()
        latents = self._latents(real.share, draw=0)
        with tf.GradientTape(persistent=True) as tape:
            fake_images = players.play(self.generator, latents, real.labels, training=True)
            critic = self._critic(real)
            objective, log = self._discriminator_objective(critic, real.images, fake_images, 0)
            loss = self._generator_loss(critic, real.images, fake_images)
            generator_objective = sum(networks.losses(self.generator), loss)
        log |= self._report_answers(critic, real, fake_images)
        first = Move(self.discriminator, self.discriminator_optimizer, objective)
        second = Move(self.generator, self.generator_optimizer, generator_objective)
        moves = dict(zip(logs.GRADIENT_NORMS, (first, second), strict=True))
        return log | {logs.GENERATOR_LOSS: loss} | self._learn(tape, real.share, moves)

    def _discriminator_objective(
        self, critic: Critic, real_images: Any, fake_images: Any, draw: Any, training: bool = True
    ) -> tuple[Any, dict[str, Any]]:
        """What D minimises, and the logs of how it answered."""
        real_logits, fake_logits = critic(real_images), critic(fake_images)
        loss = ops.mean(self.loss.discriminator_loss(real_logits, fake_logits))
        log = {logs.DISCRIMINATOR_LOSS: loss, **logs.answers(self.loss, real_logits, fake_logits)}
        added, penalty = critic.regularization(), 0.0
        judge = critic.for_penalties()
        for i, term in enumerate(self.penalties):
            place = len(self.penalties) * draw + i
            seed = noise.fold(self._seed, noise.PENALTIES + place, self.step)
            update = self.step * self.discriminator_steps + draw if training else None
            samples = real_images, fake_images
            penalty += term.mean(judge, *samples, seed, step=self.step, update=update)
            log[logs.PENALTY] = penalty
        return sum(added, loss + penalty), log

    def _generator_loss(self, critic: Critic, real_images: Any, fake_images: Any) -> Any:
        real_logits = critic(real_images) if self.loss.generator_sees_real else None
        return ops.mean(self.loss.generator_loss(real_logits, critic(fake_images)))

    def _update_averaged_generator(self, num_images: Any) -> None:
        if self.averaged_generator is self.generator:
            return
        shown = num_images * self.discriminator_steps
        decay = averaging.decay_at(self.step, shown, self.ema_decay, self.ema_half_life)
        averaging.update_average(self.averaged_generator, self.generator, decay)

    def test_step(self, data: Any) -> dict[str, Any]:
        """The game on held-out data: nobody learns, and G is the averaged generator."""
        real_images, labels = self._unpack(data)
        draw = noise.EVALUATION + ops.cast(self.evaluation_log.count, "int64")
        share = replicas.share_of(real_images)
        latents = self._latents(share, draw)
        fake_images = players.play(self.averaged_generator, latents, labels, training=False)
        critic = self._critic(Minibatch(real_images, labels, share), training=False)
        _, log = self._discriminator_objective(critic, real_images, fake_images, draw, False)
        log[logs.GENERATOR_LOSS] = self._generator_loss(critic, real_images, fake_images)
        self.evaluation_log.update_state(log, share)
        shown = players.update_metrics(self.evaluation_metrics, real_images, fake_images, labels)
        return self.evaluation_log.result() | shown

    # Around the game

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains both players. Extends `keras.Model.fit` in five ways.

        - The data is checked before any time is spent: all of an array, and the first batch of
          anything else.
        - It stops after an epoch with a loss that is not finite, and says why.
        - A data set of `kgan.datasets` continues at `gan.step`, so two calls of `fit` equal one
          call with the epochs of both.
        - Each epoch of such a data set has its own order, which depends on its seed alone.
        - With `kgan.callbacks.BackupAndRestore` an interrupted training resumes inside its epoch.

        Args:
            x: batches of real samples, float32, images in [-1, 1]; or `(samples, labels)`, labels
                as integers `(batch,)`. Whatever `keras.Model.fit` takes.
            y: labels, where x is an array.
            batch_size, epochs, **kwargs: as in `keras.Model.fit`, but no weights of samples or
                classes: in the game every sample counts alike.

        Raises:
            TypeError, ValueError: if the networks cannot play with the first batch, or with that
                of `validation_data`; for a callback that needs a single optimizer.
        """
        checks.check_compiled(self, "fit")
        kwargs |= {"batch_size": batch_size, "epochs": epochs}
        x = batches.peeked(x)
        checks.check_fit(self, x, y, **kwargs)
        kwargs |= self._for_this_worker(**kwargs)
        kwargs["callbacks"] = parts.with_callback(kwargs.get("callbacks"), StopDiverged(x))
        with self._training(x, y, **kwargs), parts.resumed(self, x, **kwargs) as position:
            for part in parts.parts(self, x, position, **kwargs):
                super().fit(y=y, **part)
        return self.history
