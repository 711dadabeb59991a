"""Whether `kgan.metrics.utility` is right where the answer is known, and how long it takes.

A thousand real images to train on, ten thousand held-out ones. In the place of generated samples
stand real ones, so that it is known whether they help:

    copies          the training images again: they cannot help
    missing class   other real images, where the training images have two of one class: they help
    more data       other real images, as a perfect generator would draw them: they help
    wrong labels    the same with wrong labels: they hurt

    python benchmarks/utility.py
"""

import argparse
import dataclasses
import time

import numpy as np
import report

import kgan


def cases(samples, labels, num_real, rare):
    """From the name of a case to the rows of the real samples, and the pair of generated ones."""
    order = np.random.default_rng(0).permutation(len(samples))
    some, others = order[:num_real], order[num_real:]
    without = order[labels[order] != rare][: num_real - 2]
    few = np.concatenate([order[labels[order] == rare][:2], without])
    new = samples[others], labels[others]
    return {
        "copies": (some, (samples[some], labels[some])),
        "missing class": (few, new),
        "more data": (some, new),
        "wrong labels": (some, (new[0], (new[1] + 1) % (labels.max() + 1))),
    }


def main():
    """Measures every case and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--num-real", type=int, default=1000)
    parser.add_argument("--rare", type=int, default=8, help="The class with two images: bags.")
    parser.add_argument("--cases", nargs="+", help="Only these.")
    settings = parser.parse_args()
    loads = kgan.datasets.load, kgan.datasets.load_held_out
    training, held_out = (load(settings.dataset, with_labels=True) for load in loads)
    samples, labels = training.samples, training.labels
    results = {}
    for name, (rows, generated) in cases(samples, labels, settings.num_real, settings.rare).items():
        if settings.cases and name not in settings.cases:
            continue
        begin = time.perf_counter()
        found = kgan.metrics.utility(
            samples[rows], labels[rows], held_out.samples, held_out.labels, generated
        )
        seconds = time.perf_counter() - begin
        results[name] = dataclasses.asdict(found) | {"verdict": found.verdict, "seconds": seconds}
        print(f"{name}, {seconds:.0f} s: {found.verdict}", flush=True)
    report.write(report.RESULTS / "utility.json", vars(settings), results)


if __name__ == "__main__":
    main()
