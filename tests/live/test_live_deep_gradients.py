"""The live figure `DeepGradients`: its stack is the companion's in every setting, its controls work by keyboard and pointer, it reads well."""

import itertools

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.gradient_check import numeric_gradient
from backprop.live import DeepGradients
from backprop.live.deep_gradients import INITS, LABELS, MOST, PRESETS, draws, rms

STATE = ("depth", "activation", "init", "sd", "residual", "norm", "layer", "seed")
SWITCHES = list(itertools.product((False, True), repeat=2))


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def check(shown):
    """Every number on the page is what the companion says for the state of the page, in value and in text."""
    wanted, numbers = (
        DeepGradients(**{name: shown.get(name) for name in STATE}).values,
        shown.numbers(),
    )
    assert set(numbers) == set(wanted) - {"first", "last"}
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=0), name
        number = written(text.removesuffix("\u2009%")) / (100 if "%" in text else 1)
        assert number == pytest.approx(value, rel=0.06, abs=5.1e-3), (name, text, value)
        assert "-" not in text
    return {name: value for name, (value, _) in numbers.items()}


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("activation", [name for name in LABELS if name != "relu"])
@pytest.mark.parametrize("residual, norm", SWITCHES)
def test_the_error_signal_is_the_derivative_of_the_loss(activation, residual, norm):
    """L is the top's error times the top's activations; dL/dX by central differences is what comes out below layer 1."""
    figure = DeepGradients(depth=3, activation=activation, residual=residual, norm=norm)
    X, top, _ = draws(figure.seed)
    layers, x = figure.stack(), X.copy()

    def loss():
        y = x
        for layer in itertools.chain(*layers):
            y = layer.forward(y)
        return float((top * y).sum())

    numeric = numeric_gradient(loss, x, 1e-5)
    loss()
    grad = top
    for layer in reversed(list(itertools.chain(*layers))):
        grad = layer.backward(grad)
    assert np.abs(grad - numeric).max() <= 1e-7 * np.abs(numeric).max()
    deltas = [(row[0].branch if residual else row)[-1].delta for row in layers]
    np.testing.assert_allclose(figure.deltas, [np.sqrt(np.mean(d**2)) for d in deltas], rtol=1e-12)


def test_a_plain_stack_by_hand():
    figure = DeepGradients(depth=4, activation="tanh", init="he", seed=5)
    X, top, W = draws(5)
    a, z = [X], []
    for l in range(4):
        z.append(a[-1] @ W[l] * np.sqrt(2 / 24))
        a.append(np.tanh(z[-1]))
    delta = [top * (1 - a[4] ** 2)]
    for l in (3, 2, 1):
        delta.insert(0, delta[0] @ (W[l] * np.sqrt(2 / 24)).T * (1 - a[l] ** 2))
    np.testing.assert_allclose(figure.activations, [rms(v) for v in a[1:]], rtol=1e-12)
    np.testing.assert_allclose(figure.deltas, [rms(v) for v in delta], rtol=1e-12)
    np.testing.assert_allclose(figure.slopes, [np.mean(1 - v**2) for v in a[1:]], rtol=1e-12)
    np.testing.assert_allclose(figure.flat, [np.mean(1 - v**2 < 0.05) for v in a[1:]], rtol=1e-12)
    assert figure.ratio == pytest.approx(
        rms(delta[0]) / rms(delta[3])
    ) and figure.sigma == pytest.approx(np.sqrt(1 / 12))
    values = np.concatenate([X.ravel(), top.ravel(), W.ravel()])
    assert (
        values.size == 2 * 16 * 24 + 50 * 24 * 24
        and abs(values.mean()) < 0.03
        and abs(values.std() - 1) < 0.02
    )


def test_settings_to_try_show_what_they_say():
    made = {name: DeepGradients(**changes) for name, (_, _, changes) in PRESETS.items()}
    assert made["sigmoid"].ratio < 1e-15 and made["sigmoid"].slopes.max() <= 0.25
    assert (
        made["small"].ratio < 1e-6
        and made["small"].activations[-1] < 1e-6
        and made["small"].slopes[0] > 0.8
        and made["small"].slopes[1:].min() > 0.95
    )
    assert (
        made["large"].ratio > 1e6
        and made["large"].activations[-1] > 1e6
        and made["large"].ratio ** (1 / 29) == pytest.approx(0.5 / np.sqrt(2 / 24), rel=0.05)
    )
    for name in ("xavier", "he", "cured"):
        assert (
            0.03 < made[name].ratio < 30
            and 0.03 < made[name].activations.min()
            and made[name].activations.max() < 30
        ), name
    assert made["cured"].activation == made["sigmoid"].activation == "sigmoid"


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("depth", 1),
        ("depth", 51),
        ("depth", 2.5),
        ("activation", "softmax"),
        ("init", "zero"),
        ("sd", 0),
        ("sd", 0.6),
        ("layer", 0),
        ("seed", -1),
        ("norm", 1.5),
        ("kept", {"depth": 3}),
        ("kept", {**DeepGradients().settings, "depth": 99}),
        ("catalogue", {}),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(DeepGradients(), trait, wrong)


