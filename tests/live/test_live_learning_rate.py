"""The live figure `LearningRate`: its runs are the companion's, it says honestly what becomes of them, its controls work, it reads well."""

import base64

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.datasets import load_mnist
from backprop.live import LearningRate
from backprop.live.learning_rate import ETAS, FAR, FATES, STEPS, digits
from backprop.losses import CrossEntropy
from backprop.optimizers import SGD

STATE = ("eta", "momentum", "activation", "step", "tried", "seed")
QUIET = [
    ("tanh", 0.0, 3.0),
    ("tanh", 0.9, 2.0),
    ("tanh", 0.5, 2.0),
    ("relu", 0.0, 1.0),
    ("relu", 0.9, 0.5),
]  # up to these rates rounding stays rounding


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


@pytest.fixture(scope="module")
def probe():
    """Whole runs by the page's own code: losses, digits right and the step that stopped each one."""
    js = Mathematics("learning_rate/train.js")
    yield lambda states: js(
        """(data, states) => { const digits = digitsOf(data); return states.map((s) => {
      const run = new DigitRun(digits, s); while (run.advance());
      return { losses: run.losses, right: run.right, stopped: run.stopped, fates: run.losses.map((_, step) => fateOf(run, step)) }; }); }""",
        LearningRate().data,
        states,
    )
    js.close()


def settled(shown):
    shown.page.wait_for_function(
        "document.querySelector('.lf').getAttribute('aria-busy') === 'false'"
    )


def check(shown):
    """Every number on the page is what the companion says for the state of the page, in value and in text."""
    settled(shown)
    wanted, numbers = (
        LearningRate(**{name: shown.get(name) for name in STATE}).values,
        shown.numbers(),
    )
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=0), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=5.1e-5), (name, text, value)
        assert "-" not in text
    return {name: value for name, (value, _) in numbers.items()}


# -------------------------------------------------------------------------------------------------------------- Python


def test_the_data_are_the_first_digits_of_mnist():
    mnist, (X, y) = load_mnist(), digits()
    rows = np.sort(np.concatenate([np.flatnonzero(mnist.y_train == k)[:20] for k in range(10)]))
    assert X.shape == (200, 49) and np.array_equal(y, mnist.y_train[rows])
    pooled = [
        [
            mnist.X_train[row].reshape(28, 28)[i : i + 4, j : j + 4].mean()
            for i in range(0, 28, 4)
            for j in range(0, 28, 4)
        ]
        for row in rows[:5]
    ]
    assert np.abs(X[:5] - pooled).max() <= 0.5 / 255 + 1e-6
    data = LearningRate().data
    assert (
        np.array_equal(
            np.frombuffer(base64.b64decode(data["pixels"]), np.uint8).reshape(200, 49) / 255, X
        )
        and data["labels"] == y.tolist()
    )


def test_a_run_is_gradient_descent_by_hand():
    figure, (X, y) = LearningRate(eta=0.7, momentum=0.5), digits()
    W1, b1, W2, b2 = (figure.network().parameters[name].copy() for name in ("W1", "b1", "W2", "b2"))
    assert (
        W1.std() == pytest.approx(1 / 7, rel=0.1)
        and W2.std() == pytest.approx(1 / 4, rel=0.2)
        and not b1.any()
    )
    velocity, losses = [0, 0, 0, 0], []
    for _ in range(6):
        a = np.tanh(X @ W1 + b1)
        p = np.exp(a @ W2 + b2)
        p /= p.sum(1, keepdims=True)
        losses.append(-np.log(p[range(200), y]).mean())
        d2 = (p - np.eye(10)[y]) / 200
        d1 = d2 @ W2.T * (1 - a * a)
        velocity = [
            0.5 * v + g for v, g in zip(velocity, (X.T @ d1, d1.sum(0), a.T @ d2, d2.sum(0)))
        ]
        W1, b1, W2, b2 = (p - 0.7 * v for p, v in zip((W1, b1, W2, b2), velocity))
    np.testing.assert_allclose(figure.losses[:6], losses, rtol=1e-12)
    assert (
        len(figure.losses) == STEPS + 1
        and figure.loss == figure.losses[-1]
        and LearningRate(eta=0.7, momentum=0.5, step=3).loss == pytest.approx(losses[3])
    )


