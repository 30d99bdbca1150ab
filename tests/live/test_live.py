"""The live figures: their bundling and traits, the engine against the companion, and the first figure in a real browser."""

import inspect
import json
import re
import struct

import ipywidgets
import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from live_page import NUMBERS, LivePage, live_pages
from mathematics import Mathematics

from backprop import live
from backprop.activations import ACTIVATIONS
from backprop.live import GradientFlow, LiveFigure
from backprop.live.base import HERE, SHARED, STORED, Array, Number, bundle
from backprop.losses import LOSSES
from backprop.network import Network
from backprop.optimizers import SGD

# ------------------------------------------------------------------------------------------------------------ bundling


def write(folder, **files):
    for stem, text in files.items():
        (folder / f"{stem}.js").write_text(text, encoding="utf-8")
    return folder / "figure.js"


def test_bundle_is_one_module_with_the_imported_ones_first(tmp_path):
    entry = write(
        tmp_path,
        base="export const one = 1;\n",
        middle='import { one } from "./base.js";\nexport const two = one + 1;\n',
        figure='import { two } from "./middle.js";\nimport {\n  one,\n} from "./base.js";\nexport default { render: () => one + two };\n',
    )
    text = bundle(entry)
    assert [text.index(f"// {name}.js") for name in ("base", "middle", "figure")] == sorted(
        text.index(f"// {n}.js") for n in ("base", "middle", "figure")
    )
    assert "import" not in text and re.findall(r"^export.*", text, re.M) == [
        "export default { render: () => one + two };"
    ]


def test_bundle_leaves_the_types_out_and_all_else_in(tmp_path):
    entry = write(
        tmp_path,
        figure="""// what it is
/** @typedef {number[]} Row */

/**
 * Twice as much.
 * @param {Row} row
 */
const twice = (row) =>
  /** @type {Row} */ (row.map((v) => 2 * v)); /* stays */
const text = "/** stays */";
/** @type {Row} */
export const one = [1];
export default { render: () => twice(one) };
""",
    )
    assert (
        bundle(entry)
        == """// figure.js
// what it is

const twice = (row) =>
  /** @type {Row} */ (row.map((v) => 2 * v)); /* stays */
const text = "/** stays */";
const one = [1];
export default { render: () => twice(one) };
"""
    )


