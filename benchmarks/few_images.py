"""Few pictures: what `kgan train` makes of them, with and without augmentation.

- `drawn`: 60 pictures of three kinds, of which there can be any number of others: a classifier that
  has seen many says how well samples are drawn, and others say how near new pictures are to these.
- `folder`: a folder of real pictures, a fifth of which is kept apart to measure with.
- `fashion`: 500 images of Fashion-MNIST, measured again and again during training.
- `fine_tuning`: 500 digits, from scratch and from a model of Fashion-MNIST.

Each seed is a run of the command, or of the recipe it runs. `python benchmarks/few_images.py drawn
--seeds 3`, `... folder --pictures FOLDER`, `... fashion`.
"""

import argparse
import pathlib
import shutil
import tempfile
import time

import drawn_pictures
import numpy as np
import report

import kgan
from kgan import metrics, recipes, runs
from kgan.datasets.dataset import STEPS_PER_EPOCH
from kgan.game import transfer

NUM_SAMPLES = 1000


def train(folder, seed, *options):
    """The GAN that the command makes of a folder, and the seconds that it takes, all included."""
    with tempfile.TemporaryDirectory() as output:
        run, began = pathlib.Path(output) / "run", time.perf_counter()
        report.kgan("train", "--dataset", folder, "--seed", seed, "--output", run, *options)
        seconds = time.perf_counter() - began
        return runs.find(run)[0], seconds


def drawn(arguments):
    """Sixty drawn pictures, as a classifier of many sees what is made of them."""
    size = arguments.image_size
    judge, accuracy = drawn_pictures.classifier(size)
    new, _ = drawn_pictures.arrays(NUM_SAMPLES, size, seed=3000)
    results = {"classifier_accuracy": accuracy, "runs": []}
    for seed in range(arguments.seeds):
        for conditional in (False, True):
            with tempfile.TemporaryDirectory() as place:
                folder = pathlib.Path(place) / "pictures"
                drawn_pictures.folder(folder, 20, seed=seed)
                options = ["--image-size", size, *(["--conditional"] * conditional)]
                gan, seconds = train(folder, seed, *options)
                training = kgan.datasets.from_directory(folder, size, batch_size=1).samples
            labels = np.arange(NUM_SAMPLES) % 3 if conditional else None
            samples = gan.generate(NUM_SAMPLES, labels, seed=1)
            probabilities = judge.predict(samples, verbose=0)
            kinds = probabilities.argmax(axis=1)
            copies = metrics.memorization(samples, training, new)
            measured = {
                "seed": seed,
                "conditional": conditional,
                "seconds": seconds,
                "steps": int(gan.step.numpy()),
                "confidence": float(probabilities.max(axis=1).mean()),
                "shares": (np.bincount(kinds, minlength=3) / NUM_SAMPLES).tolist(),
                "memorization_ratio": copies.ratio,
                "memorization_share_closer": copies.share_closer,
            }
            if conditional:
                measured["label_accuracy"] = float((kinds == labels).mean())
            print(measured, flush=True)
            results["runs"].append(measured)
    return results


