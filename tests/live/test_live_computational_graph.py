"""The live figure `ComputationalGraph`: its numbers are `Scalar`'s, its stages show what they should and when, its controls work, it reads well."""

import math

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, state_of, written
from mathematics import Mathematics

from backprop.graph import Scalar
from backprop.live import ComputationalGraph
from backprop.live.computational_graph import EXPRESSIONS

STATE = ("expression", "inputs", "view", "stage")
VALUES = {  # each expression, in one line of mathematics
    "product": lambda x, y, z: (x + y) * z,
    "twice": lambda x, y: x * y + x,
    "unit": lambda w, x, b: 1 / (1 + math.exp(-(w * x + b))),
    "loss": lambda w, x, b, t: (1 / (1 + math.exp(-(w * x + b))) - t) ** 2 / 2,
    "gate": lambda w, x, b, v: max(w * x + b, 0) * v,
    "softplus": lambda x: math.log1p(math.exp(x)),
    "quotient": lambda x: 1 / (1 + math.exp(-x)),
    "cancel": lambda x, y: 0.0,
}


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def drawn(expression, rng, wide=1.0):
    return {
        name: float(rng.uniform(low, high) * wide)
        for name, (_, low, high, _) in EXPRESSIONS[expression]["inputs"].items()
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text; and every number of Python's is there."""
    wanted, numbers = (
        ComputationalGraph(**{name: shown.get(name) for name in STATE}).values,
        shown.numbers(),
    )
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-13), name
        assert written(text.removeprefix("× ").removeprefix("∂ ")) == pytest.approx(
            value, rel=0.06, abs=5.1e-3 if name[:2] == "v[" else 5.1e-4
        ), (name, text, value)
        assert "-" not in text
    assert set(numbers) >= {name for name in wanted if not name.startswith("sum")}
    return numbers


def in_diagram(shown):
    """The numbers that the diagram shows at present: {name: text}."""
    return {
        name: text.removeprefix("∂ ")
        for name, text in shown.page.evaluate("""[...document.querySelectorAll(".lf-diagram [data-name]")].filter((n) => getComputedStyle(n).visibility === "visible")
      .map((n) => [n.dataset.name, n.textContent])""")
    }


def names(shown, kind):
    return {name[len(kind) + 1 : -1] for name in in_diagram(shown) if name.startswith(kind + "[")}


def stages(expression):
    """Operations of the graph, in the order of the forward pass."""
    graph = ComputationalGraph(expression=expression).graph
    return [node for node in list(graph.values())[-1].nodes() if node.name and node.parents]


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_value_and_gradients_are_those_of_the_expression(expression):
    rng, f, step = np.random.default_rng(3), VALUES[expression], 1e-5
    for _ in range(40):
        inputs = drawn(expression, rng)
        figure = ComputationalGraph(expression=expression, inputs=inputs)
        assert figure.value == pytest.approx(f(**inputs), rel=1e-12, abs=1e-14)
        if expression == "gate" and abs(inputs["w"] * inputs["x"] + inputs["b"]) < 1e-3:
            continue  # the kink
        assert list(figure.gradients) == list(inputs)
        for name, gradient in figure.gradients.items():
            up, down = (f(**{**inputs, name: inputs[name] + s * step}) for s in (1, -1))
            assert gradient == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-8), name


def test_values_hold_the_chain_rule():
    for expression in EXPRESSIONS:
        figure = ComputationalGraph(expression=expression)
        values, graph = figure.values, figure.graph
        assert values[f"grad[{list(graph)[-1]}]"] == 1
        for name in figure.inputs:
            back = [
                values[f"msg[{n.name},{k}]"]
                for n in graph.values()
                for k, p in enumerate(n.parents)
                if p is graph[name]
            ]
            assert values[f"grad[{name}]"] == pytest.approx(sum(back), abs=1e-15)
        for key in (k[3:] for k in values if k.startswith("msg")):
            assert (
                values["msg" + key]
                == values["local" + key] * values[f"grad[{key[1:].split(',')[0]}]"]
            )
    assert {k: v for k, v in ComputationalGraph().values.items() if k.startswith("sum")} == {
        "sum[f,1]": 1.0,
        "sum[p,0]": -2.0,
    }


