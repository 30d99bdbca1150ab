r"""Reverse mode on single numbers: the smallest honest computational graph.

Every operation makes a `Scalar` that remembers its parents and, written beside the operation, the
local derivative with respect to each. `Scalar.backward` walks the graph once in reverse and
multiplies and adds these: the chain rule, equation (eq-chain-graph).

>>> x, y = Scalar(2.0, "x"), Scalar(-3.0, "y")
>>> f = x * y + x
>>> f.backward()
>>> x.grad, y.grad
(-2.0, 2.0)
"""

from __future__ import annotations

import math

from .doors import number


class Scalar:
    """A number in a graph.

    Parameters
    ----------
    value : float
        The number.
    name : str
        What it is called where the graph is shown.
    parents : tuple of Scalar
        The numbers it was computed from.
    local : tuple of float
        The derivative with respect to each of them.
    op : str
        The operation, as it is shown.

    Attributes
    ----------
    grad : float
        ``df/dself``, after ``f.backward()``.
    """

    def __init__(
        self,
        value: float,
        name: str = "",
        parents: tuple[Scalar, ...] = (),
        local: tuple[float, ...] = (),
        op: str = "",
    ):
        self.value = number("the value of a Scalar", value, anything=True)
        self.grad = 0.0
        self.name = name
        self.parents = parents
        self.local = local
        self.op = op

    # each operation: the value, and beside it the derivative with respect to each parent

    def __add__(self, other: Scalar | float) -> Scalar:
        other = as_scalar(other)
        return Scalar(self.value + other.value, "", (self, other), (1.0, 1.0), "+")

    def __mul__(self, other: Scalar | float) -> Scalar:
        other = as_scalar(other)
        local = (other.value, self.value)
        return Scalar(self.value * other.value, "", (self, other), local, "*")

    def __pow__(self, k: float) -> Scalar:
        if isinstance(k, Scalar):
            raise TypeError(
                "the exponent must be a plain number; "
                "write exp(k * log(x)) for an exponent in the graph"
            )
        k = number("the exponent", k)
        if self.value < 0 and k != int(k):
            raise ValueError(f"{self.value:g} ^ {k:g} is no real number")
        if self.value == 0 and k < 0:
            raise ZeroDivisionError(f"0 ^ {k:g} is a division by 0")
        if self.value == 0 and 0 < k < 1:
            raise ValueError(f"0 ^ {k:g} has no derivative")
        slope = k * self.value ** (k - 1) if k else 0.0
        return Scalar(self.value**k, "", (self,), (slope,), f"^{k:g}")

    def exp(self) -> Scalar:
        try:
            e = math.exp(self.value)
        except OverflowError:
            raise OverflowError(f"exp({self.value:g}) is larger than any float") from None
        return Scalar(e, "", (self,), (e,), "exp")

    def log(self) -> Scalar:
        if self.value <= 0:
            raise ValueError(f"log({self.value:g}) is no real number: a logarithm takes x > 0")
        return Scalar(math.log(self.value), "", (self,), (1 / self.value,), "log")

    def tanh(self) -> Scalar:
        a = math.tanh(self.value)
        return Scalar(a, "", (self,), (1 - a * a,), "tanh")

    def sigmoid(self) -> Scalar:
        e = math.exp(-abs(self.value))  # in (0, 1], never overflows
        a = (1.0 if self.value >= 0 else e) / (1 + e)
        return Scalar(a, "", (self,), (a * (1 - a),), "sigmoid")

    def relu(self) -> Scalar:
        return Scalar(max(0.0, self.value), "", (self,), (1.0 if self.value > 0 else 0.0,), "relu")

    # the rest follows from those

    def __neg__(self) -> Scalar:
        return self * -1.0

    def __sub__(self, other: Scalar | float) -> Scalar:
        return self + -as_scalar(other)

    def __truediv__(self, other: Scalar | float) -> Scalar:
        return self * as_scalar(other) ** -1

    def __rsub__(self, other: Scalar | float) -> Scalar:
        return as_scalar(other) - self

    def __rtruediv__(self, other: Scalar | float) -> Scalar:
        return as_scalar(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __rpow__(self, base: float) -> Scalar:
        raise TypeError(f"{base!r} ** x: write (x * log(a)).exp() for a power in the graph")

    def __float__(self) -> float:
        raise TypeError(
            "a Scalar is no plain number: functions of math would drop its graph. Write x.exp(), "
            "x.log(), x.tanh(), or x.value for the number alone"
        )

    def __lt__(self, other: Scalar | float) -> bool:
        raise TypeError("compare x.value; for a maximum with 0 write x.relu()")

    __gt__ = __le__ = __ge__ = __lt__

    def nodes(self) -> list[Scalar]:
        """All numbers this one depends on, itself last, in topological order.

        Every parent stands before its children.
        """
        order, seen, stack = [], set(), [(self, False)]
        while stack:  # a loop, not recursion: a long graph must not hit Python's limit
            node, parents_done = stack.pop()
            if parents_done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack += [(p, False) for p in reversed(node.parents)]
        return order

    def backward(self) -> None:
        """Set `grad` of every node to ``dself/dnode``, from zero, not added up."""
        order = self.nodes()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0  # dself/dself
        for node in reversed(order):
            for parent, derivative in zip(node.parents, node.local):
                parent.grad += derivative * node.grad  # used twice collects twice

    def __repr__(self) -> str:
        name = f", {self.name}" if self.name else ""
        return f"Scalar({self.value:.6g}{name}, grad={self.grad:.6g})"


def as_scalar(x: Scalar | float) -> Scalar:
    """Return `x` itself, or a number as a `Scalar` without parents."""
    return x if isinstance(x, Scalar) else Scalar(x)
