"""The live figure `Overfitting`: its run is gradient descent, its gradients are slopes, the cures cure, it works and reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.gradient_check import numeric_gradient
from backprop.live import Overfitting
from backprop.live.overfitting import DECAYS, MARKS, RATE, SIZES, UNITS, features, truth

STATE = ("n", "units", "noise", "decay", "step", "seed")
PARTS = ("training", "validation")
SHOWN = {
    *("n", "units", "noise", "decay", "step", "extra", "length"),
    *(f"pull[{name}]" for name in ("data", "decay", "sum")),
    *PARTS,
    *(f"{what}[{part}]" for what in ("promised", "brought") for part in PARTS),
}


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "n": int(rng.choice(SIZES)),
        "units": int(rng.choice(UNITS)),
        "noise": round(float(rng.uniform(0, 0.6)), 2),
        "decay": float(rng.choice(DECAYS)),
        "step": int(rng.choice(MARKS)),
        "seed": int(rng.integers(1000)),
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = Overfitting(**{name: shown.get(name) for name in STATE}).values
    numbers = shown.numbers()
    assert set(numbers) == SHOWN
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-9), name
        assert written(text.removeprefix("+")) == pytest.approx(value, rel=0.06, abs=6e-4), name
        assert "-" not in text
    return numbers


# -------------------------------------------------------------------------------------------------------------- Python


def test_samples_are_noisy_readings_of_the_truth():
    figure, clean = Overfitting(n=100, seed=5), Overfitting(n=100, noise=0, seed=5)
    for part, count in (("training", 100), ("validation", 60)):
        x, t = figure.samples()[part]
        assert x.shape == t.shape == (count,) and -1 <= x.min() < -0.9 and 0.9 < x.max() <= 1
        np.testing.assert_array_equal(clean.samples()[part][1], 0.8 * np.sin(4 * x))
        errors = (t - truth(x)) / 0.3
        assert abs(errors.mean()) < 0.35 and abs(errors.std() - 1) < 0.25
    few = Overfitting(n=7, seed=5).samples()["training"][0]
    assert np.array_equal(few, figure.samples()["training"][0][:7])  # the first of the many
    assert not set(few) & set(figure.samples()["validation"][0])


@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_a_run_is_gradient_descent_step_by_step(decay):
    figure = Overfitting(n=12, units=8, decay=decay, seed=2)
    x, t = figure.samples()["training"]
    X, w, step = features(x, 8), np.zeros(9), 0
    penalty = np.array([0] + [decay] * 8)
    for k, mark in enumerate(m for m in MARKS if m <= 1000):
        while step < mark:
            w = w - RATE * (2 * X.T @ (X @ w - t) / 12 + penalty * w)
            step += 1
        np.testing.assert_allclose(figure.fit.weights(mark), w, rtol=1e-9, atol=1e-11)
        assert figure.fit.training[k] == pytest.approx(np.mean((X @ w - t) ** 2), rel=1e-10)


def test_gradients_and_pulls_are_slopes():
    rng = np.random.default_rng(4)
    for _ in range(12):
        figure = Overfitting(**anywhere(rng))
        w, found = figure.w.copy(), figure.gradients
        weight = lambda: figure.decay / 2 * w[1:] @ w[1:]
        for part in PARTS:
            slopes = numeric_gradient(lambda part=part: figure.error(part, w), w)
            np.testing.assert_allclose(found[part], slopes, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found["decay"], numeric_gradient(weight, w), atol=1e-7)
        # to stretch the weights a little is to go along them
        longer = lambda s: np.append(w[0], w[1:] * (1 + s / np.linalg.norm(w[1:])))
        h = 1e-5
        by_length = (figure.error("training", longer(h)) - figure.error("training", longer(-h))) / (
            2 * h
        )
        assert figure.pulls["data"] == pytest.approx(-by_length, rel=1e-4, abs=1e-8)
        assert figure.pulls["decay"] == pytest.approx(
            -figure.decay * np.linalg.norm(w[1:]), abs=1e-12
        )


def test_at_the_end_data_and_decay_pull_equally_hard():
    for decay in (0.001, 0.01, 0.1):
        begun, ended = (Overfitting(decay=decay, step=s) for s in (10, MARKS[-1]))
        assert begun.pulls["data"] > 2.5 * -begun.pulls["decay"]
        assert ended.pulls["decay"] < -1e-3
        assert ended.values["pull[sum]"] == pytest.approx(0, abs=1e-3 * ended.pulls["data"])
        total = ended.gradients["training"] + ended.gradients["decay"]
        assert np.abs(total).max() < 1e-3 * np.abs(ended.gradients["decay"]).max()


def test_the_gradient_foretells_the_next_steps():
    values = Overfitting().values
    for part in PARTS:
        promised, brought = values[f"promised[{part}]"], values[f"brought[{part}]"]
        assert brought == pytest.approx(promised, rel=0.2)
    assert values["promised[training]"] < 0 < values["promised[validation]"]  # it overfits


def test_each_cure_cures():
    ill = Overfitting(decay=0, step=MARKS[-1])
    least = ill.fit.validation.min()
    assert ill.training < 0.05 * least and ill.validation > 3 * least
    assert 100 < ill.best_step < 1000
    assert Overfitting(decay=0, step=ill.best_step).validation == pytest.approx(least, rel=1e-9)
    assert Overfitting(n=100, decay=0, step=MARKS[-1]).validation < least
    decayed = {d: Overfitting(decay=d, step=MARKS[-1]).validation for d in DECAYS}
    assert min(decayed.values()) < 1.05 * least and decayed[0.3] > 1.3 * least  # and too much of it
    by_units = {u: Overfitting(decay=0, units=u, step=MARKS[-1]) for u in UNITS}
    assert by_units[3].validation < 0.4 * ill.validation
    assert by_units[1].training > 0.1  # too few
    assert by_units[10].validation > by_units[8].validation  # and no steady rule between them


@pytest.mark.parametrize(
    "trait, wrong",
    [
        *[("n", 5), ("n", 101), ("units", 0), ("units", 25), ("noise", -0.1), ("noise", 0.7)],
        *[("decay", -1), ("decay", 0.4), ("step", 0), ("step", 2999), ("seed", -1)],
        ("catalogue", {}),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Overfitting(), trait, wrong)


def test_picture_and_words_follow_the_state():
    figure = Overfitting(step=10)
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "after 10 steps" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == Overfitting(step=10).picture() != Overfitting().picture()


# ------------------------------------------------------------------------------------------------- the two side by side


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("overfitting/curve.js"), np.random.default_rng(6)
    figures = [
        Overfitting(n=6, units=24, noise=0.6, decay=0, step=MARKS[-1]),
        Overfitting(n=6, units=1, noise=0),
        Overfitting(decay=0.3, step=1),
        *(Overfitting(**anywhere(rng)) for _ in range(40)),
    ]
    found = js(
        """(states, marks) => states.map((s) => { const run = runOf(samplesOf(s), s, marks);
      return { ...tableOf(run, s, marks), training: run.training, validation: run.validation }; })""",
        [{name: getattr(f, name) for name in STATE} for f in figures],
        MARKS,
    )
    js.close()
    for figure, got in zip(figures, found, strict=True):
        assert got["table"] == pytest.approx(figure.values, rel=1e-9, abs=1e-9)
        np.testing.assert_allclose(got["training"], figure.fit.training, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(got["validation"], figure.fit.validation, rtol=1e-9)
        np.testing.assert_allclose(got["w"], figure.w, rtol=1e-7, atol=1e-9)


def test_numbers_are_pythons(show):
    shown, rng = show(Overfitting()), np.random.default_rng(7)
    check(shown)
    for _ in range(10):
        shown.set(**anywhere(rng))
        check(shown)


# ------------------------------------------------------------------------------------------------------------ the page

# Of the arrows by the name of the gradient: where they begin, and how far they go to the right and up.
ARROWS = """() => Object.fromEntries([...document.querySelectorAll("[data-gradient]")].map((n) => {
  const [, x1, y1, x2, y2] = n.getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/).map(Number);
  return [n.dataset.gradient, [x1, y1, x2 - x1, y1 - y2]];
}))"""


def test_arrows_are_the_gradients(show):
    shown, rng = show(Overfitting()), np.random.default_rng(8)
    for state in ({}, *({**anywhere(rng), "n": 15} for _ in range(6))):
        shown.set(**state)
        figure = Overfitting(**{name: shown.get(name) for name in STATE})
        arrows, values = shown.page.evaluate(ARROWS), figure.values
        most = max(abs(values["pull[data]"]), abs(values["pull[decay]"]))
        reach = max(abs(arrows[f"pull of the {name}"][2]) for name in ("data", "decay"))
        for name in ("data", "decay", "sum"):
            wanted = reach * values[f"pull[{name}]"] / most
            assert arrows[f"pull of the {name}"][2] == pytest.approx(wanted, abs=0.25)
        for part in PARTS:  # a tangent rises where the error does
            right, up = arrows[f"{part} error"][2:]
            assert right > 0 and np.sign(round(up, 0)) in (0, np.sign(values[f"promised[{part}]"]))
        x, t = figure.samples()["training"]
        miss = t - features(x, figure.units) @ figure.w
        pixels = np.array([arrows[f"pull of sample {i + 1}"][3] for i in range(15)])
        inside = np.abs(t - miss) < 2
        scale = 212 / 4  # pixels of a unit: 250 high without the margins
        np.testing.assert_allclose(pixels[inside], scale * miss[inside], atol=0.2)


def test_every_control_works_by_keyboard(show):
    shown = show(Overfitting())
    page = shown.page
    order = ["reset", "step", "decay", "n", "units", "noise"]
    assert shown.tab_order()[:6] == order
    for control, keys in {
        "n": {"ArrowRight": 20, "Home": 6},
        "units": {"ArrowLeft": 20, "Home": 1, "ArrowUp": 2},
        "noise": {"End": 0.6, "ArrowLeft": 0.55, "Home": 0},
        "decay": {"ArrowRight": 3e-4, "End": 0.3, "Home": 0},
        "step": {"Home": 1, "ArrowRight": MARKS[1], "End": MARKS[-1]},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            page.keyboard.press(key)
            assert shown.get(control) == pytest.approx(value), (control, key)
            check(shown)
    page.get_by_role("button", name="To the lowest validation error").press("Enter")
    assert shown.get("step") == Overfitting(**{n: shown.get(n) for n in STATE}).best_step
    page.get_by_role("button", name="Other samples").press("Enter")
    assert shown.get("seed") == 17
    check(shown)


def test_a_drag_on_the_errors_sets_the_step(show):
    shown = show(Overfitting())
    chart = shown.page.locator(".lf-fit-course svg.lf-chart")
    box = chart.bounding_box()
    left, width = chart.evaluate(
        "(n) => ['x', 'width'].map((side) => Number(n.querySelector('.lf-area').getAttribute(side)))"
    )
    at = lambda power: box["x"] + left + width * power / 5
    mouse = shown.page.mouse
    mouse.move(at(4), box["y"] + 60)
    mouse.down()
    for power in (3, 2, 1):
        mouse.move(at(power), box["y"] + 90)
        assert shown.get("step") == 10**power
        check(shown)
    mouse.up()
    mouse.move(at(4), box["y"] + 60)
    assert shown.get("step") == 10


@pytest.mark.parametrize(
    "state, words",
    [
        ({}, "Overfits: the validation error is 2.0 times that at step"),
        ({"step": 215}, "About the best"),
        ({"units": 1}, "Underfits"),
        ({"n": 100, "units": 4}, "About the best"),
    ],
)
def test_what_the_fit_is_like_is_said(show, state, words):
    shown = show(Overfitting(**state))
    assert words in shown.page.locator(".lf-fit-verdict").text_content()


def test_at_rest_is_said_when_the_pulls_cancel(show):
    shown = show(Overfitting(decay=0.01))
    rest = shown.page.locator(".lf-fit-rest")
    assert rest.is_visible()
    shown.set(step=100)
    assert not rest.is_visible()


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Overfitting(), width=width)
    for state in (
        {},
        {"units": 1, "noise": 0},
        {"n": 100, "decay": 0.3, "noise": 0.6, "units": 24},
        {"n": 6, "decay": 0, "step": MARKS[-1]},
        {"step": 1},
    ):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Overfitting(), theme=theme)
    for step in (215, 10_000):
        shown.set(step=step)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Overfitting(), width=375, has_touch=True, is_mobile=True, reduced_motion="reduce")
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    shown.slide(noise=0.5)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^Step 10000: training error .* validation error .*; the lowest, .*gradient of the/.test(document.querySelector('[role=status]').textContent)"
    )
    page.wait_for_function(
        "document.querySelector('.lf-chart').getAttribute('aria-label').startsWith('15 training samples')"
    )
    assert page.get_by_role("group", name="Live figure: overfitting").count() == 1
    page.evaluate("model.set('seed', 9); stop()")
    page.wait_for_timeout(200)
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0


def test_axes_and_arrows_are_named(show):
    shown = show(Overfitting())
    names = shown.page.locator(".lf-axis-label").all_text_contents()
    assert [name for name in names if name] == ["x", "y", "step", "squared error"]
    legend = shown.page.locator(".lf-legend").inner_text()
    assert "lowest validation error" in legend and "left, how a sample pulls" in legend
    tug = shown.page.locator(".lf-fit-ropes").inner_text()
    assert "Weights’ length |w| =" in tug and "longer (→), shorter (←)" in tug