@pytest.mark.parametrize(
    "change, message",
    [
        ({"x": 101}, r"inputs\['x'\] is 101; it must be from -100 to 100"),
        ({"x": math.nan}, "finite"),
        ({"x": "two"}, "must be a number, not 'two'"),
        ({"q": 1}, r"inputs of 'twice' must name x, y; these name x, y, q"),
    ],
)
def test_inputs_refuse(change, message):
    figure = ComputationalGraph()
    with pytest.raises(traitlets.TraitError, match=message):
        figure.set(**change)
    assert figure.inputs == {"x": 2, "y": -3}


def test_other_traits_refuse():
    for wrong in (
        {"expression": "x + y"},
        {"view": "up"},
        {"stage": -1},
        {"stage": 9},
        {"inputs": {"x": 1}},
        {"expression": "loss", "inputs": {"x": 1, "y": 2}},
    ):
        with pytest.raises(traitlets.TraitError):
            ComputationalGraph(**wrong)


def test_inputs_follow_the_expression():
    figure = ComputationalGraph(inputs={"y": np.float64(4), "x": 1})
    assert figure.inputs == {"x": 1, "y": 4} and list(figure.inputs) == ["x", "y"]
    figure.expression = "cancel"
    assert figure.inputs == {"x": 1, "y": 4}  # the same names: kept
    figure.reset()
    assert figure.inputs == {"x": 2, "y": 3}
    figure.expression = "loss"
    assert figure.inputs == {"w": 2, "x": 1, "b": -1, "t": 0}
    figure.expression = "twice"
    figure.reset()
    assert figure.inputs == {"x": 1, "y": 4}  # what the figure was made with
    assert ComputationalGraph(expression="softplus", stage=2).stage == 2


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_picture_and_words(expression):
    figure = ComputationalGraph(expression=expression)
    data, _ = figure._repr_mimebundle_()
    assert (
        data["text/plain"] == figure.describe()
        and EXPRESSIONS[expression]["label"] in figure.describe()
    )
    assert figure.picture()[:4] == b"\x89PNG" and figure.picture() == figure.picture()
    before = figure.picture()
    figure.set(**dict.fromkeys(figure.inputs, 0.7))
    assert figure.picture() != before


# ------------------------------------------------------------------------------------------------------------- engine

UNARY = {
    "exp": lambda a: a.tanh().exp(),
    "log": lambda a: (a * a + 1).log(),
    "tanh": lambda a: a.tanh(),
    "sigmoid": lambda a: a.sigmoid(),
    "relu": lambda a: a.relu(),
    "square": lambda a: a.tanh() ** 2,
    "inverse": lambda a: (a * a + 1) ** -1.5,
    "zeroth": lambda a: a**0,
}
BINARY = {"add": lambda a, b: a + b, "mul": lambda a, b: a.tanh() * b}


