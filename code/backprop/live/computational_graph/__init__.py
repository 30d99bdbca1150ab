r"""A computational graph with its values and gradients: the chain rule, equation (eq-chain-graph),
one operation at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NotRequired, TypedDict

import numpy as np
import traitlets
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from ...graph import Scalar
from ..base import LiveFigure, check_range

LIMIT = 100.0  # of an input: e^x stays far from overflow


def product(x, y, z):
    s = x + y
    return {"s": s, "f": s * z}


def twice(x, y):
    p = x * y
    return {"p": p, "f": p + x}


def unit(w, x, b):
    p = w * x
    z = p + b
    return {"p": p, "z": z, "a": z.sigmoid()}


def loss(w, x, b, t):
    named = unit(w, x, b)
    n = -t
    r = named["a"] + n
    q = r**2
    return {**named, "n": n, "r": r, "q": q, "L": q * 0.5}


def gate(w, x, b, v):
    p = w * x
    z = p + b
    h = z.relu()
    return {"p": p, "z": z, "h": h, "f": h * v}


def softplus(x):
    u = x.exp()
    s = u + 1
    return {"u": u, "s": s, "f": s.log()}


def quotient(x):
    u = x.exp()
    s = u + 1
    r = s**-1
    return {"u": u, "s": s, "r": r, "f": u * r}


def cancel(x, y):
    p, q = x * y, y * x
    n = -q
    return {"p": p, "q": q, "n": n, "f": p + n}


class Expression(TypedDict):
    """Of an expression to pick: how it is built, its inputs, and where its boxes stand.

    `build` makes the numbers from the inputs by name, the last one the result; `inputs` have start,
    lowest, highest and step of their sliders; `at` places a box by its share of the width and its
    row; `share` says how far along its arrow a label stands, where that is not the middle.
    """

    label: str
    build: Callable[..., dict[str, Scalar]]
    inputs: dict[str, list[float]]
    at: dict[str, list[float]]
    share: NotRequired[dict[str, float]]


EXPRESSIONS: dict[str, Expression] = {
    "product": {
        "build": product,
        "label": "(x + y) · z",
        "inputs": {"x": [2, -4, 4, 0.1], "y": [1, -4, 4, 0.1], "z": [-2, -4, 4, 0.1]},
        "at": {"x": [0, 0], "y": [1, 0], "s": [0.2, 1], "z": [1, 1], "f": [0.6, 2]},
    },
    "twice": {
        "build": twice,
        "label": "x · y + x",
        "inputs": {"x": [2, -4, 4, 0.1], "y": [-3, -4, 4, 0.1]},
        "at": {"x": [0, 0], "y": [1, 0], "p": [1, 1], "f": [0.5, 2]},
    },
    "unit": {
        "build": unit,
        "label": "σ(w · x + b)",
        "inputs": {"w": [2, -4, 4, 0.1], "x": [1, -4, 4, 0.1], "b": [-1, -4, 4, 0.1]},
        "at": {"w": [0, 0], "x": [1, 0], "p": [0.2, 1], "b": [1, 1], "z": [0.6, 2], "a": [0.6, 3]},
    },
    "loss": {
        "build": loss,
        "label": "½ (σ(w · x + b) − t)²",
        "inputs": {
            "w": [2, -4, 4, 0.1],
            "x": [1, -4, 4, 0.1],
            "b": [-1, -4, 4, 0.1],
            "t": [0, 0, 1, 0.05],
        },
        "at": {
            "w": [0, 0],
            "x": [1, 0],
            "p": [0, 1],
            "b": [1, 1],
            "z": [0, 2],
            "t": [1, 2],
            "a": [0, 3],
            "n": [1, 3],
            "r": [0.5, 4],
            "q": [0.5, 5],
            "L": [0.5, 6],
        },
    },
    "gate": {
        "build": gate,
        "label": "ReLU(w · x + b) · v",
        "inputs": {
            "w": [2, -4, 4, 0.1],
            "x": [1, -4, 4, 0.1],
            "b": [-1, -4, 4, 0.1],
            "v": [-2, -4, 4, 0.1],
        },
        "at": {
            "w": [0, 0],
            "x": [1, 0],
            "p": [0, 1],
            "b": [1, 1],
            "z": [0, 2],
            "h": [0, 3],
            "v": [1, 3],
            "f": [0.5, 4],
        },
    },
    "softplus": {
        "build": softplus,
        "label": "log(1 + eˣ)",
        "inputs": {"x": [1, -6, 6, 0.1]},
        "at": {"x": [0.5, 0], "u": [0.5, 1], "s": [0.5, 2], "f": [0.5, 3]},
    },
    "quotient": {
        "build": quotient,
        "label": "eˣ / (1 + eˣ)",
        "inputs": {"x": [1, -6, 6, 0.1]},
        "at": {"x": [0, 0], "u": [0, 1], "s": [1, 2], "r": [1, 3], "f": [0, 4]},
        "share": {"f,0": 0.64},
    },
    "cancel": {
        "build": cancel,
        "label": "x · y − y · x",
        "inputs": {"x": [2, -4, 4, 0.1], "y": [3, -4, 4, 0.1]},
        "at": {
            "x": [0, 0],
            "y": [1, 0],
            "p": [0, 1.45],
            "q": [1, 1.45],
            "n": [1, 2.45],
            "f": [0.5, 3.45],
        },
        "share": {"p,0": 0.64, "p,1": 0.22, "q,0": 0.64, "q,1": 0.22},
    },  # where on an arrow its numbers stand: not where two arrows cross
}


class ComputationalGraph(LiveFigure):
    r"""A graph of `backprop.graph.Scalar`: the reader picks the `expression`, moves its `inputs`,
    steps forward and backward.

    `expression` is a key of `EXPRESSIONS`; `inputs` a dict with a number from -100 to 100 for each
    of its inputs (`set` changes some of them). Where a new expression has other inputs than the old
    one, they start afresh. `view` is ``"forward"`` or ``"backward"``, `stage` counts the operations
    passed, 0 is the overview. Computed by the companion: `value`, `gradients`, `graph`, `values`.

    Examples
    --------
    >>> figure = ComputationalGraph(expression="twice", inputs={"x": 2, "y": -3})
    >>> figure.value, figure.gradients
    (-4.0, {'x': -2.0, 'y': 2.0})
    >>> figure.set(y=1)
    >>> figure.gradients["x"]
    2.0
    """

    module = "figure.js"

    expression = traitlets.Enum(list(EXPRESSIONS), "twice").tag(sync=True)
    inputs = traitlets.Dict().tag(sync=True)
    view = traitlets.Enum(["forward", "backward"], "backward").tag(sync=True)
    stage = traitlets.Int(0, min=0, max=8).tag(sync=True)
    start = traitlets.Dict().tag(
        sync=True
    )  # what reset goes back to: the state the figure was made with
    catalogue = traitlets.Dict(
        {key: {k: v for k, v in e.items() if k != "build"} for key, e in EXPRESSIONS.items()},
        read_only=True,
    ).tag(sync=True, constant=True)

    def __init__(self, **state):
        if "inputs" not in state:
            state["inputs"] = beginning(state.get("expression", "twice"))
        super().__init__(**state)
        self.start = {"expression": self.expression, "inputs": dict(self.inputs)}

    @traitlets.validate("inputs")
    def _check_inputs(self, proposal) -> dict[str, float]:
        given, wanted = proposal["value"], list(EXPRESSIONS[self.expression]["inputs"])
        if set(given) != set(wanted):
            raise traitlets.TraitError(
                f"inputs of {self.expression!r} must name {', '.join(wanted)}; these name "
                f"{', '.join(map(str, given)) or 'none'}"
            )
        numbers = {}
        for name in wanted:
            try:
                numbers[name] = float(given[name])
            except (TypeError, ValueError):
                raise traitlets.TraitError(
                    f"inputs[{name!r}] must be a number, not {given[name]!r}"
                ) from None
            check_range(f"inputs[{name!r}]", np.asarray(numbers[name]), -LIMIT, LIMIT)
        return numbers

    @traitlets.observe("expression")
    def _fit_inputs(self, change) -> None:
        if set(self.inputs) != set(EXPRESSIONS[self.expression]["inputs"]):
            self.inputs = beginning(self.expression)

    def set(self, **inputs: float) -> None:
        """Change some of the inputs: ``figure.set(x=3)``."""
        self.inputs = {**self.inputs, **inputs}

    def reset(self) -> None:
        """Put the inputs back to where they were when the figure was made, or where this expression
        starts.
        """
        self.inputs = (
            self.start["inputs"]
            if self.start["expression"] == self.expression
            else beginning(self.expression)
        )

    @property
    def graph(self) -> dict[str, Scalar]:
        """Every number of the present graph by name, inputs first, the result last, after its
        `backward`.
        """
        leaves = {
            name: Scalar(self.inputs[name], name) for name in EXPRESSIONS[self.expression]["inputs"]
        }
        named = {**leaves, **EXPRESSIONS[self.expression]["build"](**leaves)}
        for name, node in named.items():
            node.name = name
        node.backward()
        return named

    @property
    def value(self) -> float:
        """The value of the expression."""
        return list(self.graph.values())[-1].value

    @property
    def gradients(self) -> dict[str, float]:
        """The derivative of the expression with respect to each of its inputs."""
        graph = self.graph
        return {name: graph[name].grad for name in self.inputs}

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show: v[x], grad[x], and for the k-th arrow into p
        local[p,k] and msg[p,k], local times gradient.

        Where several arrows leave a number, sum[p,k] is what has come back to it once the arrow (p,
        k) has been used.
        """
        graph = self.graph
        values = {f"v[{name}]": node.value for name, node in graph.items()} | {
            f"grad[{name}]": node.grad for name, node in graph.items()
        }
        *_, result = graph.values()
        uses = [parent.name for node in graph.values() for parent in node.parents]
        sums = dict.fromkeys(graph, 0.0)
        for node in reversed(result.nodes()):
            for k, (parent, local) in enumerate(zip(node.parents, node.local)):
                if parent.name:  # a constant has none
                    sums[parent.name] += local * node.grad
                    values |= {
                        f"local[{node.name},{k}]": local,
                        f"msg[{node.name},{k}]": local * node.grad,
                    }
                    if uses.count(parent.name) > 1:
                        values[f"sum[{node.name},{k}]"] = sums[parent.name]
        return values

    def describe(self) -> str:
        graph = self.graph
        result = list(graph)[-1]
        inputs = ", ".join(f"{name} = {v:.2f}" for name, v in self.inputs.items())
        gradients = ", ".join(f"{v:.3f} for {name}" for name, v in self.gradients.items())
        return (
            f"Computational graph of {EXPRESSIONS[self.expression]['label']}: a box for every "
            "number, with its value and gradient, and on every "
            f"arrow the local derivative. At {inputs} it gives {result} = "
            f"{graph[result].value:.3f}; the gradients are {gradients}."
        )

    def draw(self) -> Figure:
        """The graph of the page's overview: values, gradients, and on the arrows local derivative
        and what flows back.
        """
        ink, grey, blue, red, purple = "#1d2329", "#59636e", "#0072b2", "#d55e00", "#8e4585"
        graph, values, at = self.graph, self.values, EXPRESSIONS[self.expression]["at"]
        last = max(row for _, row in at.values())
        height, middle = 1.18 + last, 3.6
        figure = Figure(figsize=(7.2, height))
        ax = figure.add_axes((0, 0, 1, 1), xlim=(0, 7.2), ylim=(height, 0), aspect="equal")
        ax.axis("off")
        place = {
            name: (middle + (share - 0.5) * 3.4, 0.8 + row) for name, (share, row) in at.items()
        }
        for name, node in graph.items():
            for k, parent in enumerate(node.parents):
                if not parent.name:
                    continue
                (x1, y1), (x2, y2) = place[parent.name], place[name]
                bend = np.clip(0.18 * (x2 - x1), -0.35, 0.35)
                message, local = values[f"msg[{name},{k}]"], values[f"local[{name},{k}]"]
                start, end = np.array([x1 + bend, y1 + 0.26]), np.array([x2 - bend, y2 - 0.26])
                ax.annotate(
                    "",
                    tuple(end),
                    tuple(start),
                    arrowprops={
                        "arrowstyle": "-|>",
                        "color": red if parent.value < 0 else blue,
                        "lw": 1.6,
                        "shrinkA": 0,
                        "shrinkB": 0,
                    },
                )
                x, y = start + EXPRESSIONS[self.expression].get("share", {}).get(
                    f"{name},{k}", 0.5
                ) * (end - start)
                for text, color, up in (
                    (signed(message), purple, -0.07),
                    ("× " + signed(local), grey, 0.07),
                ):
                    ax.text(
                        x,
                        y + up,
                        text,
                        size=7.5,
                        color=color,
                        ha="center",
                        va="center",
                        bbox={"boxstyle": "square,pad=0.34", "fc": "white", "ec": "none"},
                    )
        for name, node in graph.items():
            x, y = place[name]
            ax.add_patch(
                FancyBboxPatch(
                    (x - 0.66, y - 0.26),
                    1.32,
                    0.52,
                    boxstyle="round,pad=0,rounding_size=0.1",
                    fc="white",
                    ec=grey,
                    lw=1.1,
                    zorder=3,
                )
            )
            ax.text(
                x, y - 0.11, spelled(node), size=8.5, color=ink, ha="center", va="center", zorder=4
            )
            ax.text(
                x - 0.57,
                y + 0.12,
                signed(node.value),
                size=8,
                color=ink,
                ha="left",
                va="center",
                zorder=4,
            )
            ax.text(
                x + 0.57,
                y + 0.12,
                "∂ " + signed(node.grad),
                size=8,
                color=purple,
                ha="right",
                va="center",
                zorder=4,
            )
        ax.text(
            0.05,
            0.14,
            f"${list(graph)[-1]}$ = {EXPRESSIONS[self.expression]['label']}",
            size=9.5,
            color=ink,
            va="center",
        )
        ax.text(
            0.05,
            0.36,
            "in a box: value, and gradient after ∂; on an arrow: what flows back, over × the "
            "local derivative",
            size=8,
            color=grey,
            va="center",
        )
        return figure