@pytest.mark.parametrize(
    "files, message",
    [
        ({}, "no module figure.js"),
        (
            {"figure": 'import { a } from "./gone.js";\nexport default {};'},
            "figure.js imports ./gone.js, but there is no such file",
        ),
        (
            {
                "figure": 'import { a } from "./base.js";\nexport default {};',
                "base": "export const b = 1;",
            },
            "imports 'a' from base.js, which does not export it",
        ),
        (
            {
                "figure": 'import { a as c } from "./base.js";\nexport default {};',
                "base": "export const a = 1;",
            },
            "'a as c' renames an import",
        ),
        (
            {
                "figure": 'import * as all from "./base.js";\nexport default {};',
                "base": "export const a = 1;",
            },
            "cannot be bundled",
        ),
        (
            {"figure": 'import { a } from "https://cdn.example/a.js";\nexport default {};'},
            "cannot be bundled",
        ),
        ({"figure": "const a = 1;\nexport { a };\nexport default {};"}, "cannot be bundled"),
        (
            {
                "figure": 'import { a } from "./base.js";\nconst help = 1;\nexport default {};',
                "base": "export const a = 1;\nfunction help() {}",
            },
            "figure.js and base.js both declare 'help' at top level",
        ),
        (
            {"figure": "let a = 1;\nclass a {}\nexport default {};"},
            "figure.js declares 'a' at top level twice",
        ),
        ({"figure": "const { a } = {};\nexport default {};"}, "unpacks at top level"),
        (
            {
                "figure": 'import { a } from "./base.js";\nexport default {};',
                "base": "export const a = 1;\nexport default {};",
            },
            "base.js: only the figure's own module",
        ),
        ({"figure": "export const a = 1;"}, "figure.js has no export default"),
        (
            {
                "figure": 'import { a } from "./base.js";\nexport const b = 1;\nexport default {};',
                "base": 'import { b } from "./figure.js";\nexport const a = 1;',
            },
            "in a circle: figure.js -> base.js -> figure.js",
        ),
    ],
)
def test_bundle_says_what_cannot_be_bundled(tmp_path, files, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        bundle(write(tmp_path, **files))


def test_the_figure_carries_its_bundle_and_style():
    figure = GradientFlow()
    styles = [SHARED / "style.css", HERE / "gradient_flow" / "figure.css"]
    assert figure._esm == bundle(HERE / "gradient_flow" / "figure.js")
    assert figure._css == "".join(style.read_text(encoding="utf-8") for style in styles)
    assert (
        "://" not in figure._esm.replace("http://www.w3.org/2000/svg", "")
        and "url(" not in figure._css
    )  # nothing comes from elsewhere
    engine = (SHARED / "engine.js").read_text(encoding="utf-8")
    assert "document" not in engine and "window" not in engine


# -------------------------------------------------------------------------------------------------------------- traits


class Plain(traitlets.HasTraits):
    A = Array([[1, 2], [3, 4]], -10, 10)
    v = Number(0.5, 0, 1)


@pytest.mark.parametrize(
    "given",
    [
        [[5, 6], [7, 8]],
        ((5, 6), (7, 8)),
        np.array([[5, 6], [7, 8]], np.float32),
        np.arange(5, 9).reshape(2, 2),
    ],
)
def test_array_trait_takes_any_array_like_and_reads_back_as_float64(given):
    plain = Plain(A=given)
    assert isinstance(plain.A, np.ndarray) and plain.A.dtype == np.float64
    np.testing.assert_array_equal(plain.A, [[5, 6], [7, 8]])


@pytest.mark.parametrize(
    "given, message",
    [
        ([1, 2], r"A must have shape \(2, 2\); the value given has shape \(2,\)"),
        ([[1, 2], [3]], r"A must be numbers of shape \(2, 2\), not"),
        ("text", r"A must be numbers of shape \(2, 2\), not 'text'"),
        (None, r"A must"),
        ([[1, 2], [np.nan, 4]], r"A\[1, 0\] is nan; it must be finite"),
        ([[1, -np.inf], [3, 4]], r"A\[0, 1\] is -inf; it must be finite"),
        ([[1, 2], [3, 11]], r"A\[1, 1\] is 11; it must be from -10 to 10"),
    ],
)
def test_array_trait_refuses_and_says_what_is_wanted(given, message):
    plain = Plain()
    with pytest.raises(traitlets.TraitError, match=message):
        plain.A = given
    np.testing.assert_array_equal(plain.A, [[1, 2], [3, 4]])


def test_array_trait_notifies_once_for_a_change_and_not_without_one():
    plain, seen = Plain(), []
    plain.observe(lambda change: seen.append((change.old.tolist(), change.new.tolist())), "A")
    plain.A = [[1, 2], [3, 4]]
    assert seen == []
    plain.A = [[1, 2], [3, 5]]
    assert seen == [([[1, 2], [3, 4]], [[1, 2], [3, 5]])]
    with pytest.raises(ValueError, match="read-only"):
        plain.A[0, 0] = 9  # would go unnoticed, so it is refused
    source = np.ones((2, 2))
    plain.A = source
    source[0, 0] = 7
    assert (
        plain.A[0, 0] == 1 and Plain().A is not plain.A
    )  # neither the caller's array nor another object's


@pytest.mark.parametrize(
    "given, message",
    [
        (1.5, "v is 1.5; it must be from 0 to 1"),
        (np.nan, "v is nan; it must be finite"),
        ("x", "v must be a number, not 'x'"),
        (None, "v must be a number"),
        ([1, 2], "v must be a number"),
    ],
)
def test_number_trait_refuses_and_says_what_is_wanted(given, message):
    with pytest.raises(traitlets.TraitError, match=message):
        Plain().v = given


def test_number_trait_takes_numpy_scalars():
    plain = Plain(v=np.float32(0.25))
    assert plain.v == 0.25 and type(plain.v) is float


# ------------------------------------------------------------------------------------------------- the figure in Python


def random_state(rng, scale=3.0):
    return {
        "x": rng.uniform(-1, 1, 2),
        "t": rng.uniform(0, 1),
        "W1": rng.uniform(-scale, scale, (2, 3)),
        "W2": rng.uniform(-scale, scale, (3, 1)),
        "eta": float(rng.choice([0.01, 0.1, 1, 10])),
    }


def test_gradients_are_the_slopes_of_the_loss():
    figure, step = GradientFlow(**random_state(np.random.default_rng(1), 1.0)), 1e-5
    for name, gradient in figure.gradients.items():
        for index in np.ndindex(gradient.shape):
            W, loss = getattr(figure, name), []
            for sign in (1, -1):
                moved = W.copy()
                moved[index] += sign * step
                setattr(figure, name, moved)
                loss.append(figure.loss)
            setattr(figure, name, W)
            assert gradient[index] == pytest.approx(
                (loss[0] - loss[1]) / (2 * step), rel=1e-6, abs=1e-12
            )


def test_step_descends_history_goes_on_and_reset_returns():
    figure = GradientFlow()
    W1, gradient, first = figure.W1, figure.gradients["W1"], figure.loss
    figure.step()
    np.testing.assert_allclose(figure.W1, W1 - 0.1 * gradient, rtol=0, atol=1e-16)
    figure.step(5)
    assert (
        len(figure.history) == 7
        and figure.history[0] == first
        and figure.history[-1] == pytest.approx(figure.loss, rel=1e-14)
    )
    assert all(a > b for a, b in zip(figure.history, figure.history[1:]))
    figure.t = 0.2  # leaves that path: the next step begins a new one
    figure.step(2)
    assert len(figure.history) == 3
    figure.reset()
    assert figure.history == [] and figure.t == 0.7 and figure.loss == first
    np.testing.assert_array_equal(figure.W1, W1)


def test_reset_returns_to_what_the_figure_was_made_with():
    figure = GradientFlow(W2=[[1], [2], [3]], eta=2)
    figure.W2 = np.zeros((3, 1))
    figure.eta = 0.5
    figure.reset()
    assert figure.W2.tolist() == [[1], [2], [3]] and figure.eta == 2


def test_python_reads_sets_observes_and_links():
    figure, slider, seen = GradientFlow(), ipywidgets.FloatSlider(min=0.01, max=10, value=1), []
    traitlets.link((slider, "value"), (figure, "eta"))
    assert figure.eta == 1
    figure.eta = 3
    assert slider.value == 3
    figure.observe(seen.append, "W1")
    figure.set_state({"W1": [[0, 0, 0], [0, 0, 1]]})  # what arrives from the page
    assert (
        len(seen) == 1
        and figure.W1[1, 2] == 1
        and figure.get_state()["W1"] == [[0, 0, 0], [0, 0, 1]]
    )
    json.dumps({k: v for k, v in figure.get_state().items() if k != "layout"})
    for name, wrong in (
        ("eta", 0),
        ("eta", -1),
        ("view", "sideways"),
        ("stage", 7),
        ("selected", "W1[2,0]"),
        ("W2", [1, 2, 3]),
    ):
        with pytest.raises(traitlets.TraitError):
            setattr(figure, name, wrong)


def test_steps_that_run_away_stop_with_advice_and_change_nothing():
    figure = GradientFlow(x=[9e5, 9e5], W1=np.full((2, 3), 1e-6), eta=1000)
    before = figure.get_state()["W1"]
    with pytest.raises(ValueError, match="smaller learning rate"):
        figure.step(3)
    assert figure.get_state()["W1"] == before and figure.history == []


def test_displayed_it_has_the_widget_a_picture_and_a_description():
    figure = GradientFlow()
    data, metadata = figure._repr_mimebundle_()
    assert set(data) == {
        "application/vnd.jupyter.widget-view+json",
        "application/vnd.backprop.figure+json",
        "image/png",
        "text/plain",
    }
    assert metadata["image/png"] == {"width": 720, "alt": data["text/plain"]}
    assert data[STORED] == figure.to_store()
    png = figure.picture()
    assert (
        png == GradientFlow().picture() != GradientFlow(t=0.1).picture()
    )  # depends on the state and on nothing else
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (
        png[:8] == b"\x89PNG\r\n\x1a\n" and width > 900 and colour == 6 and b"Software" not in png
    )
    assert figure.describe() == data["text/plain"] and "0x" not in data["text/plain"]
    assert (
        f"{figure.values['a2'][0]:.4f}" in figure.describe()
        and f"{figure.loss:.4f}" in figure.describe()
    )


def test_a_figure_without_a_picture_says_so():
    with pytest.raises(NotImplementedError):
        LiveFigure().picture()


# ------------------------------------------------------------------------------------------- what all figures refuse

FIGURES = {name: getattr(live, name) for name in live.__all__ if name != "LiveFigure"}
each_figure = pytest.mark.parametrize("name", FIGURES)


@pytest.fixture(scope="module")
def made():
    """One figure of each class, made without arguments."""
    return {name: figure() for name, figure in FIGURES.items()}


def near(words):
    """Names that are none of `words` but look like one: a letter dropped, doubled, in the other case, or a whole other word."""
    changes = (
        lambda word, k: word[:k] + word[k + 1 :],
        lambda word, k: word[: k + 1] + word[k:],
        lambda word, k: word[:k] + word[k].swapcase() + word[k + 1 :],
    )
    misspelt = st.builds(
        lambda word, change, k: change(word, k % len(word)),
        st.sampled_from(words),
        st.sampled_from(changes),
        st.integers(0, 20),
    )
    other = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True)
    return (misspelt | other).filter(str.isidentifier)


