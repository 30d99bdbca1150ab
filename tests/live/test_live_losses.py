"""The live figure `Losses`: its numbers are the companion's, its controls work by keyboard and pointer, it reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.live import Losses
from backprop.losses import Huber, MeanAbsoluteError

STATE = ("task", "error", "delta", "z", "t")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted, numbers = Losses(**{name: shown.get(name) for name in STATE}).values, shown.numbers()
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-15), name
        assert written(text) == pytest.approx(
            value, rel=0.06, abs=5.1e-2 if name.startswith("ratio") else 5.1e-4
        ), (name, text, value)
        assert "-" not in text
    assert set(numbers) == set(wanted)
    return numbers


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("task, moving", [("regression", "error"), ("classification", "z")])
def test_gradients_are_the_slopes_of_the_losses(task, moving):
    rng, step = np.random.default_rng(4), 1e-5
    for _ in range(60):
        x, rest = (
            rng.uniform(-2.9, 2.9),
            {"task": task, "t": int(rng.integers(2)), "delta": rng.uniform(0.1, 3)},
        )
        up, down = (Losses(**rest, **{moving: x + sign * step}).losses for sign in (1, -1))
        if task == "regression" and min(abs(x), abs(abs(x) - rest["delta"])) < 1e-3:
            continue  # a kink
        for name, gradient in Losses(**rest, **{moving: x}).gradients.items():
            assert gradient == pytest.approx(
                (up[name] - down[name]) / (2 * step), rel=1e-6, abs=1e-9
            ), name


def test_cross_entropy_keeps_its_gradient_where_squared_error_loses_it():
    wrong = Losses(task="classification", z=-8, t=1).gradients
    assert wrong["bce"] < -0.999 and -0.001 < wrong["hse"] < 0
    assert set(Losses().losses) == {"mse", "mae", "huber"} and Losses().losses["mse"] == 4


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("error", 3.01),
        ("error", np.inf),
        ("delta", 0),
        ("delta", 4),
        ("z", -9),
        ("t", 2),
        ("t", 0.5),
        ("task", "ranking"),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Losses(), trait, wrong)


def test_picture_and_words_follow_the_state():
    for state in ({}, {"task": "classification"}, {"task": "classification", "t": 0}, {"error": 0}):
        figure = Losses(**state)
        data, _ = figure._repr_mimebundle_()
        assert (
            data["text/plain"] == figure.describe()
            and figure.task in figure.describe()
            and figure.picture()[:4] == b"\x89PNG"
        )
    assert Losses().picture() == Losses().picture() != Losses(error=0).picture()


def test_the_engines_new_losses_are_the_companions():
    """Mean absolute error and Huber on whole batches; the figure itself only ever shows one number."""

    rng, cases = np.random.default_rng(8), []
    for _ in range(40):
        shape = tuple(rng.integers(1, 5, 2))
        y, t = rng.normal(0, 2, shape), rng.normal(0, 2, shape)
        t[0, 0] = y[0, 0]  # the kink
        cases.append((y, t, float(rng.choice([0.1, 0.5, 1, 3]))))
    js = Mathematics("shared/engine.js")
    got = js(
        """(cases) => cases.map(([y, t, delta]) => ["mean absolute error", "huber"].map((name) => {
      const d = y[0].length, grad = new Float64Array(y.length * d);
      return [losses[name](y.flat(), t.flat(), y.length, d, grad, delta), grad];
    }))""",
        [(y.tolist(), t.tolist(), delta) for y, t, delta in cases],
    )
    js.close()
    for (y, t, delta), pairs in zip(cases, got, strict=True):
        for (value, gradient), loss in zip(pairs, (MeanAbsoluteError(), Huber(delta)), strict=True):
            assert value == pytest.approx(loss(y, t), rel=1e-12, abs=1e-15)
            np.testing.assert_allclose(
                gradient, loss.gradient(y, t).ravel(), rtol=1e-12, atol=1e-15
            )


# ------------------------------------------------------------------------------------------------------------ the page


def test_numbers_are_the_companions_for_random_and_extreme_settings(show):
    shown, rng = show(Losses()), np.random.default_rng(5)
    for trial in range(80):
        extreme = trial < 30
        shown.set(task=["regression", "classification"][trial % 2], t=int(rng.integers(2)))
        shown.slide(
            error=float(rng.choice([-3, 0, 3]) if extreme else rng.uniform(-3, 3)),
            delta=float(rng.choice([0.1, 3]) if extreme else rng.uniform(0.1, 3)),
            z=float(rng.choice([-8, 0, 8]) if extreme else rng.uniform(-8, 8)),
        )
        check(shown)
    shown.set(error=0.123456789, z=-7.654321)  # between the stops of the sliders
    check(shown)


def test_dots_lie_on_their_curves(show):
    shown = show(Losses())
    for state in (
        {"error": -2.5, "delta": 0.4},
        {"error": 0.7, "delta": 2},
        {"task": "classification", "z": -6, "t": 1},
        {"z": 3, "t": 0},
    ):
        shown.set(**state)
        gaps = shown.page.evaluate("""() => [...document.querySelectorAll(".lf-task:not([hidden]) .lf-chart")].flatMap((chart) => [...chart.querySelectorAll(".lf-mark")].map((mark) => {
          const kind = mark.getAttribute("class").replace(/lf-mark|lf-small|lf-there/g, "").trim(), [x, y] = mark.getAttribute("transform").match(/[-\\d.]+/g).map(Number);
          const curve = [...chart.querySelectorAll(".lf-curve")].find((n) => n.getAttribute("class").replace("lf-curve", "").trim() === kind);
          return Math.min(...curve.getAttribute("d").slice(1).split(/[ML]/).map((p) => { const [u, v] = p.split(",").map(Number); return Math.hypot(u - x, v - y); }));
        }))""")
        assert (
            len(gaps) == (6 if shown.get("task") == "classification" else 9) and max(gaps) < 2.5
        ), (state, gaps)  # the point, its gradient, and where a step lands


def test_the_arrow_of_a_step_ends_where_the_tangent_says(show):
    shown = show(Losses())
    for error in (2.0, -1.0, 2.8):
        shown.set(error=error)
        steep = shown.page.evaluate("""() => { const n = document.querySelector("[data-gradient='step mse']");
          const [x1, y1, x2, y2] = n.getAttribute("d").match(/[-\\d.]+/g).map(Number);
          const ticks = (axis) => [...n.closest(".lf-chart").querySelectorAll(`[data-name='axis ${axis}']`)].map((t) => [Number(t.dataset.value), Number(t.getAttribute(axis))]);
          const scale = (t) => (t.at(-1)[1] - t[0][1]) / (t.at(-1)[0] - t[0][0]);
          return [(x2 - x1) / scale(ticks("x")), (y2 - y1) / scale(ticks("y"))]; }""")
        gradient = Losses(error=error).gradients["mse"]
        assert steep == pytest.approx([-0.25 * gradient, -0.25 * gradient**2], abs=0.03)


def test_the_remark_fits_the_state(show):
    shown = show(Losses())
    for state, words in (
        ({"error": 2, "delta": 1}, "Beyond"),
        ({"error": 0.5}, "Inside"),
        ({"error": 0}, "No error"),
        ({"task": "classification", "z": -5, "t": 1}, "Confident and wrong"),
        ({"z": -1}, "a little wrong"),
        ({"z": 4}, "The right side"),
        ({"t": 0}, "Confident and wrong"),
    ):
        shown.set(**state)
        seen = shown.page.evaluate(
            "[...document.querySelectorAll('.lf-note .lf-hint')].filter((n) => n.getClientRects().length).map((n) => n.textContent)"
        )
        key, remark = seen
        assert key.startswith("Arrow: a step against the gradient") and words in remark, state


def test_the_wrong_side_is_shaded(show):
    shown = show(Losses(task="classification"))
    for t, side in ((1, -1), (0, 1)):
        shown.set(t=t)
        left, middle, area = (
            shown.page.evaluate("""(() => { const chart = document.querySelector(".lf-task:not([hidden]) .lf-chart"), band = chart.querySelector(".lf-band"), area = chart.querySelector(".lf-area");
          return [Number(band.getAttribute("x")), Number(band.getAttribute("x")) + Number(band.getAttribute("width")) / 2, Number(area.getAttribute("x")) + Number(area.getAttribute("width")) / 2]; })()""")
        )
        assert (middle - area) * side > 0


def test_every_control_works_by_keyboard(show):
    shown = show(Losses())
    assert shown.tab_order() == ["reset", "regression", "error", "delta"]
    for control, keys in (
        ("error", {"ArrowRight": 2.05, "Home": -3, "End": 3}),
        ("delta", {"ArrowLeft": 0.45, "Home": 0.1, "End": 3}),
    ):
        shown.control(control).focus()
        for key, value in keys.items():
            before = shown.numbers()
            shown.page.keyboard.press(key)
            after = check(shown)
            assert shown.get(control) == pytest.approx(value) and (
                after["L[huber]"],
                after["dL[huber]"],
            ) != (before["L[huber]"], before["dL[huber]"])
    shown.page.get_by_role("radio", name="Regression").focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown.get("task") == "classification" and shown.tab_order()[:2] == ["1", "z"]
    shown.page.get_by_role("radio", name="t = 1").focus()
    before = check(shown)
    shown.page.keyboard.press("ArrowLeft")
    assert shown.get("t") == 0 and check(shown)["dL[bce]"] != before["dL[bce]"]
    shown.control("z").focus()
    for key, value in {"ArrowRight": -3.95, "End": 8, "Home": -8}.items():
        shown.page.keyboard.press(key)
        check(shown)
        assert shown.get("z") == pytest.approx(value)


@pytest.mark.parametrize(
    "task, moving, most", [("regression", "error", 3), ("classification", "z", 8)]
)
def test_plots_are_dragged(show, task, moving, most):
    shown = show(Losses(task=task))
    for k in range(2):
        box = shown.page.locator(".lf-task:not([hidden]) .lf-chart").nth(k).bounding_box()
        x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2
        shown.page.mouse.move(x, y)
        shown.page.mouse.down()
        assert 0 < shown.get(moving) < most / 2
        shown.page.mouse.move(x + 5000, y, steps=4)
        shown.page.mouse.up()
        assert shown.get(moving) == most
        check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Losses(), width=width)
    for delta in (0.1, 0.5, 1.5, 3):
        for error in (-3, 0, 2, 3):
            shown.set(delta=delta, error=error)
            assert shown.page.evaluate(PROBLEMS) == [], (delta, error)
    for t in (0, 1):
        for z in (-8, -1, 8):
            shown.set(task="classification", t=t, z=z)
            assert shown.page.evaluate(PROBLEMS) == [], (t, z)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Losses(), theme=theme)
    for task in ("regression", "classification"):
        shown.set(task=task)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Losses(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    for task in ("classification", "regression"):
        shown.set(task=task)
        assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    assert (
        page.get_by_role("group", name="Live figure").count() == 1
        and page.get_by_role("table").count() == 1
    )
    shown.slide(error=-3)
    assert page.locator("[role=status]").text_content() == ""
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('error \u22123.00; squared error, MSE: 9.0000, gradient \u22126.0000')"
    )
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0


@pytest.mark.parametrize("width", [353, 760])
@pytest.mark.parametrize(
    "state", [{"task": "regression", "error": 2}, {"task": "classification", "z": -4, "t": 1}]
)
def test_the_names_of_the_curves_lie_on_no_bar_and_no_mark(show, width, state):
    """As the figure opens in 2.3 and 4.2; 353 leaves it the 321 pixels of a phone's page."""
    shown = show(Losses(**state), width=width)
    met = shown.page.evaluate("""() => { const seen = (n) => n.getClientRects().length, box = (n) => n.getBoundingClientRect();
      const all = (what) => [...document.querySelectorAll(what)].filter(seen);
      return all(".lf-curve-label").flatMap((n) => all(".lf-bar, .lf-chart .lf-mark").filter((m) => { const [a, b] = [box(n), box(m)];
        const own = n.closest(".lf-chart") === m.closest(".lf-chart"), half = m.matches(".lf-bar") ? 3 : 0;
        return own && a.left < b.right + half && b.left - half < a.right && a.top + 2 < b.bottom && b.top < a.bottom - 2; }).map((m) => n.textContent + " on " + m.getAttribute("class"))); }""")
    assert met == []