def test_the_loss_against_the_rate_is_a_valley():
    for activation, momentum in (("tanh", 0), ("tanh", 0.9), ("relu", 0)):
        figure = LearningRate(activation=activation, momentum=momentum)
        ends = [figure.run(eta).losses[-1] for eta in (1e-4, 0.01, 0.1, 1.0, 5.0, 50.0)]
        start = figure.losses[0]
        assert (
            ends[0] > 0.99 * start
            and ends[0] > ends[1] > ends[2] > ends[3]
            and ends[4] > 5 * ends[3]
            and ends[5] > start
        )
        assert figure.run(1.0).right[-1] >= 180 and figure.run(50.0).right[-1] <= 25
    stopped = LearningRate(activation="relu", momentum=0.9, eta=500)
    run = stopped.run()
    assert (
        run.stopped is not None
        and len(run.losses) == run.stopped < STEPS
        and np.isfinite(run.losses).all()
    )
    assert (
        stopped.loss == run.losses[-1]
        and f"step {run.stopped} throws a weight beyond a million" in stopped.describe()
    )
    net, optimizer = stopped.network(), SGD(500, 0.9)
    for _ in range(run.stopped):
        assert np.abs(net.theta).max() <= FAR
        net.loss_and_gradients(CrossEntropy(), *digits())
        optimizer.step(net.theta, net.gradient)
    assert np.abs(net.theta).max() > FAR


@pytest.mark.parametrize("eta, words", [(0.001, "Too small"), (1, "It learns:"), (50, "Diverges")])
def test_picture_and_words_follow_the_state(eta, words):
    figure = LearningRate(eta=eta)
    data, _ = figure._repr_mimebundle_()
    assert (
        data["text/plain"] == figure.describe()
        and words in figure.describe()
        and figure.picture()[:4] == b"\x89PNG"
    )
    assert (
        figure.picture()
        == LearningRate(eta=eta).picture()
        != LearningRate(eta=eta, step=50).picture()
    )


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("eta", 0),
        ("eta", 2000),
        ("eta", np.nan),
        ("momentum", 1),
        ("activation", "step"),
        ("step", 0),
        ("step", 101),
        ("tried", [0]),
        ("tried", [1e4]),
        ("seed", -1),
        ("data", {}),
        ("etas", []),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(LearningRate(), trait, wrong)


def test_tried_is_sorted_and_swept():
    figure = LearningRate(tried=[1.0, 0.1, 1.0])
    assert figure.tried == [0.1, 1.0]
    figure.sweep()
    assert (
        figure.tried == ETAS
        and figure.values["best"]
        == ETAS[int(np.argmin([figure.run(eta).losses[-1] for eta in ETAS]))]
    )


# ------------------------------------------------------------------------------------------------- the two side by side


def test_runs_equal_the_companions(probe):
    rng, states = np.random.default_rng(4), []
    for activation, momentum, most in QUIET:
        for eta in [*rng.choice([eta for eta in ETAS if eta < most], 3), most, ETAS[0]]:
            states.append(
                {
                    "activation": activation,
                    "momentum": momentum,
                    "eta": float(eta),
                    "seed": int(rng.integers(50)),
                }
            )
    for state, got in zip(states, probe(states), strict=True):
        wanted = LearningRate(**state).run()
        np.testing.assert_allclose(got["losses"], wanted.losses, rtol=1e-9, err_msg=str(state))
        assert got["right"] == wanted.right.tolist() and got["stopped"] is None
        for step in (1, 2, 5, 20, STEPS):
            assert got["fates"][step] == LearningRate(**state, step=step).fate, (state, step)


def test_runs_that_diverge_agree_at_first_and_in_kind(probe):
    """Rounding grows there with every leap: equal for ten steps, and the same end, a loss no better than the first or an overflow."""
    states = [
        {"activation": a, "momentum": m, "eta": eta, "seed": 1}
        for a in ("tanh", "relu")
        for m in (0.0, 0.9)
        for eta in (5.0, 30.0, 1000.0)
    ]
    states.append({"activation": "relu", "momentum": 0.9, "eta": 500.0, "seed": 1})
    for state, got in zip(states, probe(states), strict=True):
        wanted = LearningRate(**state).run()
        np.testing.assert_allclose(
            got["losses"][:10], wanted.losses[:10], rtol=1e-7, err_msg=str(state)
        )
        for losses in (np.array(got["losses"]), wanted.losses):
            assert (
                losses[-1] > 0.9 * losses[0]
                and (np.diff(losses) > 0).any()
                and np.isfinite(losses).all()
            )
        if state["eta"] == 500:
            assert got["stopped"] == wanted.stopped and len(got["losses"]) == len(wanted.losses)
        for step in range(1, min(10, len(wanted.losses))):
            assert got["fates"][step] == LearningRate(**state, step=step).fate, (state, step)


