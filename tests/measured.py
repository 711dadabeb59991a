"""Features and images with which the measures are tried, and what torch-fidelity says of them."""

import json
import pathlib

import numpy as np
import torch_fidelity_fixture

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
PUBLISHED = json.loads((FIXTURES / "torch_fidelity.json").read_text())["results"]
REAL, GENERATED, LOGITS = torch_fidelity_fixture.features()
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


REAL_IMAGES = np.clip(normal(120, 8, 8, 1), -1, 1).astype("float32")
FAKE_IMAGES = np.clip(normal(120, 8, 8, 1, seed=1) * 0.5, -1, 1).astype("float32")


def flat(images):
    return images.reshape(len(images), -1)


def taken(metric, batch_size=40, real=REAL_IMAGES, fake=FAKE_IMAGES, **options):
    """The result of a metric that was shown all images, a batch at a time."""
    for start in range(0, len(real), batch_size):
        rows = slice(start, start + batch_size)
        metric.update_state(real[rows], fake[rows], **options)
    return metric.result()
