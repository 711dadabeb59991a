"""What `kgan train` makes of a recipe, and in what time, beside what must not pass.

Each seed is a run of the command, in a process of its own. A classifier trained on the real
training images then looks at 10,000 samples of it; of a recipe with labels at 1,000 that it was
asked for, a hundred of each class; and at held-out images, which neither it nor any GAN has seen.
`quality.py` says what it measures.
"""

import argparse
import dataclasses
import datetime
import json
import pathlib
import tempfile

import numpy as np
import quality
import report

import kgan
from kgan import runs

# How many of 1,000 samples of a conditional recipe must be what they were asked to be.
LABEL_ACCURACY = {"fashion_mnist": 0.85}


def run(recipe, name, seeds):
    """Trains a GAN for each seed, and judges it.

    Args:
        recipe: a `kgan.recipes.Recipe`.
        name: what the command calls it.
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
        gan, seconds = _train(recipe, name, seed)
        measured = {"seed": seed, "steps": int(gan.step.numpy()), "training_seconds": seconds}
        measured |= measure(*_draw(gan))
        results["recipe"].append(measured)
        print(f"seed {seed}: {measured}", flush=True)
    untrained = recipe.build(recipe.load()).generate(1000, _labels(recipe), seed=5)
    for control, samples in judge.controls(untrained).items():
        results[control] = measure(samples, _labels(recipe))
    return results


def _train(recipe, name, seed):
    """The GAN that the command makes, and the seconds from its run's beginning to its end."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--recipe", name, "--epochs", recipe.epochs, "--seed", seed, "--output", folder]
        report.kgan("train", *options, *(["--conditional"] * recipe.conditional))
        gan, _ = runs.find(folder)
        described = json.loads(runs.Run(pathlib.Path(folder)).description.read_text())
    begin, end = (datetime.datetime.fromisoformat(described[at]) for at in ("started", "ended"))
    return gan, (end - begin).total_seconds()


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
    results = run(recipe, arguments.recipe, list(range(arguments.seeds)))
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
