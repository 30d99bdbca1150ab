"""The live figure `LossScale`: its signals are the network's, rounding is NumPy's, it works and reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages
from mathematics import Mathematics

from backprop.datasets import load_mnist, split
from backprop.live import LossScale
from backprop.live.loss_scale import COUNTS, LOWEST, MOST, SIGNALS
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.studies.precision import ROUNDING, to_bfloat16, to_float16
from backprop.studies.stored import stored

ALL = [{"s": s, "kind": kind} for kind in ("float16", "bfloat16") for s in range(MOST + 1)]


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


@pytest.fixture(scope="module")
def js():
    maths = Mathematics("loss_scale/maths.js")
    yield maths
    maths.close()


@pytest.fixture(scope="module")
def signals():
    """The error signals of the page's network that are not zero."""
    mnist = load_mnist()
    net = Network([784, 64, 10], hidden="relu", dtype=np.float32)
    net.theta[...] = stored("adversarial").arrays["as_usual"]
    rows = split(60_000, held_out=5_000, rng=np.random.default_rng(82))[0][:1024]
    net.loss_and_gradients(CrossEntropy(), mnist.X_train[rows], mnist.y_train[rows])
    found = np.concatenate([layer.delta.ravel() for layer in net.layers])
    return found[found != 0]


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = LossScale(s=shown.get("s"), kind=shown.get("kind")).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        if np.isinf(value):
            assert text == "∞", name
        else:
            assert float(text.removesuffix("\u2009%")) == pytest.approx(value, abs=0.051), name
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def test_the_counts_are_the_networks(signals):
    part, power = np.frexp(np.abs(signals).astype(float))
    bins = np.where(part == 0.5, power - 2, power - 1)  # the upper end belongs to a bin
    counts = np.bincount(bins[bins >= -60] + 60, minlength=51)  # below, processors may differ
    assert np.abs(counts - COUNTS[-60 - LOWEST :]).max() <= 3
    ranks = np.quantile(np.abs(signals), [0.05, 0.25, 0.5, 0.75, 0.99, 1])
    np.testing.assert_allclose(SIGNALS, ranks, rtol=0.01)
    assert np.array_equal(SIGNALS, SIGNALS.astype(np.float32))


def test_shares_and_errors_are_those_of_all_signals(signals):
    norm = np.linalg.norm(signals.astype(float))
    for state in ALL:
        figure = LossScale(**state)
        scaled = ROUNDING[figure.kind](signals * np.float32(2.0**figure.s))
        lost, infinite = np.mean(scaled == 0), np.mean(np.isinf(scaled))
        assert figure.shares[[0, 2]] == pytest.approx([lost, infinite], abs=3e-4), state
        if figure.kind == "float16":
            tiny = np.mean((scaled != 0) & (np.abs(scaled) < 2.0**-14))
            assert figure.shares[1] == pytest.approx(tiny, abs=2e-3), state
        off = np.linalg.norm(scaled / 2.0**figure.s - signals.astype(float)) / norm
        assert figure.off == pytest.approx(off, rel=1e-2), state


def test_a_third_is_lost_and_all_together_hardly_off():
    start = LossScale()
    assert start.shares[0] > 1 / 3 and start.off < 4e-4
    assert [np.isinf(LossScale(s=s).off) for s in (25, 26)] == [False, True]
    assert (np.diff([LossScale(s=s).shares[0] for s in range(MOST + 1)]) < 0).all()
    assert LossScale(kind="bfloat16").off > 5 * start.off
    assert list(start.back[:2]) == [0, 0] and (LossScale(s=16).back > 0).all()
    assert np.isinf(LossScale(s=28).back).sum() == 2


@pytest.mark.parametrize("trait, wrong", [("s", -1), ("s", 33), ("s", 0.5), ("kind", "float8")])
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(LossScale(), trait, wrong)
    with pytest.raises(TypeError, match="kind"):
        LossScale(S=3)


def test_picture_and_words_follow_the_state():
    figure = LossScale(s=30)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "is infinite" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == LossScale(s=30).picture() != LossScale().picture()
    assert LossScale(kind="bfloat16").picture() != LossScale().picture()


def test_the_page_computes_what_python_computes(js):
    spelt = "(v) => Object.fromEntries(Object.entries(v).map(([k, x]) => [k, String(x)]))"
    found = js(f"(states) => states.map((s) => [tableOf(s), backOf(s)].map({spelt}))", ALL)
    for state, (table, back) in zip(ALL, found, strict=True):
        figure = LossScale(**state)
        spoken = {k: float(v.replace("Infinity", "inf")) for k, v in table.items()}
        assert spoken == pytest.approx(figure.values, rel=1e-9, abs=1e-12), state
        sizes = [float(v.replace("Infinity", "inf")) for v in back.values()]
        np.testing.assert_allclose(sizes, figure.back, rtol=1e-12)


