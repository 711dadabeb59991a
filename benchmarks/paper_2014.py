"""Table 1 of Goodfellow et al. 2014 for MNIST: the paper's networks, its training, its measure.

https://arxiv.org/abs/1406.2661, section 5, and the configuration that was published with it
(https://github.com/goodfeli/adversarial, `mnist.yaml`, `parzen_ll.py`). Networks and weights are
`kgan.architectures.mlp`; the generator's last bias begins at the data's marginals. The game is
trained on the first 50,000 training images, by stochastic gradient descent at 0.1, divided by
1.000004 after each update, with a momentum that rises from 0.5 to 0.7 in 250 epochs, 100 images at
once.

Three ways to take turns: `paper` is Algorithm 1 as it is written, D first and then G on fresh
fakes; `code` is what the published code does: `turns="simultaneous"`, both players at once on the
same fakes, and D's loss halved, so that its rate is 0.05; `halved` is Algorithm 1 with that rate.
Of each three generators are measured: the one that is trained, which is what the paper has; kgan's
averaged one, whose exponential mean reaches back 20 epochs; and the mean of the weights after each
epoch of the second half (Polyak and Juditsky 1992, https://doi.org/10.1137/0330046; Jain et al.
2018, https://arxiv.org/abs/1610.03774).

Parzen windows: 10,000 samples in [0, 1], σ by the first 1,000 of the other 10,000 training images,
scored on the 10,000 test images. Beside them, as samples: real training images, which nothing
should beat; centers of k-means, which do; and kgan's recipe `mnist`.

    python benchmarks/paper_2014.py --turns paper --seed 0 --minutes 60
    python benchmarks/paper_2014.py
"""

import argparse
import time

import numpy as np
import report

# The ways to take turns, and how large D's learning rate then is beside G's.
TURNS = {"paper": 1.0, "code": 0.5, "halved": 0.5}
BATCH_SIZE = 100
SETTINGS = {
    "learning_rate": 0.1,
    "divided_by": 1.000004,
    "momentum": (0.5, 0.7),
    "epochs_of_momentum": 250,
    "ema_decay": 0.9999,
    "num_samples": 10_000,
}
EVERY_EPOCHS = 20


def main():
    """Plays one game, or measures what stands beside it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", choices=TURNS, help="without: what stands beside the games")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0, help="of training")
    arguments = parser.parse_args()
    settings = {**vars(arguments), **SETTINGS}
    if arguments.turns:
        name = f"paper_2014_{arguments.turns}_{arguments.seed}"
        results = train(arguments.turns, arguments.seed, arguments.minutes)
    else:
        name, results = "paper_2014_beside", beside()
    report.write(report.RESULTS / f"{name}.json", settings, results)


def train(turns, seed, minutes):
    """Plays one game for so long; measures it as it goes on, and at its end."""
    import keras

    import kgan

    data = images()
    keras.utils.set_random_seed(seed)
    training = kgan.datasets.from_arrays(data["training"], batch_size=BATCH_SIZE, seed=seed)
    gan = kgan.GAN(
        *networks(data["training"]),
        latent_distribution="uniform",
        ema_decay=SETTINGS["ema_decay"],
        seed=seed,
    )
    optimizers = optimizer(1.0), optimizer(TURNS[turns])
    kind = "simultaneous" if turns == "code" else "alternating"
    gan.compile(*optimizers, turns=kind, steps_per_execution=20)
    generators = {
        "generator": gan.generator,
        "averaged_generator": gan.averaged_generator,
        "tail_average": keras.models.clone_model(gan.generator),
    }
    seconds, over_time, epoch, in_tail = 0.0, [], 0, 0
    while seconds < 60 * minutes:
        low, high = SETTINGS["momentum"]
        share = min(1.0, epoch / (SETTINGS["epochs_of_momentum"] - 1))
        for one in optimizers:
            one.level.assign(low + share * (high - low))
        begin = time.perf_counter()
        logs = gan.fit(training, epochs=1, verbose=0).history
        seconds += time.perf_counter() - begin
        epoch += 1
        in_tail += seconds > 30 * minutes
        average(generators["tail_average"], gan.generator, in_tail)
        if epoch % EVERY_EPOCHS == 0:
            scores = {
                which: score(draw(gan, one), data, few=True) for which, one in generators.items()
            }
            answers = {name: values[0] for name, values in logs.items()}
            over_time.append({"epoch": epoch, "seconds": seconds, **scores, "logs": answers})
            shown = {which: round(found["value"], 1) for which, found in scores.items()}
            print(turns, seed, epoch, f"{seconds:.0f} s", shown, flush=True)
    scores = {which: score(draw(gan, one), data) for which, one in generators.items()}
    played = {"epochs": epoch, "epochs_of_tail": in_tail, "training_seconds": seconds}
    return {**played, **scores, "over_time": over_time}


def average(mean, network, count):
    """Makes `mean` the mean of `count` states of `network`, of which this is the last.

    Before the first, it is `network`.
    """
    for kept, weight in zip(mean.weights, network.weights, strict=True):
        kept.assign(kept + (weight - kept) / max(1, count))


def draw(gan, generator):
    """Samples of a generator, always of the same latents."""
    from kgan.game import noise, sampling

    latents = noise.latent_blocks("uniform", gan.latent_dim, [(1, SETTINGS["num_samples"])])
    return sampling.predict(generator, [latents], 1000)


def score(samples, data, few=False):
    """The Parzen score of samples in [-1, 1]; `few`: on a fifth of the test images."""
    from kgan.metrics import parzen_log_likelihood

    test = data["test"][::5] if few else data["test"]
    pixels = [(part + 1) / 2 for part in (samples, data["validation"], test)]
    found = parzen_log_likelihood(*pixels)
    return {"value": found.value, "error": found.error, "sigma": found.sigma}


def images():
    """MNIST in [-1, 1]: what is trained on, what chooses σ, and what is scored."""
    import kgan

    train, test = (kgan.datasets.from_tfds("mnist", split).samples for split in ("train", "test"))
    return {"training": train[:50_000], "validation": train[50_000:51_000], "test": test}


def networks(training):
    """The paper's pair. D looks at pixels in [0, 1], as the published code does."""
    import keras

    import kgan

    generator, inner = kgan.architectures.mlp(training.shape[1:], latent_dim=100)
    marginals = np.clip((training.mean(axis=0).ravel() + 1) / 2, 1e-5, 1 - 1e-5)
    output = [layer for layer in generator.layers if isinstance(layer, keras.layers.Dense)][-1]
    output.bias.assign(np.log(marginals / (1 - marginals)))
    pixels = keras.Input(training.shape[1:], name="images")
    logits = inner(keras.layers.Rescaling(0.5, 0.5)(pixels))
    return generator, keras.Model(pixels, logits, name="discriminator")


