"""A training loop as one writes it by hand, without `kgan.GAN`: what `throughput.py` compares with.

It plays the same game, and keeps the same books: the non-saturating loss, an R1 penalty on request
that differentiates the forward pass of the loss, Adam, weights averaged with a warm-up, and the
running means of what a GAN is watched by. Nothing is checked, saved or resumed, and the random
numbers are TensorFlow's own.
"""

import time

import keras
import tensorflow as tf

LOGS = (
    "discriminator_loss",
    "generator_loss",
    "penalty",
    "discriminator_accuracy",
    "real_probability",
    "fake_probability",
)


class HandWrittenGAN:
    """Two networks, two optimizers, and a step.

    Args:
        generator, discriminator: Keras networks.
        learning_rate: of both players' Adam.
        r1_weight: γ of the R1 penalty; 0 is none.
        ema_decay: the share of the averaged weights that a step keeps.
        steps_per_call: how many steps `many_steps` makes.
    """

    def __init__(
        self, generator, discriminator, learning_rate, r1_weight, ema_decay, steps_per_call
    ):
        self.generator = generator
        self.discriminator = discriminator
        self.averaged_generator = keras.models.clone_model(generator)
        self.averaged_generator.set_weights(generator.get_weights())
        self.generator_optimizer = keras.optimizers.Adam(learning_rate, beta_1=0.5)
        self.discriminator_optimizer = keras.optimizers.Adam(learning_rate, beta_1=0.5)
        self.generator_optimizer.build(generator.trainable_variables)
        self.discriminator_optimizer.build(discriminator.trainable_variables)
        self.r1_weight = r1_weight
        self.ema_decay = ema_decay
        self.steps_per_call = steps_per_call
        self.sums = tf.Variable(tf.zeros(len(LOGS)))
        self.count = tf.Variable(0.0)

    @tf.function
    def one_step(self, real_images):
        answers = self.update_discriminator(real_images)
        generator_loss = self.update_generator(tf.shape(real_images)[0])
        self.update_averaged_generator()
        discriminator_loss, *others = answers
        self.sums.assign_add(tf.stack([discriminator_loss, generator_loss, *others]))
        self.count.assign_add(1.0)

    @tf.function
    def many_steps(self, iterator):
        for _ in tf.range(self.steps_per_call):
            self.one_step(next(iterator))

    def update_discriminator(self, real_images):
        fake_images = self.generator(self.latents(tf.shape(real_images)[0]), training=True)
        penalty = tf.constant(0.0)
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner_tape:
                inner_tape.watch(real_images)
                real_logits = self.discriminator(real_images, training=True)
                total = tf.reduce_sum(real_logits)
            fake_logits = self.discriminator(fake_images, training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits))
            if self.r1_weight:
                gradient = inner_tape.gradient(total, real_images)
                squared_norms = tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3])
                penalty = self.r1_weight / 2 * tf.reduce_mean(squared_norms)
            objective = loss + penalty
        weights = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(objective, weights), weights)
        told_rightly = tf.concat([real_logits > 0, fake_logits < 0], axis=0)
        accuracy = tf.reduce_mean(tf.cast(told_rightly, "float32"))
        real_probability = tf.reduce_mean(tf.sigmoid(real_logits))
        fake_probability = tf.reduce_mean(tf.sigmoid(fake_logits))
        return loss, penalty, accuracy, real_probability, fake_probability

    def update_generator(self, batch_size):
        latents = self.latents(batch_size)
        with tf.GradientTape() as tape:
            fake_images = self.generator(latents, training=True)
            fake_logits = self.discriminator(fake_images, training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
        weights = self.generator.trainable_variables
        self.generator_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    def latents(self, batch_size):
        return tf.random.normal((batch_size, self.generator.inputs[0].shape[-1]))

    def update_averaged_generator(self):
        step = tf.cast(self.generator_optimizer.iterations, "float32") - 1
        decay = tf.minimum(self.ema_decay, (1 + step) / (10 + step))
        for average, weight in zip(
            self.averaged_generator.weights, self.generator.weights, strict=True
        ):
            if weight.trainable:
                average.assign_sub((1 - decay) * (average - weight))
            else:
                average.assign(weight)

    def train(self, dataset, epochs, *, in_graph):
        """Trains for so many epochs of a `kgan.datasets.Dataset`.

        Args:
            dataset: the data.
            epochs: how many.
            in_graph: whether the loop over steps runs inside of a `tf.function` too.

        Returns:
            The time at the end of each epoch, by `time.perf_counter`, and the mean logs of each.
        """
        iterator = iter(dataset.from_step(int(self.generator_optimizer.iterations.numpy())))
        times, history = [], []
        for _ in range(epochs):
            if in_graph:
                for _ in range(dataset.steps_per_epoch // self.steps_per_call):
                    self.many_steps(iterator)
            else:
                for _ in range(dataset.steps_per_epoch):
                    self.one_step(next(iterator))
            history.append(self.take_logs())
            times.append(time.perf_counter())
        return times, history

    def take_logs(self):
        """The mean logs since they were last taken."""
        means = (self.sums / self.count).numpy().tolist()
        self.sums.assign(tf.zeros_like(self.sums))
        self.count.assign(0.0)
        return dict(zip(LOGS, means, strict=True))
