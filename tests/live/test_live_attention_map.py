"""The live figure `AttentionMap`: what it computes is what the network computes, its numbers are the companion's, its controls work."""

import json
from string import ascii_lowercase

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.activations import softmax
from backprop.language.encoder_decoder import END, START, EncoderDecoder
from backprop.live.attention_map import LONGEST, WORDS, AttentionMap, height, opened, packed
from backprop.studies.stored import stored

STATE = ("word", "step", "letter", "head", "temperature", "hidden", "nudge")
LETTERS = ["<pad>", "<unk>", *ascii_lowercase]
SOUNDS = ["<pad>", "<unk>", "<start>", "<end>", *(f"S{k}" for k in range(39))]


@pytest.fixture(scope="module")
def net():
    """A network with large random weights: its attention is far from even, and it writes many different sounds."""
    net = EncoderDecoder(len(LETTERS), len(SOUNDS), rng=np.random.default_rng(2))
    net.theta *= 2
    net.parameters["readout.1.b"][:4] = -30, -30, -30, 3  # an end, but no padding
    return net


@pytest.fixture(scope="module")
def make(net):
    return lambda words=WORDS, **state: AttentionMap(net, LETTERS, SOUNDS, words, **state)


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def check(shown, make):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    figure, numbers = (
        make([shown.get("word")], **{name: shown.get(name) for name in STATE}),
        shown.numbers(),
    )
    wanted = figure.values
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-13, nan_ok=True), name
        if np.isfinite(value):
            scale = 100 if name.startswith("p[") or name in ("p", "top") else 1
            assert written(text) == pytest.approx(
                scale * value, rel=0.06, abs=0.051 if scale == 100 else 5.1e-3
            ), (name, text, value)
        assert "-" not in text
    best = np.argsort(
        -figure.probabilities[min(figure.step, len(figure.written) - 1)], kind="stable"
    )[:5]
    assert set(numbers) == {
        "A",
        "score",
        "slope",
        "top",
        "temperature",
        "nudge",
        "said",
        "came",
        "p",
        *(f"p[{figure.sounds[k]}]" for k in best),
    }
    return numbers


def random_state(rng):
    word = str(rng.choice(WORDS))
    return {
        "word": word,
        "step": int(rng.integers(20)),
        "letter": int(rng.integers(LONGEST)),
        "head": int(rng.integers(3)),
        "temperature": float(rng.choice([0.01, 0.3, 1, 1, 7, 1000])),
        "hidden": [int(k) for k in np.flatnonzero(rng.uniform(size=len(word)) < 0.25)],
        "nudge": float(rng.choice([0, -6, 6, np.round(rng.uniform(-6, 6), 1)])),
    }


# -------------------------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize("word", WORDS)
def test_it_says_what_the_network_says(net, make, word):
    figure = make([word])
    x = np.array([[LETTERS.index(c) for c in word]])
    ids = figure.examples[word]["ids"]
    wrote = net.write(x, longest=LONGEST)[0][0]
    assert ids == (wrote + [END] if len(wrote) < LONGEST else wrote) and figure.written == [
        SOUNDS[k].strip("<>") for k in ids
    ]
    z = net.forward(x, np.array([[START, *ids[:-1]]]))
    np.testing.assert_allclose(figure.weights, net.weights[0], atol=2e-4)
    np.testing.assert_allclose(figure.probabilities, softmax.forward(z)[0], atol=2e-3)
    assert (figure.probabilities.argmax(axis=1) == ids).all()
    assert 0.01 < figure.weights.std() and len(set(ids)) > 2  # not a trivial map


def test_hiding_letters_is_masking_the_memory(net, make):
    figure = make(["chemistry"], hidden=[0, 3, 8])
    x = np.array([[LETTERS.index(c) for c in "chemistry"]])
    net.forward(x, np.array([[START, *figure.examples["chemistry"]["ids"][:-1]]]))
    net.seen = figure.seen[None]
    np.testing.assert_allclose(
        softmax.forward(net.logits(net["decoder"].h))[0], figure.probabilities, atol=2e-3
    )
    assert (figure.weights[:, :, [0, 3, 8]] == 0).all() and (
        figure.slopes[:, :, [0, 3, 8]] == 0
    ).all()
    np.testing.assert_array_equal(
        make(["cat"], hidden=[0, 1, 2]).weights, make(["cat"]).weights
    )  # somewhere it has to look