@each_figure
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_figure_refuses_a_misspelt_name_and_lists_those_it_knows(name, made, data):
    figure, cls = made[name], FIGURES[name]
    words = cls.settable()
    wrong = data.draw(near(words).filter(lambda n: not n.startswith("_") and not hasattr(cls, n)))
    before = json.dumps(figure.to_store())
    with pytest.raises(AttributeError) as refused:
        setattr(figure, wrong, 1)
    assert f"{name} has no {wrong!r} to set" in str(refused.value)
    assert all(word in str(refused.value) for word in words)
    assert not hasattr(figure, wrong) and json.dumps(figure.to_store()) == before


@each_figure
def test_a_constructor_refuses_a_misspelt_argument_and_lists_those_it_takes(name):
    cls = FIGURES[name]
    taken = [n for n in inspect.signature(cls.__init__).parameters if n not in ("self", "state")]
    for wrong in ("lr", "hidden_layers", "Activation", "weights", cls.settable()[0] + "_"):
        with pytest.raises(TypeError, match=f"{name} takes no '{wrong}'") as refused:
            cls(**{wrong: 1})
        assert all(word in str(refused.value) for word in taken + cls.settable())


@each_figure
def test_what_ipywidgets_needs_may_be_set(name, made):
    figure = made[name]
    figure.layout = ipywidgets.Layout(width="50%")
    figure.tooltip = "a figure"
    figure._mine = 1
    assert figure.layout.width == "50%" and figure.tooltip == "a figure" and figure._mine == 1
    figure.layout, figure.tooltip = ipywidgets.Layout(), None


def test_a_method_cannot_be_overwritten_by_a_value():
    """`figure.step = 3` looks like a setting, and would take away `figure.step(3)`."""
    figure = GradientFlow()
    with pytest.raises(AttributeError, match="GradientFlow has no 'step' to set"):
        figure.step = 3
    figure.step(3)
    assert len(figure.history) == 4


# ----------------------------------------------------------------------------------------------- what a notebook stores


@each_figure
def test_a_notebook_stores_the_public_state_without_source_and_constants(name, made):
    figure = made[name]
    stored = json.loads(json.dumps(figure.to_store(), allow_nan=False))  # as a file has it
    assert stored["figure"] == name
    plumbing = ("layout", "tabbable", "tooltip")
    public = {
        key: value
        for key, value in json.loads(json.dumps(figure.get_state(), default=str)).items()
        if not key.startswith("_") and key not in plumbing
    }
    constant = {key for key in public if figure.trait_metadata(key, "constant")}
    assert all(figure.traits()[key].read_only for key in constant)
    assert stored["state"] == {k: v for k, v in public.items() if k not in constant}
    page = json.loads(json.dumps(FIGURES[name].page_state(stored["state"])))
    assert page == public


def test_a_constant_is_no_part_of_what_is_stored_and_comes_back_from_the_class():
    figure = live.Convolution(view="loss", at=[2, 3])
    assert {"kernels", "pictures"}.isdisjoint(figure.to_store()["state"])
    stored = json.loads(json.dumps(figure.to_store()["state"]))
    page = live.Convolution.page_state(stored)
    assert page["view"] == "loss" and page["at"] == [2, 3] and page["kernels"] == figure.kernels


MISFITS = {
    "a trait that is gone": (
        lambda state: {**state, "w1": state["W1"]},
        "GradientFlow stores no 'w1'; it stores W1, W2, before, eta, ",
    ),
    "a trait that has come": (
        lambda state: {k: v for k, v in state.items() if k != "eta"},
        "GradientFlow needs 'eta', too",
    ),
    "another shape": (
        lambda state: {**state, "W2": [[1, 2]]},
        r"GradientFlow refuses its state: W2 must have shape \(3, 1\); the value given has shape \(1, 2\)",
    ),
    "out of range": (
        lambda state: {**state, "eta": 1e9},
        "GradientFlow refuses its state: eta is 1e\\+09; it must be from 1e-06 to 1000",
    ),
    "none of the choices": (
        lambda state: {**state, "view": "sideways"},
        "GradientFlow refuses its state: The 'view' trait of a GradientFlow instance",
    ),
    "no number": (
        lambda state: {**state, "history": ["low"]},
        "GradientFlow refuses its state: .*'history' trait",
    ),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_state_that_does_not_fit_the_class_is_refused_by_name(misfit):
    change, message = MISFITS[misfit]
    with pytest.raises(ValueError, match=message):
        GradientFlow.page_state(change(GradientFlow().to_store()["state"]))


def test_a_state_is_judged_as_a_whole():
    """The inputs of a graph follow from its expression: whichever is set first, both fit."""
    figure = live.ComputationalGraph(expression="unit")
    assert figure.page_state(figure.to_store()["state"])["expression"] == "unit"
    state = {**figure.to_store()["state"], "expression": "twice"}
    with pytest.raises(ValueError, match="inputs of 'twice' must name"):
        figure.page_state(state)


# ---------------------------------------------------------------------------------------------------- in the browser


class Shown(LivePage):
    """A page with `GradientFlow`."""

    def set(self, **state):
        super().set(**{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in state.items()})

    def numbers(self):
        return self.page.evaluate(NUMBERS)

    def check(self, tolerance=1e-9):
        """Every number on the page is the companion's, for the state that the page's model has."""
        names = ("x", "t", "W1", "W2", "eta", "selected", "before")
        figure = GradientFlow(**{name: self.get(name) for name in names})
        wanted = {}
        for name, value in figure.values.items():
            for index in np.ndindex(value.shape):
                wanted[f"{name}[{','.join(map(str, index))}]" if index else name] = float(
                    value[index]
                )
        history = self.get("history")
        on_path = bool(history) and abs(history[-1] - figure.loss) <= 1e-9 * figure.loss
        wanted |= {
            "step": len(history) - 1 if on_path else 0,
            "history[0]": history[0] if on_path else figure.loss,
        }
        shown = self.numbers()
        for name, value, text in shown:
            value = float(value)
            if not name.startswith("axis"):
                assert value == pytest.approx(wanted[name], rel=tolerance, abs=1e-15), name
            written = float(text.replace("\u2212", "-").strip("()"))
            assert written == pytest.approx(value, rel=0.06, abs=5.1e-4), (name, text, value)
            assert "-" not in text, f"{name} is written with a hyphen: {text}"
        return {name for name, _, _ in shown}, wanted

    def read(self, name):
        return next(float(value) for n, value, _ in self.numbers() if n == name)

    def drag(self, name, by):
        """Drag a number of the drawing sideways, by pixels."""
        box = self.control(name).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + by, y, steps=6)
        self.page.mouse.up()


@pytest.fixture(scope="module")
def show(browser):
    """show(figure=None, width=760, theme="light", **context) shows a figure on the page for it and returns it as `Shown`."""
    for put in live_pages(browser, Shown):
        yield lambda figure=None, *args, **options: put(figure or GradientFlow(), *args, **options)


