"""The live figure `Overfitting`: its runs are the companion's, the cures cure, its controls work by keyboard and pointer, it reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.live import Overfitting
from backprop.live.overfitting import DECAYS, MARKS, SIZES, STEPS, SWEEPS, UNITS, truth

STATE = ("n", "units", "noise", "decay", "early", "step", "sweep", "seed")
RUN = ("n", "units", "noise", "decay", "seed")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def settled(shown):
    shown.page.wait_for_function(
        "document.querySelector('.lf').getAttribute('aria-busy') === 'false'"
    )


def trained(shown):
    """The present run is done; the third plot may still be filling."""
    shown.page.wait_for_function(
        "document.querySelector('.lf-fit-verdict').textContent !== 'Training …'"
    )


def check(shown):
    """Every number on the page is what the companion says for the state of the page, in value and in text."""
    trained(shown)
    wanted, numbers = (
        Overfitting(**{name: shown.get(name) for name in STATE}).values,
        shown.numbers(),
    )
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-15), name
        assert written(text) == pytest.approx(
            value, rel=0.06, abs=5.1e-4 if name != "noise" else 5.1e-3
        ), (name, text, value)
        assert "-" not in text
    return {name: value for name, (value, _) in numbers.items()}


# -------------------------------------------------------------------------------------------------------------- Python


def test_samples_are_noisy_readings_of_the_truth():
    figure, clean = Overfitting(n=100), Overfitting(n=100, noise=0)
    for part, count in (("training", 100), ("validation", 60)):
        x, t = figure.samples()[part]
        assert x.shape == t.shape == (count, 1) and -1 <= x.min() < -0.9 and 0.9 < x.max() <= 1
        np.testing.assert_array_equal(clean.samples()[part][1], 0.8 * np.sin(4 * x))
        errors = (t - truth(x)) / 0.3
        assert abs(errors.mean()) < 0.35 and abs(errors.std() - 1) < 0.25
    assert np.array_equal(
        Overfitting(n=7).samples()["training"][0], figure.samples()["training"][0][:7]
    )  # fewer are the first of the many
    assert not set(figure.samples()["training"][0].ravel()) & set(
        figure.samples()["validation"][0].ravel()
    )


def test_a_run_is_gradient_descent_by_hand():
    figure, decay = Overfitting(n=12, units=5, decay=0.01, seed=2), 0.01
    x, t = figure.samples()["training"]
    from backprop.live.overfitting import initial

    p = {name: v.copy() for name, v in initial(5, 2).parameters.items()}
    velocity, errors = {name: 0 for name in p}, []
    for _ in range(5):
        a1 = np.tanh(x @ p["W1"] + p["b1"])
        a2 = np.tanh(a1 @ p["W2"] + p["b2"])
        d3 = 2 * (a2 @ p["W3"] + p["b3"] - t) / 12
        d2 = d3 @ p["W3"].T * (1 - a2 * a2)
        d1 = d2 @ p["W2"].T * (1 - a1 * a1)
        for name, g in (
            ("W1", x.T @ d1),
            ("b1", d1.sum(0)),
            ("W2", a1.T @ d2),
            ("b2", d2.sum(0)),
            ("W3", a2.T @ d3),
            ("b3", d3.sum(0)),
        ):
            velocity[name] = 0.95 * velocity[name] + g + (decay * p[name] if name[0] == "W" else 0)
        for name in p:
            p[name] = p[name] - 0.015 * velocity[name]
        y = np.tanh(np.tanh(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]) @ p["W3"] + p["b3"]
        errors.append(np.mean((y - t) ** 2))
    assert MARKS[:4] == [1, 2, 3, 4] and MARKS[-1] == STEPS
    np.testing.assert_allclose(figure.fit.training[:4], errors[:4], rtol=1e-11)
    assert p["W1"].std() > 1 and figure.fit.thetas.shape == (len(MARKS), 5 * 9 + 1)


def test_each_cure_cures():
    ill = Overfitting()
    assert (
        ill.training < 0.02
        and ill.validation > 1.7 * ill.fit.validation.min()
        and 1 < ill.best_step < STEPS
    )
    more = Overfitting(n=100)
    assert (
        more.validation < 0.65 * ill.validation
        and more.validation < 1.1 * more.fit.validation.min()
        and more.training > 4 * ill.training
    )
    assert (
        Overfitting(decay=0.001).validation < 0.6 * ill.validation
        and Overfitting(decay=0.1).validation > ill.validation
    )  # and too much of it
    assert (
        Overfitting(units=3).validation < 0.6 * ill.validation
        and Overfitting(units=1).training > 10 * ill.training
    )
    early = Overfitting(early=True)
    assert (
        early.validation == ill.fit.validation.min()
        and early.shown_step == ill.best_step
        and early.training > ill.training
    )
    net, (xv, tv) = early.network(), early.samples()["validation"]
    assert np.mean((net.forward(xv) - tv) ** 2) == pytest.approx(early.validation, rel=1e-12)


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("n", 5),
        ("n", 101),
        ("units", 0),
        ("units", 17),
        ("noise", -0.1),
        ("noise", 0.7),
        ("decay", -1),
        ("decay", 0.2),
        ("early", "yes"),
        ("step", 0),
        ("step", 2999),
        ("sweep", "noise"),
        ("seed", -1),
        ("catalogue", {}),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Overfitting(), trait, wrong)


def test_picture_and_words_follow_the_state():
    figure = Overfitting(early=True)
    data, _ = figure._repr_mimebundle_()
    assert (
        data["text/plain"] == figure.describe()
        and "(stopped early)" in figure.describe()
        and f"after {figure.best_step} steps" in figure.describe()
    )
    assert (
        figure.picture()[:4] == b"\x89PNG"
        and figure.picture() == Overfitting(early=True).picture() != Overfitting().picture()
    )


# ------------------------------------------------------------------------------------------------- the two side by side


def test_runs_equal_the_companions_to_the_last_step():
    js = Mathematics("overfitting/train.js")
    rng = np.random.default_rng(6)
    figures = [
        Overfitting(n=6, units=16, noise=0.6),
        Overfitting(n=100, units=12),
        Overfitting(n=6, units=1, noise=0),
        Overfitting(decay=0.1),
        Overfitting(n=8, units=16, noise=0),
    ]
    figures += [
        Overfitting(
            n=int(rng.choice(SIZES[:8])),
            units=int(rng.choice(UNITS)),
            noise=float(rng.uniform(0, 0.6)),
            decay=float(rng.choice(DECAYS)),
            seed=int(rng.integers(100)),
        )
        for _ in range(8)
    ]
    found = js(
        """(states, marks) => states.map((s) => {
      const run = new CurveRun(samplesOf(s), s, marks); while (run.advance()); return [run.training, run.validation, run.thetas.at(-1)]; })""",
        [{name: getattr(f, name) for name in RUN} for f in figures],
        MARKS,
    )
    js.close()
    for figure, (training, validation, theta) in zip(figures, found, strict=True):
        np.testing.assert_allclose(training, figure.fit.training, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(validation, figure.fit.validation, rtol=1e-9)
        np.testing.assert_allclose(theta, figure.fit.thetas[-1], rtol=1e-8, atol=1e-10)


def test_numbers_are_the_companions(show):
    shown, rng = show(Overfitting()), np.random.default_rng(7)
    check(shown)
    for trial in range(8):
        shown.set(
            n=int(rng.choice([6, 100] if trial < 2 else SIZES[:8])),
            units=int(rng.choice(UNITS)),
            noise=[0, 0.6, 0.3][trial % 3],
            decay=float(rng.choice(DECAYS)),
            early=bool(trial % 2),
            step=int(rng.choice(MARKS)),
            seed=int(rng.integers(20)),
        )
        check(shown)


# ------------------------------------------------------------------------------------------------------------ the page

DOTS = """() => { const panel = document.querySelector(".lf-fit-along"), ticks = [...panel.querySelectorAll("[data-name='axis y']")].map((n) => [Math.log10(Number(n.dataset.value)), Number(n.getAttribute("y")) - 4]);
  return { ticks, dots: ["training", "validation"].map((part) => [...panel.querySelectorAll(`.lf-fit-dot.lf-fit-${part}`)].map((n) => Number(n.getAttribute("transform").split(" ")[1].replace(")", "")))) }; }"""


@pytest.mark.parametrize(
    "sweep, state",
    [
        ("units", {"n": 12}),
        ("decay", {"n": 10, "units": 6, "early": True}),
        ("n", {"units": 4, "step": 46}),
    ],
)
def test_the_third_plot_stands_where_the_companion_says(show, sweep, state):
    shown = show(
        Overfitting(
            sweep=sweep,
            **{**state, "step": min(MARKS, key=lambda m: abs(m - state.get("step", STEPS)))},
        )
    )
    settled(shown)
    got, figure = (
        shown.page.evaluate(DOTS),
        Overfitting(**{name: shown.get(name) for name in STATE}),
    )
    (p, y), (q, v) = got["ticks"][:2]
    for dots, wanted in zip(got["dots"], np.array(list(figure.swept.values())).T, strict=True):
        assert len(dots) == len(SWEEPS[sweep][1])
        np.testing.assert_allclose(
            p + (np.array(dots) - y) * (q - p) / (v - y),
            np.log10(np.clip(wanted, 2e-3, 2)),
            atol=0.02,
        )


def test_every_control_works_by_keyboard(show):
    shown = show(Overfitting(units=4, sweep="units"))
    page = shown.page
    assert shown.tab_order() == [
        "n",
        "units",
        "noise",
        "decay",
        "step",
        "early",
        "units",
        "seed",
    ] or shown.tab_order()[:7] == ["n", "units", "noise", "decay", "step", "early", "units"]
    for control, keys in {
        "n": {"ArrowRight": 20, "Home": 6},
        "units": {"ArrowRight": 6, "Home": 1, "ArrowUp": 2},
        "noise": {"End": 0.6, "ArrowLeft": 0.55, "Home": 0},
        "decay": {"ArrowRight": 1e-5, "End": 0.1, "Home": 0},
        "step": {"Home": 1, "ArrowRight": 2, "End": STEPS},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            page.keyboard.press(key)
            assert shown.get(control) == pytest.approx(value), (control, key)
            check(shown)
    shown.control("early").focus()
    page.keyboard.press("Space")
    assert shown.get("early") is True and check(shown)["step"] == check(shown)["best_step"]
    shown.control("step").focus()
    page.keyboard.press("ArrowLeft")  # from where early stopping has put it
    assert shown.get("early") is False
    check(shown)
    page.locator(".lf-segmented input:checked").focus()
    page.keyboard.press("ArrowRight")
    assert shown.get("sweep") == "decay"
    shown.control("seed").focus()
    page.keyboard.press("Enter")
    assert shown.get("seed") == 6
    check(shown)


def test_no_frame_shows_what_is_no_number(show):
    """A run that has just begun has errors, too: nothing on the page is ever without a value."""
    shown = show(Overfitting(n=10, units=8))
    frames = shown.page.evaluate("""async () => { const found = [];
      const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      for (const name of ["noise", "units", "decay", "n"]) for (let k = 0; k < 6; k++) {
        const input = document.querySelector(`[data-control="${name}"]`);
        input.value = k; input.dispatchEvent(new Event("input", { bubbles: true }));
        for (let i = 0; i < 3; i++) { await frame(); found.push(/NaN|data-value="none"/.test(document.querySelector(".lf").outerHTML)); }
      }
      return found; }""")
    assert len(frames) == 72 and not any(frames)


def test_plots_are_clicked(show):
    shown = show(Overfitting(n=10, units=3, sweep="units"))
    settled(shown)
    course, along = (
        shown.page.locator(".lf-fit-panels .lf-chart").nth(k).bounding_box() for k in (1, 2)
    )
    shown.page.mouse.click(
        course["x"] + 40 + (course["width"] - 54) * 2 / np.log10(STEPS), course["y"] + 60
    )
    assert shown.get("step") == min(MARKS, key=lambda m: abs(np.log10(m) - 2))
    check(shown)
    shown.page.mouse.click(along["x"] + 42, along["y"] + 60)
    assert shown.get("units") == UNITS[0]
    shown.page.mouse.click(along["x"] + along["width"] - 16, along["y"] + 60)
    assert shown.get("units") == UNITS[-1]


@pytest.mark.parametrize(
    "state, words",
    [
        ({}, "Overfits: at step"),
        ({"early": True}, "About the best"),
        ({"units": 1}, "Underfits"),
        ({"n": 100, "units": 4}, "About the best"),
    ],
)
def test_what_the_fit_is_like_is_said(show, state, words):
    shown = show(Overfitting(**state))
    trained(shown)
    assert words in shown.page.locator(".lf-fit-verdict").text_content()


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Overfitting(n=8, units=3), width=width)
    for state in (
        {},
        {"sweep": "units", "noise": 0},
        {"sweep": "decay", "decay": 0.03, "noise": 0.6},
        {"early": True},
        {"step": 1, "early": False},
    ):
        shown.set(**state)
        trained(shown)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Overfitting(n=10, units=3), theme=theme)
    for early in (False, True):
        shown.set(early=early)
        trained(shown)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_less_motion_touch_targets_words_and_leaving(show):
    shown = show(
        Overfitting(n=8, units=4),
        width=375,
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    settled(shown)
    check(shown)
    shown.slide(noise=0.5)
    assert (
        "noise" not in (page.locator("[role=status]").text_content() or "")
        and page.locator("[role=status]").text_content() == ""
    )  # nothing while it moves
    page.wait_for_function(
        "/^Step 3000: training error .* validation error .*; the lowest, .*/.test(document.querySelector('[role=status]').textContent)"
    )
    page.wait_for_function(
        "document.querySelector('.lf-chart').getAttribute('aria-label').startsWith('8 training samples')"
    )
    assert page.get_by_role("group", name="Live figure: overfitting").count() == 1
    page.evaluate("model.set('seed', 9); stop()")
    page.wait_for_timeout(200)
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
