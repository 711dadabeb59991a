"""What tests need of TensorFlow that it has no public name for; the one file that may import it.

TensorFlow's public functions turn deterministic operations on and not off, under which Keras turns
XLA off; and of the graphs that it runs, after its optimizer, they show none. When a name goes,
tests/test_tensorflow_internals.py says so.
"""

from tensorflow.python.eager import context
from tensorflow.python.framework import config


def disable_op_determinism():
    """The opposite of `tf.config.experimental.enable_op_determinism`."""
    config.disable_op_determinism()


def optimized_graphs(run):
    """The graphs that TensorFlow executes in a call of `run`, as it has optimized them.

    Among them may be graphs of other functions that happen to run meanwhile.
    """
    context.enable_run_metadata()
    try:
        run()
        graphs = context.export_run_metadata().function_graphs
    finally:
        context.disable_run_metadata()
    return [graph.post_optimization_graph for graph in graphs]