def test_the_first_step_lands_and_is_foretold_as_the_companion_says():
    js = Mathematics("learning_rate/train.js")
    states = [
        {"activation": a, "seed": s, "momentum": 0.9} for a in ("tanh", "relu") for s in (0, 1, 7)
    ]
    got = js(
        """(data, states, etas) => { const digits = digitsOf(data); return states.map((s) => { const way = wayDown(digits, s); return etas.map((eta) => [way.start + eta * way.slope, way.at(eta)]); }); }""",
        LearningRate().data,
        states,
        ETAS[::6],
    )
    js.close()
    for state, rows in zip(states, got, strict=True):
        figure = LearningRate(**state)
        np.testing.assert_allclose(rows, [figure.first_step(eta) for eta in ETAS[::6]], rtol=1e-9)
        told, landed = figure.first_step(1e-3)
        assert told == pytest.approx(landed, rel=1e-6)  # short steps: the tangent is the curve
        assert landed == pytest.approx(LearningRate(**state, eta=1e-3).losses[1], rel=1e-9)
    told, landed = LearningRate(eta=10.0).first_step()
    assert told < landed - 0.2  # long ones: they are apart


def test_each_fate_is_judged_alike(probe):
    """By page and companion, and each of the five happens."""
    rates = {"slow": 1e-3, "learns": 0.5, "restless": 3.0, "diverges": 50.0}
    states = [
        {"activation": "tanh", "momentum": 0, "eta": eta, "seed": 1} for eta in rates.values()
    ]
    states.append({"activation": "relu", "momentum": 0.9, "eta": 500.0, "seed": 1})
    said = [got["fates"][-1] for got in probe(states)[:4]]
    assert said == list(rates) == [LearningRate(**state).fate for state in states[:4]]
    got, figure = probe(states)[-1], LearningRate(**states[-1])
    assert got["stopped"] == figure.run().stopped and figure.fate == "stopped"
    assert {*rates, "stopped"} == set(FATES) == set(LearningRate().fates)


def test_numbers_are_the_companions(show):
    shown, rng = show(LearningRate(eta=0.1, tried=[])), np.random.default_rng(5)
    for trial in range(10):
        activation, momentum, most = QUIET[trial % 5]
        shown.set(
            tried=[],
            activation=activation,
            momentum=momentum,
            step=int(rng.integers(1, 101)),
            seed=int(rng.integers(3)),
            eta=float(rng.choice([eta for eta in ETAS if eta <= most])),
        )
        check(shown)
    shown.set(activation="relu", momentum=0.9, eta=500.0, tried=[], step=100, seed=1)
    assert check(shown)["made"] == 4


# ------------------------------------------------------------------------------------------------------------ the page


def test_every_control_works_by_keyboard(show):
    shown = show(LearningRate(eta=0.5, tried=[]))
    page = shown.page
    assert shown.tab_order() == ["reset", "0", "tanh", "all", "forget", "eta", "step"]
    check(shown)  # waits for the first run: only finished ones stay
    seen = [0.5]
    for key, eta in (("ArrowRight", 0.7), ("ArrowRight", 1.0), ("Home", 1e-4)):
        shown.control("eta").focus()
        page.keyboard.press(key)
        assert shown.get("eta") == eta
        check(shown)
        seen = sorted({*seen, eta})
        assert shown.get("tried") == seen  # each finished run stays
    for key, step in (("Home", 1), ("ArrowRight", 2), ("End", 100)):
        shown.control("step").focus()
        page.keyboard.press(key)
        assert shown.get("step") == step
        check(shown)
    page.locator(".lf-segmented input:checked").first.focus()
    for momentum in (0.5, 0.9, 0.99, 0):
        page.keyboard.press("ArrowRight")
        assert shown.get("momentum") == momentum
        check(shown)
    page.locator(".lf-segmented input:checked").last.focus()
    page.keyboard.press("ArrowRight")
    assert shown.get("activation") == "relu"
    check(shown)
    shown.control("forget").focus()
    page.keyboard.press("Enter")
    assert shown.get("tried") == [1e-4] and check(shown)["best"] == 1e-4


