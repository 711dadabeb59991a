"""How long the measures take, on 10,000 samples against 10,000, and what memory they need."""

import argparse
import resource
import time

import numpy as np
import report

from kgan import metrics


def calls(num_samples, random):
    """The measures by name: functions of nothing, and how many numbers a sample has."""

    def features(size):
        return random.normal(size=(2, num_samples, size))

    small, large = features(128), features(2048)
    pixels = random.uniform(size=(3, num_samples, 784)).astype("float32")
    return {
        "frechet_distance, 128 features": lambda: metrics.frechet_distance(*small),
        "frechet_distance, 2048 features": lambda: metrics.frechet_distance(*large),
        "kernel_distance, 128 features": lambda: metrics.kernel_distance(*small),
        "kernel_distance, 2048 features": lambda: metrics.kernel_distance(*large),
        "precision_recall, 128 features": lambda: metrics.precision_recall(*small),
        "density_coverage, 128 features": lambda: metrics.density_coverage(*small),
        "memorization, 784 pixels": lambda: metrics.memorization(*pixels),
        "parzen_log_likelihood, 784 pixels": lambda: metrics.parzen_log_likelihood(
            pixels[0], pixels[1][:1000], pixels[2]
        ),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num-samples", type=int, default=10_000)
    arguments = parser.parse_args()
    results = {}
    for name, call in calls(arguments.num_samples, np.random.default_rng(0)).items():
        held, begin = report.resident_memory(), time.perf_counter()
        call()
        seconds = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        results[name] = {"seconds": seconds, "mib_before": held, "peak_mib_so_far": peak}
        print(f"{name}: {seconds:.1f} s", flush=True)
    report.write(report.RESULTS / "metrics.json", vars(arguments), results)


if __name__ == "__main__":
    main()
