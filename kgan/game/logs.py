"""The means that a progress bar shows."""

import keras
from keras import ops


class RunningMeans(keras.metrics.Metric):
    """Means of several named numbers at once, in one variable: a step of a small game is short.

    Args:
        names: the names of the numbers.
        name: that of the metric.
    """

    def __init__(self, names, name="game_log"):
        super().__init__(name=name)
        self.names = names
        self.total = self.add_variable((len(names),), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values, num_samples):
        num_samples = ops.cast(num_samples, "float32")
        self.total.assign_add(num_samples * ops.stack([values[name] for name in self.names]))
        self.count.assign_add(num_samples)

    def result(self):
        return dict(zip(self.names, ops.unstack(self.total / self.count), strict=True))
