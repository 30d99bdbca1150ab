"""The live figure `DrawDigit`: its numbers are the companion's, it is drawn on by mouse, finger and keyboard, and it reads what is drawn."""

import json
import math

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, state_of, written
from mathematics import Mathematics

from backprop.datasets import load_mnist
from backprop.gradient_check import numeric_gradient
from backprop.live import DrawDigit
from backprop.live.draw_digit import opened
from backprop.live.shared.weights import LEVELS, dequantise, eight_bits, pack, quantise, unpack
from backprop.losses import CrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD
from backprop.training import accuracy, cosine, random_shift, train

STATE = ("pixels", "target", "brush", "tool", "centre", "shown", "eta")
FINE, CELLS = 6, 168  # cells of the sheet a pixel, and in all, each way


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


@pytest.fixture(scope="module")
def net(mnist):
    """A network good enough to read what the tests draw, in a few seconds."""
    net = Network([784, 64, 10], hidden="relu", rng=np.random.default_rng(1), dtype=np.float32)
    train(
        net,
        CrossEntropy(),
        mnist.X_train[:30_000],
        mnist.y_train[:30_000],
        SGD(0.1, momentum=0.9),
        epochs=5,
        batch_size=128,
        schedule=cosine,
        augment=random_shift(2),
        rng=np.random.default_rng(1),
        progress=False,
    )
    return net


@pytest.fixture(scope="module")
def examples(mnist, net):
    """Five test pictures, the last of them one that the network gets wrong."""
    wrong = np.flatnonzero(net.predict(mnist.X_test).argmax(1) != mnist.y_test)
    rows = [0, 1, 2, 3, int(wrong[0])]
    return mnist.X_test[rows], mnist.y_test[rows]


@pytest.fixture
def digit(net, examples):
    return lambda **state: DrawDigit(net, examples, **state)


def check(shown, net):
    """Every number on the page is what the companion says for the state of the page, in value and in text."""
    figure, numbers = DrawDigit(net, **{name: shown.get(name) for name in STATE}), shown.numbers()
    i, j = (int(numbers.pop(name)[0]) - 1 for name in ("row", "column"))
    wanted = {**figure.values, "x": figure.pixels[i, j], "dx": figure.gradient[i, j]}
    assert set(numbers) == set(wanted)
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        scale, digits = (
            (100, 0.051)
            if name == "sure" or name[:2] == "p["
            else (
                1,
                5.1e-3
                if name == "x"
                else 5.1e-4
                if name in ("loss", "predicted", "after")
                else 5.1e-5,
            )
        )
        assert written(text) == pytest.approx(
            scale * value, rel=0.06 if abs(value) < 0.001 and scale == 1 else 0, abs=digits
        ), (name, text, value)
        assert "-" not in text
    return {name: value for name, (value, _) in numbers.items()} | {"row": i + 1, "column": j + 1}


# -------------------------------------------------------------------------------------------------------- eight bits


@pytest.mark.parametrize("shape", [(784, 12), (1, 1), (5, 3)])
def test_no_weight_moves_by_more_than_half_a_step(shape):
    rng = np.random.default_rng(3)
    W = rng.normal(size=shape) * 10.0 ** rng.integers(-6, 6, shape[1])
    q, scale = quantise(W)
    assert (
        q.dtype == np.int8
        and q.shape == shape
        and scale.shape == shape[1:]
        and np.abs(q).max(axis=0).tolist() == [LEVELS] * shape[1]
    )
    moved = np.abs(dequantise(q, scale) - W)
    assert (moved <= scale / 2 * (1 + 1e-9)).all()
    largest = np.abs(W).argmax(axis=0)
    np.testing.assert_allclose(
        dequantise(q, scale)[largest, range(shape[1])], W[largest, range(shape[1])], rtol=1e-14
    )
    again, same = quantise(dequantise(q, scale))  # what has been rounded stays
    assert np.array_equal(again, q) and np.allclose(same, scale, rtol=1e-14)


def test_zeros_stay_zeros_and_signs_stay_signs():
    q, scale = quantise(np.array([[0.0, 0.0, -3.0], [0.0, 2.0, 3.0]]))
    assert (
        q.tolist() == [[0, 0, -127], [0, 127, 127]]
        and scale[0] == 0
        and dequantise(q, scale).tolist() == [[0, 0, -3], [0, 2, 3]]
    )
    for wrong in (np.zeros(3), np.array([[np.nan]])):
        with pytest.raises(ValueError, match="weights must be"):
            quantise(wrong)


