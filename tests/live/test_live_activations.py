"""The live figure `Activations`: its numbers are the companion's, its controls work by keyboard and pointer, it reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written

from backprop.activations import ACTIVATIONS
from backprop.live import Activations

NAMES = ["sigmoid", "tanh", "relu", "identity"]


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    figure = Activations(**{name: shown.get(name) for name in ("activation", "z", "depth")})
    wanted, numbers = figure.values, shown.numbers()
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-300), name
        if np.isfinite(value):
            assert written(text) == pytest.approx(value, rel=0.06, abs=5.1e-3), (name, text, value)
        assert "-" not in text
    assert set(numbers) >= {"z", "a", "slope", "depth", "product", "largest", "best"}
    return numbers


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("name", NAMES)
def test_python_has_the_companions_values(name):
    for z in np.random.default_rng(1).uniform(-8, 8, 40):
        figure, f = Activations(activation=name, z=z, depth=7), ACTIVATIONS[name]
        assert (
            figure.a == f.forward(np.array([z]))[0]
            and figure.slope == f.derivative(np.array([z]))[0]
        )
        assert figure.product == pytest.approx(figure.slope**7)
        step = 1e-6
        assert figure.slope == pytest.approx(
            (
                Activations(activation=name, z=min(z + step, 8)).a
                - Activations(activation=name, z=max(z - step, -8)).a
            )
            / (2 * step),
            abs=1e-8,
        )


@pytest.mark.parametrize("name", NAMES)
def test_saturation_begins_where_the_page_says(name):
    edge = Activations(activation=name).values["edge"]
    if name in ("sigmoid", "tanh"):
        for side in (1, -1):
            assert (
                Activations(activation=name, z=side * (edge + 1e-6)).saturated
                and not Activations(activation=name, z=side * (edge - 1e-6)).saturated
            )
    assert (
        Activations(activation="relu", z=0).saturated
        and not Activations(activation="relu", z=1e-9).saturated
    )
    assert not Activations(activation="identity", z=-8).saturated


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("z", 8.1),
        ("z", np.nan),
        ("z", "much"),
        ("depth", 0),
        ("depth", 21),
        ("depth", 1.5),
        ("activation", "softmax"),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Activations(), trait, wrong)


def test_picture_and_words_follow_the_state():
    for name in NAMES:
        for z in (-8, 0, 3):
            figure = Activations(activation=name, z=z)
            data, _ = figure._repr_mimebundle_()
            assert (
                data["text/plain"] == figure.describe()
                and name in figure.describe()
                and figure.picture()[:4] == b"\x89PNG"
            )
    assert Activations().picture() == Activations().picture() != Activations(z=0).picture()


# ------------------------------------------------------------------------------------------------------------ the page


def test_numbers_are_the_companions_for_random_and_extreme_settings(show):
    shown, rng = show(Activations()), np.random.default_rng(3)
    for trial in range(80):
        shown.set(activation=NAMES[trial % 4])
        z = (
            float(rng.choice([-8, 8, 0]))
            if trial < 24
            else float(np.round(rng.uniform(-8, 8) * 20) / 20)
        )
        shown.slide(z=z, depth=int(rng.choice([1, 20])) if trial < 24 else int(rng.integers(1, 21)))
        assert shown.get("z") == pytest.approx(z)
        check(shown)


def test_marks_lie_where_the_numbers_say(show):
    shown = show(Activations())
    for name, z in (("sigmoid", -3.0), ("tanh", 0.5), ("relu", 6.0), ("identity", -7.0)):
        shown.set(activation=name, z=z)
        gaps = shown.page.evaluate("""() => [...document.querySelectorAll(".lf-panel:not(.lf-product) .lf-chart")].map((chart) => {
          const [x, y] = chart.querySelector(".lf-mark").getAttribute("transform").match(/[-\\d.]+/g).map(Number);
          return Math.min(...chart.querySelector(".lf-curve:not(.lf-faint)").getAttribute("d").slice(1).split(/[ML]/).map((p) => { const [u, v] = p.split(",").map(Number); return Math.hypot(u - x, v - y); }));
        })""")
        assert max(gaps) < 4, (name, gaps)  # the dot of the present point sits on its curve


@pytest.mark.parametrize("name, bands", [("sigmoid", 2), ("tanh", 2), ("relu", 1), ("identity", 0)])
def test_saturated_regions_are_shaded(show, name, bands):
    shown = show(Activations(activation=name))
    assert shown.page.locator(".lf-panels .lf-band").count() == 2 * bands
    widths = shown.page.evaluate(
        "[...document.querySelectorAll('.lf-panel:first-child .lf-band')].map((n) => n.getBoundingClientRect().width)"
    )
    span = shown.page.evaluate(
        "(() => { const n = document.querySelector('.lf-area'); return Number(n.getAttribute('width')) })()"
    )
    edge = Activations(activation=name).values["edge"]
    for width in widths:
        assert width == pytest.approx(span * (8 - edge) / 16, abs=1)


def test_the_chain_shows_one_dot_a_layer_and_none_when_nothing_passes(show):
    shown, chain = show(Activations(depth=6)), ".lf-product .lf-mark"
    assert (
        shown.page.locator(chain).count() == 20
        and shown.page.locator(f"{chain}.lf-later-dot").count() == 14
    )
    heights = shown.page.evaluate(
        "(s) => [...document.querySelectorAll(s)].map((n) => Number(n.getAttribute('transform').match(/[-\\d.]+/g)[1]))",
        chain,
    )
    assert (
        np.ptp(np.diff(heights)) < 0.05 and np.diff(heights)[0] > 0
    )  # a straight line, downhill: the axis is logarithmic
    shown.set(activation="relu", z=-1)
    assert (
        shown.page.locator(chain).count() == 0
        and shown.page.get_by_text("no error signal gets through").is_visible()
    )


def test_the_axis_of_products_stays_and_the_arrow_grows(show):
    shown = show(Activations(depth=6))
    product = """() => { const plot = document.querySelector(".lf-product"), arrow = plot.querySelector("[data-gradient]");
      return [[...plot.querySelectorAll("[data-name='axis y']")].map((n) => n.dataset.value), arrow.getBoundingClientRect().height]; }"""
    axis, height = shown.page.evaluate(product)
    shown.slide(z=6)
    assert shown.page.evaluate(product)[0] == axis
    assert shown.page.evaluate(product)[1] > 1.5 * height
    # off the scale, too, it stands at the depth that the text names
    shown.set(depth=10)
    middle = """(s) => { const b = document.querySelector(".lf-product " + s).getBoundingClientRect(); return b.left + b.width / 2; }"""
    arrow, cursor = (shown.page.evaluate(middle, s) for s in ("[data-gradient]", ".lf-cursor"))
    assert abs(arrow - cursor) < 1


def test_the_tangent_is_as_steep_as_the_slope_says(show):
    shown = show(Activations())
    for name, z in (("sigmoid", 0.0), ("tanh", -1.0), ("relu", 3.0)):
        shown.set(activation=name, z=z)
        steep = shown.page.evaluate("""() => { const n = document.querySelector("[data-gradient='da/dz']");
          const [x1, y1, x2, y2] = n.getAttribute("d").match(/[-\\d.]+/g).map(Number);
          const ticks = (axis) => [...n.closest(".lf-chart").querySelectorAll(`[data-name='axis ${axis}']`)].map((t) => [Number(t.dataset.value), Number(t.getAttribute(axis))]);
          const scale = (t) => (t.at(-1)[1] - t[0][1]) / (t.at(-1)[0] - t[0][0]);
          return ((y2 - y1) / (x2 - x1)) * scale(ticks("x")) / scale(ticks("y")); }""")
        assert steep == pytest.approx(Activations(activation=name, z=z).slope, rel=0.02)


def test_every_control_works_by_keyboard(show):
    shown = show(Activations())
    assert shown.tab_order() == ["reset", "sigmoid", "z", "depth"]
    shown.page.get_by_role("radio", name="sigmoid").focus()
    for name in ("tanh", "relu", "identity", "sigmoid"):
        shown.page.keyboard.press("ArrowRight")
        assert shown.get("activation") == name
        check(shown)
    for control, keys in (
        ("z", {"ArrowRight": 2.05, "Home": -8, "End": 8}),
        ("depth", {"ArrowLeft": 9, "Home": 1, "End": 20}),
    ):
        shown.control(control).focus()
        for key, value in keys.items():
            before = shown.numbers()
            shown.page.keyboard.press(key)
            after = check(shown)
            assert (
                shown.get(control) == pytest.approx(value) and after["product"] != before["product"]
            )


def test_plots_are_dragged(show):
    shown = show(Activations())
    for k, name in ((0, "z"), (1, "z"), (2, "depth")):
        box = shown.page.locator(".lf-chart").nth(k).bounding_box()
        y, x = box["y"] + box["height"] / 2, box["x"] + box["width"] * 0.3
        shown.page.mouse.move(x, y)
        shown.page.mouse.down()
        first = shown.get(name)
        shown.page.mouse.move(x + 90, y, steps=5)
        assert shown.get(name) > first
        shown.page.mouse.move(x + 5000, y)
        shown.page.mouse.up()
        assert shown.get(name) == {"z": 8, "depth": 20}[name]
        shown.page.mouse.move(x, y)
        assert shown.get(name) == {"z": 8, "depth": 20}[name]  # let go is let go
        check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Activations(), width=width)
    for name in NAMES:
        for z in (-8, -0.5, 2, 8):
            shown.set(activation=name, z=z)
            assert shown.page.evaluate(PROBLEMS) == [], (name, z)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Activations(), theme=theme)
    for name in NAMES:
        shown.set(activation=name)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Activations(), width=375, has_touch=True, is_mobile=True)
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    page = shown.page
    assert page.get_by_role("group", name="Live figure").count() == 1
    assert (
        shown.control("z").get_attribute("aria-label") == "weighted input z"
        and shown.control("z").get_attribute("aria-valuetext") == "2.00"
    )
    shown.slide(z=-7)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('z \u22127.00, value')"
    )
    assert "saturated" in page.locator("[role=status]").text_content()
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0


@pytest.mark.parametrize("width", [353, 760])
def test_the_name_of_the_best_line_stands_beside_it(show, width):
    shown = show(Activations(z=0), width=width)
    clear = shown.page.evaluate("""() => { const [n, line] = ["text", "path"].map((tag) => [...document.querySelectorAll(tag + ".lf-dashed")].pop());
      const b = n.getBoundingClientRect(), length = line.getTotalLength(), m = line.getScreenCTM();
      return Array.from({ length: 200 }, (_, k) => line.getPointAtLength((k / 199) * length).matrixTransform(m))
        .every((p) => p.x < b.left || p.x > b.right || p.y < b.top + 2 || p.y > b.bottom - 2); }""")
    assert clear
