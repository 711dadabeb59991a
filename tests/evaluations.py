"""Evaluations of GANs that draw given samples."""

import numpy as np
import players

import kgan
from kgan import evaluation

TRAIN, TEST = (kgan.datasets.digits(split, with_labels=True) for split in ("train", "test"))


def gan_that_draws(samples, labels=None):
    """A GAN whose samples are rows of an array."""
    gan = players.gan(num_classes=None if labels is None else 10)

    def generate(num_samples, seed):
        rows = np.random.default_rng(seed).permutation(len(samples))[:num_samples]
        return samples[rows] if labels is None else (samples[rows], labels[rows])

    gan.generate = generate
    return gan


def evaluated(samples, *measures, labels=None, held_out=TEST, **options):
    options = {"features": "digits", "num_seeds": 2, **options}
    gan = gan_that_draws(samples, labels)
    return evaluation.evaluate(gan, TRAIN, held_out, measures=measures or None, **options)