@pytest.mark.parametrize(
    "sizes, options",
    [
        ([784, 30, 10], {"hidden": "relu"}),
        ([784, 8, 7, 10], {"hidden": "tanh"}),
        ([784, 10], {}),
        ([784, 9, 10], {"bias": False}),
    ],
)
def test_packed_layers_are_the_network_in_eight_bits(sizes, options):
    net = Network(sizes, rng=np.random.default_rng(2), **options)
    layers = pack(net)
    back = unpack(json.loads(json.dumps(layers)), options.get("hidden", "sigmoid"))
    assert back.sizes == sizes and list(back.parameters) == list(net.parameters)
    for name, p in net.parameters.items():
        wanted = dequantise(*quantise(p)) if name[0] == "W" else p
        assert np.array_equal(back.parameters[name], wanted), name
    figure = DrawDigit(net)
    X = np.random.default_rng(0).random((20, 784))
    np.testing.assert_allclose(figure.network.forward(X), back.forward(X), rtol=1e-13)


def test_eight_bits_cost_next_to_no_accuracy_and_little_room(net, mnist):
    small = eight_bits(net)
    X, y = mnist.X_train[50_000:], mnist.y_train[50_000:]
    before, after = accuracy(net.predict(X), y), accuracy(small.predict(X), y)
    assert before > 0.95 and abs(before - after) < 0.003 and small.dtype == np.float32
    assert np.mean(net.predict(X).argmax(1) == small.predict(X).argmax(1)) > 0.995
    assert (
        len(json.dumps(state_of(DrawDigit()))) < 200_000
    )  # 784-128-10, the size that the page carries


# -------------------------------------------------------------------------------------------------------------- Python


def test_gradient_is_that_of_central_differences(digit):
    for target in (None, 0, 9):
        figure = digit(target=target, pixels=np.random.default_rng(4).random((28, 28)))
        x, label = np.array(figure.pixels.reshape(1, -1)), np.array([figure.against])
        numeric = numeric_gradient(
            lambda: CrossEntropy()(figure.network.forward(x), label), x, 1e-6
        ).reshape(28, 28)
        assert np.abs(figure.gradient - numeric).max() <= 1e-6 * np.abs(numeric).max()
        assert figure.loss == pytest.approx(
            -np.log(figure.probabilities[figure.against]), rel=1e-12
        ) and figure.probabilities.sum() == pytest.approx(1)
        order = figure.logits.argsort()[::-1]
        assert [figure.best, figure.rival] == order[:2].tolist() and figure.against == (
            figure.rival if target is None else target
        )


def test_examples_come_as_they_are_in_the_files(digit, examples):
    figure = digit()
    for k, example in enumerate(figure.examples):
        np.testing.assert_allclose(opened(example), examples[0][k].reshape(28, 28), atol=1e-7)
        assert example["label"] == examples[1][k]
    assert (
        np.array_equal(figure.pixels, opened(figure.examples[0]))
        and not DrawDigit().pixels.any()
        and not digit(pixels=np.zeros((28, 28))).pixels.any()
    )
    assert opened(figure.examples[-1]).any()


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("pixels", np.zeros(784)),
        ("pixels", np.full((28, 28), 1.1)),
        ("pixels", np.full((28, 28), np.nan)),
        ("target", 10),
        ("target", -1),
        ("target", 3.5),
        ("target", True),
        ("target", "3"),
        ("brush", 0),
        ("brush", 6),
        ("tool", "hammer"),
        ("centre", "yes"),
        ("shown", "loss"),
        ("eta", 0),
        ("layers", []),
        ("examples", []),
        ("hidden", "relu"),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(DrawDigit(), trait, wrong)


