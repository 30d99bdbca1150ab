"""The live figure `GradientThroughTime`: its norms are the companion's, its bound holds, its controls work, it reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written

from backprop.live.gradient_through_time import CELLS, SEEDS, GradientThroughTime, drawn

STATE = ("cell", "steps", "scale", "matrix", "inputs", "gate_bias", "seed", "at", "seeds")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted, numbers = (
        GradientThroughTime(**{name: shown.get(name) for name in STATE}).values,
        shown.numbers(),
    )
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=0, nan_ok=True), name
        if np.isfinite(value) and value > 1e-99:
            assert written(text) == pytest.approx(value, rel=0.06, abs=5.1e-3), (name, text, value)
        assert "-" not in text
    assert set(numbers) == set(wanted)
    return numbers


def random_state(rng):
    return {
        "cell": str(rng.choice(list(CELLS))),
        "steps": int(rng.integers(1, 61)),
        "scale": float(rng.choice([0.2, 1, 2, rng.uniform(0.2, 2)])),
        "matrix": str(rng.choice(["orthogonal", "gaussian"])),
        "inputs": float(rng.choice([0, 0.1, 1, 3])),
        "gate_bias": float(rng.uniform(-3, 6)),
        "seed": int(rng.integers(SEEDS)),
        "at": int(rng.integers(61)),
        "seeds": bool(rng.integers(2)),
    }


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("cell", CELLS)
def test_norms_are_those_of_slopes(cell):
    """dL/dh_t by central differences: L = direction . h_T, the state after step t moved entry by entry."""
    figure, step = (
        GradientThroughTime(
            cell=cell, steps=12, seed=3, scale=1.3, matrix="gaussian", gate_bias=0.5
        ),
        1e-6,
    )
    _, _, x, direction = drawn(3)
    layer = figure.layer(cell)
    layer.forward(x[None, :12])
    states = layer.states.copy()
    for t in (0, 3, 7, 11):
        slopes = []
        for i in range(8):
            ends = []
            for by in (step, -step):
                start = states[t].copy()
                start[0, i] += by
                ends.append(layer.forward(x[None, t:12], start)[0] @ direction)
            slopes.append((ends[0] - ends[1]) / (2 * step))
        assert figure.norms(cell)[t] == pytest.approx(np.linalg.norm(slopes), rel=1e-6)
    assert figure.norms(cell)[12] == pytest.approx(1, abs=1e-14)


def test_the_bound_holds_and_an_orthogonal_matrix_reaches_it():
    rng = np.random.default_rng(0)
    for _ in range(30):
        figure = GradientThroughTime(**random_state(rng))
        k = np.arange(figure.steps, -1, -1)
        assert np.all(figure.norms("rnn") <= figure.sigma**k * (1 + 1e-9))
        Wh = figure.layer("rnn").parameters["Wh"]
        assert np.abs(np.linalg.eigvals(Wh)).max() == pytest.approx(figure.scale)
        assert (
            figure.sigma == pytest.approx(figure.scale)
            or figure.matrix == "gaussian"
            and figure.sigma > figure.scale
        )
    figure = GradientThroughTime(inputs=0, scale=1.7, steps=30)
    np.testing.assert_allclose(figure.norms("rnn"), 1.7 ** np.arange(30, -1, -1), rtol=1e-12)


def test_an_open_gate_carries_the_gradient_and_a_shut_one_does_not():
    for cell in ("lstm", "gru"):
        level, shut = (GradientThroughTime(gate_bias=b, steps=40).norms(cell) for b in (6, -3))
        assert (
            level[0] > 0.1 * level[35] and shut[0] < 1e-12
        )  # the curve of the open gate runs level
    layer = GradientThroughTime(gate_bias=6).layer("lstm")
    layer.forward(drawn(0)[2][None, :40])
    assert np.abs(layer.state[0, 8:]).max() > 3  # the memory that keeps everything has grown


def test_values_of_the_table():
    figure = GradientThroughTime(cell="gru", steps=20, at=5)
    norms, v = figure.norms("gru"), figure.values
    assert (
        v["norm[gru]"] == norms[5]
        and v["rate[gru]"] ** 15 == pytest.approx(norms[5])
        and v["first"] == norms[0]
        and v["back"] == 15
    )
    reach = int(v["reach[gru]"])
    assert norms[20 - reach] < 0.01 <= norms[21 - reach :].min()
    assert np.isnan(GradientThroughTime(steps=2).values["reach[rnn]"]) and np.isnan(
        GradientThroughTime(at=40).values["rate[rnn]"]
    )
    assert GradientThroughTime(steps=5, at=50).values["at"] == 5


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("cell", "transformer"),
        ("steps", 0),
        ("steps", 61),
        ("scale", 0),
        ("matrix", "zero"),
        ("inputs", -1),
        ("gate_bias", np.nan),
        ("seed", 20),
        ("at", -1),
        ("radii", []),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(GradientThroughTime(), trait, wrong)


def test_it_takes_what_the_page_sends():
    figure = GradientThroughTime()
    figure.set_state(
        {
            "cell": "gru",
            "steps": 7,
            "scale": 2,
            "matrix": "gaussian",
            "inputs": 0,
            "gate_bias": -1,
            "seed": 19,
            "at": 3,
            "seeds": False,
        }
    )
    assert figure.norms("gru").shape == (8,) and figure.values["at"] == 3


def test_picture_and_words_follow_the_state():
    seen = set()
    for state in (
        {},
        {"cell": "lstm"},
        {"cell": "gru", "seeds": False},
        {"steps": 1},
        {"matrix": "gaussian", "scale": 2},
        {"inputs": 0},
    ):
        figure = GradientThroughTime(**state)
        data, _ = figure._repr_mimebundle_()
        assert (
            data["text/plain"] == figure.describe()
            and f"through {figure.steps} steps of an {figure.cell.upper()}" in figure.describe()
            and figure.picture()[:4] == b"\x89PNG"
        )
        seen.add(data["image/png"])
    assert len(seen) == 6 and GradientThroughTime().picture() == GradientThroughTime().picture()


# ------------------------------------------------------------------------------------------------------------ the page


def test_numbers_are_the_companions_for_random_and_extreme_settings(show):
    shown, rng = show(GradientThroughTime()), np.random.default_rng(5)
    for _ in range(60):
        shown.set(**random_state(rng))
        check(shown)
    for state in (
        {"scale": 2, "inputs": 0, "matrix": "orthogonal", "steps": 60, "at": 0},
        {"scale": 0.2, "steps": 60, "at": 0},
        {"steps": 1},
        {"at": 1},
        {"gate_bias": -20, "cell": "lstm", "steps": 60},
    ):
        shown.set(**state)
        check(shown)


def test_every_seed_draws_the_same_on_both_sides(show):
    shown = show(GradientThroughTime(matrix="gaussian", inputs=0.3, scale=1.4))
    for seed in range(SEEDS):
        shown.slide(seed=seed)
        check(shown)


CURVES = """() => { const points = (d) => d.match(/[-\\d.]+,[-\\d.]+/g).map((p) => p.split(",").map(Number)), area = document.querySelector(".lf-gt-plot .lf-area"), n = (a) => Number(area.getAttribute(a));
  const [left, top, wide, tall] = [n("x"), n("y"), n("width"), n("height")], level = (y) => 6 - 18 * (y - top) / tall;
  const read = (s) => [...document.querySelectorAll(s)].map((p) => points(p.getAttribute("d")).map(([x, y]) => [(x - left) / wide, level(y)]));
  return { now: read(".lf-gt-plot .lf-gt-now")[0], lines: read(".lf-gt-plot .lf-gt-line").length, faint: read(".lf-gt-faint"), bound: read(".lf-gt-bound")[0],
    bars: [...document.querySelectorAll(".lf-gt-bar")].map((n) => level(Number(n.getAttribute("y")))), handle: level(Number(document.querySelector(".lf-gt-handle").getAttribute("transform").match(/[-\\d.]+/g)[1])) }; }"""


def test_the_curves_are_the_norms(show):
    shown, rng = show(GradientThroughTime()), np.random.default_rng(8)
    for trial in range(10):
        state = {**random_state(rng), "seeds": trial % 2 == 0}
        shown.set(**state)
        drawn_, figure = shown.page.evaluate(CURVES), GradientThroughTime(**state)

        def expect(found, norms):
            low, high = -0.5 - 0.025 * figure.steps, figure.steps + 0.5
            np.testing.assert_allclose(
                [p[0] for p in found],
                (np.arange(figure.steps + 1) - low) / (high - low),
                atol=0.01,
            )
            np.testing.assert_allclose(
                [p[1] for p in found], np.log10(np.clip(norms, 1e-15, 1e9)), atol=0.06
            )

        expect(drawn_["now"], figure.norms(figure.cell))
        expect(drawn_["bound"], figure.sigma ** np.arange(figure.steps, -1.0, -1))
        assert drawn_["lines"] == 3 and len(drawn_["faint"]) == 8 * figure.seeds
        for k, line in enumerate(drawn_["faint"], 1):
            expect(line, figure.norms(figure.cell, (figure.seed + k) % SEEDS))
        norms = figure.norms(figure.cell)
        np.testing.assert_allclose(drawn_["bars"], np.log10(np.clip(norms, 1e-12, 1e9)), atol=0.06)
        assert drawn_["handle"] == pytest.approx(
            np.log10(np.clip(figure.sigma**figure.steps, 1e-12, 1e6)), abs=0.06
        )


def test_words_of_the_verdict(show):
    shown = show(GradientThroughTime())
    for state, words in (
        ({}, "Vanishing"),
        ({"inputs": 0, "scale": 1.5}, "Exploding"),
        ({"scale": 1}, "Carried"),
    ):
        shown.set(**state)
        assert (
            shown.page.locator(".lf-gt-verdict")
            .text_content()
            .startswith(f"{words}: of a gradient of norm 1 at the last step, ")
        )
    for cell, words in (("lstm", "forget gate"), ("gru", "update gate"), ("rnn", "singular value")):
        shown.set(cell=cell)
        assert words in shown.page.locator(".lf-gt-note").text_content()


def test_every_control_works_by_keyboard(show):
    shown = show(GradientThroughTime())
    page = shown.page
    page.locator(
        "[aria-label^='Norm of the gradient']"
    ).wait_for()  # said once the figure has been at rest for 0.3 s
    order = shown.tab_order()
    assert order[0] == "reset" and order[1].startswith("Norm of the gradient")
    assert order[2:-1] == ["rnn", "scale"] and order[-1].startswith("More: ")
    page.locator(".lf-gt-more summary").press("Enter")
    assert shown.tab_order()[-5:] == ["inputs", "steps", "seed", "orthogonal", "seeds"]
    for k, (key, value) in enumerate((("cell", "lstm"), ("matrix", "gaussian"))):
        page.locator(".lf-segmented input:checked").nth(k).focus()
        page.keyboard.press("ArrowRight")
        assert shown.get(key) == value
        check(shown)
    for control in ("steps", "scale", "inputs", "gate_bias", "seed"):
        shown.control(control).focus()
        for key in ("ArrowRight", "Home", "End"):
            before = shown.numbers()
            page.keyboard.press(key)
            after = check(shown)
            assert (
                after[control] != before[control] and after["norm[lstm]"] != before["norm[lstm]"]
            ), (control, key)
        page.get_by_role("button", name="Reset").focus()
        page.keyboard.press("Enter")
        shown.set(cell="lstm")
    plot = page.locator(".lf-gt-plot")
    plot.focus()
    for key, at in (
        ("ArrowRight", 11),
        ("ArrowLeft", 10),
        ("PageUp", 15),
        ("PageDown", 10),
        ("Home", 0),
        ("ArrowLeft", 0),
        ("End", 40),
        ("ArrowRight", 40),
    ):
        page.keyboard.press(key)
        assert shown.get("at") == at
        check(shown)
    page.keyboard.press("Home")
    assert plot.get_attribute("aria-valuetext").startswith("LSTM, 40 steps back, at step 0: norm ")
    shown.control("seeds").focus()
    page.keyboard.press("Space")
    assert shown.get("seeds") is True and page.locator(".lf-gt-faint").count() == 8
    shown.set(cell="rnn")
    assert not shown.control("gate_bias").is_visible()  # it has no gate


def test_the_step_is_dragged(show):
    shown = show(GradientThroughTime())
    box = shown.page.locator(".lf-gt-plot").bounding_box()
    left, wide = shown.page.evaluate(
        "(() => { const a = document.querySelector('.lf-gt-plot .lf-area'); return [Number(a.getAttribute('x')), Number(a.getAttribute('width'))]; })()"
    )
    y = box["y"] + 60
    shown.page.mouse.move(box["x"] + left + wide / 2, y)
    shown.page.mouse.down()
    assert shown.get("at") == 20
    shown.page.mouse.move(box["x"] + left + wide, y, steps=4)
    shown.page.mouse.move(box["x"] + left - 200, y)
    assert shown.get("at") == 0
    shown.page.mouse.up()
    shown.page.mouse.move(box["x"] + left + wide, y)
    assert shown.get("at") == 0
    check(shown)


@pytest.mark.parametrize("matrix", ["orthogonal", "gaussian"])
def test_the_bound_is_dragged_by_its_end(show, matrix):
    """The end of the bound goes to the pointer, the bars move in the same frame."""
    shown = show(GradientThroughTime(matrix=matrix, inputs=0.2, steps=15))
    ring = shown.page.locator(".lf-gt-handle .lf-handle-ring")
    bars = (
        "[...document.querySelectorAll('.lf-gt-bar')].map((n) => n.getAttribute('height')).join()"
    )
    box = ring.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    seen = {shown.page.evaluate(bars)}
    for by in (30, 60, -20):
        shown.page.mouse.move(x, y + by)
        seen.add(shown.page.evaluate(bars))
        now = ring.bounding_box()
        assert now["y"] + now["height"] / 2 == pytest.approx(y + by, abs=7)  # a step of the slider
        check(shown)
    assert len(seen) == 4
    shown.page.mouse.up()
    shown.page.mouse.move(x, y + 600)
    assert shown.page.evaluate(bars) in seen


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(GradientThroughTime(), width=width, has_touch=width < 400)
    for state in (
        {},
        {"steps": 60, "scale": 2, "inputs": 0},
        {"steps": 1, "at": 0},
        {"steps": 60, "scale": 0.2, "cell": "lstm", "gate_bias": -3, "at": 0},
        {"matrix": "gaussian", "cell": "gru", "seed": 19},
    ):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state
    if width < 400:
        assert min(height for _, height in shown.sizes_of_targets()) >= 44


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(GradientThroughTime(), theme=theme)
    for cell in CELLS:
        shown.set(cell=cell)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_button_line_and_bars_of_a_cell_have_one_colour(show):
    shown = show(GradientThroughTime())
    seen = set()
    for cell in CELLS:
        shown.set(cell=cell)
        look = """(cell) => [[".lf-segmented input:checked + label", "backgroundColor"], [`path.lf-gt-${cell}.lf-gt-now`, "stroke"], [".lf-gt-bar", "fill"]]
          .map(([what, name]) => getComputedStyle(document.querySelector(what))[name])"""
        button, line, bar = shown.page.evaluate(look, cell)
        assert button == line == bar
        seen.add(line)
    assert len(seen) == len(CELLS)


def test_words_two_views_and_leaving(show):
    shown = show(GradientThroughTime())
    page = shown.page
    assert page.get_by_role("group", name="Live figure").count() == 1
    shown.slide(scale=1.2)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('RNN, 30 steps back, at step 10: norm')"
    )
    assert "gradient at the first step, its norm " in page.locator("[role=status]").text_content()
    page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((n) => n.id)")
    assert len(set(ids)) == len(ids)
    page.locator("[data-control=scale]").first.fill("0.5")
    assert page.locator("[data-control=scale]").nth(1).input_value() == "0.5"
    check(shown)
    page.evaluate("stop(); stop2()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