def folder(arguments):
    """A folder of real pictures: copies, and how much of the others is reached."""
    size = arguments.image_size
    files = sorted(path for path in arguments.pictures.rglob("*") if path.is_file())
    order = np.random.default_rng(0).permutation(len(files))
    apart = set(order[: len(files) // 5].tolist())
    results = {"pictures": len(files), "runs": []}
    with tempfile.TemporaryDirectory() as place:
        folders = {part: pathlib.Path(place) / part for part in ("training", "held_out")}
        for path in folders.values():
            path.mkdir()
        for number, path in enumerate(files):
            part = "held_out" if number in apart else "training"
            shutil.copy(path, folders[part] / f"{number:05d}{path.suffix}")
        options = {"channels": 3, "batch_size": 1}
        read = {
            part: kgan.datasets.from_directory(path, size, **options)
            for part, path in folders.items()
        }
        trained_on, _ = kgan.datasets.hold_out(read["training"])  # As the recipe does.
        real = {"training": trained_on.samples, "held_out": read["held_out"].samples}
        for seed in range(arguments.seeds):
            for augmentation in (None, "none"):
                extra = [] if augmentation is None else ["--set", f"augmentation={augmentation}"]
                extra += [] if arguments.steps is None else ["--steps", arguments.steps]
                gan, seconds = train(
                    folders["training"], seed, "--image-size", size, "--channels", 3, *extra
                )
                samples = gan.generate(NUM_SAMPLES, seed=1)
                copies = metrics.memorization(samples, real["training"], real["held_out"])
                _, recall = metrics.precision_recall(
                    *(part.reshape(len(part), -1) for part in (real["held_out"], samples))
                )
                measured = {
                    "seed": seed,
                    "augmentation": augmentation or "the recipe's",
                    "seconds": seconds,
                    "steps": int(gan.step.numpy()),
                    "memorization_ratio": copies.ratio,
                    "memorization_share_closer": copies.share_closer,
                    "recall": float(recall),
                }
                print(measured, flush=True)
                results["runs"].append(measured)
                if arguments.grids:
                    name = f"{arguments.pictures.name}_{size}_{augmentation or 'augmented'}_{seed}"
                    grid = kgan.images.magnify(kgan.images.tile(samples[:64]), 512)
                    kgan.images.save_png(arguments.grids / f"{name}.png", grid)
    return results


def fashion(arguments):
    """500 images of Fashion-MNIST: the distance to test images during training."""
    images = kgan.datasets.load("fashion_mnist", batch_size=1).samples
    test = kgan.datasets.load_held_out("fashion_mnist", batch_size=100).samples
    chosen = np.random.default_rng(0).permutation(len(images))[:500]
    whole = kgan.datasets.from_arrays(images[chosen], batch_size=1)
    held_out = kgan.datasets.from_arrays(test[:5000], batch_size=100)
    results = {"runs": []}
    for seed in range(arguments.seeds):
        for augmentation in (None, "none"):
            given = {"seed": seed}
            given |= {} if augmentation is None else {"augmentation": None}
            given |= {} if arguments.steps is None else {"steps": arguments.steps}
            metric = metrics.FrechetDistance("fashion_mnist", num_samples=5000)
            gan, dataset, recipe = game(whole, given, [metric])
            began = time.perf_counter()
            log = gan.fit(
                dataset,
                epochs=recipe.num_epochs,
                validation_data=held_out,
                validation_freq=max(1, recipe.num_epochs // 20),
                verbose=0,
            ).history
            distances = log["val_frechet_distance_fashion_mnist"]
            samples = gan.generate(2000, seed=1)
            copies = metrics.memorization(samples, images[chosen], test[5000:7000])
            measured = {
                "seed": seed,
                "augmentation": augmentation or "the recipe's",
                "seconds": time.perf_counter() - began,
                "steps": int(gan.step.numpy()),
                "distances": distances,
                "last_over_best": distances[-1] / min(distances),
                "memorization_ratio": copies.ratio,
            }
            print(measured, flush=True)
            results["runs"].append(measured)
    return results


def fine_tuning(arguments):
    """500 digits, from scratch and from a model of Fashion-MNIST: how long until as good."""
    source, clothes, _ = game(kgan.datasets.load("fashion_mnist", batch_size=1), {})
    source.fit(clothes, epochs=(arguments.steps or 10_000) // STEPS_PER_EPOCH, verbose=0)
    images = kgan.datasets.load("mnist", batch_size=1).samples
    test = kgan.datasets.load_held_out("mnist", batch_size=100).samples
    held_out = kgan.datasets.from_arrays(test[:5000], batch_size=100)
    chosen = np.random.default_rng(0).permutation(len(images))[:500]
    digits = kgan.datasets.from_arrays(images[chosen], batch_size=1)
    results = {"source_steps": int(source.step.numpy()), "runs": []}
    for seed in range(arguments.seeds):
        goal = None
        for start in ("scratch", "fashion_mnist"):
            metric = metrics.FrechetDistance("mnist", num_samples=5000)
            gan, dataset, _ = game(digits, {"seed": seed}, [metric])
            if start != "scratch":
                transfer.transfer(source.generator, gan.generator)
                transfer.transfer(source.averaged_generator, gan.averaged_generator)
                transfer.transfer(source.discriminator, gan.discriminator)
            course = trained(gan, dataset, held_out, arguments.seconds, goal)
            goal = course[-1]["distance"] if goal is None else goal
            measured = {"seed": seed, "start": start, "seconds": course[-1]["seconds"]}
            measured |= {"distance": course[-1]["distance"], "course": course}
            print(measured, flush=True)
            results["runs"].append(measured)
    return results


def game(whole, given, measured=()):
    """The recipe's GAN for data, its batches, and the recipe."""
    recipe, _ = recipes.PICTURES.with_fields(given).fitted(whole, list(given))
    dataset = recipe.batched(whole)
    return recipe.build(dataset, measured), dataset, recipe


def trained(gan, dataset, held_out, seconds, goal=None):
    """Trains for so long, or until the distance to held-out images is no more than `goal`.

    Returns a list of what was measured every 100 steps; the seconds are those of training alone.
    """
    course, spent = [], 0.0
    while spent < seconds:
        began, epoch = time.perf_counter(), len(course)
        gan.fit(dataset, epochs=epoch + 1, initial_epoch=epoch, verbose=0)
        spent += time.perf_counter() - began
        found = gan.evaluate(held_out, return_dict=True, verbose=0)
        distance = found["frechet_distance_mnist"]
        course.append({"seconds": spent, "steps": int(gan.step.numpy()), "distance": distance})
        if goal is not None and distance <= goal:
            break
    return course


TASKS = {"drawn": drawn, "folder": folder, "fashion": fashion, "fine_tuning": fine_tuning}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--seeds", type=int, default=3, help="How many, from 0.")
    parser.add_argument("--image-size", type=int, default=32, help="Pixels of a side.")
    parser.add_argument("--steps", type=int, default=None, help="Instead of the recipe's.")
    parser.add_argument("--seconds", type=float, default=600, help="Of `fine_tuning`.")
    parser.add_argument("--pictures", type=pathlib.Path, default=None, help="Of `folder`.")
    parser.add_argument("--grids", type=pathlib.Path, default=None, help="Where grids go.")
    parser.add_argument("--output", type=pathlib.Path, default=None, help="Where the JSON goes.")
    arguments = parser.parse_args()
    results = TASKS[arguments.task](arguments)
    settings = {name: value for name, value in vars(arguments).items() if value is not None}
    settings = {
        name: value.name if isinstance(value, pathlib.Path) else value
        for name, value in settings.items()
    }
    name = f"few_images_{arguments.task}"
    if arguments.pictures:
        name += f"_{arguments.pictures.name}_{arguments.image_size}"
    report.write(arguments.output or report.RESULTS / f"{name}.json", settings, results)


if __name__ == "__main__":
    main()
