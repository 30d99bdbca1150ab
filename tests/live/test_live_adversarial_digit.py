"""The live figure `AdversarialDigit`: its pictures and probabilities are the companion's, noise is a fair control, its controls work, it reads well."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.datasets import load_mnist
from backprop.gradient_check import numeric_gradient
from backprop.live import AdversarialDigit, DrawDigit
from backprop.live.adversarial_digit import DRAWS
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.training import train

STATE = ("example", "epsilon", "target", "noise_seed")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


@pytest.fixture(scope="module")
def net(mnist):
    """A network that reads digits, in about two seconds."""
    net = Network([784, 48, 10], hidden="relu", rng=np.random.default_rng(1), dtype=np.float32)
    train(
        net,
        CrossEntropy(),
        mnist.X_train[:20_000],
        mnist.y_train[:20_000],
        SGD(0.1, momentum=0.9),
        epochs=3,
        batch_size=128,
        rng=np.random.default_rng(1),
        progress=False,
    )
    return net


@pytest.fixture
def digit(net):
    return lambda **state: AdversarialDigit(net, **state)


def check(shown, digit):
    """Every number on the page is what the companion says for the state of the page, in value and in text."""
    wanted, numbers = digit(**{name: shown.get(name) for name in STATE}).values, shown.numbers()
    assert set(numbers) == set(wanted) - {"levels", "label", "peak"}
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        percent = name.startswith("sure")
        assert written(text) == pytest.approx(
            100 * value if percent else value,
            rel=0.06 if abs(value) < 1e-3 or abs(value) >= 1000 else 0,
            abs=0.051 if percent or name in ("levels", "slope") else 5.1e-3,
        ), (name, text, value)
        assert "-" not in text
    return {name: value for name, (value, _) in numbers.items()}


# -------------------------------------------------------------------------------------------------------------- Python


def test_the_gradient_is_that_of_central_differences(digit):
    for target, example in (
        (None, 8),
        (3, 0),
    ):  # the first is misread: its loss is not all but flat
        figure = digit(target=target, example=example)
        x, aim = (
            figure.picture_shown.reshape(1, -1).copy(),
            np.array([figure.label if target is None else target]),
        )
        numeric = numeric_gradient(
            lambda: CrossEntropy()(figure.network.forward(x), aim), x, 1e-6
        ).reshape(28, 28)  # noqa: B023
        assert np.abs(figure.gradient - numeric).max() <= 1e-6 * np.abs(numeric).max()
        clear = np.abs(numeric) > 1e-4 * np.abs(numeric).max()
        assert np.array_equal(
            figure.signs[clear], (np.sign(numeric) * (1 if target is None else -1))[clear]
        )


def test_no_pixel_moves_farther_than_epsilon_and_the_loss_rises(digit):
    for example in range(10):
        for epsilon in (0, 0.02, 0.3):
            figure = digit(example=example, epsilon=epsilon)
            x, loss = figure.picture_shown, lambda v, f=figure: -np.log(f.probabilities(v)[f.label])
            for moved in (figure.adversarial, figure.noisy):
                assert (
                    np.abs(moved - x).max() <= epsilon + 1e-12
                    and 0 <= moved.min()
                    and moved.max() <= 1
                )
            inner = (x + epsilon * figure.signs > 0) & (x + epsilon * figure.signs < 1)
            np.testing.assert_allclose(
                figure.adversarial[inner], (x + epsilon * figure.signs)[inner], rtol=1e-12
            )
            if epsilon == 0.02:
                assert loss(figure.adversarial) > loss(x)
                aimed = digit(example=example, epsilon=epsilon, target=8)
                assert aimed.probabilities(aimed.adversarial)[8] > aimed.probabilities(x)[8]


def test_the_gradients_signs_fool_and_random_ones_do_not(digit):
    fooled, noise = 0, 0
    for example in range(10):
        figure = digit(example=example, epsilon=0.1)
        best = int(figure.probabilities(figure.picture_shown).argmax())
        fooled += int(figure.probabilities(figure.adversarial).argmax()) != best
        noise += figure.fooled_by_noise
    assert fooled >= 8 and noise <= 0.15 * 10 * DRAWS
    figure = digit(epsilon=0)
    assert np.array_equal(figure.adversarial, figure.picture_shown) and figure.fooled_by_noise == 0


def test_curves_are_the_losses_with_their_slope_and_what_the_first_gradient_says(digit):
    figure, step = digit(example=3, target=5), 1e-6
    for k in (0, 7, 30):
        figure.epsilon = 0.3 * k / 30
        for name in ("adversarial", "noisy"):
            assert figure.curve[name][k] == pytest.approx(
                -np.log(figure.probabilities(getattr(figure, name))[5]), rel=1e-9
            )
    for example, epsilon in ((3, 0.1), (8, 0.02), (0, 0.2)):
        figure = digit(example=example, epsilon=epsilon)
        numeric = (
            figure.loss(figure.moved(epsilon + step)) - figure.loss(figure.adversarial)
        ) / step
        assert figure.slope == pytest.approx(numeric, rel=1e-3, abs=1e-6)
        start, near = figure.loss(figure.picture_shown), digit(example=example, epsilon=1e-5)
        assert near.said - start == pytest.approx(
            near.loss(near.adversarial) - start, rel=0.02, abs=1e-9
        )
        assert figure.full >= np.abs(figure.gradient).max()
    figure = digit(example=3, target=5)
    signs = np.stack([figure.random_signs(k) for k in range(DRAWS)])
    assert (
        set(np.unique(signs)) == {-1, 1}
        and abs(signs.mean()) < 0.03
        and len({s.tobytes() for s in signs}) == DRAWS
    )


def test_pictures_and_weights_are_shared_with_draw_digit(net, mnist):
    figure, other = AdversarialDigit(net), DrawDigit(net)
    assert figure.layers == other.layers and np.array_equal(
        figure.network.theta, other.network.theta
    )
    for k in range(10):
        assert figure.examples[k]["label"] == mnist.y_test[k]
        np.testing.assert_allclose(
            AdversarialDigit(net, example=k).picture_shown.ravel(), mnist.X_test[k], atol=1e-7
        )


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("example", 10),
        ("example", -1),
        ("epsilon", -0.1),
        ("epsilon", 0.31),
        ("epsilon", np.nan),
        ("target", 10),
        ("target", True),
        ("noise_seed", -1),
        ("layers", []),
        ("examples", []),
        ("hidden", "relu"),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(AdversarialDigit(), trait, wrong)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((Network([49, 10]),), "goes from 49 to 10"),
        ((Network([784, 10], output="softmax"),), "must be logits"),
        ((None, (np.zeros((0, 784)), [])), "at least one"),
        ((None, (np.zeros((2, 784)), [1])), "examples must be pictures"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        AdversarialDigit(*arguments)


def test_picture_and_words_follow_the_state(digit):
    figure = digit(example=2, target=7)
    data, _ = figure._repr_mimebundle_()
    assert (
        data["text/plain"] == figure.describe()
        and "towards 7" in figure.describe()
        and f"A {figure.label}," in figure.describe()
    )
    assert (
        figure.picture() == digit(example=2, target=7).picture() != digit(example=2).picture()
        and figure.picture()[:4] == b"\x89PNG"
    )


# ------------------------------------------------------------------------------------------------- the two side by side


def test_what_the_page_computes_is_the_companions(digit):
    """Gradients, signs, pictures and curves, away and towards; what no number of the page shows."""
    js = Mathematics("adversarial_digit/signs.js")
    js("(...packed) => { net = digitNetwork(...packed); }", digit().layers, digit().hidden)
    for example, target, epsilon in ((0, None, 0.1), (3, 5, 0.3), (8, 8, 0.02), (9, None, 0)):
        figure = digit(example=example, target=target, epsilon=epsilon, noise_seed=7)
        got = js(
            """(packed, target, seed, epsilon) => {
          const attack = attackOn(net, { label: packed.label, x: pictureOf(packed).flat() }, target, seed);
          return { ...attack, at: attack.at(epsilon) };
        }""",
            figure.examples[example],
            target,
            7,
            epsilon,
        )
        assert got["signs"] == figure.signs.ravel().tolist()
        for found, wanted in (
            (got["gradient"], figure.gradient),
            (got["at"]["gradient"], figure.gradient_at(figure.adversarial)),
        ):
            np.testing.assert_allclose(found, wanted.ravel(), rtol=1e-9, atol=1e-13)
        for found, wanted in (
            (got["full"], figure.full),
            (got["at"]["slope"], figure.slope),
            (got["at"]["said"], figure.said),
        ):
            assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        assert got["at"]["fooled"] == figure.fooled_by_noise
        for name in ("adversarial", "noisy"):
            np.testing.assert_allclose(
                got["at"]["pictures"][name], getattr(figure, name).ravel(), rtol=1e-12
            )
        for curve, name in zip(got["curves"], ("noisy", "adversarial"), strict=True):
            np.testing.assert_allclose(curve, figure.curve[name], rtol=1e-9, atol=1e-12)
    js.close()


# ------------------------------------------------------------------------------------------------------------ the page


def test_numbers_are_the_companions(show, digit):
    shown, rng = show(digit()), np.random.default_rng(2)
    for trial in range(12):
        shown.set(
            example=int(rng.integers(10)),
            target=None if trial % 3 else int(rng.integers(10)),
            noise_seed=int(rng.integers(99)),
        )
        shown.slide(
            epsilon=float([0, 0.3, 0.01][trial] if trial < 3 else round(rng.uniform(0, 0.3), 2))
        )
        check(shown, digit)
    shown.set(epsilon=0.123456789)  # from Python: any number
    check(shown, digit)


@pytest.mark.parametrize("hidden, sizes", [("tanh", [784, 12, 8, 10]), ("sigmoid", [784, 10])])
def test_any_network_of_the_right_ends_will_do(show, hidden, sizes):
    net = Network(sizes, hidden=hidden, rng=np.random.default_rng(4))
    shown = show(AdversarialDigit(net, epsilon=0.2))
    check(shown, lambda **state: AdversarialDigit(net, **state))


PIXELS = """() => [...document.querySelectorAll(".lf-adv-square canvas")].map((canvas) => { const d = canvas.getContext("2d").getImageData(0, 0, 28, 28).data; return Array.from({ length: 784 }, (_, k) => [d[4 * k], d[4 * k + 2], d[4 * k + 3]]); })"""


def test_the_squares_show_the_pictures(show, digit):
    shown, figure = show(digit(epsilon=0.15, example=1)), digit(epsilon=0.15, example=1)
    clean, slopes, moved, noisy = np.array(shown.page.evaluate(PIXELS), dtype=float)
    for pixels, picture in (
        (clean, figure.picture_shown),
        (moved, figure.adversarial),
        (noisy, figure.noisy),
    ):
        np.testing.assert_allclose(pixels[:, 2] / 255, picture.ravel(), atol=1 / 255)
    there = figure.gradient_at(figure.adversarial).ravel()
    np.testing.assert_allclose(
        slopes[:, 2] / 255, np.sqrt(np.abs(there) / figure.full), atol=1 / 255
    )  # by the root: small slopes are seen on dark paper, too
    seen = slopes[:, 2] > 20
    np.testing.assert_array_equal(
        (slopes[:, 1] > slopes[:, 0])[seen], (there > 0)[seen]
    )  # more ink raises the loss where it is blue
    bars = shown.page.evaluate(
        "[...document.querySelectorAll('.lf-adv-bars i')].map((n) => new DOMMatrix(getComputedStyle(n).transform).d)"
    )
    for k, name in enumerate(("clean", "adversarial", "noisy")):
        np.testing.assert_allclose(
            bars[10 * k : 10 * k + 10], np.maximum(figure.readings[name], 0.02), atol=1e-4
        )


@pytest.mark.parametrize("square", [1, 2, 3])
def test_epsilon_is_dragged_on_the_pictures_and_the_gradient_moves_with_it(show, digit, square):
    shown = show(digit(epsilon=0.1))
    box = shown.page.locator(".lf-adv-square").nth(square).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    seen = [str(shown.page.evaluate(PIXELS)[1])]
    for share, epsilon in ((0.1, 0.13), (0.3, 0.19), (-0.2, 0.04), (-2, 0)):
        shown.page.mouse.move(x + share * box["width"], y)
        assert shown.get("epsilon") == pytest.approx(epsilon, abs=0.011)
        check(shown, digit)
        seen.append(str(shown.page.evaluate(PIXELS)[1]))
    shown.page.mouse.up()
    assert len(set(seen)) == 5


def test_every_control_works_by_keyboard(show, digit):
    shown = show(digit())
    page = shown.page
    order = ["reset", *(f"picture {k}" for k in range(10))]
    assert (
        shown.tab_order()
        in (  # a switch has no name where its value is empty
            [*order, "away", "epsilon", "noise"],
            [*order, "", "epsilon", "noise"],
            order + shown.tab_order()[11:],
        )
    )
    assert shown.tab_order()[-2:] == ["epsilon", "noise"]
    for key, value in (("ArrowRight", 0.11), ("Home", 0), ("End", 0.3)):
        shown.control("epsilon").focus()
        page.keyboard.press(key)
        assert shown.get("epsilon") == pytest.approx(value)
        check(shown, digit)
    shown.control("picture 4").focus()
    page.keyboard.press("Enter")
    assert (
        shown.get("example") == 4
        and shown.control("picture 4").get_attribute("aria-pressed") == "true"
        and check(shown, digit)["digit"] == 4
    )
    page.locator(".lf-segmented input:checked").focus()
    for target in (0, 1):
        page.keyboard.press("ArrowRight")
        assert shown.get("target") == target
        check(shown, digit)
    page.get_by_text("away", exact=True).click()
    assert shown.get("target") is None
    shown.control("noise").focus()
    page.keyboard.press("Enter")
    assert shown.get("noise_seed") == 2
    check(shown, digit)


def test_the_curve_is_the_companions_and_scrubs(show, digit):
    shown = show(digit(example=2))
    figure = digit(example=2)
    lines, ticks, tangent = shown.page.evaluate("""() => [
      [...document.querySelectorAll('.lf-chart path.lf-adv-line')].map((n) => n.getAttribute('d').slice(1).split('L').map((p) => Number(p.split(',')[1]))),
      [...document.querySelectorAll('.lf-chart [data-name^=axis]')].map((n) => [n.dataset.name, Number(n.dataset.value), Number(n.getAttribute(n.dataset.name.slice(-1))) - (n.dataset.name === "axis y" ? 4 : 0)]),
      document.querySelector('.lf-chart .lf-tangent').getAttribute('d').slice(1).split('L').map((p) => p.split(',').map(Number)) ]""")
    (v0, y0), (v1, y1) = [(v, at) for name, v, at in ticks if name == "axis y"][:2]
    (e0, x0), (e1, x1) = [(v, at) for name, v, at in ticks if name == "axis x"][:2]
    level = lambda y: v0 + (np.array(y) - y0) * (v1 - v0) / (y1 - y0)
    for line, name in zip(lines, ("noisy", "adversarial"), strict=True):
        np.testing.assert_allclose(level(line), figure.curve[name], atol=0.02 * level(8))
    (xa, ya), (xb, yb) = tangent
    slope = (level(yb) - level(ya)) / ((xb - xa) * (e1 - e0) / (x1 - x0))
    assert slope == pytest.approx(figure.slope, rel=0.05, abs=0.5)
    box = shown.page.locator(".lf-chart").bounding_box()
    shown.page.mouse.click(box["x"] + 34 + (box["width"] - 48) * 2 / 3, box["y"] + 60)
    assert shown.get("epsilon") == pytest.approx(0.2)
    check(shown, digit)


def test_what_has_happened_is_said(show, digit):
    shown = show(digit(epsilon=0))
    words = shown.page.locator(".lf-adv-words")
    assert "Move ε" in words.text_content()
    shown.slide(epsilon=0.3)
    read = int(check(shown, digit)["best[adversarial]"])
    assert words.text_content() == f"Fooled: what was a 7 is read as a {read}." and read != 7
    shown.slide(epsilon=0.01)
    assert "Still read as a 7" in words.text_content()
    assert (
        "0.01" not in shown.page.locator("[role=status]").text_content()
    )  # nothing while it moves
    shown.page.wait_for_function(
        "/gradient of L by/.test(document.querySelector('[role=status]').textContent)"
    )
    shown.page.wait_for_function(
        "/^Epsilon 0.01: the moved picture reads 7, .* random signs 7,/.test(document.querySelector('[role=status]').textContent)"
    )
    shown.page.wait_for_function(
        "document.querySelector('.lf-adv-square').getAttribute('aria-label').startsWith('the picture as it is: reads 7')"
    )


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, digit, width):
    shown = show(digit(), width=width)
    for state in (
        {},
        {"example": 8, "epsilon": 0.3},
        {"target": 0, "example": 1, "epsilon": 0},
        {"target": 7, "example": 0, "epsilon": 0.3},
    ):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast_and_the_theme_may_turn(show, digit, theme):
    shown = show(digit(epsilon=0.3), theme=theme)
    for epsilon in (0.3, 0):
        shown.set(epsilon=epsilon)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst
    shown.page.evaluate(
        "document.documentElement.dataset.theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'"
    )
    shown.page.wait_for_timeout(100)
    ink = max(np.array(shown.page.evaluate(PIXELS))[0], key=lambda p: p[2])[:2]
    assert (max(ink) < 60) == (theme == "dark")


def test_touch_targets_two_views_and_leaving(show, digit):
    shown = show(digit(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    assert page.get_by_role("group", name="Live figure: an adversarial digit").count() == 1
    page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((n) => n.id)")
    assert len(set(ids)) == len(ids)
    page.locator("[data-control=epsilon]").first.fill("0.2")
    assert page.locator("[data-control=epsilon]").nth(1).input_value() == "0.2"
    page.evaluate("stop(); stop2()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