def test_picture_and_words_follow_the_state():
    figure = DeepGradients(
        norm=True, residual=True, kept=DeepGradients().settings, depth=7, layer=9
    )
    data, _ = figure._repr_mimebundle_()
    assert (
        data["text/plain"] == figure.describe()
        and "residual connections and layer normalisation" in figure.describe()
        and figure.values["layer"] == 7
    )
    assert (
        "vanishes" in DeepGradients().describe()
        and "explodes" in DeepGradients(activation="relu", init="normal", sd=0.5).describe()
    )
    assert (
        DeepGradients().picture() == DeepGradients().picture() != DeepGradients(depth=29).picture()
    )
    assert figure.picture()[:4] == b"\x89PNG"


# ------------------------------------------------------------------------------------------------- the two side by side


def test_every_setting_gives_the_companions_numbers():
    """All activations, initialisations and cures, shallow and deep, the weights at both ends of their range: every layer's four numbers."""

    js = Mathematics("deep_gradients/stack.js")
    rng, figures = np.random.default_rng(8), []
    for activation, init, (residual, norm) in itertools.product(LABELS, INITS, SWITCHES):
        for sd in (0.01, 0.5) if init == "normal" else (0.1,):
            figures.append(
                DeepGradients(
                    activation=activation,
                    init=init,
                    sd=sd,
                    residual=residual,
                    norm=norm,
                    depth=MOST,
                    seed=int(rng.integers(3)),
                )
            )
    figures += [
        DeepGradients(
            depth=int(rng.integers(2, 12)),
            activation=str(rng.choice(list(LABELS))),
            init="normal",
            sd=float(rng.uniform(0.01, 0.5)),
            residual=bool(rng.integers(2)),
            norm=bool(rng.integers(2)),
            seed=int(rng.integers(3)),
        )
        for _ in range(12)
    ]
    found = js(
        "(states) => states.map((s) => { const { z, ...rest } = stackOf(s); return { ...rest, fate: fateOf(rest.deltas[0] / rest.deltas[s.depth - 1]) }; })",
        [f.settings for f in figures],
    )
    js.close()
    assert {got["fate"] for got in found} == {
        "vanishes",
        "explodes",
        "keeps its order of magnitude",
    }
    for figure, got in zip(figures, found, strict=True):
        assert got["fate"] == figure.fate
        for name in ("activations", "deltas", "slopes", "flat", "foretold"):
            np.testing.assert_allclose(
                np.array(got[name], dtype=float),
                getattr(figure, name),
                rtol=1e-9,
                atol=0,
                err_msg=f"{name} {figure.settings}",
            )


def test_numbers_are_the_companions_for_random_and_extreme_settings(show):
    shown, rng = show(DeepGradients()), np.random.default_rng(3)
    for trial in range(16):
        depth = int(rng.choice([2, MOST]) if trial < 6 else rng.integers(2, MOST + 1))
        shown.set(
            activation=list(LABELS)[trial % 4],
            init=list(INITS)[trial % 3],
            residual=bool(trial % 2),
            norm=bool(rng.integers(2)),
            seed=int(rng.integers(2)),
        )
        shown.slide(depth=depth, layer=int(rng.integers(1, depth + 1)))
        check(shown)


# ------------------------------------------------------------------------------------------------------------ the page


