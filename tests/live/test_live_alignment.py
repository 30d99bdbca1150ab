"""The live figure `Alignment`: its numbers are those of the companion's loss, its arrows the gradient, it works and reads well."""

import itertools

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.language.ctc import CTC, collapse, log_softmax, posterior
from backprop.live import Alignment
from backprop.live.alignment import ETA, LABELS, LIMIT, NAMES, K, T

STATE = ("z", "labels", "frame")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "z": np.round(rng.normal(0, 2, (T, K)), 2).tolist(),
        "labels": str(rng.choice(list(LABELS))),
        "frame": int(rng.integers(1, T + 1)),
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted = Alignment(**{name: shown.get(name) for name in STATE})
    numbers = shown.numbers()
    assert set(numbers) == set(wanted.values)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted.values[name], rel=1e-9, abs=1e-12), name
        assert written(text) == pytest.approx(value, rel=0.06, abs=6e-4), (name, text)
        assert "-" not in text
    words = shown.page.locator(".lf-align-verdict").text_content()
    path = f"Likeliest path to {wanted.labels} (dotted): {wanted.path}"
    assert words == f"The highest bars spell {wanted.spelt}. {path}"
    return wanted


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("labels", LABELS)
def test_its_numbers_are_those_of_all_paths_written_out(labels):
    figure = Alignment(labels=labels)
    p, wanted = np.exp(log_softmax(figure.z)), list(LABELS[labels])
    total, gamma, best = 0.0, np.zeros((T, K)), (0.0, ())
    for path in itertools.product(range(K), repeat=T):
        if collapse(path) == wanted:
            chance = float(np.prod(p[np.arange(T), path]))
            total += chance
            gamma[np.arange(T), path] += chance
            best = max(best, (chance, path))
    assert figure.values["P"] == pytest.approx(total, rel=1e-10)
    np.testing.assert_allclose(figure.gamma, gamma / total, atol=1e-12)
    np.testing.assert_allclose(figure.gradient, p - gamma / total, atol=1e-12)
    assert figure.path == " ".join(NAMES[k] for k in best[1])


def test_the_step_goes_down_the_gradient():
    rng = np.random.default_rng(1)
    for _ in range(10):
        figure = Alignment(**anywhere(rng))
        h = 1e-6
        for t, k in rng.integers(0, (T, K), (4, 2)):
            up, down = figure.z.copy(), figure.z.copy()
            up[t, k] += h
            down[t, k] -= h
            slope = (figure.loss_at(up) - figure.loss_at(down)) / (2 * h)
            assert figure.gradient[t, k] == pytest.approx(slope, abs=1e-7)
        values = figure.values
        assert values["promised"] == pytest.approx(-ETA * (figure.gradient**2).sum())
        assert values["promised"] <= 0 and values["brought"] <= 0


def test_it_opens_where_the_labels_know_more_than_the_frames():
    figure = Alignment()
    assert figure.spelt == "4" and figure.path == "– – 4 – – 7 – –"
    pull = -figure.gradient
    assert pull[5, 2] > 0.1 and pull[6, 1] < -0.1  # a seven is wanted in 6, no four in 7
    for _ in range(60):
        figure.z = figure.z - figure.gradient
    assert figure.spelt == "4 7" and figure.values["P"] > 0.9


@pytest.mark.parametrize(
    "trait, wrong",
    [("frame", 0), ("frame", 9), ("labels", "7 7"), ("z", np.full((T, K), LIMIT + 1)), ("z", 0)],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Alignment(), trait, wrong)