def test_try_all_draws_the_valley(show):
    shown = show(LearningRate(eta=0.1, tried=[]))
    shown.control("all").focus()
    shown.page.keyboard.press("Enter")
    settled(shown)
    assert shown.get("tried") == ETAS
    numbers, losses = shown.numbers(), {eta: LearningRate().run(eta).losses[-1] for eta in ETAS}
    best = min(losses, key=losses.get)
    assert (
        numbers["best"][0] == best
        and numbers["least"][0] == pytest.approx(losses[best], rel=1e-9)
        and best not in (ETAS[0], ETAS[-1])
    )
    marks = shown.page.evaluate("""() => { const [a, b] = ["y", "x"].map((axis) => [...document.querySelectorAll(`.lf-panel:nth-child(2) [data-name="axis ${axis}"]`)].map((n) => [Number(n.dataset.value), Number(n.getAttribute(axis)) - (axis === "y" ? 4 : 0)]));
      return { y: a, x: b, dots: [...document.querySelectorAll(".lf-rate-mark")].filter((n) => n.hasAttribute("transform")).map((n) => [n.getAttribute("class"), ...n.getAttribute("transform").match(/[-\\d.]+/g).slice(0, 2).map(Number)]) }; }""")
    assert len(marks["dots"]) == len(ETAS)
    (y0, py0), (y1, py1) = [(np.log10(v), at) for v, at in marks["y"]][:2]
    (x0, px0), (x1, px1) = marks["x"][:2]
    for kind, x, y in marks["dots"]:
        eta = min(
            ETAS, key=lambda v, x=x: abs(np.log10(v) - (x0 + (x - px0) * (x1 - x0) / (px1 - px0)))
        )
        if "off" in kind:
            assert (
                losses[eta] > 50
            )  # chaotic there: page and Python need not agree on which side of 100
        elif "lost" not in kind:
            assert y0 + (y - py0) * (y1 - y0) / (py1 - py0) == pytest.approx(
                np.log10(max(1e-3, losses[eta])), abs=0.05
            ), eta
    assert sum("off" in kind for kind, *_ in marks["dots"]) >= 5


@pytest.mark.parametrize(
    "state, words",
    [
        ({"eta": 0.001}, "Too small"),
        ({"eta": 0.5}, "the loss falls step by step"),
        ({"eta": 3.0}, "restlessly"),
        ({"eta": 50.0}, "Diverges"),
        ({"activation": "relu", "momentum": 0.9, "eta": 500.0}, "Overflow: step 5"),
        ({"activation": "relu", "eta": 5.0}, "Diverges"),
    ],
)
def test_what_becomes_of_a_run_is_said(show, state, words):
    shown = show(LearningRate(**{"eta": 0.1, "tried": [], **state}))
    settled(shown)
    assert words in shown.page.locator(".lf-rate-verdict").text_content()


@pytest.mark.parametrize("tried, crosses", [([], 0), ([0.001, 10.0], 0), ([100.0], 1)])
def test_the_dots_and_a_cross_are_explained(show, tried, crosses):
    shown = show(LearningRate(eta=0.1, tried=tried))
    settled(shown)
    assert shown.page.locator(".lf-rate-off").count() == crosses
    words = shown.page.locator(".lf-rate-dots").inner_text()
    assert words.startswith("Blue: your η. Grey: the other rates") and "A cross: " in words


def test_lines_leave_the_frame_and_join_neighbours_only(show):
    """What lies beyond a frame is cut off by it, not drawn along its edge; no line spans rates that nobody tried."""
    shown = show(LearningRate(eta=70.0, tried=[0.001, 0.0015, 0.1]))
    settled(shown)
    flat = """() => [...document.querySelectorAll(".lf-panel:nth-child(3) .lf-area .lf-rate-line")].map((n) => {
      const [top, tall] = ["y", "height"].map((k) => Number(n.closest(".lf-area").getAttribute(k)));
      const ys = n.getAttribute("d").slice(1).split("L").map((p) => Number(p.split(",")[1]));
      return [ys.filter((y) => Math.abs(y - top) < 0.3 || Math.abs(y - top - tall) < 0.3).length, Math.min(...ys) < top, Math.max(...ys) > top + tall]; })"""
    (told, *_, below), (true, above, _) = shown.page.evaluate(flat)
    assert told <= 1 and true <= 1 and above and below
    assert not shown.page.locator(".lf-rate-landed").is_visible()
    shown.set(eta=1.5)
    assert shown.page.locator(".lf-rate-landed").is_visible()
    joins = shown.page.locator(".lf-panel:nth-child(2) .lf-rate-old").get_attribute("d")
    assert joins.count("L") == 1 and joins.count("M") == 4


@pytest.mark.parametrize("control", ["step", "eta"])
def test_the_other_rates_wait_while_something_is_moved(show, control):
    """Else training would take most of each frame. What the reader looks at is trained first."""
    shown = show(LearningRate())
    page, low = shown.page, LearningRate().etas.index(0.1)
    marks = page.locator(".lf-rate-mark[transform]")
    page.wait_for_function("document.querySelectorAll('.lf-rate-mark[transform]').length > 1")
    if control == "eta":
        shown.slide(eta=low)
        page.wait_for_timeout(20)
    counts = []
    for k in range(14):
        shown.slide(**{control: 40 + k if control == "step" else low})
        page.wait_for_timeout(30)
        counts.append(marks.count())
    assert counts[-1] - counts[1] <= 2 < len(ETAS) - counts[-1], counts
    settled(shown)
    assert marks.count() == len(ETAS)


