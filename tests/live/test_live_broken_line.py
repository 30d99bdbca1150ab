"""The live figure `BrokenLine`: each fault casts its shadow and can be hidden, the numbers are the companion's, it is played to the end."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages
from mathematics import Mathematics

from backprop.live import BrokenLine
from backprop.live.broken_line import BROKEN, CLOSE, LAYERS, LINES, MIRROR
from backprop.losses import HalfSquaredError

STATE = ("round", "accused", "scale", "n", "w2", "w3")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng):
    return {
        "round": int(rng.integers(0, 30)),
        "accused": int(rng.integers(0, len(LINES) + 1)),
        "scale": round(float(rng.uniform(0.1, 2)), 2),
        "n": int(rng.integers(1, 4)),
        "w2": round(float(rng.uniform(-1.5, 1.5)), 2),
        "w3": round(float(rng.uniform(-1.5, 1.5)), 2),
    }


def of_page(shown):
    return BrokenLine(**{name: shown.get(name) for name in STATE})


# -------------------------------------------------------------------------------------------------------------- Python


def test_without_a_fault_the_program_is_the_companions_backward_pass():
    rng = np.random.default_rng(1)
    for _ in range(40):
        figure = BrokenLine(**anywhere(rng))
        net, (x, t) = figure.network(), figure.batch
        net.loss_and_gradients(HalfSquaredError(), x, t)
        for k in LAYERS:
            np.testing.assert_allclose(figure.program(0)[k], net.gradients[f"W{k}"], rtol=1e-12)
        assert max(figure.errors(0).values()) < 1e-7 and figure.wrong(0) == []


def test_a_fault_spoils_what_comes_after_it_and_nothing_before():
    """The shadows of the eight lines, in the state in which the figure opens."""
    shadows = {1: [3, 2, 1], 2: [3], 3: [2, 1], 4: [2, 1], 5: [2], 6: [1], 7: [1], 8: [1]}
    assert {line: BrokenLine().wrong(line) for line in range(1, 9)} == shadows
    assert sorted(BROKEN) == list(shadows)  # every line is broken once
    assert BrokenLine().fault == 4 and BrokenLine(round=9).fault == BROKEN[1]


def test_what_hides_a_fault():
    """One sample the missing mean, small inputs a missing slope, symmetry a missing transpose; nothing an old gradient."""
    hidden = {
        "one sample": ({"n": 1}, {1}),
        "small inputs": ({"scale": 0.1}, {4, 7}),
        "W3 symmetric": ({"w3": MIRROR}, {3}),
        "W2 symmetric": ({"w2": MIRROR}, {6}),
    }
    for what, (state, lines) in hidden.items():
        figure = BrokenLine(**state)
        assert {line for line in range(1, 9) if not figure.wrong(line)} == lines, what


def test_an_old_gradient_makes_the_new_one_twice_as_long():
    figure = BrokenLine(scale=1.3, w2=0.4)
    for line, k in ((2, 3), (5, 2), (8, 1)):
        np.testing.assert_allclose(figure.program(line)[k], 2 * figure.program(0)[k], rtol=1e-12)
        assert figure.errors(line)[k] == pytest.approx(1 / 3, abs=1e-6)


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("round", -1),
        ("accused", 9),
        ("scale", 0),
        ("scale", np.nan),
        ("n", 4),
        ("n", 0),
        ("w2", 2),
        ("w3", -1.6),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(BrokenLine(), trait, wrong)
    with pytest.raises(TypeError, match="takes no 'faults'"):
        BrokenLine(faults=3)


def test_picture_and_words_follow_the_state_and_do_not_give_the_line_away():
    figure = BrokenLine()
    assert figure._repr_mimebundle_()[0]["text/plain"] == figure.describe()
    assert "W2 23.9 %" in figure.describe() and "line 4" not in figure.describe()
    assert figure.picture() == BrokenLine().picture() != BrokenLine(round=1).picture()


def test_the_page_computes_what_python_computes():
    js, rng = Mathematics("broken_line/maths.js"), np.random.default_rng(6)
    states = [anywhere(rng) for _ in range(60)]
    found = js(
        "(states) => states.map((s) => [tableOf(s), faultOf(s), [...Array(9).keys()].map((k) => [programOf(s, k), wrongOf(s, k)])])",
        states,
    )
    js.close()
    for state, (table, fault, lines) in zip(states, found, strict=True):
        figure = BrokenLine(**state)
        assert table == pytest.approx(figure.values, rel=1e-9, abs=1e-11)
        assert fault == figure.fault
        for line, (program, wrong) in enumerate(lines):
            assert wrong == figure.wrong(line)
            for k in LAYERS:
                wanted = figure.program(line)[k].ravel()
                np.testing.assert_allclose(program[str(k)], wanted, rtol=1e-12, atol=1e-15)


# ------------------------------------------------------------------------------------------------------------ the page

BARS = """() => Object.fromEntries([...document.querySelectorAll("[data-gradient]")].map((n) => [n.dataset.gradient,
  [...["y", "height"].map((a) => Number(n.getAttribute(a))), n.classList.contains("lf-bl-off")]]))"""


def test_numbers_bars_and_colours_are_those_of_the_state(show):
    shown, rng = show(BrokenLine()), np.random.default_rng(7)
    for state in ({}, *(anywhere(rng) for _ in range(8))):
        shown.set(**state)
        figure, bars = of_page(shown), shown.page.evaluate(BARS)
        values, wrong = figure.values, figure.wrong()
        for name, (value, text) in shown.numbers().items():
            assert value == pytest.approx(values[name], rel=1e-9, abs=1e-11), name
            if name.startswith("error"):
                assert text.endswith(" %")
                assert float(text[:-2]) == pytest.approx(100 * value, abs=0.051)
        for k in LAYERS:
            both = [v for n, v in values.items() if n.startswith((f"program{k}", f"numeric{k}"))]
            unit = 71 / np.abs(both).max()  # pixels
            for kind in ("program", "numeric"):
                for i, j in np.ndindex(2, 2):
                    y, height, off = bars[f"{kind}{k}[{i},{j}]"]
                    value = values[f"{kind}{k}[{i},{j}]"]
                    assert height == pytest.approx(abs(value) * unit, abs=0.02)
                    assert y == pytest.approx(75 - max(0, value) * unit, abs=0.02)
                    assert off == (kind == "program" and k in wrong)


def test_it_is_played_to_the_end(show):
    """Each fault: the wrong lines are told from the right one, a slider hides it, the next one comes."""
    shown = show(BrokenLine())
    verdict = shown.page.locator(".lf-bl-verdict")
    for turn, fault in enumerate(BROKEN):
        assert shown.get("round") == turn
        assert verdict.text_content().endswith("Which line is broken?")
        for line in range(1, 9):
            shown.control(f"line {line}").click()
            said = verdict.text_content()
            figure = of_page(shown)
            if line == fault:
                assert said.startswith(f"Found: line {line} reads")
            elif figure.wrong(line) == figure.wrong():
                assert said.startswith(f"Not line {line}, though its shadow is the same.")
            else:
                assert said.startswith(f"Not line {line}: it would spoil ")
            assert (shown.page.locator(".lf-bl-line.lf-there").count() == 1) == (line == fault)
            pressed = shown.page.locator(".lf-bl-line[aria-pressed=true]")
            assert pressed.get_attribute("data-control") == f"line {line}"
        shown.control("line 8").click()  # the same again: taken back
        assert shown.get("accused") == 0
        if fault in (4, 7):
            shown.slide(scale=0.1)
            assert "here the fault hides" in verdict.text_content()
            shown.slide(scale=1)
        shown.control("next").click()


def test_keys_and_names(show):
    shown = show(BrokenLine())
    order = shown.tab_order()
    assert order[:5] == ["reset", "scale", "n", "w3", "w2"]
    assert order[5:] == [*(f"line {k}" for k in range(1, 9)), "next"]
    shown.control("scale").focus()
    shown.page.keyboard.press("ArrowLeft")
    assert shown.get("scale") == 0.95
    shown.control("line 4").focus()
    shown.page.keyboard.press("Enter")
    assert shown.get("accused") == 4
    label = shown.page.locator(".lf-bl-bars")
    shown.page.wait_for_function(
        "document.querySelector('.lf-bl-bars').getAttribute('aria-label').includes('W3 0.0 %')"
    )
    assert "Relative errors: W3 0.0 %, W2 " in label.get_attribute("aria-label")
    assert min(height for _, height in shown.sizes_of_targets()) >= 24


@pytest.mark.parametrize("width", [320, 390, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(BrokenLine(), width=width)
    for seed in range(3):
        assert shown.page.evaluate(PROBLEMS) == []
        shown.set(**anywhere(np.random.default_rng(seed)))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("accused", [0, 4, 5])
def test_text_has_contrast(show, theme, accused):
    shown = show(BrokenLine(accused=accused), theme=theme)
    assert shown.page.evaluate(CONTRAST)[0] >= 4.5


def test_close_is_one_per_cent():
    assert CLOSE == 0.01
