import pytest
import tensorflow as tf
import tensorflow_internals


def test_determinism_can_be_turned_off():
    tf.random.set_seed(None)
    with pytest.raises(RuntimeError, match="determinism"):
        tf.random.uniform(())
    tensorflow_internals.disable_op_determinism()
    tf.random.uniform(())


def test_the_graph_that_runs_can_be_looked_at_and_is_optimized():
    @tf.function
    def add_seven(x):
        return tf.add(x, 3.0 + tf.constant(4.0), name="add_seven")

    graphs = tensorflow_internals.optimized_graphs(lambda: add_seven(tf.ones(())))
    (graph,) = (graph for graph in graphs if "add_seven" in {node.name for node in graph.node})
    operations = [node.op for node in graph.node]
    assert operations.count("AddV2") == 1  # 3 + 4 is known before it runs.