# ------------------------------------------------------------------------------------------- engine against companion


@pytest.fixture(scope="module")
def engine():
    functions = Mathematics("shared/network.js")
    yield functions
    functions.close()


def test_engine_computes_what_the_companion_computes(engine):
    """Random networks with every activation and loss: z, a, delta, gradients, loss and one step of descent."""
    rng, cases, wanted = np.random.default_rng(20), [], []
    outputs = {
        "half squared error": list(ACTIVATIONS),
        "mean squared error": list(ACTIVATIONS),
        "binary cross-entropy": ["identity"],
        "cross-entropy": ["identity"],
    }
    for hidden in ACTIVATIONS:
        for loss, names in outputs.items():
            for output in names:
                for bias in (True, False):
                    sizes = rng.integers(1, 6, rng.integers(2, 5)).tolist()
                    n, scale = int(rng.integers(1, 7)), float(rng.choice([0.3, 1, 4]))
                    net = Network(sizes, hidden=hidden, output=output, bias=bias, rng=rng)
                    net.set(
                        **{
                            name: rng.normal(0, scale, p.shape)
                            for name, p in net.parameters.items()
                        }
                    )
                    X = rng.normal(0, 1, (n, sizes[0]))
                    t = rng.uniform(0, 1, (n, sizes[-1]))
                    if loss == "cross-entropy":
                        t = (
                            rng.integers(0, sizes[-1], n)
                            if bias
                            else t / t.sum(axis=1, keepdims=True)
                        )
                    parameters = {name: p.tolist() for name, p in net.parameters.items()}
                    value = net.loss_and_gradients(LOSSES[loss], X, t)
                    result = {
                        "loss": value,
                        "z": [layer.z.tolist() for layer in net.layers],
                        "a": [layer.a.tolist() for layer in net.layers],
                        "delta": [layer.delta.tolist() for layer in net.layers],
                        "gradients": {k: g.tolist() for k, g in net.gradients.items()},
                        "input": (net.layers[0].delta @ net.parameters["W1"].T).tolist(),
                    }
                    SGD(0.3).step(net.theta, net.gradient)
                    result["next"] = {name: p.tolist() for name, p in net.parameters.items()}
                    cases.append(
                        {
                            "sizes": sizes,
                            "bias": bias,
                            "parameters": parameters,
                            "X": X.tolist(),
                            "t": t.tolist(),
                            "classes": t.ndim == 1,
                            "hidden": hidden,
                            "output": output,
                            "loss": loss,
                        }
                    )
                    wanted.append(result)
    got = engine(
        """(cases) => cases.map(({ sizes, parameters, X, t, classes, ...options }) => {
      const net = new Network(sizes, options), n = X.length;
      const rows = (list) => list.slice(1).map((long, l) => rowsOf(long, sizes[l + 1]));
      net.parameters = parameters;
      const loss = net.lossAndGradients(Float64Array.from(X.flat()), classes ? Int32Array.from(t) : Float64Array.from(t.flat()), n);
      const found = { loss, z: rows(net.z), a: rows(net.a), delta: rows(net.delta), gradients: net.gradients, input: rowsOf(net.inputGradient(), sizes[0]) };
      for (let k = 0; k < net.theta.length; k++) net.theta[k] -= 0.3 * net.gradient[k];
      return { ...found, next: net.parameters };
    })""",
        cases,
    )
    assert len(cases) > 100

    def compare(g, w, where):
        if isinstance(w, dict):
            assert set(g) == set(w), where
            for name in w:
                compare(g[name], w[name], f"{where} {name}")
        elif isinstance(w, list) and w and isinstance(w[0], list) and np.ndim(w[0]) == 2:
            for k, (gk, wk) in enumerate(zip(g, w, strict=True)):
                compare(gk, wk, f"{where}[{k + 1}]")
        else:
            w = np.asarray(w, float)
            np.testing.assert_allclose(
                np.asarray(g, float), w, rtol=0, atol=1e-13 * max(1, np.abs(w).max()), err_msg=where
            )

    for case, g, w in zip(cases, got, wanted, strict=True):
        compare(g, w, f"{case['hidden']}, {case['output']}, {case['loss']}:")


def test_a_network_gives_the_same_for_blank_inputs_left_out_and_after_a_larger_batch(engine):
    """To the last bit: a pass that skips what is blank adds up the same numbers in the same order."""
    rng = np.random.default_rng(21)
    X = rng.uniform(0, 1, (7, 12)) * (rng.uniform(0, 1, (7, 12)) < 0.3)
    t = rng.integers(0, 5, 7)
    plain, blank, small, alone = engine(
        """(rows, t) => {
      const net = new Network([12, 6, 5], { hidden: "tanh", loss: "cross-entropy" });
      for (let k = 0; k < net.theta.length; k++) net.theta[k] = Math.sin(k + 1);
      const X = Float64Array.from(rows.flat()), classes = Int32Array.from(t), n = rows.length;
      const run = (net, x, t, n, inked) => [net.lossAndGradients(x, t, n, inked), net.forward(x, n, inked), net.gradient.slice(), net.inputGradient()];
      const fresh = new Network([12, 6, 5], { hidden: "tanh", loss: "cross-entropy" });
      fresh.theta.set(net.theta);
      return [run(net, X, classes, n), run(net, X, classes, n, inkedEntries(X, n, 12)), run(net, X.slice(0, 24), classes.slice(0, 2), 2), run(fresh, X.slice(0, 24), classes.slice(0, 2), 2)];
    }""",
        X.tolist(),
        t.tolist(),
    )
    assert plain == blank and small == alone
    assert [len(part) for part in small[1:]] == [10, 12 * 6 + 6 + 6 * 5 + 5, 24]


def test_engine_is_stable_where_naive_forms_overflow(engine):
    sigmoid, softmax, bce, ce = engine(
        """() => {
      const bce = [0], ce = [0, 0];
      return [activations.sigmoid.forward([[-1000, 0, 1000]]), activations.softmax.forward([[1000, 0]]),
              [losses["binary cross-entropy"]([1000], [0], 1, 1, bce), bce], [losses["cross-entropy"]([0, 1000], Int32Array.of(0), 1, 2, ce), ce]];
    }"""
    )
    assert (
        sigmoid == [[0, 0.5, 1]]
        and softmax == [[1, 0]]
        and bce == [1000, [1]]
        and ce == [1000, [-1, 1]]
    )


# ------------------------------------------------------------------------------------------ the first figure on a page