def beginning(expression: str) -> dict[str, float]:
    """Return where the inputs of `expression` start; for a name that is none, nothing (the trait
    says what is wrong).
    """
    return {
        name: float(start)
        for name, (start, *_) in EXPRESSIONS.get(expression, {"inputs": {}})["inputs"].items()
    }


def signed(v: float) -> str:
    """Return `v` with three decimals, or two significant digits where these would say nothing; with
    the true minus sign.
    """
    return (
        "0.000"
        if v == 0
        else (f"{v:.1e}" if not 0.0005 <= abs(v) < 1000 else f"{v:.3f}").replace("-", "−")
    )


def spelled(node: Scalar) -> str:
    """Return "$p = x \\cdot y$" for a number made from others, "$x$" for an input."""
    names = [parent.name for parent in node.parents]
    if not names:
        return f"${node.name}$"
    if node.op == "*" and not names[1]:
        text = f"-{names[0]}" if node.parents[1].value == -1 else rf"\frac{{1}}{{2}}\,{names[0]}"
    else:
        text = {
            "+": f"{names[0]} + {names[-1] or '1'}",
            "*": rf"{names[0]} \cdot {names[-1]}",
            "^2": f"{names[0]}^2",
            "^-1": f"1/{names[0]}",
            "exp": f"e^{{{names[0]}}}",
            "log": rf"\log {names[0]}",
            "sigmoid": rf"\sigma({names[0]})",
            "relu": rf"\mathrm{{ReLU}}({names[0]})",
        }[node.op]
    return f"${node.name} = {text}$"