def plain(figure, scores):
    """ln p of the sound written at every step, in plain loops, for these scores."""
    base, pasted, W, b = (
        figure.array("base"),
        figure.array("pasted"),
        opened(figure.readout["W"]),
        opened(figure.readout["b"]),
    )
    out = []
    for t, k in enumerate(figure.examples[figure.word]["ids"]):
        z = base[t].copy()
        for head in range(figure.heads):
            e = np.where(
                figure.seen,
                np.exp((scores[head, t] - scores[head, t].max()) / figure.temperature),
                0,
            )
            for letter, share in enumerate(e / e.sum()):
                z += share * pasted[head, letter]
        logits = np.tanh(z) @ W + b
        out.append(logits[k] - logits.max() - np.log(np.exp(logits - logits.max()).sum()))
    return np.array(out)


@pytest.mark.parametrize("state", [{}, {"temperature": 3.0, "hidden": [1]}, {"temperature": 0.5}])
def test_slopes_are_slopes(make, state):
    figure, step = make(["knight"], **state), 1e-5
    scores = figure.array("scores")
    np.testing.assert_allclose(
        np.log([row[k] for row, k in zip(figure.probabilities, figure.examples["knight"]["ids"])]),
        plain(figure, scores),
        atol=1e-12,
    )
    for at in np.ndindex(scores.shape):
        ends = []
        for by in (step, -step):
            moved = scores.copy()
            moved[at] += by
            ends.append(plain(figure, moved)[at[1]])
        assert figure.slopes[at] == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8
        ), at
    assert (
        np.abs(figure.slopes.sum(axis=2)).max() < 1e-12
    )  # all scores of a row up by as much: nothing changes


def test_maps_of_one_head_and_of_all(make):
    figure = make(["photograph"], head=2)
    np.testing.assert_array_equal(figure.maps["weights"], figure.weights[1])
    np.testing.assert_array_equal(figure.maps["slopes"], figure.slopes[1])
    figure.head = 0
    np.testing.assert_allclose(figure.maps["slopes"], figure.slopes.sum(axis=0))
    np.testing.assert_allclose(figure.maps["weights"].sum(axis=1), 1)
    assert make(["photograph"], temperature=1000.0).values["top"] == pytest.approx(0.1, abs=2e-3)
    assert make(["photograph"], temperature=0.01, head=1).values["top"] > 0.98


def test_python_can_show_any_word(make):
    figure = make()
    seen = []
    figure.observe(lambda change: seen.append(sorted(change.new)), "examples")
    figure.word = "gradient"
    assert "gradient" in figure.examples and len(seen) == 1 and figure.weights.shape[2] == 8
    for wrong, message in (("héllo", "unknown"), ("", "0 letters"), ("a" * 17, "17 letters")):
        with pytest.raises(traitlets.TraitError, match=message):
            figure.word = wrong
    assert figure.word == "gradient"


def test_the_trained_network_fits_a_page_and_says_what_it_says():
    kept = stored("spelling")
    letters, sounds = kept.result["letters"], kept.result["sounds"]
    net = EncoderDecoder(len(letters), len(sounds))
    net.theta[...] = kept.arrays["theta"]
    figure = AttentionMap(net, letters, sounds)
    assert (
        len(
            json.dumps(
                {name: value for name, value in figure.get_state().items() if name[0] != "_"}
            )
        )
        < 60_000
    )
    for word in WORDS:
        figure.word = word
        z = net.forward(
            np.array([[letters.index(c) for c in word]]),
            np.array([[START, *figure.examples[word]["ids"][:-1]]]),
        )
        np.testing.assert_allclose(figure.weights, net.weights[0], atol=1e-3)
        np.testing.assert_allclose(figure.probabilities, softmax.forward(z)[0], atol=1e-3)
        assert (figure.probabilities.argmax(axis=1) == figure.examples[word]["ids"]).all()