def test_no_rate_is_marked_as_zero(show):
    """The axis of the rates is logarithmic: its 0 is the rate 1. The axis of the steps begins at a true zero."""
    shown = show(LearningRate(eta=0.1, tried=[]))
    assert [
        plot.locator(".lf-zero-line").count() for plot in shown.page.locator(".lf-chart").all()
    ] == [1, 0, 0]


def test_plots_are_clicked(show):
    shown = show(LearningRate(eta=0.1, tried=[]))
    settled(shown)
    left, right = (shown.page.locator(".lf-panel .lf-chart").nth(k).bounding_box() for k in (0, 1))
    shown.page.mouse.click(left["x"] + 42 + 0.5 * (left["width"] - 56), left["y"] + 60)
    assert shown.get("step") == 50
    shown.page.mouse.click(right["x"] + 42 + (right["width"] - 56) * 5 / 7, right["y"] + 60)
    assert shown.get("eta") == 10
    settled(shown)
    assert shown.get("tried") == [0.1, 10]


def test_python_is_followed_and_less_motion_waits_for_the_end(show):
    shown = show(LearningRate(eta=0.1, tried=[]), reduced_motion="reduce")
    shown.set(tried=[0.01, 0.1, 1.0], momentum=0.9)
    assert (
        check(shown)["best"] == 1.0
        and shown.page.locator(".lf-rate-old").first.get_attribute("d").count("M") == 2
    )
    shown.set(eta=0.2)
    assert check(shown)["eta"] == 0.2 and shown.get("tried") == [0.01, 0.1, 0.2, 1.0]


def test_the_arrow_goes_down_to_the_prediction_and_the_ring_is_where_it_lands(show):
    shown = show(LearningRate(eta=10.0, tried=[], step=1))
    settled(shown)
    marks = """() => { const arrow = document.querySelector("[data-gradient]"), plot = arrow.closest(".lf-chart");
      const ticks = [...plot.querySelectorAll("[data-name='axis y']")].map((n) => [Number(n.dataset.value), Number(n.getAttribute("y")) - 4]);
      const [[v0, y0], [v1, y1]] = ticks, back = (y) => v0 + (y - y0) * (v1 - v0) / (y1 - y0);
      const [, top, , end] = arrow.getAttribute("d").match(/[-\\d.]+/g).map(Number);
      return [top, end, Number(plot.querySelector(".lf-rate-landed").getAttribute("cy"))].map(back); }"""
    for eta in (10.0, 5.0, 1.5):
        shown.set(eta=eta)
        numbers = check(shown)
        assert shown.page.evaluate(marks) == pytest.approx(
            [numbers["start"], numbers["predicted"], numbers["landed"]], abs=0.02
        )


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(LearningRate(eta=0.1, tried=[0.01, 1.0, 50.0]), width=width)
    for state in (
        {},
        {"eta": 50.0},
        {"eta": 1.5e-4, "step": 1},
        {"activation": "relu", "momentum": 0.9, "eta": 500.0, "step": 100},
    ):
        shown.set(**state)
        settled(shown)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(LearningRate(eta=0.1, tried=[]), theme=theme)
    for eta in (0.5, 50.0):
        shown.set(eta=eta)
        settled(shown)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(LearningRate(eta=0.1, tried=[]), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    settled(shown)
    page.wait_for_timeout(1000)
    shown.slide(eta=ETAS.index(50.0))
    assert (
        not page.locator("[role=status]").text_content().startswith("Learning rate 50")
    )  # nothing while it moves
    page.wait_for_function(
        "/^Learning rate 50: loss .* after 100 steps, \\d+ of 200 digits right. Diverges/.test(document.querySelector('[role=status]').textContent)"
    )
    page.wait_for_function(
        "document.querySelector('.lf-chart').getAttribute('aria-label').includes('Learning rate 50')"
    )
    assert page.get_by_role("group", name="Live figure: the learning rate").count() == 1
    shown.control("all").click()
    page.evaluate("stop()")  # in the middle of it
    tried = shown.get("tried")
    page.wait_for_timeout(300)
    assert (
        page.evaluate("model.count()") == 0
        and page.locator(".lf").count() == 0
        and shown.get("tried") == tried
    )