def test_rounding_is_numpys(js):
    rng = np.random.default_rng(1)
    x = np.exp2(rng.uniform(-30, 17, 3000)).astype(np.float32)
    gaps = 2.0**-25 * np.arange(1, 60)  # the middles between subnormals: ties
    x = np.concatenate([x, gaps, [65504, 65519.99, 65520, 2.0**-14, 2.0**15]]).astype(np.float32)
    for kind, rounded in (("float16", to_float16), ("bfloat16", to_bfloat16)):
        found = js("([kind, x]) => x.map((v) => String(rounded(kind, v)))", [kind, x.tolist()])
        found = np.array([float(v.replace("Infinity", "inf")) for v in found])
        assert np.array_equal(found, rounded(x).astype(float)), kind


# ------------------------------------------------------------------------------------------------------------ the page

BINS = """() => [...document.querySelectorAll(".lf-lscale-bin")].map((n) =>
  [Number(n.getAttribute("x")), Number(n.getAttribute("height")), n.getAttribute("class")])"""
WIDTHS = (
    "() => [...document.querySelectorAll('.lf-lscale-bar')].map((n) => parseFloat(n.style.width))"
)


def test_numbers_bins_and_bars_are_the_signals(show):
    shown = show(LossScale())
    for state in ALL[::3]:
        shown.set(**state)
        check(shown)
        figure = LossScale(**state)
        bins = shown.page.evaluate(BINS)
        heights = np.array([height for _, height, _ in bins])
        np.testing.assert_allclose(heights / heights.max(), COUNTS / COUNTS.max(), atol=1e-3)
        total = COUNTS.sum()
        for name, share in zip(("zero", "subnormal", "infinite"), figure.shares, strict=True):
            found = [f"lf-lscale-{name}" in kind.split() for _, _, kind in bins]
            assert COUNTS[found].sum() / total == pytest.approx(share, abs=1e-12), (state, name)
        ratio = np.minimum(figure.back / SIGNALS, 2)
        np.testing.assert_allclose(shown.page.evaluate(WIDTHS), 50 * ratio, atol=0.06)
        assert shown.page.locator(".lf-lscale-burst").count() == np.isinf(figure.back).sum()
        assert shown.page.locator(".lf-lscale-gone").count() == (figure.back == 0).sum()


def test_the_signals_are_dragged(show):
    shown = show(LossScale())
    plot = shown.page.locator("svg.lf-chart").bounding_box()
    box = shown.control("scale").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    unit = (plot["width"] - 44) / 72
    mouse, first = shown.page.mouse, shown.page.evaluate(BINS)[50][0]
    mouse.move(x, y)
    mouse.down()
    for s in (4, 16, 30, 32, 12):
        mouse.move(x + s * unit, y, steps=3)
        assert shown.get("s") == s
        check(shown)
        assert shown.page.evaluate(BINS)[50][0] - first == pytest.approx(s * unit, abs=0.3)
    mouse.move(plot["x"] + 45, y)
    mouse.up()
    assert shown.get("s") == 0


def test_words_follow(show):
    shown = show(LossScale())
    words = shown.page.locator(".lf-lscale-words")
    for state, start in (
        ({"s": 0}, "Without a scale"),
        ({"s": 9}, "Still, most"),
        ({"s": 10}, "Most come back"),
        ({"s": 16}, "Most come back"),
        ({"s": 26}, "Too large"),
        ({"kind": "bfloat16"}, "bfloat16 has"),
    ):
        shown.set(**state)
        assert words.text_content().startswith(start), state


def test_every_control_works_by_keyboard(show):
    shown = show(LossScale())
    assert shown.tab_order() == ["reset", "scale", "float16", "s"]
    keys = {"ArrowRight": 1, "ArrowUp": 2, "PageUp": 12, "Shift+ArrowRight": 22, "ArrowLeft": 21}
    for key, s in {**keys, "End": 32, "PageDown": 22, "Home": 0, "ArrowDown": 0}.items():
        shown.control("scale").press(key)
        assert shown.get("s") == s, key
        assert shown.control("scale").get_attribute("aria-valuetext").endswith(f" {s}")
        check(shown)
    for key, s in {"ArrowRight": 1, "End": 32, "Home": 0}.items():
        shown.control("s").press(key)
        assert shown.get("s") == s, key
        check(shown)
    shown.page.locator("input[value=float16]").press("ArrowRight")
    assert shown.get("kind") == "bfloat16"
    check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out_and_nothing_below_moves(show, width):
    shown = show(LossScale(), width=width)
    places = []
    for state in ({}, {"s": 16}, {"s": 30}, {"kind": "bfloat16"}):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state
        places.append(shown.page.locator(".lf-lscale-rows").bounding_box()["y"])
    assert len(set(places)) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(LossScale(), theme=theme)
    for s in (0, 16, 30):
        shown.set(s=s)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(LossScale(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('button, label')].map((n) => Math.min(n.offsetWidth, n.offsetHeight))"
    )
    assert min(sizes) >= 42 and shown.control("scale").bounding_box()["width"] >= 42
    shown.control("scale").press("ArrowRight")
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^S = 2 to the power 1: .*% become zero.*gradient of/.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: error signals").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