def test_it_takes_what_the_page_sends(make):
    figure = make()
    figure.set_state(
        {
            "word": "knight",
            "step": 1,
            "letter": 2,
            "head": 1,
            "nudge": 1.5,
            "temperature": 2,
            "hidden": [0, 3],
        }
    )
    assert (figure.word, figure.step, figure.hidden) == ("knight", 1, [0, 3]) and figure.weights[
        0, 1, 0
    ] == 0 == figure.weights[1, 1, 3]


def test_packing_keeps_sixteen_bits():
    A = np.random.default_rng(0).normal(size=(2, 5, 7))
    again = opened(packed(A))
    assert again.shape == A.shape and np.abs(again - A).max() <= 0.5 * np.abs(A).max() / 32767 * (
        1 + 1e-9
    )
    np.testing.assert_array_equal(opened(packed(np.zeros((3, 2)))), 0)


def test_networks_and_tokens_that_do_not_fit_are_refused(net):
    with pytest.raises(ValueError, match="no attention"):
        AttentionMap(EncoderDecoder(28, 43, attention=False), LETTERS, SOUNDS)
    for letters, sounds in ((LETTERS[:-1], SOUNDS), (LETTERS, None), (None, None)):
        with pytest.raises(ValueError, match="28 letters and 43 sounds"):
            AttentionMap(net, letters, sounds)
    with pytest.raises(ValueError, match="at least one word"):
        AttentionMap(net, LETTERS, SOUNDS, [])


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("step", -1),
        ("letter", 16),
        ("head", 3),
        ("head", -1),
        ("nudge", 7),
        ("temperature", 0),
        ("hidden", [16]),
        ("hidden", 3),
        ("examples", {}),
        ("sounds", []),
    ],
)
def test_traits_refuse(make, trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(make(["cat"]), trait, wrong)


def test_picture_and_words_follow_the_state(make):
    seen = set()
    for state in (
        {},
        {"step": 2},
        {"nudge": 2.0},
        {"head": 1},
        {"temperature": 5.0},
        {"hidden": [0]},
        {"word": "knight"},
    ):
        figure = make(**state)
        data, _ = figure._repr_mimebundle_()
        assert (
            data["text/plain"] == figure.describe()
            and repr(figure.word) in figure.describe()
            and figure.picture()[:4] == b"\x89PNG"
        )
        seen.add(data["image/png"])
    assert len(seen) == 7 and AttentionMap().picture() == AttentionMap().picture()


# ------------------------------------------------------------------------------------------------- the two side by side


def test_all_that_follows_from_looking_elsewhere_is_the_companions(make):
    """Weights, slopes and probabilities of all heads, steps, letters and sounds."""
    js, rng = Mathematics("attention_map/maths.js"), np.random.default_rng(7)
    for _ in range(24):
        figure = make(**random_state(rng))
        got = js(
            """(word, readout, temperature, seen, pair) => {
          const opened = openedWord(word), weights = attentionWeights(nudged(opened.scores, pair), temperature, seen);
          return { weights, ...attentionPass(opened, readoutOf(readout), weights, temperature) };
        }""",
            figure.examples[figure.word],
            figure.readout,
            figure.temperature,
            figure.seen.tolist(),
            {"head": figure.head, "nudge": figure.nudge, "t": figure.at[0], "k": figure.at[1]},
        )
        np.testing.assert_allclose(got["weights"], figure.weights, rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(got["slopes"], figure.slopes, rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(got["p"], figure.probabilities, rtol=1e-9, atol=1e-15)
    js.close()


# ------------------------------------------------------------------------------------------------------------ the page


def test_numbers_are_the_companions_for_random_settings(show, make):
    shown, rng = show(make()), np.random.default_rng(5)
    for _ in range(20):
        shown.set(**random_state(rng))
        check(shown, make)


DRAWN = """() => { const cells = (k) => [...document.querySelectorAll(".lf-at-map")[k].querySelectorAll(".lf-at-cell")].map((n) => [Number(n.getAttribute("fill-opacity")), n.classList.contains("lf-negative")]);
  return { weights: cells(0), slopes: cells(1), lines: [...document.querySelectorAll(".lf-at-line")].map((n) => Number(n.getAttribute("stroke-width"))),
    pulls: [...document.querySelectorAll(".lf-at-stem")].map((n, i) => n.getAttribute("y1") - document.querySelectorAll(".lf-at-tip")[i].getAttribute("points").split(/[ ,]/)[1]),
    widths: [...document.querySelectorAll(".lf-at-stem")].map((n, i) => [n.getAttribute("stroke-width"), document.querySelectorAll(".lf-at-tip")[i].getBBox().width].map(Number)),
    letters: [...document.querySelectorAll(".lf-at-letters .lf-at-token")].map((n) => n.textContent), sounds: [...document.querySelectorAll(".lf-at-sounds .lf-at-token")].map((n) => n.textContent) }; }"""


def test_what_is_drawn_are_the_maps(show, make):
    shown, rng = show(make()), np.random.default_rng(6)
    for _ in range(12):
        state = random_state(rng)
        shown.set(**state)
        found, figure = shown.page.evaluate(DRAWN), make([state["word"]], **state)
        weights, slopes = figure.maps["weights"], figure.maps["slopes"]
        assert found["letters"] == list(figure.word) and found["sounds"] == figure.written
        for name, grid in (("weights", weights), ("slopes", height(slopes))):
            opacity, below = map(np.array, zip(*found[name]))
            np.testing.assert_allclose(opacity, np.abs(grid).ravel(), atol=6e-4)
            assert (below == (grid.ravel() < 0)).all()
        t = figure.at[0]
        np.testing.assert_allclose(found["lines"], 0.6 + 11 * weights[t], atol=6e-3)
        np.testing.assert_allclose(found["pulls"], 30 * height(slopes[t]), atol=0.06)
        assert all(stem < head for stem, head in found["widths"] if head > 0.5)


def test_the_scale_of_the_slopes_stands_still(show, make):
    """A slope of one pair, drawn before and after another pair was pulled at: as high as before."""
    shown = show(make(), width=760)
    shown.set(step=2, letter=3)
    levels = "[...document.querySelectorAll('.lf-at-level')].map((n) => n.getAttribute('y1'))"
    scale = "document.querySelector('.lf-at-scale').textContent"
    before = [shown.page.evaluate(DRAWN)["slopes"], *map(shown.page.evaluate, (levels, scale))]
    for nudge in (-6, -2, 1, 6):
        shown.set(nudge=nudge)
        after = [shown.page.evaluate(DRAWN)["slopes"], *map(shown.page.evaluate, (levels, scale))]
        rows = [k for k in range(len(before[0])) if not 14 <= k < 21]  # all other sounds
        assert [after[0][k] for k in rows] == [before[0][k] for k in rows] and after[0] != before[0]
        assert after[1:] == before[1:]
    assert height(np.array([-9.0, 0.0, 5.0])).tolist() == [-1, 0, 1]
    assert height(0.001) == pytest.approx(0.02 / np.arcsinh(100), rel=1e-3)


def test_it_says_whether_the_network_is_right(show, make):
    written = make(["through"]).written[:-1]
    other = ["S1", "S2"]
    for ways, words in (
        (None, f"Network: {' '.join(written)}."),
        ([other, written], f"Network: {' '.join(written)}, as in the dictionary."),
        (
            [other, other[::-1]],
            f"Network: {' '.join(written)}, wrong. Dictionary: S1 S2 or S2 S1.",
        ),
    ):
        figure = make(dictionary=ways and {"through": ways})
        shown = show(figure)
        shown.set(dictionary=figure.dictionary)
        assert shown.page.locator(".lf-at-truth").text_content() == words
        assert ("The dictionary says" in figure.describe()) == bool(ways)
    with pytest.raises(ValueError, match="unknown sounds.*'NO'"):
        make(dictionary={"through": [["NO"]]})


def test_a_small_nudge_does_what_the_slope_says(make):
    for head in (0, 1, 2):
        figure = make(["psychology"], head=head, step=3, letter=4, temperature=2.0)
        said = figure.maps["slopes"][3, 4] * 1e-4
        figure.nudge = 1e-4
        assert figure.values["said"] == pytest.approx(said, rel=1e-9)
        assert figure.values["came"] == pytest.approx(said, rel=1e-3)


def test_an_arrow_is_dragged(show, make):
    """Up and down over a letter changes its score, and everything follows within the frame."""
    shown = show(make(temperature=2.0))
    box = shown.page.locator(".lf-at-pulls").bounding_box()
    x, y = box["x"] + box["width"] * 4.5 / 7, box["y"] + box["height"] / 2
    shown.set(letter=1, nudge=3)  # another letter has been pulled before
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    assert (shown.get("letter"), shown.get("nudge")) == (4, 0)
    seen = set()
    for by, nudge in ((-10, 2), (-15, 3), (25, -5), (400, -6)):
        shown.page.mouse.move(x, y + by)
        assert shown.get("nudge") == pytest.approx(nudge)
        check(shown, make)
        seen.add(str(shown.page.evaluate(DRAWN)["pulls"]))
        ring = shown.page.locator(".lf-at-ring-grip.lf-now").bounding_box()  # under the pointer
        where = min(max(y + by, y - 30), y + 30)
        assert ring["y"] + ring["height"] / 2 == pytest.approx(where, abs=1)
    assert len(seen) == 4
    shown.page.mouse.up()
    box = shown.page.locator(".lf-at-sounds").bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] - 5, box["y"] + 20)
    assert shown.get("nudge") == 0 and shown.get("step") > 0  # a nudge belongs to its pair
    check(shown, make)


def test_every_control_works_by_keyboard(show, make):
    shown = show(make())
    page = shown.page
    names = [
        "letters: arrow keys choose one",
        "sounds: arrow keys choose the one to follow",
    ]
    maps = [
        f"map of the {name}: up and down choose the sound, left and right the letter"
        for name in ("weights", "slopes")
    ]
    moves = ["Hide “t”", "nudge", "temperature"]
    assert shown.tab_order() == ["reset", "word", "0", *names, *moves, *maps]
    last = len(make(["through"]).written) - 1
    page.locator(".lf-at-sounds").focus()
    for key, step in (
        ("ArrowRight", 1),
        ("ArrowLeft", 0),
        ("ArrowLeft", 0),
        ("End", last),
        ("ArrowRight", last),
        ("Home", 0),
        ("ArrowRight", 1),
    ):
        page.keyboard.press(key)
        assert shown.get("step") == step, key
        check(shown, make)
    said = page.locator(".lf-at-sounds").get_attribute("aria-valuetext")
    assert said.startswith("sound 2, ") and "looks most at" in said and "per cent" in said
    page.locator(".lf-at-letters").focus()
    for key, letter in (
        ("ArrowRight", 1),
        ("End", 6),
        ("ArrowRight", 6),
        ("Home", 0),
        ("ArrowRight", 1),
    ):
        page.keyboard.press(key)
        assert shown.get("letter") == letter
    page.locator(".lf-at-map").first.focus()
    for key, at in (
        ("ArrowDown", (2, 1)),
        ("ArrowUp", (1, 1)),
        ("ArrowRight", (1, 2)),
        ("ArrowLeft", (1, 1)),
        ("PageUp", (0, 1)),
        ("PageDown", (last, 1)),
    ):
        page.keyboard.press(key)
        assert (shown.get("step"), shown.get("letter")) == at
        check(shown, make)
    page.locator(".lf-segmented input:checked").focus()
    page.keyboard.press("ArrowRight")
    assert shown.get("head") == 1
    check(shown, make)
    shown.control("nudge").focus()
    for key, value in (("ArrowRight", 0.1), ("Home", -6), ("End", 6)):
        page.keyboard.press(key)
        assert shown.get("nudge") == pytest.approx(value)
        check(shown, make)
    shown.set(nudge=0)
    shown.control("temperature").focus()
    for key, value in (("ArrowRight", 1.4), ("Home", 0.05), ("End", 20)):
        page.keyboard.press(key)
        assert shown.get("temperature") == value
        check(shown, make)
    page.get_by_role("button", name="Hide").focus()
    page.keyboard.press("Enter")
    assert (
        shown.get("hidden") == [1]
        and page.locator(".lf-at-letters .lf-at-gone").text_content() == "h"
    )
    check(shown, make)
    page.get_by_role("button", name="Show “h”").press("Enter")
    assert shown.get("hidden") == []
    shown.set(hidden=[0, 2, 3, 4, 5, 6])
    page.get_by_role("button", name="Hide").press("Enter")
    assert shown.get("hidden") == [0, 2, 3, 4, 5, 6]  # the last one stays
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('One letter must stay to be looked at')"
    )
    page.get_by_role("button", name="Reset").press("Enter")
    assert [shown.get(name) for name in STATE] == ["through", 0, 0, 0, 1, [], 0]
    shown.set(step=5, hidden=[1])
    shown.control("word").select_option("knight")
    assert [shown.get(name) for name in STATE] == ["knight", 0, 0, 0, 1, [], 0]
    check(shown, make)


