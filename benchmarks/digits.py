"""How good the digits of the recipe `digits` are, over several seeds, beside what must not pass.

A small classifier, trained on the 1,437 real training digits, looks at 1,000 samples of each, and
at the 360 real digits that neither it nor any GAN has seen; `quality.py` says what it measures.
"""

import argparse
import dataclasses
import pathlib
import time

import numpy as np
import quality
import report

import kgan


def run(seeds, epochs):
    """Trains a GAN for each seed, and judges it.

    Args:
        seeds: a list of integers.
        epochs: how many; None for the recipe's.

    Returns:
        A dict from what was judged to its raw numbers.
    """
    classifier, images, labels = quality.digits_classifier()
    accuracy = np.mean(classifier.predict(images, verbose=0).argmax(axis=1) == labels)

    def judge(samples):
        result = quality.measure(classifier, samples, images)
        return dataclasses.asdict(result) | {
            "shares": result.shares.tolist(),
            "passes": result.passes,
        }

    results = {"classifier_accuracy": float(accuracy), "recipe": []}
    for seed in seeds:
        recipe = dataclasses.replace(kgan.recipes.DIGITS, seed=seed)
        recipe = dataclasses.replace(recipe, epochs=epochs or recipe.epochs)
        dataset = recipe.load()
        gan = recipe.build(dataset)
        begin = time.perf_counter()
        gan.fit(dataset, epochs=recipe.epochs, verbose=0)
        seconds = time.perf_counter() - begin
        judged = judge(gan.generate(1000, seed=5)) | {"seed": seed, "training_seconds": seconds}
        results["recipe"].append(judged)
        print(f"seed {seed}: {judged}", flush=True)
    untrained = kgan.recipes.DIGITS.build(dataset).generate(1000, seed=5)
    noise = np.random.default_rng(0).uniform(-1, 1, untrained.shape).astype("float32")
    prototypes = np.stack([images[labels == i % 10][0] for i in range(1000)])
    return results | {
        "real": judge(kgan.datasets.digits("train").samples),
        "noise": judge(noise),
        "prototypes": judge(prototypes),
        "untrained": judge(untrained),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    output = report.RESULTS / "digits.json"
    parser.add_argument("--output", type=pathlib.Path, default=output, help="Where the JSON goes.")
    parser.add_argument("--seeds", type=int, default=6, help="How many, from 0.")
    parser.add_argument("--epochs", type=int, default=None, help="Instead of the recipe's.")
    arguments = parser.parse_args()
    results = run(list(range(arguments.seeds)), arguments.epochs)
    settings = {"seeds": arguments.seeds, "epochs": arguments.epochs or kgan.recipes.DIGITS.epochs}
    report.write(arguments.output, settings, results)


if __name__ == "__main__":
    main()