def test_every_number_is_the_companions_for_random_and_extreme_settings(show):
    shown, rng = show(), np.random.default_rng(5)
    names, wanted = shown.check()
    assert names - {"axis x", "axis y"} >= set(wanted) - {
        n for n in wanted if n.startswith("next")
    }  # each of them has a place
    ranges = {
        name: tuple(
            float(shown.control(name).get_attribute(f"aria-value{end}")) for end in ("min", "max")
        )
        for name in CONTROLS[:-2]
    }
    weights = [n for n in ranges if n[0] == "W"]
    for trial in range(60):
        state = {"x": np.zeros(2), "t": np.zeros(1), "W1": np.zeros((2, 3)), "W2": np.zeros((3, 1))}
        for name, (low, high) in ranges.items():
            value = rng.choice([low, high, 0]) if trial < 25 else rng.uniform(low, high)
            array, *index = re.findall(r"\w+", name)
            state[array][tuple(map(int, index)) if index else 0] = value
        shown.set(
            **{**state, "t": float(state["t"][0])},
            view=str(rng.choice(["forward", "backward"])),
            stage=int(rng.integers(0, 6)),
            selected=str(rng.choice(weights)),
            before=rng.choice([None, float(rng.uniform(-3, 3))]),
        )
        names, wanted = shown.check()
        assert f"next {shown.get('selected')}" in names
    for name in rng.permutation(CONTROLS[:-2]):  # and dragged, at random
        shown.set(**random_state(rng))
        shown.drag(name, int(rng.integers(-60, 60)))
        shown.check()


LINES = """() => {
  const write = (n) => n.nodeType === 3 ? n.textContent.replaceAll("·", "*").replaceAll("\u2212", "-").replaceAll("σ", "sigmoid").replaceAll("←", "=")
    : n.dataset?.value ? `(${n.dataset.value})`
    : n.tagName === "I" && n.textContent !== "σ" || n.tagName === "SUB" || n.className === "lf-scripts" || n.textContent.includes("∂") && !n.querySelector?.("[data-name]") ? "symbol"
    : n.tagName === "SUP" ? `**(${all(n)})`
    : n.className === "lf-fraction" ? `((${all(n.children[0])})/(${all(n.children[1])}))*` : all(n);
  const all = (n) => [...n.childNodes].map(write).join("");
  return [...document.querySelectorAll(".lf-lines > .lf-maths")].map((line) => [all(line), [...line.querySelectorAll("[data-name]")].at(-1).dataset.name]);
}"""


def test_the_lines_with_numbers_are_true(show):
    """Every line of every stage is an equation: what is written out, evaluated, gives the number that it ends with."""
    shown, rng = show(), np.random.default_rng(11)
    for _ in range(8):
        selected = str(rng.choice([c for c in CONTROLS if c[0] == "W"]))
        shown.set(**random_state(rng), selected=selected)
        results = []
        for line, result in shown.page.evaluate(LINES):
            *sides, last = [side for side in line.split("=") if "symbol" not in side]
            for side in sides:
                assert eval(side, {"sigmoid": lambda z: 1 / (1 + np.exp(-z))}) == pytest.approx(
                    float(last.strip("()")), rel=1e-9, abs=1e-15
                ), line
            results += [result] if sides else []
        unit = int(selected[5] if selected[1] == "1" else selected[3])  # on the weight's path
        assert results == [
            "loss",
            f"z1[{unit}]",
            f"a1[{unit}]",
            "z2[0]",
            "a2[0]",
            "loss",
            f"d{selected}",
            "dy",
            "delta2[0]",
            f"dW2[{unit},0]",
            f"delta1[{unit}]",
            *[f"dW1[{i},{unit}]" for i in range(2)],
            f"next {selected}",
        ]


def test_values_beyond_the_sliders_are_shown_truly(show):
    shown = show(GradientFlow(W1=[[50, -40, 1234.5], [1e5, -1e-9, 0]], x=[7, -3.25], t=-2, eta=0.3))
    shown.check()
    assert shown.control("W1[0,0]").get_attribute("aria-valuemax") == "50"
    assert shown.page.locator('[data-name="eta"]').first.text_content() == "0.3"