def test_traits_take_numpys_integers():
    figure = DrawDigit(target=np.int64(7))
    assert figure.target == 7 and type(figure.target) is int
    figure.target = None
    assert figure.against == figure.rival


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((Network([49, 10]),), "goes from 49 to 10"),
        ((Network([784, 5]),), "goes from 784 to 5"),
        ((Network([784, 10], output="softmax"),), "must be logits"),
        ((None, (np.zeros((2, 784)), [1])), "examples must be pictures"),
        ((None, (np.full((1, 784), 2.0), [1])), "pixels from 0 to 1"),
        ((None, (np.zeros((1, 784)), [11])), "labels from 0 to 9"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DrawDigit(*arguments)


def test_picture_and_words_follow_the_state(digit):
    for state in (
        {"pixels": np.zeros((28, 28)), "shown": "nothing"},
        {"shown": "gradient x ink", "target": 3},
    ):
        figure = digit(**state)
        data, _ = figure._repr_mimebundle_()
        assert (
            data["text/plain"] == figure.describe()
            and f"reads {figure.best}" in figure.describe()
            and figure.picture()[:4] == b"\x89PNG"
        )
    assert "blank pad" in digit(pixels=np.zeros((28, 28))).describe().lower()
    assert digit().picture() == digit().picture() != digit(target=0).picture()


# ------------------------------------------------------------------------------------- ink, and MNIST's way of making it


def numpy_stroke(sheet, start, end, width, rub=False):
    """A stroke with round ends: coverage falls from 1 to 0 over the one cell around its edge; the eraser is one cell wider all round."""
    a, b, centres = np.array(start) * FINE, np.array(end) * FINE, np.arange(CELLS) + 0.5
    p = np.stack(np.meshgrid(centres, centres), axis=-1)  # p[i, j] = (x, y)
    t = np.clip((p - a) @ (b - a) / max((b - a) @ (b - a), 1e-300), 0, 1)
    covered = np.clip(
        width * FINE / 2
        + rub
        - np.hypot(*np.moveaxis(p - a - t[..., None] * (b - a), -1, 0))
        + 0.5,
        0,
        1,
    )
    return np.minimum(sheet, 1 - covered) if rub else np.maximum(sheet, covered)


def shares(start, size, count):
    """How much of each of `count` pixels, `size` cells long and the first from `start` on, lies in which cell: (count, CELLS), rows add up to 1."""
    low, cells = start + size * np.arange(count)[:, None], np.arange(CELLS)
    return np.clip(np.minimum(low + size, cells + 1) - np.maximum(low, cells), 0, None) / size


def numpy_centred(sheet):
    """lecun1998: into 20 x 20 with its proportions, grey by averaging, then moved by whole pixels to have its centre of mass in the middle of 28 x 28."""
    rows, columns = (np.flatnonzero((sheet >= 0.1).any(axis=k)) for k in (1, 0))
    length = max(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1, CELLS / 4)
    corner = [(r[0] + r[-1] + 1 - length) / 2 for r in (rows, columns)]
    box = shares(corner[0], length / 20, 20) @ sheet @ shares(corner[1], length / 20, 20).T
    middle, field = np.arange(20) + 0.5, np.zeros((28 + 40, 28 + 40))
    down, right = (math.floor(14 - (box.sum(axis=k) @ middle) / box.sum() + 0.5) for k in (1, 0))
    field[20 + down : 40 + down, 20 + right : 40 + right] = box
    return field[20:48, 20:48]


def test_the_ink_is_numpys_and_so_are_scaling_and_centring():
    js = Mathematics("draw_digit/ink.js")
    rng, cases = np.random.default_rng(8), []
    for size in (26, 14, 5, 0.5):
        for _ in range(4):
            corner = rng.uniform(0, 28 - size, 2)
            points = corner + rng.uniform(0, size, (5, 2))
            cases.append(
                [
                    [a.tolist(), b.tolist(), float(width), False]
                    for a, b, width in zip(points, points[1:], rng.uniform(1, 5, 4))
                ]
            )
    for case in cases[:6]:
        case.append([[10, 10], [18, 12], 3.0, True])
    cases.append([[[-2, 5], [30, 27], 2.4, False]])  # beyond the edges
    found = js(
        """(cases) => cases.map((case_) => {
      const sheet = blankSheet(); for (const [from, to, width, rub] of case_) stroke(sheet, from, to, width, rub);
      const { picture, field } = centred(sheet);
      return [asDrawn(sheet), picture, asDrawn(sheetOf(asDrawn(sheet))), field]; })""",
        cases,
    )
    for case, (plain, centred, again, field) in zip(cases, found, strict=True):
        sheet = np.zeros((CELLS, CELLS))
        for stroke in case:
            sheet = numpy_stroke(sheet, *stroke).astype(np.float32).astype(float)
        wanted, box = sheet.reshape(28, FINE, 28, FINE).mean(axis=(1, 3)), numpy_centred(sheet)
        np.testing.assert_allclose(plain, wanted, atol=1e-7)
        np.testing.assert_allclose(centred, box, atol=1e-6)
        np.testing.assert_allclose(again, plain, atol=1e-7)
        centre = (np.array(centred) @ (np.arange(28) + 0.5)).sum() / np.sum(centred)
        assert abs(centre - 14) <= 0.75  # half a pixel by the rounding, and what the edge cut off
        # the map of the slopes is laid over the ink it is about: the field is where that ink lies
        for axis, corner in ((0, field["y"]), (1, field["x"])):
            lies, seen = (
                np.average(np.arange(n) + 0.5, weights=np.sum(ink, axis=1 - axis)) * 28 / n
                for ink, n in ((sheet, CELLS), (centred, 28))
            )
            cut = np.sum(centred) * field["size"] ** 2 < 0.98 * wanted.sum() * 28**2
            assert cut or abs(corner + seen * field["size"] / 28 - lies) < 0.05
    assert js(
        """() => [centred(blankSheet()).picture.flat().every((v) => v === 0), stepped([[0.5, 0.1, 0.9]], [[1, 1, -1]], 0.3)]"""
    ) == [True, [[0.2, 0, 1]]]
    js.close()


# ------------------------------------------------------------------------------------------------------------ the page


def arc(cx, cy, rx, ry, start, end, n=14):
    angles = np.radians(np.linspace(start, end, n))
    return np.stack([cx + rx * np.cos(angles), cy + ry * np.sin(angles)], axis=1).tolist()


STROKES = {
    0: [arc(14, 14, 6, 9, -90, 270)],
    1: [[[14.5, 5], [13.5, 23]]],
    2: [[*arc(14, 10, 5, 5, 190, 390), [9, 22.5], [20, 22]]],
    3: [arc(13.5, 9.5, 5, 4.5, 200, 450, 9) + arc(13.5, 18.5, 5.5, 4.5, -90, 160, 9)],
    4: [[[11, 5], [8.5, 15], [20, 15]], [[18, 7], [17, 24]]],
    5: [[[19, 5.5], [11, 5.5], [10, 13], *arc(13.5, 17.5, 5.5, 5, -130, 140)]],
    6: [[[17, 4.5], [12, 10], [9.5, 16], *arc(14, 18.5, 4.8, 4.5, 180, 540)]],
    7: [[[8, 6], [20, 6], [13, 24]]],
    8: [arc(14, 9.5, 4, 4.5, 90, 450, 9) + arc(14, 18.8, 5, 4.8, -90, 270, 9)],
    9: [[*arc(13.5, 10, 4.5, 4.5, 0, -360), [18, 12], [16.5, 24]]],
}


def draw(shown, digit, size=1.0, move=(0, 0)):
    """Draw a digit with the mouse, around the middle of the pad unless it is moved."""
    box = shown.page.locator(".lf-digit-ink").bounding_box()
    for line in STROKES[digit]:
        spots = [
            [
                box[axis] + box[side] * ((v - 14) * size + 14 + by) / 28
                for v, by, axis, side in zip(p, move, "xy", ("width", "height"))
            ]
            for p in line
        ]
        shown.page.mouse.move(*spots[0])
        shown.page.mouse.down()
        for spot in spots[1:]:
            shown.page.mouse.move(*spot)
        shown.page.mouse.up()


def press(shown, name):
    shown.page.get_by_role("button", name=name, exact=True).click()


def test_what_is_drawn_is_read(show, digit, net):
    shown, read = show(digit()), {}
    for k in STROKES:
        press(shown, "Clear")
        draw(
            shown, k, *((0.5, (-6, -6)) if k % 2 else (1.0, (0, 0)))
        )  # every other one small and in a corner
        read[k] = int(check(shown, net)["best"])
    assert sum(k == best for k, best in read.items()) >= 9, read
    assert read[7] == 7
    press(shown, "Clear")
    shown.control("centre").uncheck()
    draw(shown, 7, 0.5, (-6, -6))
    pixels = np.array(shown.get("pixels"))
    assert (
        pixels[16:].sum() == 0 and check(shown, net)["best"] != 7
    )  # where it lies, it is not read
    shown.control("centre").check()
    assert check(shown, net)["best"] == 7 and np.array(shown.get("pixels"))[16:].sum() > 0


def test_examples_give_the_companions_numbers(show, digit, net, examples):
    shown = show(digit(pixels=np.zeros((28, 28))))
    check(shown, net)
    assert shown.page.locator(".lf-digit-empty").is_visible()
    for k, label in enumerate(examples[1]):
        press(shown, f"example {k + 1}, a {label}")
        assert np.array_equal(shown.get("pixels"), opened(shown.figure.examples[k]))
        assert "sees it as it is" in shown.page.locator(".lf-digit-seen").text_content()
        assert (check(shown, net)["best"] != label) == (k == len(examples[1]) - 1)
    assert not shown.page.locator(".lf-digit-empty").is_visible()


def test_state_set_from_python_shows(show, digit, net, mnist):
    shown, rng = show(digit()), np.random.default_rng(9)
    for trial in range(12):
        pixels = (
            mnist.X_test[trial + 20].astype(float).reshape(28, 28)
            if trial % 2
            else rng.random((28, 28))
        )
        shown.set(
            pixels=pixels.tolist(),
            target=[None, *range(10)][trial % 11],
            shown=["gradient", "gradient x ink", "nothing"][trial % 3],
            eta=[0.05, 2][trial % 2],
        )
        assert check(shown, net)["peak"] > 0 or trial % 3 == 2
        assert np.array_equal(shown.get("pixels"), pixels)  # and is taken as it is


@pytest.mark.parametrize(
    "sizes, options",
    [
        ([784, 12, 9, 10], {"hidden": "tanh"}),
        ([784, 10], {"bias": False}),
        ([784, 20, 10], {"hidden": "sigmoid"}),
    ],
)
def test_networks_of_other_shapes(show, sizes, options):
    net = Network(sizes, rng=np.random.default_rng(5), **options)
    shown = show(DrawDigit(net, target=4, pixels=np.random.default_rng(6).random((28, 28))))
    check(shown, net)
    draw(shown, 7)
    assert check(shown, net)["against"] == 4


HEAT = """([row, column]) => [".lf-digit-square canvas", ".lf-digit-heat"].map((name) => document.querySelector(name)).map((canvas) => [...canvas.getContext("2d").getImageData(column, row, 1, 1).data])"""


@pytest.mark.parametrize(
    "theme, blue, orange",
    [("light", [0, 114, 178], [213, 94, 0]), ("dark", [86, 180, 233], [240, 128, 60])],
)
def test_map_has_the_colours_of_its_signs_and_ink_is_ink(show, digit, theme, blue, orange):
    shown = show(digit(), theme=theme)
    for name in ("gradient", "gradient x ink"):
        shown.set(shown=name)
        figure = digit(shown=name)
        wanted, peak = figure.map, np.abs(figure.map).max()
        for place in [
            np.unravel_index(wanted.argmax(), wanted.shape),
            np.unravel_index(wanted.argmin(), wanted.shape),
            (9, 13),
            (20, 8),
        ]:
            seen, heat = shown.page.evaluate(HEAT, [int(v) for v in place])
            assert heat[3] == pytest.approx(255 * abs(wanted[place]) / peak, abs=0.6) and seen[
                3
            ] == pytest.approx(255 * figure.pixels[place], abs=0.6)
            if heat[3] > 40:
                assert (
                    np.abs(np.array(heat[:3]) - (blue if wanted[place] > 0 else orange)).max() <= 4
                ), (place, heat)
    shown.set(shown="nothing")
    assert shown.page.evaluate(HEAT, [9, 13])[1][3] == 0
    shown.page.evaluate(
        "document.documentElement.dataset.theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'"
    )
    shown.page.wait_for_timeout(50)
    ink = shown.page.evaluate(
        HEAT, [int(v) for v in np.unravel_index(digit().pixels.argmax(), (28, 28))]
    )[0][:3]
    assert (max(ink) < 60) == (theme == "dark")  # the paper has turned, and so has the ink


def test_steps_change_the_picture_towards_the_target(show, digit, net):
    shown = show(digit(target=3, eta=0.5))
    picture, losses = np.array(digit().pixels), [check(shown, net)["loss"]]
    for steps in (1, 10, 1):
        shown.page.get_by_role("button", name="1 step" if steps == 1 else "10 steps").click()
        for _ in range(steps):
            picture = np.clip(picture - 0.5 * digit(target=3, pixels=picture).gradient, 0, 1)
        np.testing.assert_allclose(shown.get("pixels"), picture, atol=1e-10)
        losses.append(check(shown, net)["loss"])
    assert (
        losses[-1] < 0.1 * losses[0]
        and check(shown, net)["best"] == 3
        and np.array(shown.get("pixels")).max() <= 1
    )
    for _ in range(3):
        press(shown, "Undo")
    np.testing.assert_array_equal(shown.get("pixels"), digit().pixels)
    shown.set(target=None)
    rival = digit().rival
    press(shown, "1 step")
    assert (
        shown.get("target") == rival
    )  # what a step goes towards stays, though it may become the best


def test_undo_clear_eraser_and_brush(show, digit, net):
    shown = show(digit(pixels=np.zeros((28, 28))))
    press(shown, "Undo")  # nothing to undo
    shown.control("centre").uncheck()
    amounts = []
    for brush in (1, 5):
        shown.slide(brush=brush)
        draw(shown, 1)
        amounts.append(np.sum(shown.get("pixels")))
    assert amounts[0] == pytest.approx(18, rel=0.2) and amounts[1] == pytest.approx(
        5 * 18 + math.pi * 2.5**2, rel=0.1
    )
    shown.page.get_by_text("Eraser", exact=True).click()
    assert shown.get("tool") == "eraser"
    draw(shown, 1)
    assert np.sum(shown.get("pixels")) < 0.1 and check(shown, net)["brush"] == 5
    press(shown, "Undo")
    assert np.sum(shown.get("pixels")) == pytest.approx(amounts[1])
    press(shown, "Undo")
    assert np.sum(shown.get("pixels")) == pytest.approx(amounts[0])
    press(shown, "Clear")
    assert not np.any(shown.get("pixels"))
    press(shown, "Undo")
    assert np.sum(shown.get("pixels")) == pytest.approx(amounts[0])
    check(shown, net)


def test_the_first_stroke_takes_the_place_of_the_picture_it_opens_with(show, digit, net):
    shown = show(digit())
    words = shown.page.locator(".lf-digit-given")
    assert words.is_visible() and "your first stroke takes its place" in words.text_content()
    box = shown.page.locator(".lf-digit-ink").bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    dot = np.array(shown.get("pixels"))
    assert dot.max() > 0.5 and dot[:8].max() == 0 and dot[20:].max() == 0 and not words.is_visible()
    shown.page.get_by_role("button", name="Undo").click()
    np.testing.assert_array_equal(shown.get("pixels"), digit().pixels)
    assert words.is_visible()
    shown.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    press(shown, "Reset")
    np.testing.assert_array_equal(shown.get("pixels"), digit().pixels)
    assert words.is_visible()  # and the next stroke takes its place again


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_the_pad_stays_under_the_pen(show, digit, width):
    """A straight stroke is straight: nothing that comes or goes at the first touch moves the pad."""
    shown = show(digit(), width=width)
    pad = shown.page.locator(".lf-digit-ink").first
    before = pad.bounding_box()
    middle = before["x"] + before["width"] / 2
    shown.page.mouse.move(middle, before["y"] + before["height"] * 0.3)
    shown.page.mouse.down()
    assert pad.bounding_box() == before
    for share in (0.5, 0.7):
        shown.page.mouse.move(middle, before["y"] + before["height"] * share)
        assert pad.bounding_box() == before
    shown.page.mouse.up()
    assert pad.bounding_box() == before
    inked = np.array(shown.get("pixels")) > 0.5
    assert 1 <= inked.sum(axis=1).max() <= 4 and inked.sum() > 20


def test_the_map_moves_while_the_pen_does_and_a_step_is_foretold(show, digit, net):
    shown = show(digit(pixels=np.zeros((28, 28)), target=7))
    look = "document.querySelector('.lf-digit-heat').toDataURL() + document.querySelector('.lf-digit-heat').style.cssText"
    box, seen = shown.page.locator(".lf-digit-pad").bounding_box(), set()
    shown.page.mouse.move(box["x"] + 60, box["y"] + 60)
    shown.page.mouse.down()
    for k in range(5):
        shown.page.mouse.move(box["x"] + 60 + 20 * k, box["y"] + 60 + 20 * k)
        seen.add(shown.page.evaluate(look))
    shown.page.mouse.up()
    assert len(seen) == 5
    shown.slide(eta=0)
    found = check(shown, net)
    assert found["predicted"] < found["after"] < found["loss"] or found["loss"] < 1e-6
    press(shown, "1 step")
    assert check(shown, net)["loss"] == pytest.approx(found["after"], rel=1e-9)


def test_what_the_slopes_foretell_is_drawn_below_zero_too(show, digit):
    """Three bars from one line of 0; a foretold loss below it points the other way."""
    shown = show(digit(target=3, eta=10))
    bars = """[...document.querySelectorAll(".lf-digit-track i")].map((n) => { const a = n.getBoundingClientRect(), b = n.parentElement.getBoundingClientRect();
      return [(a.left - b.left) / b.width, (a.right - b.left) / b.width]; })"""
    now, told, then = shown.page.evaluate(bars)
    values = shown.numbers()
    assert values["predicted"][0] < 0 and told == pytest.approx([0, 0.25], abs=0.01)
    for (left, right), name in ((now, "loss"), (then, "after")):
        share = values[name][0] / max(values[k][0] for k in ("loss", "after"))
        assert (left, right) == pytest.approx((0.25, 0.25 + 0.75 * share), abs=0.01)


def test_it_says_what_an_example_was_meant_to_be(show, digit, examples):
    """The network's answer, the writer's digit and the supposed one are told apart."""
    shown = show(digit(target=3))
    reads, suppose = (shown.page.locator(f".lf-digit-{name}") for name in ("reads", "suppose"))
    assert f"the writer meant {examples[1][0]}" in reads.text_content()
    assert suppose.text_content().startswith("Suppose the digit is 3: ")
    assert shown.control("centre").is_checked()  # and no stroke ticks it
    outline = shown.page.locator(".lf-digit-pad .lf-digit-edge")
    before = outline.get_attribute("d")
    draw(shown, 1)
    assert "the writer" not in reads.text_content()
    assert shown.control("centre").is_checked() and outline.get_attribute("d") not in ("", before)
    shown.set(shown="nothing")
    assert outline.get_attribute("d") == ""


def test_drawing_on_a_loaded_picture_leaves_the_rest_of_it(show, digit, net):
    shown = show(digit())
    before = np.array(digit().pixels)
    shown.page.get_by_role("button", name="example 1,").click()
    box = shown.page.locator(".lf-digit-ink").bounding_box()
    shown.page.mouse.click(box["x"] + 3, box["y"] + 3)
    after = np.array(shown.get("pixels"))
    assert after[0, 0] > 0.5 and before[0, 0] == 0
    np.testing.assert_allclose(after[3:, 3:], before[3:, 3:], atol=1e-7)
    check(shown, net)


def test_every_switch_does_what_it_says(show, digit, net):
    shown = show(digit())
    for k in (3, 9, 0):
        shown.page.get_by_role("radiogroup", name="digit of the loss").locator("b").get_by_text(
            str(k), exact=True
        ).click()
        assert shown.get("target") == k and check(shown, net)["against"] == k
        assert shown.page.locator(".lf-against b").text_content() == str(k)
    shown.page.get_by_text("whichever comes second", exact=True).click()
    assert shown.get("target") is None and check(shown, net)["against"] == digit().rival
    for text, name in (
        ("x · ∂L/∂x", "gradient x ink"),
        ("no map", "nothing"),
        ("∂L/∂x", "gradient"),
    ):
        shown.page.get_by_role("radiogroup", name="map").get_by_text(text, exact=True).click()
        assert shown.get("shown") == name
        check(shown, net)
    for end, value in (("Home", 0.01), ("End", 10)):
        shown.control("eta").press(end)
        assert shown.get("eta") == value and check(shown, net)["eta"] == value
    best = shown.page.locator(".lf-best")
    assert best.locator("b").text_content() == str(digit().best)
    assert float(
        best.locator("i").evaluate("n => new DOMMatrix(getComputedStyle(n).transform).a")
    ) == pytest.approx(digit().probabilities.max(), abs=1e-3)
    draw(shown, 1)
    shown.control("centre").check()  # scales and centres what is there, a loaded picture too
    assert np.sum(np.array(shown.get("pixels"))[:, :4]) < 1 and shown.control("centre").is_checked()
    check(shown, net)


# ----------------------------------------------------------------------------------------------------- finger, keyboard


def test_a_finger_draws_and_the_page_stays_where_it_is(show, digit, net):
    shown = show(digit(pixels=np.zeros((28, 28))), width=375, has_touch=True, is_mobile=True)
    box, session = (
        shown.page.locator(".lf-digit-ink").bounding_box(),
        shown.page.context.new_cdp_session(shown.page),
    )
    for line in STROKES[7]:
        spots = [
            {"x": box["x"] + box["width"] * x / 28, "y": box["y"] + box["height"] * y / 28}
            for (x0, y0), (x1, y1) in zip(line, line[1:])
            for x, y in zip(np.linspace(x0, x1, 8), np.linspace(y0, y1, 8))
        ]
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": spots[:1]})
        for spot in spots[1:]:
            session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [spot]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert check(shown, net)["best"] == 7 and shown.page.evaluate("scrollY") == 0
    actions = shown.page.evaluate(
        "['.lf-digit-pad', '.lf'].map((name) => getComputedStyle(document.querySelector(name)).touchAction)"
    )
    assert actions == ["none", "auto"]
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    assert (
        min(shown.page.locator("label.lf-digit-check").bounding_box().values()) >= 0
        and shown.page.locator("label.lf-digit-check").bounding_box()["height"] >= 44
    )


def test_a_digit_is_drawn_by_keyboard(show, digit, net):
    shown = show(digit(pixels=np.zeros((28, 28))))
    keys, pad = shown.page.keyboard, shown.page.locator(".lf-digit-pad")
    pad.focus()
    for key, times in (("ArrowUp", 9), ("ArrowLeft", 6)):
        for _ in range(times):
            keys.press(key)
    assert not np.any(shown.get("pixels")) and "pen up, row 6, column 9" in pad.get_attribute(
        "aria-label"
    )
    keys.press("Space")
    assert "pen down, row 6, column 9" in pad.get_attribute(
        "aria-label"
    ) and "lf-down" in pad.get_attribute("class")
    assert (
        shown.page.locator(".lf-digit-pen-state").text_content() == "pen down · row 6, column 9"
        and shown.page.locator(".lf-digit-pen-state").is_visible()
    )
    for key in ["ArrowRight"] * 11 + ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft"] * 5:
        keys.press(key)
    keys.press("Space")
    assert "lf-down" not in pad.get_attribute("class") and check(shown, net)["best"] == 7
    drawn = np.array(shown.get("pixels"))
    for _ in range(3):
        keys.press("ArrowUp")  # the pen is up: nothing is drawn
    assert np.array_equal(shown.get("pixels"), drawn)
    keys.press("Delete")
    rubbed = np.array(shown.get("pixels"))
    assert rubbed.sum() < drawn.sum() and check(shown, net)
    press(shown, "Undo")
    assert np.array_equal(shown.get("pixels"), drawn)
    press(shown, "Undo")
    assert not np.any(shown.get("pixels"))  # the whole of one stroke
    pad.focus()
    keys.press("Space")
    keys.press("Shift+ArrowDown")
    keys.press("Escape")
    assert "lf-down" not in pad.get_attribute("class") and np.any(shown.get("pixels"))
    keys.press("Space")
    keys.press("Tab")  # who leaves the pad lifts the pen
    assert "lf-down" not in pad.get_attribute("class")


def test_one_pixel_is_pointed_at_by_pointer_and_keyboard(show, digit, net):
    shown = show(digit())
    square = shown.page.locator(".lf-digit-square")
    box = square.locator("canvas").bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] * 9.5 / 28, box["y"] + box["height"] * 20.5 / 28)
    found = check(shown, net)
    assert (found["row"], found["column"]) == (21, 10) and found["dx"] == pytest.approx(
        digit().gradient[20, 9], rel=1e-9
    )
    square.focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowRight"):
        shown.page.keyboard.press(key)
    found = check(shown, net)
    assert (found["row"], found["column"]) == (20, 15) and square.get_attribute(
        "aria-valuenow"
    ) == str(19 * 28 + 15)
    assert square.get_attribute("aria-valuetext").startswith("row 20, column 15: ink ")
    shown.page.keyboard.press("End")
    assert check(shown, net)["column"] == 28
    shown.page.keyboard.press("Home")
    assert check(shown, net)["column"] == 1