def optimizer(share):
    """SGD whose momentum is a variable, `level`, to be raised as training goes on."""
    import keras
    import tensorflow as tf

    class RisingMomentum(keras.optimizers.SGD):
        def build(self, variables):
            super().build(variables)
            self.level = keras.Variable(self.momentum, trainable=False)

        def update_step(self, gradient, variable, learning_rate):
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=variable.handle,
                accum=self.momentums[self._get_variable_index(variable)].handle,
                lr=tf.cast(learning_rate, gradient.dtype),
                grad=gradient,
                momentum=tf.cast(self.level, gradient.dtype),
            )

    rate = keras.optimizers.schedules.ExponentialDecay(
        share * SETTINGS["learning_rate"], decay_steps=1, decay_rate=1 / SETTINGS["divided_by"]
    )
    return RisingMomentum(rate, momentum=SETTINGS["momentum"][0])


def beside():
    """The scores of what stands beside the games."""
    import kgan

    data, count = images(), SETTINGS["num_samples"]
    order = np.random.default_rng(0).permutation(len(data["training"]))
    recipe = kgan.recipes.get("mnist")
    training = kgan.datasets.from_arrays(data["training"], batch_size=recipe.batch_size)
    gan = recipe.build(training)
    gan.fit(training, epochs=recipe.epochs, verbose=0)
    return {
        "real": score(data["training"][order[:count]], data),
        "centers": score(centers(data["training"], data["training"][order[:count]]), data),
        "recipe": score(gan.generate(count, seed=0), data),
    }


def centers(samples, begin, rounds=5):
    """k-means from `begin`: each sample goes to the nearest center, each center to their mean."""
    from kgan.metrics import distances

    flat, found = (part.reshape(len(part), -1) for part in (samples, begin.copy()))
    for _ in range(rounds):
        nearest, _ = distances.nearest(flat, found)
        counts = np.bincount(nearest, minlength=len(found))
        order = np.argsort(nearest, kind="stable")
        starts = np.cumsum(counts) - counts
        sums = np.add.reduceat(flat[order], np.minimum(starts, len(flat) - 1))
        found[counts > 0] = sums[counts > 0] / counts[counts > 0, None]
    return found.reshape(begin.shape)


if __name__ == "__main__":
    main()
