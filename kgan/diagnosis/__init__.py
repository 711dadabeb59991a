"""What is wrong with a game, and when it is over."""

from kgan.diagnosis.exams import Exam, Examiner
from kgan.diagnosis.probe import Probe
from kgan.diagnosis.readings import Reading
from kgan.diagnosis.risks import Risk, find_risks
from kgan.diagnosis.rules import NAMES
from kgan.diagnosis.symptoms import LEAST_READINGS, Judge, Symptom, find_symptoms

__all__ = [
    "LEAST_READINGS",
    "NAMES",
    "Exam",
    "Examiner",
    "Judge",
    "Probe",
    "Reading",
    "Risk",
    "Symptom",
    "find_risks",
    "find_symptoms",
]
