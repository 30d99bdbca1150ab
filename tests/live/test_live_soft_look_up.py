"""The live figure `SoftLookUp`: its gradients are the companion's, arrows are drawn by them, it works and reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.gradient_check import gradient_check
from backprop.layers.attention import attend, attend_backward
from backprop.live import SoftLookUp
from backprop.live.soft_look_up import COUNT, EDGE, KINDS, X_MOST, Y_MOST

STATE = ("q", "K", "V", "t", "c", "eta", "kind")
PARTS = ("query", "keys", "values")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    def points(n=()):
        return rng.uniform(-EDGE, EDGE, (*n, 2)).round(2).tolist()

    return {
        "q": points(),
        "K": points((COUNT,)),
        "V": points((COUNT,)),
        "t": points(),
        "c": float(2 ** (rng.integers(13) / 2 - 3)),
        "eta": round(float(rng.uniform(0.05, 1)), 2),
        "kind": str(rng.choice(KINDS)),
    }


def figure_of(shown):
    return SoftLookUp(**{name: shown.get(name) for name in STATE})


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = figure_of(shown).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-3), (name, text)
        assert "-" not in text.replace("e-", "")
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def test_weights_output_and_gradients_are_those_of_the_companions_attention():
    rng = np.random.default_rng(1)
    for _ in range(30):
        figure = SoftLookUp(**anywhere(rng))
        factor = figure.c * np.sqrt(2)  # the companion divides by the root of 2 itself
        Q = factor * figure.q[None]
        Y, A = attend(Q, figure.K, figure.V)
        np.testing.assert_allclose(figure.weights, A[0], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(figure.output, Y[0], rtol=1e-12, atol=1e-15)
        grads = attend_backward(Y - figure.t, Q, figure.K, figure.V, A)
        wanted = {"query": factor * grads[0][0], "keys": grads[1], "values": grads[2]}
        for part in PARTS:
            np.testing.assert_allclose(figure.gradients[part], wanted[part], rtol=1e-9, atol=1e-13)


def test_gradients_are_slopes_of_the_loss():
    rng = np.random.default_rng(2)
    for _ in range(10):
        figure = SoftLookUp(**{**anywhere(rng), "c": 0.7})
        points = {"query": figure.q.copy(), "keys": figure.K.copy(), "values": figure.V.copy()}
        report = gradient_check(
            lambda p=points, f=figure: f.loss_at(*p.values()), points, figure.gradients
        )
        assert report.error < 1e-6


def test_what_the_page_says_of_the_gradients_holds():
    """Those of the keys lie along the query and add up to 0, those of the values along the error."""
    rng = np.random.default_rng(3)
    for _ in range(30):
        figure = SoftLookUp(**anywhere(rng))
        g, error = figure.gradients, figure.output - figure.t
        across = np.array([-figure.q[1], figure.q[0]]), np.array([-error[1], error[0]])
        np.testing.assert_allclose(g["keys"] @ across[0], 0, atol=1e-12)
        np.testing.assert_allclose(g["keys"].sum(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(g["values"] @ across[1], 0, atol=1e-12)
        np.testing.assert_allclose(g["values"].sum(axis=0), error, atol=1e-12)


def test_a_sharp_scale_leaves_the_values_of_the_winner_alone():
    """The opening state, as the page tells it: at the right end query and keys learn nothing."""
    v, sharp = SoftLookUp().values, SoftLookUp(c=8).values
    assert 0.5 < v["a[0]"] < 0.7 and v["brought[all]"] < -2
    assert min(v[f"size[{part}]"] for part in PARTS) > 1
    assert sharp["a[0]"] > 0.999
    assert max(sharp["size[query]"], sharp["size[keys]"]) < 0.03 < 3 < sharp["size[values]"]
    sizes = [SoftLookUp(c=2 ** (k / 2 - 3)).values["size[query]"] for k in range(13)]
    assert 0 < np.argmax(sizes) < 12  # it grows first, then dies


def test_a_small_step_brings_what_it_promises():
    rng = np.random.default_rng(4)
    for _ in range(30):
        state = anywhere(rng) | {"eta": 0.05, "c": 0.25}
        for name in ("q", "K", "V"):
            state[name] = (0.7 * np.array(state[name])).tolist()  # far from the edge
        v = SoftLookUp(**state).values
        for kind in KINDS:
            assert v[f"promised[{kind}]"] == pytest.approx(-0.05 * v[f"size[{kind}]"] ** 2)
            assert v[f"brought[{kind}]"] == pytest.approx(
                v[f"promised[{kind}]"], rel=0.25, abs=1e-3
            )
        parts = sum(v[f"promised[{part}]"] for part in PARTS)
        assert v["promised[all]"] == pytest.approx(parts)


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("q", [0] * 3),
        ("q", [3.1, 0]),
        ("q", [0, 1.9]),
        ("K", [[0, 0]] * 3),
        ("V", [[0, 0]] * 3 + [[0, -2]]),
        ("t", [0, 2]),
        ("c", 9),
        ("c", 0),
        ("eta", 2),
        ("kind", "none"),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(SoftLookUp(), trait, wrong)
    with pytest.raises(TypeError, match="scale"):
        SoftLookUp(scale=3)


def test_picture_and_words_follow_the_state():
    figure = SoftLookUp(c=8)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "weights 1.00, 0.00" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == SoftLookUp(c=8).picture() != SoftLookUp().picture()


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("soft_look_up/maths.js"), np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(80)]
    parts = "[tableOf(s), gradientsOf(s), landingOf(s, gradientsOf(s), s.kind)]"
    found = js(f"(states) => states.map((s) => {parts})", states)
    js.close()
    for state, (table, grads, there) in zip(states, found, strict=True):
        figure = SoftLookUp(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-12)
        wanted = {"scores": figure.score_gradient, "y": figure.output, **figure.gradients}
        for name, value in wanted.items():
            np.testing.assert_allclose(grads[name], value, rtol=1e-9, atol=1e-13)
        for name, value in zip(("q", "K", "V"), figure.landing(figure.kind), strict=True):
            np.testing.assert_allclose(there[name], value, rtol=1e-9, atol=1e-13)


# ------------------------------------------------------------------------------------------------------------ the page

ARROWS = """() => Object.fromEntries([...document.querySelectorAll(".lf-look-arrows path[data-gradient]")].map((n) => {
  const ends = n.getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)(?:L([-\\d.]+),([-\\d.]+))?/).slice(1).map((v) => v === undefined ? null : Number(v));
  return [n.dataset.gradient, ends]; }))"""


def arrows_of(figure):
    g = figure.gradients
    ways = {"query": g["query"]}
    ways |= {f"key {k + 1}": way for k, way in enumerate(g["keys"])}
    ways |= {f"value {k + 1}": way for k, way in enumerate(g["values"])}
    return {name: -figure.eta * way for name, way in ways.items()}


def test_numbers_bars_and_arrows_are_the_gradients(show):
    shown, rng = show(SoftLookUp()), np.random.default_rng(7)
    unit = (shown.page.locator("svg.lf-chart").first.bounding_box()["width"] - 4) / (2 * X_MOST)
    for state in ({}, *(anywhere(rng) for _ in range(12))):
        shown.set(**state)
        table = check(shown)
        figure = figure_of(shown)
        arrows, wanted = shown.page.evaluate(ARROWS), arrows_of(figure)
        assert set(arrows) == set(wanted)
        for name, way in wanted.items():
            x1, y1, x2, y2 = arrows[name]
            if x2 is None:
                assert np.hypot(*way) * unit < 0.31, name
            else:
                drawn = np.array([x2 - x1, y1 - y2])
                np.testing.assert_allclose(drawn, way * unit, rtol=5e-3, atol=0.35, err_msg=name)
        bars = shown.page.evaluate(
            """() => [...document.querySelectorAll(".lf-look-track")].map((n) => { const [bar, pull] = [...n.children].map((c) => c.getBoundingClientRect()), all = n.getBoundingClientRect();
              return [bar.width / (all.width - 1), pull.left < bar.right - 1, pull.width / (all.width - 1)]; })"""
        )
        for k, (wide, back, pulled) in enumerate(bars):
            a, step = table[f"a[{k}]"], figure.eta * table[f"pull[{k}]"]
            assert wide == pytest.approx(a, abs=0.01)
            assert pulled == pytest.approx(abs(np.clip(a + step, 0, 1) - a), abs=0.01)
            if abs(step) > 0.03 and a > 0.03:
                assert back == (step < 0)


def test_points_are_dragged_and_keep_their_place_under_the_pointer(show):
    shown = show(SoftLookUp())
    mouse, page = shown.page.mouse, shown.page
    for control, trait, k in (
        ("query", "q", None),
        ("key 3", "K", 2),
        ("target", "t", None),
        ("value 1", "V", 0),
    ):
        before = np.array(shown.get(trait) if k is None else shown.get(trait)[k])
        box = page.locator(f'[data-control="{control}"] circle.lf-handle-ring').bounding_box()
        unit = (page.locator("svg.lf-chart").first.bounding_box()["width"] - 4) / (2 * X_MOST)
        x, y = (
            box["x"] + box["width"] / 2 + 4,
            box["y"] + box["height"] / 2 - 3,
        )  # beside its middle
        mouse.move(x, y)
        mouse.down()
        still = np.array(shown.get(trait) if k is None else shown.get(trait)[k])
        np.testing.assert_allclose(still, before, atol=0.011)  # it does not jump to the pointer
        mouse.move(x - 0.5 * unit, y + 0.3 * unit, steps=3)
        mouse.up()
        after = np.array(shown.get(trait) if k is None else shown.get(trait)[k])
        np.testing.assert_allclose(after, before + [-0.5, -0.3], atol=0.02, err_msg=control)
        check(shown)
    state = {name: shown.get(name) for name in STATE}
    plot = page.locator("svg.lf-chart").first.bounding_box()
    mouse.click(plot["x"] + 5, plot["y"] + plot["height"] - 5)  # nothing stands there
    assert {name: shown.get(name) for name in STATE} == state


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_goes_where_the_arrows_of_its_kind_point(show, kind):
    shown = show(SoftLookUp(kind=kind))
    figure = figure_of(shown)
    before = check(shown)
    faint = shown.page.evaluate(
        "[...document.querySelectorAll('.lf-look-faint')].map((n) => n.dataset.gradient.split(' ')[0])"
    )
    part = kind.rstrip("s") if kind != "query" else kind
    assert set(faint) == (set() if kind == "all" else {"query", "key", "value"} - {part})
    shown.control("step").click()
    for name, wanted in zip(("q", "K", "V"), figure.landing(kind), strict=True):
        np.testing.assert_allclose(shown.get(name), wanted, atol=1e-12)
    after = check(shown)
    assert after["loss"] - before["loss"] == pytest.approx(before[f"brought[{kind}]"], abs=1e-12)


def test_every_control_works_by_keyboard(show):
    shown = show(SoftLookUp())
    order = shown.tab_order()
    points = [f"key {k}" for k in range(1, 5)] + ["query"]
    values = [f"value {k}" for k in range(1, 5)] + ["target"]
    assert order == ["reset", *points, *values, "c", "eta", "all", "step"]
    for key, (x, y) in {
        "ArrowUp": (1.3, 0.35),
        "Shift+ArrowLeft": (0.8, 0.35),
        "End": (0.8, Y_MOST),
    }.items():
        shown.control("query").press(key)
        assert shown.get("q") == pytest.approx([x, y])
        check(shown)
    for control, keys in {
        "c": {"ArrowRight": 1, "End": 8, "Home": 0.125},
        "eta": {"ArrowRight": 0.45, "End": 1, "Home": 0.05},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            assert shown.get(control) == pytest.approx(value), (control, key)
            check(shown)
    shown.page.locator("input[value=all]").focus()
    shown.page.keyboard.press("ArrowLeft")
    assert shown.get("kind") == "values"


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out(show, width):
    shown = show(SoftLookUp(), width=width)
    for state in ({}, {"c": 8, "eta": 1}, {"c": 0.125, "kind": "query"}):
        shown.set(**state)
        wrong = [p for p in shown.page.evaluate(PROBLEMS) if not p.startswith("y meets")]
        assert wrong == [], state  # the output may lie on a value


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(SoftLookUp(), theme=theme)
    for kind in KINDS:
        shown.set(kind=kind)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(SoftLookUp(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input[type=range], button, .lf-reach-dot')].map((n) => n.getBoundingClientRect()).map((b) => Math.min(b.width, b.height))"
    )
    assert min(sizes) >= 40
    shown.slide(c=12)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^Weights 1.00, 0.00, 0.00, 0.00; loss .*gradient of the query/.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: a soft look-up").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
