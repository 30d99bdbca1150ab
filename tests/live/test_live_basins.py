"""The live figure `Basins`: its landscape is a unit's loss, its map says where descent ends, it works and reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.live import Basins
from backprop.live.basins import COLUMNS, HIGH, LOW, ROWS, T, X, slopes, still_places
from backprop.losses import BinaryCrossEntropy, MeanSquaredError
from backprop.network import Network

STATE = ("origin", "eta", "loss")
KINDS = ("squared", "cross-entropy")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    loss = str(rng.choice(KINDS))
    return {
        "origin": rng.uniform(LOW, HIGH).round(2).tolist(),
        # a higher rate makes of the last digit anything
        "eta": round(float(rng.uniform(0.2, 2.4 if loss == "squared" else 1.2)), 1),
        "loss": loss,
    }


def figure_of(shown):
    return Basins(**{name: shown.get(name) for name in STATE})


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = figure_of(shown).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-8, abs=1e-11), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-3), name
        assert "-" not in text
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("loss", KINDS)
def test_loss_gradient_and_curvature_are_those_of_the_companions_unit(loss):
    rng = np.random.default_rng(1)
    squared = loss == "squared"
    net = Network([2, 1], output="sigmoid" if squared else "identity", bias=False)
    judge = MeanSquaredError() if squared else BinaryCrossEntropy()
    for w in rng.uniform(LOW, HIGH, (20, 2)):
        value, g, H = slopes(w, loss)
        net.theta[:] = w
        assert value == pytest.approx(net.loss_and_gradients(judge, X, T[:, None]), rel=1e-12)
        np.testing.assert_allclose(g, net.gradient, rtol=1e-10, atol=1e-14)
        for k, e in enumerate(1e-5 * np.eye(2)):
            column = (slopes(w + e, loss)[1] - slopes(w - e, loss)[1]) / 2e-5
            np.testing.assert_allclose(H[k], column, rtol=1e-5, atol=1e-8)


def test_minima_and_saddles_are_all_that_the_map_holds():
    """Newton's method from a grid of starts finds no other place without a gradient."""
    for loss, minima, saddles in [("squared", 3, 3), ("cross-entropy", 1, 0)]:
        places = still_places(loss)
        _, g, H = slopes(places, loss)
        assert np.abs(g).max() < 1e-14
        low, high = np.linalg.eigvalsh(H).T
        assert np.sum(low > 1e-3) == minima and np.sum((low < 0) & (high > 0)) == saddles
        assert minima + saddles == len(places)
        w = np.stack(np.meshgrid(*np.linspace(LOW, HIGH, 30).T), axis=-1).reshape(-1, 2)
        for _ in range(100):
            _, g, H = slopes(w, loss)
            values, U = np.linalg.eigh(H)
            step = np.einsum("nij,nj->ni", U, np.einsum("nji,nj->ni", U, g) / (values + 1e-300))
            size = np.linalg.norm(step, axis=1, keepdims=True)
            w = w - step * np.minimum(1, 0.4 / np.maximum(size, 1e-300))
        rests = np.linalg.norm(slopes(w, loss)[1], axis=1) < 1e-10
        inside = rests & (w > LOW).all(1) & (w < HIGH).all(1)
        away = np.linalg.norm(w[inside, None] - places, axis=-1).min(axis=1)
        assert inside.sum() > 100 and away.max() < 1e-4


def test_cross_entropy_has_no_local_minimum_to_be_caught_in():
    w = np.stack(np.meshgrid(*np.linspace(LOW, HIGH, 40).T), axis=-1)
    assert np.linalg.eigvalsh(slopes(w, "cross-entropy")[2]).min() > 0
    ends = Basins(loss="cross-entropy").ends()
    np.testing.assert_allclose(ends, ends[0, 0], atol=1e-9)


def test_at_any_rate_that_holds_about_a_quarter_of_the_starts_finds_the_lowest():
    least = slopes(still_places("squared"), "squared")[0].min()
    for eta in (1.0, 2.0):
        share = np.mean(Basins(eta=eta).ends() < least + 5e-3)
        assert 0.2 < share < 0.3
    assert not (Basins(eta=3).ends() < least + 5e-3).any()  # it is too narrow for that rate


