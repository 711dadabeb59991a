"""How good the samples of a recipe are, over several seeds, beside what must not pass.

A classifier trained on the real training images looks at 10,000 samples of each seed, and at the
held-out images that neither it nor any GAN has seen; of a conditional recipe at 1,000 that it was
asked for, a hundred of each class. `quality.py` says what it measures.
"""

import argparse
import dataclasses
import pathlib
import resource
import time

import numpy as np
import quality
import report

import kgan

# How many of 1,000 samples of a conditional recipe must be what they were asked to be.
LABEL_ACCURACY = {"fashion_mnist": 0.85}


def run(recipe, seeds):
    """Trains a GAN for each seed, and judges it.

    Args:
        recipe: a `kgan.recipes.Recipe`.
        seeds: a list of integers.

    Returns:
        A dict from what was judged to its raw numbers.
    """
    judge = quality.judge(recipe.dataset)
    needed = LABEL_ACCURACY.get(recipe.dataset, 0.95)

    def measure(samples, labels=None):
        result = judge.measure(samples, labels)
        return result.to_json() | {"passes": result.passes(needed)}

    results = {"classifier_accuracy": judge.accuracy(), "label_accuracy_needed": needed}
    results |= {"real": measure(recipe.load().samples[:10_000]), "recipe": []}
    for seed in seeds:
        recipe = dataclasses.replace(recipe, seed=seed)
        gan, seconds = _train(recipe)
        measured = measure(*_draw(gan))
        measured |= {"seed": seed, "training_seconds": seconds, "steps": int(gan.step.numpy())}
        results["recipe"].append(measured)
        print(f"seed {seed}: {measured}", flush=True)
    untrained = recipe.build(recipe.load()).generate(1000, _labels(recipe), seed=5)
    for name, samples in judge.controls(untrained).items():
        results[name] = measure(samples, _labels(recipe))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return results | {"peak_resident_mib": peak}


def _train(recipe):
    dataset = recipe.load()
    gan = recipe.build(dataset)
    begin = time.perf_counter()
    gan.fit(dataset, epochs=recipe.epochs, verbose=0)
    return gan, time.perf_counter() - begin


def _draw(gan):
    """Samples, and the labels that they were asked to be of, or None."""
    if not gan.num_classes:
        return gan.generate(10_000, seed=5), None
    labels = np.arange(1000) % gan.num_classes
    return gan.generate(1000, labels, seed=5), labels


def _labels(recipe):
    return np.arange(1000) % 10 if recipe.conditional else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="digits", help="Its name.")
    parser.add_argument("--conditional", action="store_true", help="With labels.")
    parser.add_argument("--seeds", type=int, default=3, help="How many, from 0.")
    parser.add_argument("--epochs", type=int, default=None, help="Instead of the recipe's.")
    parser.add_argument("--output", type=pathlib.Path, default=None, help="Where the JSON goes.")
    arguments = parser.parse_args()
    recipe = kgan.recipes.get(arguments.recipe)
    recipe = dataclasses.replace(
        recipe, conditional=arguments.conditional, epochs=arguments.epochs or recipe.epochs
    )
    results = run(recipe, list(range(arguments.seeds)))
    name = f"recipe_{arguments.recipe}" + "_conditional" * arguments.conditional
    settings = {
        "recipe": arguments.recipe,
        "conditional": arguments.conditional,
        "seeds": arguments.seeds,
        "epochs": recipe.epochs,
    }
    report.write(arguments.output or report.RESULTS / f"{name}.json", settings, results)


if __name__ == "__main__":
    main()
