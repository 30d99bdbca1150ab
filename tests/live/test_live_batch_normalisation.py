"""The live figure `BatchNormalisation`: its three paths are the companion's gradient, balances are drawn, it reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.layers.normalization import BatchNorm, standardise, standardise_backward
from backprop.live import BatchNormalisation
from backprop.live.batch_normalisation import ABOVE_MOST, COUNT, EPS, X_MOST, Y_MOST

STATE = ("x", "above", "size", "gamma", "beta", "eta")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "x": rng.uniform(-X_MOST, X_MOST, COUNT).round(2).tolist(),
        "above": rng.uniform(-ABOVE_MOST, ABOVE_MOST, COUNT).round(2).tolist(),
        "size": int(rng.integers(2, COUNT + 1)),
        "gamma": round(float(rng.uniform(0.1, 1.5)), 2),
        "beta": round(float(rng.uniform(-1, 1)), 2),
        "eta": round(float(rng.uniform(0.05, 1)), 2),
    }


def figure_of(shown):
    return BatchNormalisation(**{name: shown.get(name) for name in STATE})


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = figure_of(shown).values
    numbers = shown.numbers()
    assert set(numbers) == set(wanted) - {"mu"}
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-9), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-3), (name, text)
        assert "-" not in text.replace("e-", "")
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


def test_outputs_and_gradients_are_those_of_the_companions_layer():
    rng = np.random.default_rng(1)
    for _ in range(30):
        figure = BatchNormalisation(**anywhere(rng))
        layer, above = BatchNorm(1, eps=EPS), figure.above[: figure.size]
        layer.parameters["gamma"][...], layer.parameters["beta"][...] = figure.gamma, figure.beta
        y = layer.forward(figure.batch[:, None])[:, 0]
        assert figure.loss_at(figure.batch) == pytest.approx(above @ y, rel=1e-12, abs=1e-12)
        grad = layer.backward(above[:, None])[:, 0]
        np.testing.assert_allclose(figure.gradient, grad, rtol=1e-9, atol=1e-10)
        v = figure.values
        assert v["dgamma"] == pytest.approx(layer.gradients["gamma"][0], rel=1e-12, abs=1e-12)
        assert v["dbeta"] == pytest.approx(layer.gradients["beta"][0], rel=1e-12, abs=1e-12)


def test_the_paths_are_those_of_a_fixed_mean_and_a_fixed_spread():
    """With mean and spread held fast only the direct path is left, with the spread alone also that by the mean."""
    rng, h = np.random.default_rng(2), 1e-6
    for _ in range(10):
        figure = BatchNormalisation(**anywhere(rng))
        x, g = figure.batch, figure.gamma * figure.above[: figure.size]
        _, mu, s = figure.normalise(x)
        frozen = {
            0: lambda v, mu=mu, s=s: (v - mu) / s,
            1: lambda v, s=s: (v - v.mean()) / s,
            2: lambda v, f=figure: f.normalise(v)[0],
        }
        for k, normal in frozen.items():
            slopes = [g @ (normal(x + d) - normal(x - d)) / (2 * h) for d in h * np.eye(len(x))]
            so_far = figure.paths[: k + 1].sum(axis=0)
            np.testing.assert_allclose(so_far, slopes, rtol=1e-5, atol=1e-4 / s)


def test_gradients_add_up_to_0_and_are_orthogonal_to_the_normalised_values():
    rng = np.random.default_rng(3)
    for _ in range(30):
        figure = BatchNormalisation(**anywhere(rng))
        size, v = np.abs(figure.paths).max(), figure.values
        assert abs(figure.gradient.sum()) < 1e-12 * size * COUNT
        assert v["sum[1]"] == pytest.approx(0, abs=1e-12 * size * COUNT)
        assert v["along[0]"] == pytest.approx(v["along[1]"], abs=1e-12 * size * COUNT)
        # but for epsilon
        assert abs(v["along[2]"]) <= 1.1 * EPS / v["s"] ** 2 * abs(v["along[1]"]) + 1e-10 * size
        x_hat, inverse, _, _ = standardise(figure.batch, 0, EPS)
        g = figure.gamma * figure.above[: figure.size]
        np.testing.assert_allclose(
            figure.gradient,
            standardise_backward(g, x_hat, inverse, 0),
            rtol=1e-9,
            atol=1e-10 * size,
        )


def test_what_the_page_says_of_spread_and_small_batches_holds():
    v = BatchNormalisation().values
    x = BatchNormalisation().x
    for share in (0.5, 0.1):
        near = BatchNormalisation(x=x.mean() + share * (x - x.mean())).values
        for i in range(COUNT):
            assert near[f"grad[{i}]"] == pytest.approx(v[f"grad[{i}]"] / share, rel=2e-2)
    two = BatchNormalisation(size=2)
    assert np.abs(two.gradient).max() < 1e-3 * np.abs(two.paths).max()
    for beta in (-1, 0.5):
        np.testing.assert_array_equal(
            BatchNormalisation(beta=beta).gradient, BatchNormalisation().gradient
        )
    moved = x.copy()
    moved[5] = -0.5
    changed = BatchNormalisation(x=moved).gradient - BatchNormalisation().gradient
    assert np.abs(changed).min() > 0.01  # of all others, too


def test_a_step_keeps_the_mean_and_widens_the_spread():
    rng = np.random.default_rng(4)
    for _ in range(30):
        state = anywhere(rng) | {"eta": 0.05, "size": int(rng.integers(3, COUNT + 1))}
        figure = BatchNormalisation(**state)
        if np.abs(figure.batch - figure.eta * figure.gradient).max() >= X_MOST:
            continue
        there = BatchNormalisation(**{**state, "x": [*figure.landing, *figure.x[figure.size :]]})
        assert there.values["mu"] == pytest.approx(figure.values["mu"], abs=1e-12)
        assert there.values["s"] >= figure.values["s"] - 1e-9
        assert figure.values["promised"] == pytest.approx(-0.05 * (figure.gradient**2).sum())


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("x", [0] * 5),
        ("x", [3] * 6),
        ("above", [4] * 6),
        ("size", 1),
        ("size", 7),
        ("gamma", 0),
        ("beta", 2),
        ("eta", 0),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(BatchNormalisation(), trait, wrong)
    with pytest.raises(TypeError, match="batch"):
        BatchNormalisation(batch=3)


def test_picture_and_words_follow_the_state():
    figure = BatchNormalisation(size=4)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "A batch of 4 samples" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert (
        figure.picture() == BatchNormalisation(size=4).picture() != BatchNormalisation().picture()
    )


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("batch_normalisation/maths.js"), np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(80)]
    states += [{**anywhere(rng), "x": [0.3] * COUNT}, {**anywhere(rng), "x": [0, 0.01] * 3}]
    found = js("(states) => states.map((s) => [tableOf(s), batchOf(s)])", states)
    js.close()
    for state, (table, batch) in zip(states, found, strict=True):
        figure = BatchNormalisation(**state)
        most = np.abs(figure.paths).max()
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-11 * (1 + most**2))
        np.testing.assert_allclose(batch["paths"], figure.paths, rtol=1e-9, atol=1e-12 * most)
        np.testing.assert_allclose(batch["hat"], figure.normalised, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(batch["landing"], figure.landing, rtol=1e-9, atol=1e-9)


def test_another_spread_keeps_mean_and_order_and_stays_in_the_plot():
    js, rng = Mathematics("batch_normalisation/maths.js"), np.random.default_rng(7)
    states = [anywhere(rng) for _ in range(40)]
    states += [{**anywhere(rng), "x": [v] * COUNT} for v in (0, 2.5)]
    for wanted in (0.02, 0.5, 2):
        for state, x in zip(
            states,
            js("(states, s) => states.map((v) => spreadTo(v, s))", states, wanted),
            strict=True,
        ):
            figure = BatchNormalisation(**{**state, "x": np.clip(x, -X_MOST, X_MOST)})
            n = state["size"]
            assert np.abs(x).max() <= X_MOST + 1e-9
            np.testing.assert_array_equal(x[n:], state["x"][n:])
            assert figure.batch.mean() == pytest.approx(np.mean(state["x"][:n]), abs=1e-9)
            np.testing.assert_allclose(
                np.diff(figure.batch) * np.diff(state["x"][:n]) >= -1e-9, True
            )
            assert figure.batch.std() <= wanted + 1e-9
            if figure.batch.std() < wanted - 1e-9:
                assert np.abs(figure.batch).max() == pytest.approx(X_MOST)
    js.close()


# ------------------------------------------------------------------------------------------------------------ the page


def area_of(shown, plot):
    """Where the axes of a plot stand on the page."""
    return shown.page.evaluate(
        """(k) => { const chart = document.querySelectorAll("svg.lf-chart")[k], box = chart.getBoundingClientRect(), area = chart.querySelector("svg.lf-area");
          const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(area.getAttribute(name)));
          return { x: box.left + x, y: box.top + y, width, height }; }""",
        plot,
    )


STROKES = """() => Object.fromEntries([...document.querySelectorAll(".lf-bn-strokes path[data-gradient]")].map((n) =>
  [n.dataset.gradient, n.getAttribute("d").match(/^M([-\\d.]+),[-\\d.]+(?:L([-\\d.]+),)?/).slice(1).map((v) => v === undefined ? null : Number(v))]))"""
BEAMS = """() => [...document.querySelectorAll(".lf-bn-beam")].map((n) => { const all = n.getBoundingClientRect(), [left, right, net] = [...n.children].map((c) => c.getBoundingClientRect());
  return [left.width, right.width, net.left + net.width / 2 - all.left - all.width / 2].map((v) => v / all.width); })"""


def test_numbers_arrows_and_balances_are_the_gradients(show):
    shown, rng = show(BatchNormalisation()), np.random.default_rng(8)
    wide = area_of(shown, 0)["width"]
    for state in (
        {},
        {"size": 2},
        {"x": [0.1, 0.15, 0.2, 0.1, 0.2, 0.12]},
        *(anywhere(rng) for _ in range(10)),
    ):
        shown.set(**state)
        table = check(shown)
        figure = figure_of(shown)
        strokes = shown.page.evaluate(STROKES)
        assert len(strokes) == 5 * figure.size
        for i, x in enumerate(figure.batch):
            ends = x - figure.eta * np.concatenate([[0], np.cumsum(figure.paths[:, i])])
            pairs = {f"path {k + 1} of {i + 1}": ends[k : k + 2] for k in range(3)}
            pairs[f"sample {i + 1}"] = np.array([x, x - figure.eta * figure.gradient[i]])
            for name, pair in pairs.items():
                begin, end = strokes[name]
                a, b = np.clip(pair, -X_MOST, X_MOST) * wide / (2 * X_MOST)
                assert (begin if end is None else end) - begin == pytest.approx(b - a, abs=0.4), (
                    name
                )
        stages = np.cumsum(figure.paths, axis=0)
        beams = shown.page.evaluate(BEAMS)
        for k, so_far in enumerate(stages):
            for b, parts in enumerate((so_far, so_far * figure.normalised)):
                minus, plus, net = beams[2 * k + b]
                share = lambda v, b=b: np.array([-v[v < 0].sum(), v[v > 0].sum()])  # noqa: E731
                most = max(share(s * (figure.normalised if b else 1)).max() for s in stages)
                wanted = share(parts) / most / 2
                np.testing.assert_allclose([minus, plus], wanted, atol=0.01)
                assert net == pytest.approx(wanted[1] - wanted[0], abs=0.02)
        assert beams[2][2] == pytest.approx(0, abs=0.01) and beams[4][2] == pytest.approx(
            0, abs=0.01
        )
        assert table["size"] == figure.size


def test_samples_and_gradients_are_dragged_from_anywhere_in_their_row(show):
    shown = show(BatchNormalisation())
    mouse = shown.page.mouse
    for plot, trait, row, most, gain in ((0, "x", 5, X_MOST, 1), (1, "above", 2, Y_MOST, -1 / 0.6)):
        area = area_of(shown, plot)
        unit, high = area["width"] / (2 * most), area["height"] / COUNT
        before, others = shown.get(trait), check(shown)
        x, y = area["x"] + 40, area["y"] + (row + 0.7) * high
        mouse.move(x, y)
        mouse.down()
        assert shown.get(trait) == before  # nothing jumps to the pointer
        mouse.move(x + 0.4 * unit, y, steps=3)
        mouse.up()
        after = np.array(shown.get(trait))
        assert after[row] == pytest.approx(before[row] + 0.4 * gain, abs=0.03 * abs(gain))
        assert np.delete(after, row).tolist() == np.delete(before, row).tolist()
        now = check(shown)
        assert all(now[f"grad[{i}]"] != others[f"grad[{i}]"] for i in range(COUNT))
    shown.set(size=3)
    before = shown.get("x")
    area = area_of(shown, 0)
    mouse.move(area["x"] + 60, area["y"] + 0.9 * area["height"])  # where no sample is any more
    mouse.down()
    mouse.move(area["x"] + 120, area["y"] + 0.9 * area["height"], steps=2)
    mouse.up()
    assert shown.get("x") == before


def test_a_step_goes_where_the_sums_point(show):
    shown = show(BatchNormalisation(size=4))
    figure, before = figure_of(shown), check(shown)
    shown.control("step").click()
    np.testing.assert_allclose(shown.get("x"), [*figure.landing, *figure.x[4:]], atol=1e-12)
    after = check(shown)
    assert after["loss"] - before["loss"] == pytest.approx(before["brought"], abs=1e-12)


def test_every_control_works_by_keyboard(show):
    shown = show(BatchNormalisation())
    rows = [f"{name} {i + 1}" for name in ("x", "above") for i in range(COUNT)]
    sliders = ["s", "size", "gamma", "beta", "eta"]
    assert shown.tab_order() == ["reset", *rows, *sliders, "step"]
    for key, x in {"ArrowUp": -0.15, "Shift+ArrowLeft": -0.65, "End": X_MOST}.items():
        shown.control("x 3").press(key)
        assert shown.get("x")[2] == pytest.approx(x)
        check(shown)
    shown.control("above 1").press("ArrowRight")
    assert shown.get("above")[0] == pytest.approx(-0.15)
    for control, keys in {
        "gamma": {"ArrowLeft": 0.95, "End": 1.5, "Home": 0.1},
        "beta": {"ArrowRight": 0.05, "Home": -1},
        "eta": {"ArrowRight": 0.65, "End": 1},
        "size": {"ArrowLeft": 5, "Home": 2},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            assert shown.get(control) == pytest.approx(value), (control, key)
            check(shown)
    stops = "[...document.querySelectorAll('[role=slider][tabindex=\"0\"]')].map((n) => n.dataset.control)"
    assert shown.page.evaluate(stops) == [name for name in rows if int(name.split()[1]) <= 2]


def test_the_slider_of_the_spread_grows_the_gradients(show):
    shown = show(BatchNormalisation())
    before = check(shown)
    shown.slide(s=5)  # 0.2
    now = check(shown)
    assert now["s"] == pytest.approx(0.2, rel=1e-3) and now["mu"] == pytest.approx(before["mu"])
    assert now["grad[1]"] == pytest.approx(before["grad[1]"] * before["s"] / 0.2, rel=1e-2)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_sticks_out(show, width):
    shown = show(BatchNormalisation(), width=width)
    states = (
        {},
        {"size": 2, "x": [0.5, 0.52, 0, 0, 0, 0]},
        {"x": [2.5] * COUNT},
        {"x": [-2.5, 2.5] * 3},
    )
    for state in states:
        shown.set(**{"size": COUNT, **state})
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(BatchNormalisation(), theme=theme)
    for size in (2, COUNT):
        shown.set(size=size)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(BatchNormalisation(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    sizes = page.evaluate(
        "[...document.querySelectorAll('input, button')].map((n) => Math.min(n.clientWidth, n.clientHeight))"
    )
    assert min(sizes) >= 42
    shown.slide(size=3)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^3 samples, mean .*, spread .*gradient of sample/.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: batch normalisation").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
