"""What is wrong with a game, and when it is over."""

from kgan.diagnosis.exams import Exam, Examiner

__all__ = ["Exam", "Examiner"]