def test_it_opens_in_a_local_minimum():
    figure = Basins()
    v = figure.values
    assert figure.verdict == "It is caught in a local minimum." and v["low[end]"] > 0.01
    assert v["loss[end]"] > 0.17 and v["promised"] < v["brought"] < 0
    assert Basins(origin=[0.5, 0.5]).verdict == "This is the lowest minimum."
    assert Basins(origin=[-3.8, 0]).verdict == "It is on a plateau."
    assert Basins(origin=[0.5, 0.5], eta=3).verdict == "It has not come to rest."


@pytest.mark.parametrize(
    "trait, wrong",
    [("origin", [0] * 3), ("origin", [5, 0]), ("eta", 0.1), ("eta", 4), ("loss", "absolute")],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Basins(), trait, wrong)
    with pytest.raises(TypeError, match="rate"):
        Basins(rate=3)


def test_picture_and_words_follow_the_state():
    figure = Basins(eta=0.5)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "rate 0.5" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == Basins(eta=0.5).picture() != Basins(loss="cross-entropy").picture()


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("basins/maths.js"), np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(60)]
    parts = "((path) => [tableOf(s, path), path[1], path[40], verdictOf(tableOf(s, path), s.loss), endFrom(s.origin, s), slopesAt(s.origin, s.loss).H])(pathOf(s))"
    found = js(f"(states) => states.map((s) => {parts})", states)
    places = {loss: js("stillPlaces", loss) for loss in KINDS}
    middles = js("(n) => [middleOf(0, 0), middleOf(3, 7)]", 0)
    cells = js("(s) => [[20, 30], [5, 40], [40, 20]].map(([i, j]) => endFrom(middleOf(i, j), s))", {"eta": 1, "loss": "squared"})  # fmt: skip
    js.close()
    for state, (table, first, later, verdict, end, H) in zip(states, found, strict=True):
        figure = Basins(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-11)
        path = figure.path
        np.testing.assert_allclose(first, path[1], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(later, path[40], rtol=1e-9, atol=1e-11)
        assert verdict == figure.verdict
        wanted = slopes(figure.origin, figure.loss)[2]
        np.testing.assert_allclose(H, wanted[[0, 0, 1], [0, 1, 1]], rtol=1e-12, atol=1e-15)
        if figure.values["slope[end]"] < 1e-3:
            assert end == pytest.approx(figure.values["loss[end]"], rel=1e-9)
        else:
            assert np.isnan(end)
    for loss, seen in places.items():
        wanted = still_places(loss)
        for place in seen:
            near = np.linalg.norm(wanted - place["at"], axis=1).argmin()
            np.testing.assert_allclose(place["at"], wanted[near], atol=1e-12)
            values, vectors = np.linalg.eigh(slopes(wanted[near], loss)[2])
            assert (place["low"], place["high"]) == pytest.approx(tuple(values), abs=1e-12)
            along = [np.cos(place["turn"]), np.sin(place["turn"])]
            assert abs(vectors[:, 1] @ along) == pytest.approx(1, abs=1e-9)
    cell = (HIGH - LOW) / [COLUMNS, ROWS]
    np.testing.assert_allclose(middles, [LOW + cell / 2, LOW + cell * [3.5, 7.5]], atol=1e-12)
    ends = Basins().ends()
    assert cells == pytest.approx([ends[30, 20], ends[40, 5], ends[20, 40]], rel=1e-9)


# ------------------------------------------------------------------------------------------------------------ the page

ARROW = """() => document.querySelector(".lf-basins-pull").getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/).slice(1).map(Number)"""
DONE = "/Of all starts/.test(document.querySelector('.lf-basins-shares').textContent)"


def test_numbers_and_the_arrow_are_the_gradient(show):
    shown, rng = show(Basins()), np.random.default_rng(7)
    plot = shown.page.locator("svg.lf-chart").bounding_box()
    scale = np.array([plot["width"] - 32, -(plot["height"] - 38)]) / (HIGH - LOW)
    for state in ({}, *(anywhere(rng) for _ in range(12))):
        shown.set(**state)
        check(shown)
        figure = figure_of(shown)
        g = slopes(figure.origin, figure.loss)[1]
        way = -g * scale
        wanted = 90 * np.sqrt(np.linalg.norm(g)) * way / np.linalg.norm(way)
        x1, y1, x2, y2 = shown.page.evaluate(ARROW)
        np.testing.assert_allclose([x2 - x1, y2 - y1], wanted, atol=0.16)


def test_the_start_is_dragged_into_another_basin(show):
    shown = show(Basins())
    plot = shown.page.locator("svg.lf-chart").bounding_box()
    mouse = shown.page.mouse
    assert "local minimum" in shown.page.locator(".lf-basins-verdict").text_content()
    ring = shown.page.locator(".lf-handle-ring").bounding_box()
    mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    mouse.down()
    mouse.move(plot["x"] + 26 + (plot["width"] - 32) * 4.5 / 5.8, plot["y"] + 6 + (plot["height"] - 38) / 2, steps=4)  # fmt: skip
    mouse.up()
    assert shown.get("origin") == pytest.approx([0.5, -0.2], abs=0.03)
    assert "lowest" in shown.page.locator(".lf-basins-verdict").text_content()
    check(shown)


def test_the_map_is_where_starts_end(show):
    shown = show(Basins())
    shown.page.wait_for_function(DONE)
    ends = Basins().ends()
    minima = np.sort(slopes(still_places("squared"), "squared")[0])[:2]
    text = shown.page.locator(".lf-basins-shares").text_content()
    for value in minima[:1]:
        assert f"{round(100 * np.mean(np.abs(ends - value) < 5e-3))} % in the lowest" in text
    shown.page.get_by_text("cross-entropy", exact=True).click()
    shown.page.wait_for_function(
        "document.querySelector('.lf-basins-shares').textContent.includes('100 % in the lowest minimum.')"
    )
    assert shown.page.locator(".lf-basins-saddle").count() == 0
    assert "lowest" in shown.page.locator(".lf-basins-verdict").text_content()
    check(shown)


def test_no_frame_of_the_map_is_long(show):
    shown = show(Basins())
    longest = shown.page.evaluate("""async () => {
      const times = [], frame = window.requestAnimationFrame;
      window.requestAnimationFrame = (f) => frame((now) => { const begun = performance.now(); f(now); times.push(performance.now() - begun); });
      model.set("eta", 0.7);
      await new Promise((done) => setTimeout(done, 900));
      window.requestAnimationFrame = frame;
      return times.sort((a, b) => a - b).slice(times.length >> 1)[0];
    }""")
    assert longest < 16


def test_every_control_works_by_keyboard(show):
    shown = show(Basins())
    assert shown.tab_order() == ["reset", "origin", "squared", "eta"]
    for key, value in {"ArrowRight": 1.1, "End": 3, "Home": 0.2}.items():
        shown.control("eta").focus()
        shown.page.keyboard.press(key)
        assert shown.get("eta") == pytest.approx(value), key
    shown.set(eta=1)
    for key, wanted in {
        "ArrowUp": (-1, 0.65),
        "Shift+ArrowLeft": (-1.5, 0.65),
        "End": (-1.5, 2.8),
    }.items():
        shown.control("origin").press(key)
        assert shown.get("origin") == pytest.approx(wanted)
        check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out(show, width):
    shown = show(Basins(), width=width)
    for state in ({}, {"origin": [1.8, 2.8], "eta": 3}, {"loss": "cross-entropy", "eta": 3}):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Basins(), theme=theme)
    for start in ([-1, 0.6], [0.5, 0.5]):
        shown.set(origin=start)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Basins(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input[type=range], button, .lf-segmented label')].map((n) => Math.min(n.clientWidth, n.clientHeight))"
    )
    assert min(sizes) >= 42
    shown.control("origin").press("ArrowUp")
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^From loss .*gradient at the start/.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: where gradient descent ends").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
