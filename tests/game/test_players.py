"""No weight is read while it is written: a training step as the graph that TensorFlow runs."""

import collections
import itertools

import players
import pytest
import tensorflow_internals

import kgan

READ, WRITES = "ReadVariableOp", {"AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"}


def optimized_graph(gan, dataset):
    """The nodes of the training step, by name, as TensorFlow runs it."""
    gan.make_train_function()
    batches = iter(dataset)
    graphs = tensorflow_internals.optimized_graphs(lambda: gan.train_function(batches))
    step = max(graphs, key=lambda graph: sum(node.op in WRITES for node in graph.node))
    return {node.name: node for node in step.node}


def source(name):
    return name.lstrip("^").split(":")[0]


def ancestors(nodes):
    """Of each node all that must have run before it."""
    before, stack = {}, list(nodes)
    while stack:
        name = stack[-1]
        inputs = {source(i) for i in nodes[name].input}
        missing = [i for i in inputs if i not in before]
        if missing and name not in before:
            stack.extend(missing)
        else:
            stack.pop()
            if name not in before:
                before[name] = inputs.union(*(before[i] for i in inputs))
    return before


def unordered(nodes):
    """Pairs of operations on one variable, one of them a write, of which either may come first."""
    touching = collections.defaultdict(list)
    for node in nodes.values():
        if node.op == READ or node.op in WRITES:
            variable = source(node.input[0])
            while nodes[variable].op == "Identity":
                variable = source(nodes[variable].input[0])
            touching[variable].append(node)
    assert any(len(operations) > 2 for operations in touching.values())
    before = ancestors(nodes)
    return [
        (write.name, other.name)
        for operations in touching.values()
        for write in operations
        for other in operations
        if write.op in WRITES
        and other is not write
        and write.name not in before[other.name]
        and other.name not in before[write.name]
    ]


QUICK = [(kgan.architectures.mlp, "wasserstein_gradient_penalty"), (kgan.architectures.dcgan, "r1")]


@pytest.mark.parametrize(
    ("architecture", "penalty"),
    [
        pytest.param(*pair, marks=[] if pair in QUICK else pytest.mark.slow)
        for pair in itertools.product(
            [kgan.architectures.mlp, kgan.architectures.dcgan], [None, *kgan.penalties.ALL]
        )
    ],
)
def test_no_weight_is_read_while_it_is_written(architecture, penalty):
    penalties = [penalty] if penalty else []
    gan = players.gan(4, architecture, discriminator_steps=2, penalties=penalties)
    assert unordered(optimized_graph(gan, players.dataset(4))) == []
