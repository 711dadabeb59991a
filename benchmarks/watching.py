"""What the doctor and the stopper of `kgan train` cost, on recipe `mnist`.

Steps, readings and exams take turns, and the processor time of each is compared with that of a
step. What comes once, such as tracing, is measured too.

    python benchmarks/watching.py
"""

import argparse
import statistics
import time

import report

import kgan
from kgan import recipes
from kgan.callbacks import doctor
from kgan.diagnosis import Examiner, Probe
from kgan.diagnosis.probe import MOST_NEIGHBORS, OF_AVERAGE
from kgan.game import looking

# So many samples of each kind an exam takes, as `EquilibriumStopping` has it.
NUM_SAMPLES = 2000
STEPS = 50


def seconds(what):
    """The processor time of a call, and what it returns."""
    began = time.process_time()
    found = what()
    return time.process_time() - began, found


def main():
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="How often each takes its turn.")
    settings = parser.parse_args()
    recipe = recipes.get("mnist")
    dataset = recipe.load()
    held_out = kgan.datasets.load_held_out("mnist", batch_size=100).samples[:5000]
    gan = recipe.build(dataset)

    def play():
        gan.fit(dataset.from_step(0), steps_per_epoch=STEPS, verbose=0)

    play()
    gan.generate(8 * NUM_SAMPLES, seed=0)

    def start_doctor():
        training = looking.training_pair(dataset, None, -1, MOST_NEIGHBORS, 0)
        probe = Probe(gan, training, (held_out[:1000], None))
        probe.read()
        return probe

    def start_stopper():
        examiner = Examiner(dataset.samples, held_out, NUM_SAMPLES, "mnist")
        return examiner, examiner.tells_held_out()

    def measure(number):
        return examiner.measure(gan.generate(number, seed=1))

    once = {}
    once["doctor"], probe = seconds(start_doctor)
    once["stopper"], (examiner, _) = seconds(start_stopper)
    samples = gan.generate(examiner.num_samples, seed=1)
    exam = examiner.measure(samples)
    once["classifiers"], _ = seconds(lambda: examiner.classify(exam, samples))
    times = {"step": [], "reading": [], "exam": [], "long_exam": [], "classifier": []}
    for _ in range(settings.rounds):
        times["step"].append(seconds(play)[0] / STEPS)
        readings = [seconds(lambda i=i: probe.read(i == 0))[0] for i in range(OF_AVERAGE)]
        times["reading"].append(statistics.mean(readings))
        times["exam"].append(seconds(lambda: measure(examiner.few_samples))[0])
        times["long_exam"].append(seconds(lambda: measure(examiner.num_samples))[0])
        times["classifier"].append(seconds(lambda: examiner.classify(exam, samples))[0])
    middle = {name: statistics.median(values) for name, values in times.items()}
    step, reading, exam = (middle[name] for name in ("step", "reading", "exam"))
    steps = recipe.epochs * dataset.steps_per_epoch
    results = {
        "steps": steps,
        "seconds": times,
        "seconds_once": once,
        "readings": doctor.NUM_READINGS,
        "exams": recipe.epochs,
        "reading_in_steps": reading / step,
        "exam_in_steps": exam / step,
        "long_exam_in_steps": middle["long_exam"] / step,
        "classifier_in_steps": middle["classifier"] / step,
        "share_of_readings": (once["doctor"] + doctor.NUM_READINGS * reading) / (steps * step),
        "share_of_exams": (once["stopper"] + recipe.epochs * exam) / (steps * step),
    }
    print(results)
    report.write(report.RESULTS / "watching.json", vars(settings), results)


if __name__ == "__main__":
    main()
