"""The scalar graph against PyTorch: random expressions, reused nodes, long chains, two passes."""

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from backprop.graph import Scalar, as_scalar
from reference import close

# each operation on Scalars, and on torch tensors; arguments are kept in (-2, 2) by tanh so that
# nothing overflows
UNARY = {
    "neg": (lambda a: -a, lambda a: -a),
    "exp": (lambda a: a.tanh().exp(), lambda a: a.tanh().exp()),
    "log": (lambda a: (a * a + 1).log(), lambda a: (a * a + 1).log()),
    "tanh": (lambda a: a.tanh(), lambda a: a.tanh()),
    "sigmoid": (lambda a: a.sigmoid(), lambda a: a.sigmoid()),
    "relu": (lambda a: a.relu(), lambda a: a.relu()),
    "square": (lambda a: a.tanh() ** 2, lambda a: a.tanh() ** 2),
    "root": (lambda a: (a * a + 1) ** 0.5, lambda a: (a * a + 1) ** 0.5),
    "inverse": (lambda a: (a * a + 1) ** -1.5, lambda a: (a * a + 1) ** -1.5),
    "zeroth": (lambda a: a**0, lambda a: a**0),
    "right": (lambda a: 2 - a + 3 * a + 1 / (a * a + 1), lambda a: 2 - a + 3 * a + 1 / (a * a + 1)),
}
BINARY = {
    "+": (lambda a, b: a + b, lambda a, b: a + b),
    "-": (lambda a, b: a - b, lambda a, b: a - b),
    "*": (lambda a, b: a.tanh() * b, lambda a, b: a.tanh() * b),
    "/": (lambda a, b: a / (b * b + 1), lambda a, b: a / (b * b + 1)),
}


@st.composite
def programs(draw):
    """Inputs, and a list of operations, each on earlier values.

    So that values are used more than once or never.
    """
    inputs = draw(
        st.lists(st.floats(-2, 2).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=4)
    )
    lines = []
    for k in range(len(inputs), len(inputs) + draw(st.integers(1, 12))):
        op = draw(st.sampled_from([*UNARY, *BINARY]))
        lines.append((op, [draw(st.integers(0, k - 1)) for _ in range(1 if op in UNARY else 2)]))
    return inputs, lines


def execute(values: list, lines, which: int) -> list:
    for op, arguments in lines:
        values.append((UNARY | BINARY)[op][which](*(values[i] for i in arguments)))
    return values


@given(program=programs())
def test_values_and_gradients_equal_torch(program):
    inputs, lines = program
    ours = execute([Scalar(x, f"x{i}") for i, x in enumerate(inputs)], lines, 0)
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    theirs = execute(list(leaves), lines, 1)
    assert close([v.value for v in ours], [v.item() for v in theirs], 1e-12)
    ours[-1].backward()
    if theirs[-1].requires_grad:
        theirs[-1].backward()
    expected = [0.0 if x.grad is None else x.grad.item() for x in leaves]
    assert close([v.grad for v in ours[: len(inputs)]], expected, 1e-10)


@pytest.mark.parametrize("op", [*UNARY, *BINARY])
def test_each_operation_by_itself_equals_torch(op):
    ours, leaves = (
        [Scalar(1.3), Scalar(-0.7)],
        [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (1.3, -0.7)],
    )
    lines = [(op, [0] if op in UNARY else [0, 1])]
    execute(ours, lines, 0)[-1].backward()
    execute(leaves, lines, 1)[-1].backward()
    assert close(
        [v.grad for v in ours[:2]],
        [0.0 if x.grad is None else x.grad.item() for x in leaves[:2]],
        1e-12,
    )
    assert ours[0].grad != 0 or op == "zeroth"


@given(program=programs())
def test_a_second_backward_gives_the_same(program):
    inputs, lines = program
    values = execute([Scalar(x) for x in inputs], lines, 0)
    values[-1].backward()
    first = [v.grad for v in values]
    values[-1].backward()
    assert [v.grad for v in values] == first


def test_backward_from_two_results_does_not_mix_them():
    x = Scalar(3.0)
    f, g = x * x, x * 5
    f.backward()
    assert x.grad == 6
    g.backward()
    assert x.grad == 5


def test_a_number_used_twice_collects_twice():
    x = Scalar(3.0)
    (x + x).backward()
    assert x.grad == 2
    (x * x * x).backward()
    assert x.grad == 27
    y = x * 2
    (y * y + y).backward()
    assert x.grad == 2 * (2 * 6 + 1) and y.grad == 13


def test_every_parent_stands_before_its_children_and_no_node_twice():
    x, y = Scalar(1.0, "x"), Scalar(2.0, "y")
    a = x * y
    f = a + (a * x).exp()
    order = f.nodes()
    assert order[-1] is f and len({id(n) for n in order}) == len(order) == 6
    place = {id(n): k for k, n in enumerate(order)}
    assert all(place[id(p)] < place[id(n)] for n in order for p in n.parents)


def test_a_chain_of_ten_thousand():
    x = y = Scalar(1.0)
    for _ in range(10_000):
        y = y * 1.0001 + 0.5
    y.backward()
    assert x.grad == pytest.approx(1.0001**10_000, rel=1e-12)
    assert len(y.nodes()) == 1 + 4 * 10_000


def test_known_derivatives_and_edges():
    for value, derivative in [
        (0.0, 0.0),
        (2.0, 1.0),
        (-2.0, 0.0),
    ]:  # at ReLU's kink: 0, as in the rest of the book
        x = Scalar(value)
        x.relu().backward()
        assert x.grad == derivative
    for value, expected in [(1000.0, 1.0), (-1000.0, 0.0)]:
        x = Scalar(value)
        (s := x.sigmoid()).backward()
        assert s.value == expected and x.grad == 0
    zero = Scalar(0.0)
    (zero**0).backward()
    assert zero.grad == 0
    (zero**1).backward()
    assert zero.grad == 1
    (zero**2).backward()
    assert zero.grad == 0


def test_plain_numbers_on_either_side_and_names():
    x = Scalar(4.0, "x")
    for f, value, grad in [
        (1 + x, 5, 1),
        (x + 1, 5, 1),
        (1 - x, -3, -1),
        (x - 1, 3, 1),
        (3 * x, 12, 3),
        (x / 2, 2, 0.5),
        (8 / x, 2, -0.5),
    ]:
        f.backward()
        assert (f.value, x.grad) == pytest.approx((value, grad))
    assert as_scalar(x) is x and as_scalar(2).value == 2.0
    x.grad = 0.5
    assert repr(x) == "Scalar(4, x, grad=0.5)"


def test_refusals():
    with pytest.raises(
        TypeError, match=r"exponent must be a plain number; write exp\(k \* log\(x\)\)"
    ):
        Scalar(2.0) ** Scalar(3.0)
    with pytest.raises(ValueError):
        Scalar(-1.0).log()
    with pytest.raises(ZeroDivisionError):
        Scalar(1.0) / Scalar(0.0)


def test_the_docstring_example():
    x, y = Scalar(2.0, "x"), Scalar(-3.0, "y")
    f = x * y + x
    f.backward()
    assert (f.value, x.grad, y.grad) == (-4.0, -2.0, 2.0)
    assert math.isclose(f.grad, 1.0)