def test_lines_run_where_the_numbers_say(show):
    shown = show(DeepGradients(depth=20, activation="tanh", init="he"))
    read = """() => { const area = document.querySelector(".lf-chart .lf-area"), ticks = [...document.querySelectorAll(".lf-chart [data-name='axis y']")].slice(0, 2).map((n) => [Math.log10(Number(n.dataset.value)), Number(n.getAttribute("y")) - 4]);
      return { ticks, dots: [...document.querySelectorAll(".lf-deep-line:is(.lf-deep-forward, .lf-deep-back)[d]")].filter((n) => n.closest(".lf-chart")).flatMap((n) => n.getAttribute("d").slice(1).split("L").map((p) => Number(p.split(",")[1]))) }; }"""
    for state in (
        {},
        {"activation": "sigmoid"},
        {"init": "normal", "sd": 0.5, "activation": "identity"},
    ):
        shown.set(**state)
        got, figure = (
            shown.page.evaluate(read),
            DeepGradients(**{name: shown.get(name) for name in STATE}),
        )
        (p, y), (q, v) = got["ticks"]
        levels = p + (np.array(got["dots"]) - y) * (q - p) / (v - y)
        np.testing.assert_allclose(
            levels, np.log10([*figure.activations, *figure.deltas]), atol=0.06
        )


def test_every_control_works_by_keyboard(show):
    shown = show(DeepGradients())
    page, plot = shown.page, lambda: shown.page.locator(".lf-chart").first.inner_html()
    assert shown.tab_order() == [
        "reset",
        *(f"preset {name}" for name in PRESETS),
        "sigma",
        "depth",
        "activation",
        "xavier",
        "layer",
        "residual",
        "norm",
        "keep",
        "seed",
    ]
    for name, (_, text, changes) in PRESETS.items():
        shown.control(f"preset {name}").focus()
        page.keyboard.press("Enter")
        assert (
            {key: shown.get(key) for key in changes} == changes
            and page.get_by_text(text, exact=True).first.is_visible()
            and shown.control(f"preset {name}").get_attribute("aria-pressed") == "true"
        )
        check(shown)
    shown.set(norm=False)  # which undoes any spread of the weights
    for control, trait, keys in (
        ("depth", "depth", {"Home": 2, "ArrowRight": 3, "End": MOST}),
        ("layer", "layer", {"End": MOST, "ArrowLeft": MOST - 1, "Home": 1}),
        ("sigma", "sd", {"Home": 0.01, "ArrowRight": 0.02, "End": 0.5}),
    ):
        for key, value in keys.items():
            before = plot()
            shown.control(control).focus()
            page.keyboard.press(key)
            assert shown.get(trait) == pytest.approx(value) and plot() != before, (control, key)
            check(shown)
    assert shown.get("init") == "normal"  # whoever moves the spread has left Xavier and He
    page.locator(".lf-segmented input:checked").focus()
    page.keyboard.press("ArrowRight")
    assert shown.get("init") == "xavier" and check(shown)["sigma"] == pytest.approx(np.sqrt(1 / 24))
    for name in ("residual", "norm"):
        was = shown.get(name)
        shown.control(name).focus()
        page.keyboard.press("Space")
        assert shown.get(name) != was
        check(shown)
    shown.control("activation").focus()
    page.keyboard.press("Home")
    assert shown.get("activation") == "sigmoid"
    shown.control("seed").focus()
    page.keyboard.press("Enter")
    assert shown.get("seed") == 2
    check(shown)
    shown.slide(layer=30)
    shown.slide(depth=10)  # the layer looked at is gone: the last one instead
    assert check(shown)["layer"] == 10


def test_lines_are_kept_and_dropped(show):
    shown = show(DeepGradients())
    old = shown.page.locator(".lf-deep-old")
    assert old.count() == 0 and not shown.control("drop").is_visible()
    line = shown.page.locator(".lf-chart .lf-deep-line.lf-deep-back").get_attribute("d")
    shown.control("keep").click()
    assert DeepGradients(kept=shown.get("kept")).kept == DeepGradients().settings
    shown.control("residual").check()
    assert (
        old.count() == 2 and old.nth(1).get_attribute("d") == line
    )  # the frame still fits: the same line, now grey
    check(shown)
    shown.control("drop").focus()
    shown.page.keyboard.press("Enter")
    assert old.count() == 0 and shown.get("kept") == {}
    # the button has gone, and the focus has not fallen to the page
    assert shown.page.evaluate("document.activeElement.dataset.control") == "keep"


def test_the_rule_foretells_what_comes():
    """Within a factor of two a dozen layers, where the weights are as independent as the rule takes them for."""
    for changes in (
        {"activation": "tanh", "init": "normal", "sd": 0.1},
        {"activation": "relu", "init": "he"},
        {"activation": "sigmoid", "residual": True, "norm": True},
        {"activation": "identity", "init": "normal", "sd": 0.3},
    ):
        figure = DeepGradients(depth=12, **changes)
        assert np.abs(np.log(figure.foretold / figure.deltas)).max() < np.log(2.5), changes
        assert figure.foretold[-1] == pytest.approx(figure.deltas[-1], rel=1e-12)
    plain = DeepGradients(depth=5, activation="identity", init="normal", sd=0.1)
    np.testing.assert_allclose(
        plain.foretold / plain.foretold[-1], (0.1 * np.sqrt(24)) ** np.arange(4, -1, -1)
    )