def test_the_pointer_over_it_is_followed(show, make):
    shown = show(make())
    for part, name, n in (
        (".lf-at-sounds", "step", len(make(["through"]).written)),
        (".lf-at-letters", "letter", 7),
    ):
        box = shown.page.locator(part).bounding_box()
        for k in (n - 1, 0, n // 2):
            shown.page.mouse.move(
                box["x"] + (k + 0.5) * box["width"] / n, box["y"] + box["height"] / 2
            )
            assert shown.get(name) == k
    cells = shown.page.locator(".lf-at-map").last.locator(".lf-at-cell")
    for k in (8, 0, 16):
        box = cells.nth(k).bounding_box()
        shown.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert (shown.get("step"), shown.get("letter")) == divmod(k, 7)
    check(shown, make)


def test_a_finger_follows(show, make):
    shown = show(make(), width=375, has_touch=True, is_mobile=True)
    box = shown.page.locator(".lf-at-letters").bounding_box()
    shown.page.touchscreen.tap(box["x"] + box["width"] * 4.5 / 7, box["y"] + 20)
    assert shown.get("letter") == 4
    assert min(height for _, height in shown.sizes_of_targets()) >= 44


def test_python_adds_a_word_to_the_menu(show, make):
    shown, figure = show(make()), make()
    figure.word = "gradient"
    shown.set(examples=figure.examples, word="gradient")
    assert (
        shown.control("word").input_value() == "gradient"
        and shown.page.locator(".lf-at-letters .lf-at-token").count() == 8
    )
    check(shown, make)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, make, width):
    shown = show(make(), width=width)
    for word in WORDS:
        for nudge in (0, 6):
            shown.set(word=word, nudge=nudge, letter=2, step=3, hidden=[1])
            assert shown.page.evaluate(PROBLEMS) == [], (word, nudge)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, make, theme):
    shown = show(make(), theme=theme)
    shown.set(hidden=[2], nudge=2)
    worst = shown.page.evaluate(CONTRAST)
    assert worst[0] >= 4.5, worst


def test_words_two_views_and_leaving(show, make):
    shown = show(make())
    page = shown.page
    assert page.get_by_role("group", name="Live figure").count() == 1
    shown.slide(temperature=2)
    assert page.locator("[role=status]").text_content() == ""  # nothing while it moves
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('sound 1, ')"
    )
    page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((n) => n.id)")
    assert len(set(ids)) == len(ids)
    page.locator("[data-control=temperature]").first.fill("0")
    assert page.locator("[data-control=temperature]").nth(1).input_value() == "0"
    page.evaluate("stop(); stop2()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