def test_the_engines_graph_is_the_companions():

    rng, cases, wanted = np.random.default_rng(12), [], []
    for _ in range(120):
        inputs = rng.normal(0, 2, rng.integers(1, 5)).tolist() + [0.0]
        lines = [
            (str(rng.choice([*UNARY, *BINARY])), rng.integers(0, len(inputs) + k, 2).tolist())
            for k in range(int(rng.integers(1, 14)))
        ]
        values = [Scalar(x) for x in inputs]
        for op, (i, j) in lines:
            values.append(UNARY[op](values[i]) if op in UNARY else BINARY[op](values[i], values[j]))
        values[-1].backward()
        cases.append((inputs, lines))
        wanted.append(
            [(n.value, n.grad, list(n.local), n.op) for n in values[-1].nodes()]
            + [n.grad for n in values]
        )
    js = Mathematics("shared/engine.js")
    got = js(
        """(cases) => {
      const o = operations;
      const one = (a) => o.add(o.mul(a, a), scalar(1));
      const run = { exp: (a) => o.exp(o.tanh(a)), log: (a) => o.log(one(a)), tanh: o.tanh, sigmoid: o.sigmoid, relu: o.relu, square: (a) => o.pow(o.tanh(a), 2),
        inverse: (a) => o.pow(one(a), -1.5), zeroth: (a) => o.pow(a, 0), add: o.add, mul: (a, b) => o.mul(o.tanh(a), b) };
      return cases.map(([inputs, lines]) => {
        const values = inputs.map((x) => scalar(x));
        for (const [op, [i, j]] of lines) values.push(run[op](values[i], values[j]));
        const nodes = nodesOf(values.at(-1));
        backwardThrough(nodes);
        backwardThrough(nodes);                                  // a second time gives the same
        return [...nodes.map((n) => [n.value, n.grad, n.local, n.op]), ...values.map((n) => n.grad)];
      });
    }""",
        cases,
    )
    js.close()
    for ours, theirs in zip(got, wanted, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            if isinstance(b, tuple):
                assert a[3] == b[3] and [*a[:2], *a[2]] == pytest.approx(
                    [*b[:2], *b[2]], rel=1e-9, abs=1e-13
                )
            else:
                assert a == pytest.approx(b, rel=1e-9, abs=1e-13)


# ---------------------------------------------------------------------------------------------------------- the figure


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_numbers_are_scalars_everywhere(show, expression):
    shown, rng = show(ComputationalGraph(expression=expression)), np.random.default_rng(1)
    ranges = EXPRESSIONS[expression]["inputs"]
    settings = [drawn(expression, rng) for _ in range(12)] + [
        dict.fromkeys(ranges, 0.0),
        drawn(expression, rng, 15),
    ]
    settings += [
        {n: r[1] for n, r in ranges.items()},
        {n: r[2] for n, r in ranges.items()},
        {n: r[1 + k % 2] for k, (n, r) in enumerate(ranges.items())},
    ]
    for k, inputs in enumerate(settings):
        shown.set(inputs=inputs, view=["forward", "backward"][k % 2], stage=int(rng.integers(0, 9)))
        check(shown)
    for _ in range(5):  # and by the sliders
        shown.slide(**drawn(expression, rng))
        check(shown)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_stages_show_what_is_known_by_then(show, expression):
    shown, made, inputs = (
        show(ComputationalGraph(expression=expression, view="forward")),
        stages(expression),
        set(EXPRESSIONS[expression]["inputs"]),
    )
    everything, forward = (
        inputs | {n.name for n in made},
        shown.page.get_by_role("button", name="next stage"),
    )
    arrows = {f"{n.name},{k}": p.name for n in made for k, p in enumerate(n.parents) if p.name}
    assert names(shown, "v") == names(shown, "grad") == everything and names(shown, "msg") == names(
        shown, "local"
    ) == set(arrows)
    for k, node in enumerate(made, 1):
        forward.click()
        assert (shown.get("view"), shown.get("stage")) == ("forward", k)
        known = inputs | {n.name for n in made[:k]}
        assert (
            names(shown, "v") == known
            and names(shown, "grad") == names(shown, "sum") == names(shown, "msg") == set()
        )
        assert names(shown, "local") == {key for key in arrows if key.split(",")[0] in known}
        assert (
            shown.page.locator(".lf-current .lf-title")
            .text_content()
            .startswith(f"Compute {node.name} = ")
        )
    used = []
    for k, node in enumerate([None, *reversed(made)], 1):
        forward.click()
        assert (shown.get("view"), shown.get("stage")) == ("backward", k)
        used += [key for key in arrows if node is not None and key.split(",")[0] == node.name]
        assert (
            names(shown, "v") == everything
            and names(shown, "local") == set(arrows)
            and names(shown, "msg") == set(used)
        )
        open_ = {
            p
            for p in arrows.values()
            if 0 < sum(arrows[key] == p for key in used) < list(arrows.values()).count(p)
        }
        complete = {arrows[key] for key in used} - open_ | {made[-1].name}
        assert (
            names(shown, "grad") == complete
            and {arrows[key] for key in names(shown, "sum")} == open_
        )
        assert shown.page.locator(".lf-partial").count() == len(open_)
        check(shown)
        if (
            node is not None
        ):  # the products stand in the panel: incoming gradient times local derivative
            panel = shown.page.locator(".lf-current .lf-lines [data-name]").evaluate_all(
                "(nodes) => nodes.map((n) => n.dataset.name)"
            )
            for i, parent in enumerate(node.parents):
                if parent.name:
                    assert f"local[{node.name},{i}]" in panel and f"grad[{node.name}]" in panel
    forward.click()
    assert (shown.get("view"), shown.get("stage")) == ("forward", 0)
    shown.page.get_by_role("button", name="previous stage").click()
    assert (shown.get("view"), shown.get("stage")) == ("backward", len(made) + 1)


def test_the_task_asks_to_predict_only_where_something_is_still_to_come(show):
    shown = show(ComputationalGraph(view="forward", stage=1))
    assert "What comes next?" in shown.page.locator(".lf-first").inner_text()
    assert not any(name.startswith("grad") for name in in_diagram(shown))
    shown.set(view="backward", stage=0)
    assert "every derivative follows" in shown.page.locator(".lf-first").inner_text()


def test_a_partial_sum_is_completed(show):
    shown = show(ComputationalGraph(inputs={"x": 2, "y": -3}, view="backward", stage=2))
    assert in_diagram(shown)["sum[f,1]"] == "1.000" and "grad[x]" not in in_diagram(shown)
    assert "its sum is not complete" in shown.page.locator(".lf-current").text_content()
    shown.page.get_by_role("button", name="next stage").click()
    assert in_diagram(shown)["grad[x]"] == "\u22122.000"
    assert "1.000 + 1.000\u00b7(\u22123.000) = \u22122.000".replace(" ", "") in shown.page.locator(
        ".lf-current .lf-lines"
    ).text_content().replace(" ", "")


def test_every_control_works_by_keyboard(show):
    shown = show(ComputationalGraph(view="forward"))
    page = shown.page
    assert shown.tab_order() == [
        "reset",
        "expression",
        "forward",
        "Play",
        "x",
        "y",
        "previous stage",
        "next stage",
    ]
    shown.control("x").focus()
    for key, value in {"ArrowRight": 2.1, "ArrowLeft": 2.0, "End": 4, "Home": -4}.items():
        before = shown.numbers()["grad[y]"]
        page.keyboard.press(key)
        assert (
            shown.get("inputs")["x"] == pytest.approx(value) and check(shown)["grad[y]"] != before
        )
    page.get_by_role("button", name="Reset").press("Enter")
    assert shown.get("inputs") == {"x": 2, "y": -3} and shown.control("x").input_value() == "2"
    page.get_by_role("radio", name="Forward").focus()
    page.keyboard.press("ArrowRight")
    assert (shown.get("view"), shown.get("stage")) == ("backward", 0)
    page.get_by_role("button", name="next stage").focus()
    page.keyboard.press("ArrowRight")
    assert (shown.get("view"), shown.get("stage")) == ("backward", 1)
    page.keyboard.press("Enter")
    assert (shown.get("view"), shown.get("stage")) == ("backward", 2)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert (shown.get("view"), shown.get("stage")) == ("forward", 2)
    shown.control("expression").focus()
    page.keyboard.press("ArrowDown")  # x, y are not w, x, b
    assert (
        shown.get("expression") == "unit"
        and shown.get("stage") == 0
        and shown.get("inputs") == {"w": 2, "x": 1, "b": -1}
    )
    assert shown.control("w").count() == 1 and shown.control("y").count() == 0
    check(shown)


def test_every_expression_can_be_picked_and_reset(show):
    shown = show(ComputationalGraph())
    for expression in EXPRESSIONS:
        shown.control("expression").select_option(expression)
        assert shown.get("expression") == expression
        shown.set(inputs=drawn(expression, np.random.default_rng(2)))
        check(shown)
        shown.page.get_by_role("button", name="Reset").click()
        assert (shown.get("expression"), shown.get("inputs")) == ("twice", {"x": 2, "y": -3})
        check(shown)
    shown.set(expression="softplus", inputs={"x": 1})
    shown.set(expression="loss")  # between two messages of a kernel
    assert check_start(shown) == {"w": 2, "x": 1, "b": -1, "t": 0}


def check_start(shown):
    return {
        name: value
        for name, (value, _) in ((n[2:-1], v) for n, v in shown.numbers().items() if n[:2] == "v[")
        if name in ("w", "x", "b", "t")
    }


def test_an_inputs_box_is_dragged_and_the_gradients_move_with_it(show):
    shown = show(ComputationalGraph(expression="unit"))
    boxes = shown.page.locator(".lf-diagram .lf-unit")
    look = "[...document.querySelectorAll('[data-gradient]')].map((n) => n.getAttribute('class') + n.getAttribute('stroke-width')).join()"
    box = boxes.first.bounding_box()
    x, y = box["x"] + 30, box["y"] + 20
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    seen = {shown.page.evaluate(look)}
    for by, w in ((2, 2), (25, 2.5), (-50, 1), (-150, -1), (-900, -4)):
        shown.page.mouse.move(x + by, y)
        assert shown.get("inputs")["w"] == pytest.approx(w)
        check(shown)
        seen.add(shown.page.evaluate(look))
    shown.page.mouse.up()
    assert len(seen) == 5  # two pixels are still a click
    z = boxes.nth(4).bounding_box()
    shown.page.mouse.move(z["x"] + 30, z["y"] + 20)
    shown.page.mouse.down()
    shown.page.mouse.move(z["x"] + 90, z["y"] + 20)  # what is computed cannot be dragged
    shown.page.mouse.up()
    assert shown.get("inputs") == {"w": -4, "x": 1, "b": -1}


@pytest.mark.parametrize("width", [320, 760])
def test_labels_leave_their_arrows_in_view(show, width):
    """No text lies on the middle of an arrow: along each, most points are clear of every label."""
    shown = show(ComputationalGraph(), width=width)
    for expression in EXPRESSIONS:
        shown.set(
            expression=expression,
            inputs={n: r[0] for n, r in EXPRESSIONS[expression]["inputs"].items()},
        )
        clear = shown.page.evaluate("""() => { const boxes = [...document.querySelectorAll(".lf-beside text")].map((n) => n.getBoundingClientRect());
          return [...document.querySelectorAll(".lf-edge")].map((line) => { const m = line.getScreenCTM(), n = (a) => Number(line.getAttribute(a));
            const points = Array.from({ length: 21 }, (_, k) => new DOMPoint(n("x1") + k / 20 * (n("x2") - n("x1")), n("y1") + k / 20 * (n("y2") - n("y1"))).matrixTransform(m));
            return points.filter((p) => !boxes.some((b) => p.x > b.left && p.x < b.right && p.y > b.top + 2 && p.y < b.bottom - 2)).length / 21; }); }""")
        assert min(clear) > 0.6, (expression, clear)


@pytest.mark.parametrize("width", [353, 760])
def test_a_label_stands_at_its_own_arrow_and_on_no_other(show, width):
    """353: the width of a figure on a phone of 390 pixels, 321, between margins of 16."""
    shown = show(ComputationalGraph(), width=width)
    for expression in EXPRESSIONS:
        shown.set(
            expression=expression,
            inputs={n: r[0] for n, r in EXPRESSIONS[expression]["inputs"].items()},
            view="backward",
            stage=0,
        )
        far = shown.page.evaluate("""() => { const lines = [...document.querySelectorAll(".lf-wire > .lf-edge")].map((line) => { const n = (a) => Number(line.getAttribute(a)), m = line.getScreenCTM();
            return Array.from({ length: 41 }, (_, k) => new DOMPoint(n("x1") + k / 40 * (n("x2") - n("x1")), n("y1") + k / 40 * (n("y2") - n("y1"))).matrixTransform(m)); });
          return [...document.querySelectorAll(".lf-beside")].map((label) => { const b = label.getBoundingClientRect();
            return lines.map((points) => Math.min(...points.map((p) => Math.hypot(Math.max(b.left - p.x, 0, p.x - b.right), Math.max(b.top - p.y, 0, p.y - b.bottom))))); }); }""")
        for k, gaps in enumerate(far):  # labels and arrows stand in one order
            others = gaps[:k] + gaps[k + 1 :]
            assert min(others) > 0, (expression, k)
            assert expression != "twice" or gaps[k] < min(others), k  # the one that opens


def test_boxes_lead_to_their_stage(show):
    shown = show(ComputationalGraph(expression="unit", view="forward"))
    boxes = shown.page.locator(".lf-diagram .lf-unit")
    box = {name: boxes.nth(k) for k, name in enumerate("wxbpza")}
    box["z"].click()
    assert (shown.get("view"), shown.get("stage")) == ("forward", 2)
    shown.page.locator("label", has_text="Backward").click()
    box["z"].click()
    assert (shown.get("view"), shown.get("stage")) == ("backward", 3)
    box["a"].click()
    assert (shown.get("view"), shown.get("stage")) == ("backward", 2)
    box["w"].click()
    assert shown.page.evaluate("document.activeElement.dataset.control") == "w"


def test_play_walks_through_both_passes_and_stops(show):
    shown = show(ComputationalGraph())
    page = shown.page
    page.evaluate(
        """window.waiting = []; window.setTimeout = (f, ms) => (ms > 1500 ? waiting.push(f) : 0)"""
    )
    page.get_by_role("button", name="Play").click()
    assert (shown.get("view"), shown.get("stage")) == ("forward", 1)
    for view, stage in [("forward", 2), ("backward", 1), ("backward", 2), ("backward", 3)]:
        page.evaluate("waiting.pop()()")
        assert (shown.get("view"), shown.get("stage")) == (view, stage) and page.get_by_role(
            "button", name="Pause"
        ).count() == 1
    page.evaluate("waiting.pop()()")
    assert (shown.get("view"), shown.get("stage")) == ("backward", 3) and page.get_by_role(
        "button", name="Play"
    ).count() == 1
    page.get_by_role("button", name="Play").click()  # once more, from the beginning
    assert (shown.get("view"), shown.get("stage")) == ("forward", 1)
    page.get_by_role("button", name="Pause").click()
    assert (shown.get("view"), shown.get("stage")) == ("forward", 1) and page.get_by_role(
        "button", name="Play"
    ).count() == 1


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(ComputationalGraph(), width=width)
    for expression, about in EXPRESSIONS.items():
        extremes = [{n: r[k] for n, r in about["inputs"].items()} for k in (0, 1, 2)] + [
            dict.fromkeys(about["inputs"], 100.0),
            dict.fromkeys(about["inputs"], -100.0),
        ]
        for inputs in extremes:
            for view, stage in (("forward", 0), ("backward", 0), ("backward", 3)):
                shown.set(expression=expression, inputs=inputs, view=view, stage=stage)
                assert shown.page.evaluate(PROBLEMS) == [], (expression, inputs, view, stage)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(ComputationalGraph(), theme=theme)
    for view, stage in (("forward", 0), ("forward", 2), ("backward", 0), ("backward", 2)):
        shown.set(view=view, stage=stage)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_motion_and_leaving(show):
    shown = show(
        ComputationalGraph(view="forward"),
        width=375,
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    page = shown.page
    assert (
        min(min(size) for size in shown.sizes_of_targets()) >= 44
        and shown.control("expression").bounding_box()["height"] >= 44
    )
    assert page.get_by_role("group", name="Live figure").count() == 1
    shown.slide(y=4)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent === 'f 10.000; gradients: x 5.000, y 2.000'"
    )
    page.wait_for_function(
        "document.querySelector('.lf-diagram').getAttribute('aria-label').includes('f 10.000; gradients: x 5.000')"
    )
    page.get_by_role("button", name="next stage").click()
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('Compute p = x')"
    )
    assert (
        page.locator(".lf-wire.lf-now .lf-flow").first.evaluate(
            "(n) => getComputedStyle(n).animationName"
        )
        == "none"
    )
    page.get_by_role("button", name="Play").click()
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0


def test_the_page_holds_all_it_needs():
    state = state_of(ComputationalGraph(expression="loss"))
    assert (
        set(state["catalogue"]) == set(EXPRESSIONS)
        and "build" not in str(state["catalogue"])
        and state["inputs"] == {"w": 2, "x": 1, "b": -1, "t": 0}
    )