@pytest.mark.parametrize("width", [353, 760])
def test_the_steps_of_the_three_losses_lie_apart_as_it_opens(show, width):
    """With δ = 1 or more, MAE and Huber have nearly the same loss and the same slope there: two arrows on one another."""
    shown = show(Losses(), width=width)
    spots = shown.page.evaluate("""() => [...document.querySelectorAll(".lf-task:not([hidden]) [data-gradient^=step]")].map((n) =>
      n.getAttribute("d").match(/[-\\d.]+/g).slice(0, 4).map(Number))""")
    assert len(spots) == 3
    for k, (x1, y1, x2, y2) in enumerate(spots):
        for u1, v1, u2, v2 in spots[:k]:
            assert min(np.hypot(x1 - u1, y1 - v1), np.hypot(x2 - u2, y2 - v2)) > 11


@pytest.mark.parametrize("width", [353, 760])
def test_the_name_of_a_curve_lies_on_no_other_curve_as_it_opens(show, width):
    shown = show(Losses(), width=width)
    met = shown.page.evaluate("""() => [...document.querySelectorAll(".lf-task:not([hidden]) .lf-chart")].flatMap((chart) =>
      [...chart.querySelectorAll(".lf-curve-label")].flatMap((n) => { const { x, y, width, height } = n.getBBox();
        const kind = (node) => ["lf-second", "lf-third"].find((k) => node.classList.contains(k)) ?? "";
        return [...chart.querySelectorAll(".lf-curve")].filter((curve) => kind(curve) !== kind(n) && Array.from({ length: 400 }, (_, k) =>
          curve.getPointAtLength((k / 399) * curve.getTotalLength())).some((p) => p.x > x && p.x < x + width && p.y > y + 3 && p.y < y + height - 3))
          .map((curve) => `${n.textContent} on ${kind(curve)}`); }))""")
    assert met == []
