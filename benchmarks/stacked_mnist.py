"""How many of the 1,000 modes of Stacked MNIST a GAN reaches, and how evenly.

Three digits, drawn at random, are the red, green and blue of an image: Metz et al. 2017,
https://arxiv.org/abs/1611.02163, section 3.3.1. The protocol of Lin et al. 2018 (PacGAN),
https://arxiv.org/abs/1712.04086, section 4.2: 128,000 training images; of 26,000 samples a
classifier of digits, here `kgan.features`' `mnist`, names each channel; a mode counts that has a
sample; KL(samples ‖ data) is that of the shares of the modes. Both depend on the classifier and on
the number of samples; real images, held out, stand beside.

    python benchmarks/stacked_mnist.py
"""

import argparse
import pathlib
import time

import numpy as np
import report

SETTINGS = {
    "steps": 72_000,
    "every": 6_000,
    "num_training": 128_000,
    "num_samples": 26_000,
    "batch_size": 32,
    "width": 32,
    "latent_dim": 64,
    "learning_rate": 1e-3,
    "beta_1": 0.5,
    "penalty_weight": 0.1,
    "loss": "relativistic",
}


def main():
    """Trains, measures every so many steps, and writes the curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=pathlib.Path, help="a folder for that of the samples")
    for name, value in SETTINGS.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    settings = parser.parse_args()
    if settings.steps % settings.every:
        parser.error("--every must divide --steps.")
    import kgan

    splits = [kgan.datasets.from_tfds("mnist", s, with_labels=True) for s in ("train", "test")]
    shares = np.bincount(splits[0].labels, minlength=10) / splits[0].num_samples
    shares = np.einsum("i,j,k->ijk", shares, shares, shares).ravel()
    training = stacked(splits[0].samples, settings.num_training, seed=settings.seed)
    held_out = stacked(splits[1].samples, settings.num_samples, seed=settings.seed + 1)
    results = {"real": measured(held_out, shares), "classifier": accuracy(splits[1])}
    print("real", results["real"], flush=True)
    results["over_time"] = train(training, shares, settings)
    kept = {name: value for name, value in vars(settings).items() if name != "pictures"}
    report.write(report.RESULTS / "stacked_mnist.json", kept, results)


def stacked(digits, count, seed):
    """So many images of three digits, bytes `(count, 28, 28, 3)`."""
    import kgan

    drawn = np.random.default_rng(seed).integers(len(digits), size=(count, 3))
    digits = kgan.images.to_uint8(digits[..., 0])
    return np.stack([digits[drawn[:, channel]] for channel in range(3)], axis=-1)


def train(training, shares, settings):
    """Plays the game; what was measured, as it went on."""
    import keras

    import kgan

    keras.utils.set_random_seed(settings.seed)
    data = kgan.datasets.from_arrays(training, batch_size=settings.batch_size, seed=settings.seed)
    networks = kgan.architectures.dcgan((28, 28, 3), settings.latent_dim, width=settings.width)
    gan = kgan.GAN(*networks, seed=settings.seed)
    weight = settings.penalty_weight
    gan.compile(
        optimizer(settings),
        optimizer(settings),
        loss=settings.loss,
        penalties=[kgan.penalties.R1(weight), kgan.penalties.R2(weight)] if weight else [],
        steps_per_execution=20,
    )
    seconds, over_time = 0.0, []
    for _ in range(settings.steps // settings.every):
        begin = time.perf_counter()
        gan.fit(data, steps_per_epoch=settings.every, epochs=1, verbose=0)
        seconds += time.perf_counter() - begin
        step = int(gan.step.numpy())
        found = measured(gan.generate(settings.num_samples, seed=step), shares)
        over_time.append({"step": step, "seconds": seconds, **found})
        print(over_time[-1], flush=True)
    if settings.pictures:
        grid = kgan.images.tile(gan.generate(100, seed=0), columns=10)
        kgan.images.save_png(settings.pictures / "stacked_mnist.png", grid)
    return over_time


def optimizer(settings):
    """Adam, whose learning rate falls to 0."""
    import keras

    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    return keras.optimizers.Adam(rate, settings.beta_1)


def measured(images, shares):
    """Modes and divergences of images in [-1, 1], or bytes."""
    from kgan import metrics
    from kgan.images import from_uint8

    images = from_uint8(images) if images.dtype == np.uint8 else images
    digits = [classified(images[..., channel : channel + 1]) for channel in range(3)]
    modes = 100 * digits[0] + 10 * digits[1] + digits[2]
    found = metrics.class_coverage(modes, 1000, real_shares=shares)
    return {"modes": found.modes, "kl": found.reverse_kl, "num_samples": found.num_samples}


def classified(digits):
    """Which digit each image is."""
    from kgan import features

    return features.get("mnist").answers(digits)["probabilities"].argmax(axis=1)


def accuracy(dataset):
    """How often the classifier is right about single digits."""
    return float(np.mean(classified(dataset.samples) == dataset.labels))


if __name__ == "__main__":
    main()