def test_steps_and_reset_in_the_page_are_those_of_python(show):
    figure = GradientFlow(**random_state(np.random.default_rng(9), 1.5))
    shown = show(figure)
    start = {name: shown.get(name) for name in ("x", "t", "W1", "W2", "eta")}
    for button, n in (("1 step", 1), ("100 steps", 100), ("1 step", 1)):
        shown.page.get_by_role("button", name=button, exact=True).click()
        figure.step(n)
        np.testing.assert_allclose(shown.get("W1"), figure.W1, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(shown.get("W2"), figure.W2, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(shown.get("history"), figure.history, rtol=1e-9)
        shown.check()
    assert len(shown.get("history")) == 103
    assert shown.page.locator('[data-name="step"]').text_content() == "102"
    taken = shown.page.locator(".lf-taken")
    assert taken.is_visible()
    shown.drag("t", -30)  # leaves the path: the next step begins a new one
    assert not taken.is_visible()
    shown.check()
    shown.page.get_by_role("button", name="1 step", exact=True).click()
    assert len(shown.get("history")) == 2
    shown.page.get_by_role("button", name="Reset").click()
    assert {name: shown.get(name) for name in start} == start and shown.get("history") == []
    shown.check()


def test_a_history_begun_in_python_goes_on_in_the_page(show):
    figure = GradientFlow(eta=1)
    figure.step(10)
    shown = show(figure)
    shown.page.get_by_role("button", name="1 step", exact=True).click()
    figure.step()
    np.testing.assert_allclose(shown.get("history"), figure.history, rtol=1e-9)
    shown.page.get_by_role(
        "button", name="Reset"
    ).click()  # back to the state before those ten steps
    assert shown.get("W1") == GradientFlow().W1.tolist() and shown.get("eta") == 1


def test_steps_that_run_away_stop_in_the_page_too(show):
    shown = show(GradientFlow(x=[9e5, 9e5], W1=np.full((2, 3), 1e-6), eta=1000))
    before = shown.get("W1")
    shown.page.get_by_role("button", name="1 step", exact=True).click()
    shown.page.wait_for_function(
        "document.querySelector('[role=status]').textContent.includes('smaller learning rate')"
    )
    assert shown.get("W1") == before


def test_a_stage_that_only_the_other_pass_has_shows_the_last_one(show):
    shown = show(GradientFlow(view="forward", stage=6))
    assert shown.page.locator(".lf-sheet.lf-current .lf-title").text_content() == "The loss"
    shown.page.get_by_role("button", name="previous stage").click()
    assert shown.get("stage") == 4 and shown.get("view") == "forward"


def test_a_change_from_outside_repaints_and_leaves_nothing_behind(show):
    shown = show()
    shown.set(W1=[[-1, 2, -3], [0, 1, 2]], x=[1, 0])
    shown.check()
    shown.page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    shown.page.locator("[data-control='x[0]']").first.press("PageDown")
    assert shown.get("x")[0] == 0.9
    shown.check()  # both views of one model
    assert (
        len(set(shown.page.evaluate("[...document.querySelectorAll('[id]')].map((n) => n.id)")))
        == shown.page.locator("[id]").count()
    )
    shown.page.evaluate("stop(); stop2()")
    assert shown.page.evaluate("model.count()") == 0 and shown.page.locator(".lf").count() == 0


# ------------------------------------------------------------------------------------------------------------ keyboard

CONTROLS = (
    ["x[0]", "x[1]", "t"]
    + [f"W1[{i},{j}]" for i in range(2) for j in range(3)]
    + [f"W2[{j},0]" for j in range(3)]
    + ["weight", "eta"]
)
FOCUS = "(() => { const n = document.activeElement; return n.dataset.control || n.dataset.edge || n.value || n.getAttribute('aria-label') || n.textContent })()"


def test_tab_reaches_every_control_in_reading_order(show):
    shown, order = show(), []
    for _ in range(30):
        shown.page.keyboard.press("Tab")
        now = shown.page.evaluate(FOCUS)
        if (
            order
            and now == order[0]
            or shown.page.evaluate("document.activeElement === document.body")
        ):
            break
        order.append(now)
    assert order == [
        "reset",
        "forward",
        "previous stage",
        "next stage",
        *CONTROLS,
        "1 step",
        "100 steps",
    ]


@pytest.mark.parametrize("name", CONTROLS)
def test_every_number_moves_by_key_and_changes_the_figure(show, name):
    shown = show()
    control, moved = shown.control(name), name
    if name == "weight":
        moved = "W1[1,2]"
        shown.set(selected=moved)
    before, state = shown.read(moved), json.dumps(shown.get(moved.split("[")[0]))
    control.focus()
    for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "PageUp", "End", "Shift+ArrowDown", "Home"):
        control.press(key)
        shown.check()
    assert json.dumps(shown.get(moved.split("[")[0])) != state and shown.read(moved) != before
    low = control.get_attribute("aria-valuemin")
    assert shown.read(moved) == (0.01 if name == "eta" else float(low))
    if moved[0] == "W":
        assert shown.get("selected") == moved
        assert shown.get("before") == before  # where the keys began
        text = r"\u2212?\d.*, gradient \u2212?\d"
        if name != "weight":
            assert re.match(text, control.get_attribute("aria-valuetext"))
    assert control.get_attribute("aria-label") and control.get_attribute("aria-valuetext")


def test_switch_stages_and_buttons_work_by_key(show):
    shown = show()
    titles = []
    shown.page.get_by_role("radio", name="Forward").focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown.get("view") == "backward" and shown.get("stage") == 0
    shown.page.keyboard.press("ArrowLeft")
    assert shown.get("view") == "forward"
    shown.page.get_by_role("button", name="next stage").focus()
    for k in range(13):
        title = shown.page.locator(".lf-sheet.lf-current .lf-title")
        assert title.count() == 1 and title.is_visible()
        titles.append(title.text_content())
        shown.check()
        shown.page.keyboard.press("ArrowRight" if k % 2 else "Enter")
    assert (
        len(set(titles)) == 13 and shown.get("view") == "forward" and shown.get("stage") == 0
    )  # all stages once, and round
    shown.page.keyboard.press("ArrowLeft")
    assert shown.get("view") == "backward" and shown.get("stage") == 6
    for name, key, steps in (
        ("1 step", "Enter", 2),
        ("100 steps", "Space", 102),
        ("Reset", "Enter", 0),
    ):
        shown.page.get_by_role("button", name=name, exact=True).focus()
        shown.page.keyboard.press(key)
        assert len(shown.get("history")) == steps


@pytest.mark.parametrize("edge", ["W1[1,2]", "W2[0,0]"])
def test_edges_are_chosen_by_click_and_their_weight_dragged(show, edge):
    shown = show()
    label = shown.page.locator(f'[data-edge="{edge}"]')
    label.click()
    assert shown.get("selected") == edge and shown.page.evaluate(FOCUS) == edge
    label.press("ArrowRight")
    before = shown.read(edge)
    shown.drag(edge, -80)
    assert shown.read(edge) == pytest.approx(before - 0.8, abs=1e-9)
    assert shown.get("before") == before
    shown.check()


def test_the_plot_of_the_chosen_weight_is_dragged_and_compares_its_tangent_with_the_loss(show):
    """Where it was taken hold of, a tangent predicts: further away it predicts worse, and that is drawn."""
    shown = show(GradientFlow(W1=[[-2, 1, 0.5], [1, 2, -0.1]], W2=[[3], [-1], [2]], t=0))
    gaps = []
    for by in (0.2, 3):
        shown.set(selected="W1[0,0]", before=-2, W1=[[-2 + by, 1, 0.5], [1, 2, -0.1]])
        figure = GradientFlow(
            W1=shown.get("W1"), W2=shown.get("W2"), t=0, selected="W1[0,0]", before=-2
        )
        start = GradientFlow(W1=[[-2, 1, 0.5], [1, 2, -0.1]], W2=shown.get("W2"), t=0)
        slope = start.gradients["W1"][0, 0]
        assert figure.predicted["predicted"] == pytest.approx(slope * by, rel=1e-12)
        assert figure.predicted["actual"] == pytest.approx(figure.loss - start.loss, rel=1e-12)
        shown.check()
        gap = shown.page.locator(".lf-guess-gap").bounding_box()["height"]
        gaps.append(gap)
    assert gaps[0] < 3 < gaps[1]
    plot = shown.control("weight").bounding_box()
    middle = plot["x"] + (50 + plot["width"] - 14) / 2
    shown.page.mouse.click(middle, plot["y"] + 50)
    assert shown.get("W1")[0][0] == pytest.approx(0, abs=0.02) and shown.get("before") == 1
    shown.check()


def test_an_arrow_points_where_the_loss_grows_and_is_longer_for_a_larger_gradient(show):
    shown = show(GradientFlow(W1=[[-2, 0, 0.5], [1, 2, -0.1]], W2=[[1], [-0.7], [0]], x=[0.4, -1]))
    ends = """(names) => names.map((name) => { const [, from, to] = document.querySelector(`.lf-edge-arrow[data-gradient="d${name}"]`).getAttribute("d").match(/^M([\\d.]+),[\\d.]+L([\\d.]+)/) ?? [0, 0, 0]; return to - from; })"""
    weights = CONTROLS[3:12]
    for view in ("forward", "backward"):
        shown.set(view=view)
        lengths = shown.page.evaluate(ends, weights)
        gradients = [shown.read(f"d{name}") for name in weights]
        for length, gradient in zip(lengths, gradients, strict=True):
            assert np.sign(round(length, 1)) == np.sign(gradient)
        order = np.argsort(np.abs(gradients))
        assert (np.diff(np.abs(lengths)[order]) >= -0.2).all() and len(set(lengths)) > 4
    # against the arrow the loss falls
    for name in ("W1[0,1]", "W2[0,0]"):
        before = shown.read("loss")
        shown.drag(name, -20 * int(np.sign(shown.read(f"d{name}"))))
        assert shown.read("loss") < before


# ------------------------------------------------------------------------------------------ for eyes and screen readers


def test_the_task_and_the_guess_speak_of_what_is_drawn(show):
    shown = show(GradientFlow(view="forward", stage=1))
    task, guess = shown.page.locator(".lf-first"), shown.page.locator(".lf-guess")
    assert "arrow" not in task.inner_text() and not guess.is_visible()
    shown.set(view="backward", stage=0)
    assert "against its arrow" in task.inner_text()
    shown.drag("W1[0,0]", 20)
    assert guess.is_visible()
    shown.set(stage=1)  # no gradient of a weight is known there
    assert "arrow" not in task.inner_text()


def test_stages_bring_out_what_they_compute_and_hold_back_what_comes_later(show):
    shown = show()
    visible = """(names) => names.map((name) => [...document.querySelectorAll(`.lf-diagram [data-name="${name}"]`)]
        .every((n) => getComputedStyle(n).visibility === "visible"))"""
    names = [
        "x[0]",
        "W1[0,0]",
        "z1[0]",
        "a1[0]",
        "z2[0]",
        "a2[0]",
        "loss",
        "dy",
        "delta2[0]",
        "dW2[0,0]",
        "delta1[0]",
        "dW1[0,0]",
    ]
    for view, stages in {
        "forward": [12, 3, 4, 5, 6, 7],
        "backward": [12, 8, 9, 10, 11, 12, 12],
    }.items():
        for stage, known in enumerate(stages):
            shown.set(view=view, stage=stage)
            assert shown.page.evaluate(visible, names) == [True] * known + [False] * (12 - known), (
                view,
                stage,
            )
            halos = shown.page.locator(".lf-halo.lf-now").count()
            assert halos == {
                ("forward", 1): 3,
                ("forward", 2): 3,
                ("forward", 3): 1,
                ("forward", 4): 1,
                ("forward", 5): 1,
                ("backward", 1): 1,
                ("backward", 2): 1,
                ("backward", 4): 3,
            }.get((view, stage), 0), (view, stage)


def test_edges_have_the_colour_of_their_sign_and_a_width_that_grows(show):
    shown = show(GradientFlow(W1=[[-2, 0, 0.5], [1, 2, -0.1]], W2=[[1], [-1], [2]]))
    look = "[...document.querySelectorAll('.lf-edge')].map((n) => [getComputedStyle(n).stroke, parseFloat(n.getAttribute('stroke-width'))])"
    forward = shown.page.evaluate(look)
    weights = [-2, 0, 0.5, 1, 2, -0.1, 1, -1, 2]
    blue, orange = "rgb(0, 114, 178)", "rgb(213, 94, 0)"
    for (colour, width), w in zip(forward, weights, strict=True):
        assert (colour == blue) == (w > 0) and (colour == orange) == (w < 0)
    assert [w for _, (_, w) in sorted(zip(map(abs, weights), forward))] == sorted(
        w for _, w in forward
    )
    shown.set(view="backward")
    backward, gradients = (
        shown.page.evaluate(look),
        [*shown.figure.gradients["W1"].ravel(), *shown.figure.gradients["W2"].ravel()],
    )
    for (colour, width), g in zip(backward, gradients, strict=True):
        assert (colour == blue) == (g > 0) and (colour == orange) == (g < 0)
    assert [w for _, (_, w) in sorted(zip(np.abs(gradients), backward))] == sorted(
        w for _, w in backward
    )


def test_colour_width_and_number_say_the_same_at_every_stage(show):
    """An edge is drawn by the number that its label brings out: by its gradient only once that is computed."""
    shown = show(GradientFlow(W1=[[-2, 0, 0.5], [1, 2, -0.1]], W2=[[1], [-0.7], [2]]))
    look = """[...document.querySelectorAll('.lf-edge')].map((n, k) => { const label = document.querySelectorAll('.lf-edge-label')[k];
      const visible = (c) => getComputedStyle(label.querySelector(c)).visibility === 'visible';
      return [n.getAttribute('class').split('lf-').at(-1), n.getAttribute('stroke-width'), label.dataset.shows, n.dataset.gradient ?? null, visible('.lf-gradient')]; })"""
    shown.set(view="forward", stage=0)
    forward = shown.page.evaluate(look)
    shown.set(view="backward", stage=0)
    backward = shown.page.evaluate(look)
    for stage, known in ((1, ()), (2, ()), (3, (2,)), (4, (2,)), (5, (1, 2)), (6, (1, 2))):
        shown.set(stage=stage)
        for k, edge in enumerate(shown.page.evaluate(look)):
            layer = 1 if k < 6 else 2
            wanted = backward if layer in known else forward
            assert edge[:4] == wanted[k][:4], (stage, k)
            assert edge[4] == (layer in known), (stage, k)


def test_words_for_a_screen_reader(show):
    shown = show()
    page = shown.page
    page.wait_for_function("document.querySelector('.lf-diagram').hasAttribute('aria-label')")
    assert page.get_by_role("group", name="Live figure").count() == 1
    assert "prediction 0.817, target 0.700, loss 0.0069" in page.locator(
        ".lf-diagram"
    ).get_attribute("aria-label")
    assert (
        page.locator('[data-edge="W1[0,2]"]').get_attribute("aria-label")
        == "weight from input 1 to hidden unit 3"
    )
    assert (
        page.locator('[data-edge="W1[0,2]"]').get_attribute("aria-valuetext")
        == "0.300, gradient 0.0018"
    )
    assert (
        page.locator(".lf-unit").nth(2).get_attribute("aria-label")
        == "hidden unit 1: z 0.370, a 0.591, delta 0.0030"
    )
    assert all(
        page.evaluate(
            "[...document.querySelectorAll('input, button, [role=slider], [role=img]')].map((n) => Boolean(n.getAttribute('aria-label') || n.textContent || n.labels?.[0]?.textContent))"
        )
    )
    page.evaluate("""() => { window.said = []; const status = document.querySelector('[role=status]');
      new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true }); }""")
    shown.control("x[0]").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("said") == []  # nothing while it moves
    page.wait_for_function("said.length > 0")
    moved = GradientFlow(x=[0.8, 0.8])
    [said] = page.evaluate("said")
    assert said.startswith(
        f"prediction {moved.values['a2'][0]:.3f}, target 0.700, loss {moved.loss:.4f}. gradient by the weight from "
    )
    gradient = moved.gradients["W1"][0]  # from the input that moved: those change most
    for j, words in enumerate(("unit 1", "unit 2", "unit 3")):
        assert f"from input 1 to hidden {words} {gradient[j]:.4f}" in said
    assert page.locator(".lf-unit").first.get_attribute("aria-valuetext") == "0.800"
    page.get_by_role("button", name="100 steps").click()
    page.wait_for_function("said.at(-1).startsWith('After 100 steps')")
    page.get_by_role("button", name="next stage").click()
    page.wait_for_function(
        "said.at(-1).startsWith('Weighted inputs of the hidden layer. Hidden unit j adds up')"
    )
    shown.set(view="backward", stage=2)  # an error signal, with its value
    page.wait_for_function(
        "/^Error signal of the output.* delta equals .*\\d\\.\\d+/.test(said.at(-1))"
    )


@pytest.mark.parametrize("width", [280, 320, 375, 560, 760, 1280])
@pytest.mark.parametrize("extreme", [False, True])
def test_nothing_overlaps_or_sticks_out(show, width, extreme):
    state = (
        {"W1": [[-3, 3, -3], [3, -2.5, 3]], "W2": [[-3], [3], [-2]], "x": [-1, 1], "t": 0}
        if extreme
        else {}
    )
    shown = show(GradientFlow(**state), width=width)
    for view, stage in (
        ("forward", 0),
        ("backward", 0),
        ("forward", 1),
        ("backward", 4),
        ("backward", 6),
    ):
        shown.set(view=view, stage=stage)
        problems = shown.page.evaluate("""() => {
          const problems = [], box = (n) => n.getBoundingClientRect(), root = box(document.querySelector(".lf"));
          if (document.documentElement.scrollWidth > innerWidth) problems.push("the page scrolls sideways");
          const hits = (a, b, by) => a.left < b.right - by && b.left < a.right - by && a.top < b.bottom - by && b.top < a.bottom - by;
          const seen = (n) => getComputedStyle(n).visibility === "visible";
          const texts = [...document.querySelectorAll(".lf-diagram text")].filter((n) => n.textContent && seen(n));
          for (const [i, a] of texts.entries()) {
            if (box(a).left < root.left - 1 || box(a).right > root.right + 1) problems.push(`${a.textContent} sticks out`);
            for (const b of texts.slice(i + 1)) if (hits(box(a), box(b), 3)) problems.push(`${a.textContent} (${a.dataset.name}) meets ${b.textContent} (${b.dataset.name})`);
          }
          for (const n of document.querySelectorAll(".lf-lines, .lf-formula, .lf-slider, .lf-button, .lf-sheet p, .lf-chunk")) {
            if (seen(n) && (box(n).right > root.right + 1 || n.clientWidth && n.scrollWidth > n.clientWidth + 1)) problems.push(`${n.className} ${n.textContent} is too wide`);
          }
          return problems;
        }""")
        assert problems == [], (view, stage)


def test_the_height_stays_when_the_stage_changes(show):
    for width in (320, 760):
        shown, heights = show(width=width), set()
        for view, count in (("forward", 6), ("backward", 7)):
            for stage in range(count):
                shown.set(view=view, stage=stage)
                heights.add(
                    shown.page.evaluate(
                        "document.querySelector('.lf').getBoundingClientRect().height"
                    )
                )
        assert max(heights) - min(heights) <= 1


def test_touch_targets_are_large_enough(show):
    shown = show(width=375, has_touch=True, is_mobile=True)
    assert shown.page.evaluate("matchMedia('(pointer: coarse)').matches")
    sizes = shown.page.evaluate(
        "[...document.querySelectorAll('input[type=range], button, .lf-segmented label')].map((n) => [n.getBoundingClientRect().width, n.getBoundingClientRect().height])"
    )
    assert len(sizes) == 1 + 5 + 2 and min(min(size) for size in sizes) >= 44
    held = shown.page.evaluate(
        "[...document.querySelectorAll('[role=slider]')].map((n) => [n.getBoundingClientRect().width, n.getBoundingClientRect().height])"
    )
    assert len(held) == 13 and min(min(size) for size in held) >= 32


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    """WCAG AA, 4.5 : 1, for every visible text against what lies behind it."""
    shown = show(GradientFlow(W1=[[-1, 0.2, 0.3], [0.4, -0.5, 0.6]]), theme=theme)
    for view, stage in (("forward", 0), ("backward", 0), ("forward", 2), ("backward", 4)):
        shown.set(view=view, stage=stage)
        worst = shown.page.evaluate("""() => {
          const rgb = (c) => c.match(/[\\d.]+/g).map(Number), page = rgb(getComputedStyle(document.querySelector(".lf")).backgroundColor);
          const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const mix = (top, under, share) => under.map((u, k) => share * top[k] + (1 - share) * u);
          const found = [];
          for (const n of document.querySelectorAll(".lf text, .lf p, .lf legend, .lf button, .lf label, .lf-title, .lf-formula, .lf-lines, .lf-slider-number, .lf-count")) {
            if (!n.textContent || n.closest("[aria-hidden]") && !n.closest(".lf-slider") || getComputedStyle(n).visibility !== "visible") continue;
            const unit = n.closest(".lf-unit"), box = n.closest(".lf-loss");
            let under = page;
            for (let p = n; p && p !== document.body; p = p.parentElement) {
              const c = getComputedStyle(p).backgroundColor;
              if (!/, 0\\)$/.test(c)) { under = rgb(c); break; }
            }
            if (unit) { const tint = unit.querySelector(".lf-tint"); under = mix(rgb(getComputedStyle(tint).fill), page, Number(tint.getAttribute("fill-opacity"))); }
            if (box) under = rgb(getComputedStyle(box.querySelector(".lf-loss-box")).fill);
            if (n.tagName === "LABEL" && n.previousElementSibling?.checked) under = rgb(getComputedStyle(n).backgroundColor);
            const style = getComputedStyle(n), colour = rgb(n.namespaceURI.endsWith("svg") ? style.fill : style.color);
            const [hi, lo] = [light(colour.slice(0, 3)), light(under.slice(0, 3))].sort((a, b) => b - a);
            found.push([(hi + 0.05) / (lo + 0.05), n.getAttribute("class"), n.textContent.slice(0, 30)]);
          }
          return found.sort((a, b) => a[0] - b[0])[0];
        }""")
        assert worst[0] >= 4.5, (view, stage, worst)


def test_nothing_moves_for_readers_who_asked_for_that(show):
    for motion, moving in (("reduce", False), ("no-preference", True)):
        shown = show(reduced_motion=motion)
        shown.set(stage=1)
        assert (
            shown.page.evaluate(
                "[...document.querySelectorAll('.lf-flow')].some((n) => getComputedStyle(n).animationName !== 'none')"
            )
            is moving
        )


def test_picture_does_not_depend_on_the_style_of_the_notebook(recwarn):
    import matplotlib
    from backprop import plots

    before = GradientFlow().picture()
    with matplotlib.rc_context():
        plots.use_style()
        assert GradientFlow().picture() == before
    assert not recwarn.list


def test_the_legend_of_the_arrow_is_there_on_a_phone(show):
    shown = show(GradientFlow(), width=353)  # 321 for the figure, as on a phone's page
    assert shown.page.locator(".lf-arrow-key:visible").count() == 1