def test_every_control_is_reached_by_tab(show, digit):
    order = show(digit()).tab_order()
    for name in (
        "brush",
        "Undo",
        "Clear",
        "centre",
        "eta",
        "1 step",
        "10 steps",
        "example 1, a 7",
        "pen",
        "gradient",
    ):
        assert name in order, order
    assert (
        order[:2] == ["reset", order[1]]
        and order[1].startswith("Drawing pad")
        and len(order) == 1 + 1 + 1 + 1 + 2 + 1 + 2 + 5 + 1 + 1 + 1 + 1
    )


# ------------------------------------------------------------------------------------------ for eyes and screen readers


def test_words_for_a_screen_reader_come_after_a_pause(show, digit, net):
    shown = show(digit(pixels=np.zeros((28, 28))))
    shown.page.evaluate("""() => { window.said = []; const status = document.querySelector('[role=status]');
      new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true }); }""")
    draw(shown, 0)
    assert shown.page.evaluate("said") == []
    shown.page.wait_for_function("said.length > 0")
    figure = DrawDigit(net, pixels=shown.get("pixels"))
    (said,) = shown.page.evaluate("said")
    per_cent = math.floor(100 * figure.probabilities.max() + 0.5)
    assert said.startswith(f"reads {figure.best}, {per_cent} per cent")
    assert "gradient of L by ink, the largest " in said
    press(shown, "1 step")
    shown.page.wait_for_function("said.at(-1).startsWith('One step towards')")
    press(shown, "Clear")
    shown.page.wait_for_function("said.at(-1).startsWith('Cleared')")
    assert (
        shown.page.get_by_role("group", name="Live figure").count() == 1
        and shown.page.locator("table caption").text_content()
    )
    assert all(
        shown.page.evaluate(
            "[...document.querySelectorAll('input, button, [role=slider], [role=application]')].map((n) => Boolean(n.getAttribute('aria-label') || n.textContent || n.labels?.[0]?.textContent))"
        )
    )