def test_picture_and_words_follow_the_state():
    figure = Alignment(labels="7 4")
    data, _ = figure._repr_mimebundle_()
    assert data["text/plain"] == figure.describe() and "spell 7 4" in figure.describe()
    assert figure.picture()[:4] == b"\x89PNG"
    assert figure.picture() == Alignment(labels="7 4").picture() != Alignment().picture()


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("alignment/maths.js"), np.random.default_rng(6)
    states = [{"z": Alignment().z.tolist(), "labels": "4 4", "frame": 8}]
    states += [anywhere(rng) for _ in range(80)]
    found = js(
        """(states) => states.map((s) => { const f = foundOf(s.z, LABELS[s.labels]);
          return [tableOf(s, f), f.p, f.gamma, f.g, inWords(f.path), inWords(collapsed(likeliest(s.z)))]; })""",
        states,
    )
    logit = js("(z) => logitFor(z, 1, 0.7)", [1.0, 0.0, -1.0])
    js.close()
    assert log_softmax(np.array([1.0, logit, -1.0]))[1] == pytest.approx(np.log(0.7), abs=0.003)
    for state, (table, p, gamma, g, path, alone) in zip(states, found, strict=True):
        figure = Alignment(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(p, figure.p, rtol=1e-9)
        np.testing.assert_allclose(gamma, figure.gamma, atol=1e-9)
        np.testing.assert_allclose(g, figure.gradient, atol=1e-9)
        assert path == figure.path and (alone or "nothing") == figure.spelt
        labels = np.array(LABELS[state["labels"]])
        assert table["loss"] == pytest.approx(-posterior(figure.z, labels)[0], rel=1e-9)
        assert table["loss"] == pytest.approx(CTC()(figure.z[None], labels[None]), rel=1e-9)


# ------------------------------------------------------------------------------------------------------------ the page

ARROWS = """() => Object.fromEntries([...document.querySelectorAll("[data-gradient]")].map((n) => [n.dataset.gradient,
  n.getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/).slice(1).map(Number)]))"""


def unit(shown):
    """Pixels of a probability of 1, from the bars themselves."""
    heights = shown.page.evaluate(
        "() => [...document.querySelectorAll('.lf-align-bar')].map((n) => Number(n.getAttribute('height')))"
    )
    return sum(heights) / T


def test_arrows_are_the_gradient(show):
    shown, rng = show(Alignment()), np.random.default_rng(7)
    for state in ({}, *(anywhere(rng) for _ in range(6))):
        shown.set(**state)
        figure, arrows, high = check(shown), shown.page.evaluate(ARROWS), unit(shown)
        assert len(arrows) == T * K
        for t, k in itertools.product(range(T), range(K)):
            x1, y1, x2, y2 = arrows[f"frame {t + 1} symbol {k}"]
            assert x1 == x2
            assert y2 - y1 == pytest.approx(high * figure.gradient[t, k], abs=0.25)


def test_a_bar_is_dragged_where_it_stands(show):
    shown = show(Alignment())
    mouse, page = shown.page.mouse, shown.page
    for t, k, goal in ((6, 2, 0.8), (3, 1, 0.2), (1, 0, 0.5)):
        box = page.locator(".lf-align-bar").nth(3 * (t - 1) + k).bounding_box()
        x, foot, high = box["x"] + box["width"] / 2, box["y"] + box["height"], unit(shown)
        mouse.move(x, box["y"] + 1)
        mouse.down()
        mouse.move(x, foot - goal * high, steps=4)
        mouse.up()
        assert shown.get("frame") == t
        assert check(shown).p[t - 1, k] == pytest.approx(goal, abs=0.02)


def test_every_control_works_by_keyboard(show):
    shown = show(Alignment())
    assert shown.tab_order() == ["reset", "4 7", "frame", "z[0]", "z[1]", "z[2]", "step"]
    for control, keys in {
        "frame": {"ArrowRight": 4, "End": 8, "Home": 1},
        "z[0]": {"ArrowRight": 1.05, "End": 6, "Home": -6},
        "z[2]": {"ArrowLeft": -1.05},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            now = shown.numbers()[control][0]
            assert now == pytest.approx(value), (control, key)
            check(shown)
    before = check(shown).values["loss"]
    shown.control("step").focus()
    shown.page.keyboard.press("Enter")
    assert check(shown).values["loss"] < before
    shown.page.get_by_text("4 4", exact=True).click()
    assert shown.get("labels") == "4 4"
    check(shown)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Alignment(), width=width)
    for state in ({}, {"labels": "4 4", "frame": 8}, {"z": np.full((T, K), -2.5).tolist()}):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Alignment(), theme=theme)
    for labels in LABELS:
        shown.set(labels=labels)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(Alignment(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    shown.slide(**{"z[1]": 3})
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^Labels 4 7: probability .*gradient of /.test(document.querySelector('[role=status]').textContent)"
    )
    assert page.get_by_role("group", name="Live figure: an alignment").count() == 1
    page.evaluate("stop()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