def test_the_lines_end_is_dragged_and_the_line_moves_with_it(show):
    shown = show(DeepGradients(activation="tanh", depth=12))
    ring = shown.page.locator(".lf-deep-handle .lf-handle-ring")
    box = ring.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    seen = set()
    for by in (15, 30, 60):
        for aside in (0, 1, 2):  # each move comes closer: the slopes change, too
            shown.page.mouse.move(x + aside, y + by)
        now = ring.bounding_box()
        assert now["y"] + now["height"] / 2 == pytest.approx(y + by, abs=14)  # sd is in hundredths
        assert shown.get("init") == "normal"
        check(shown)
        seen.add(shown.page.locator("[data-gradient]").first.get_attribute("d"))
    shown.page.mouse.up()
    assert len(seen) == 3
    shown.set(norm=True)
    assert not ring.is_visible()  # the spread undoes itself: nothing to drag


def test_the_axes_stay_while_the_ring_is_held_and_a_presets_sentence_goes(show):
    shown = show(DeepGradients())
    axis = "[...document.querySelectorAll('.lf-chart .lf-tick')].map((n) => n.textContent).join()"
    lesson = shown.page.locator(".lf-pg-lesson")
    assert "none is above a quarter" in lesson.text_content()
    before, ring = shown.page.evaluate(axis), shown.page.locator(".lf-deep-handle .lf-handle-ring")
    box = ring.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    for aside in range(6):
        shown.page.mouse.move(x + aside, y - 70)
    now = ring.bounding_box()
    assert now["y"] + now["height"] / 2 == pytest.approx(y - 70, abs=14)
    assert shown.page.evaluate(axis) == before
    shown.page.mouse.up()
    shown.page.wait_for_timeout(100)
    assert shown.page.evaluate(axis) != before
    assert not lesson.is_visible()
    assert shown.page.locator(".lf-deep-own").is_visible()  # where it stood is not left empty
    check(shown)


def test_a_click_in_the_plot_looks_at_a_layer(show):
    shown = show(DeepGradients())
    box = shown.page.locator(".lf-chart").first.bounding_box()
    line = shown.page.locator(".lf-deep-line.lf-deep-back").first.get_attribute("d")
    shown.page.mouse.click(box["x"] + float(line[1:].split("L")[17].split(",")[0]), box["y"] + 60)
    assert shown.get("layer") == 18 and check(shown)["layer"] == 18
    bars = shown.page.evaluate(
        "[...document.querySelectorAll('.lf-deep-bar')].map((n) => Number(n.getAttribute('height')))"
    )
    counts, _ = np.histogram(
        np.clip(DeepGradients().passes()[1][17].z, -5, 4.999), np.linspace(-5, 5, 41)
    )
    np.testing.assert_allclose(np.array(bars) / max(bars), counts / counts.max(), atol=0.01)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(DeepGradients(), width=width)
    for changes in [preset[2] for preset in PRESETS.values()] + [
        {
            "depth": 2,
            "init": "normal",
            "sd": 0.01,
            "activation": "sigmoid",
            "residual": False,
            "norm": False,
        },
        {"depth": 50},
        {"sd": 0.5, "activation": "identity", "residual": True},
        {"kept": DeepGradients().settings},
    ]:
        shown.set(**changes)
        assert shown.page.evaluate(PROBLEMS) == [], changes


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(DeepGradients(kept=DeepGradients(activation="tanh").settings), theme=theme)
    for changes in ({}, {"activation": "relu", "init": "he"}):
        shown.set(**changes)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_touch_targets_words_and_leaving(show):
    shown = show(DeepGradients(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    shown.slide(depth=50)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "/^50 layers, sigmoid: the error signal of layer 1 is .* it vanishes\\. gradient of/.test(document.querySelector('[role=status]').textContent)"
    )
    assert "it vanishes" in page.locator(".lf-chart").first.get_attribute("aria-label")
    assert page.get_by_role("group", name="Live figure: a deep stack").count() == 1
    page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((n) => n.id)")
    assert len(set(ids)) == len(ids)
    page.evaluate("stop(); stop2()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