@pytest.mark.parametrize("width", [320, 375, 760, 1000])
def test_nothing_overlaps_or_sticks_out(show, digit, width):
    shown = show(digit(), width=width)
    for state in (
        {},
        {"shown": "gradient x ink", "target": 8},
        {"pixels": np.zeros((28, 28)).tolist()},
    ):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state
        pad = shown.page.locator(".lf-digit-pad").bounding_box()
        assert pad["width"] == pytest.approx(pad["height"], abs=1) and pad["width"] > 240


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, digit, theme):
    worst = show(digit(), theme=theme).page.evaluate(CONTRAST)
    assert worst[0] >= 4.5, worst


def test_python_hears_of_a_drawing_a_few_times_a_second_and_of_its_end(show, digit):
    """While a stroke is drawn the page does not send every move; at its end it sends what there is."""
    shown = show(digit(pixels=np.zeros((28, 28))))
    shown.page.evaluate("() => { window.heard = 0; model.on('change:pixels', () => heard++); }")
    box = shown.page.locator(".lf-digit-ink").bounding_box()
    start = shown.page.evaluate("performance.now()")
    shown.page.mouse.move(box["x"] + 60, box["y"] + 60)
    shown.page.mouse.down()
    for k in range(40):
        shown.page.mouse.move(box["x"] + 60 + 3 * k, box["y"] + 60 + 4 * k)
    during, passed = (
        shown.page.evaluate("heard"),
        (shown.page.evaluate("performance.now()") - start) / 1000,
    )
    assert during <= passed / 0.3 + 1
    seen = shown.numbers()["sure"][0]
    shown.page.mouse.up()
    assert shown.page.evaluate("heard") >= 1 and digit(pixels=shown.get("pixels")).values[
        "sure"
    ] == pytest.approx(seen, rel=1e-9)


def test_two_views_of_one_model_and_an_end(show, digit, net):
    shown = show(digit())
    shown.page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    check(shown, net)
    box = shown.page.locator(".lf-digit-ink").first.bounding_box()
    shown.page.mouse.click(box["x"] + 40, box["y"] + 40)
    check(shown, net)  # both show the same numbers
    shown.page.evaluate("stop(); stop2()")
    assert shown.page.evaluate("model.count()") == 0 and shown.page.locator(".lf").count() == 0
