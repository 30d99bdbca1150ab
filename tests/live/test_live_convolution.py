"""The live figure `Convolution`: its numbers are the companion's, its gradients the slopes, its controls work by keyboard and pointer."""

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written

from backprop.datasets import load_mnist
from backprop.live import LiveFigure
from backprop.live.base import HERE
from backprop.live.convolution import DIGITS, FULL, FULL_CELL, KERNELS, LIMIT, PICTURES, Convolution

STATE = (
    "image",
    "kernel",
    "target_kernel",
    "view",
    "at",
    "cell",
    "weight",
    "tool",
    "eta",
    "history",
)
VIEWS = ("forward", "cell", "loss")


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def twin(shown):
    return Convolution(
        **{
            name: tuple(value) if name in ("at", "cell", "weight") else value
            for name in STATE
            for value in [shown.get(name)]
        }
    )


def check(shown):
    """Every number on the page is what Python says for the state of the page, in value and in text."""
    wanted, numbers = twin(shown).values, shown.numbers()
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12, nan_ok=True), name
        if np.isfinite(value) and text:  # the fields of the kernel have no text
            assert written(text) == pytest.approx(value, rel=0.06, abs=5.1e-3), (name, text, value)
            assert "-" not in text
    assert set(numbers) | {"dx"} == set(wanted) - {"pixel", "curvature"} and (
        "dx" in numbers or shown.get("view") == "forward"
    )
    for i, j in np.ndindex(3, 3):  # what a field shows
        field = shown.control(f"W[{i},{j}]")
        assert float(field.input_value()) == pytest.approx(
            wanted[f"W[{i},{j}]"], abs=0.51 if abs(wanted[f"W[{i},{j}]"]) >= 100 else 5.1e-3
        )
    return numbers


def random_state(rng, view):
    return {
        "image": rng.uniform(0, 1, (12, 12)),
        "kernel": rng.normal(0, 1, (3, 3)),
        "target_kernel": rng.normal(0, 1, (3, 3)),
        "view": view,
        "at": tuple(int(v) for v in rng.integers(0, 12, 2)),
        "cell": tuple(int(v) for v in rng.integers(0, 10, 2)),
        "weight": tuple(int(v) for v in rng.integers(0, 3, 2)),
    }


# -------------------------------------------------------------------------------------------------------------- Python


def test_the_map_is_the_sum_over_the_window():
    state = random_state(np.random.default_rng(0), "forward")
    figure, W = Convolution(**state), state["kernel"]
    for p, q in np.ndindex(10, 10):
        assert figure.z[p, q] == pytest.approx(
            np.sum(state["image"][p : p + 3, q : q + 3] * W), abs=1e-13
        )
    figure.at = (4, 7)
    assert (
        figure.values["z"] == pytest.approx(figure.z[3, 6])
        and figure.values["x[0,2]"] == state["image"][3, 8]
    )


@pytest.mark.parametrize("view", ["cell", "loss"])
def test_gradients_are_slopes(view):
    state, step = random_state(np.random.default_rng(1), view), 1e-5
    figure = Convolution(**state)
    value = (lambda f: f.z[f.cell]) if view == "cell" else (lambda f: f.loss)
    target = figure.target
    for trait, name in (("kernel", "W"), ("image", "x")):
        for i in np.ndindex(state[trait].shape):
            ends = []
            for by in (step, -step):
                moved = state[trait].copy()
                moved[i] += by
                moved = np.clip(moved, 0, 1) if trait == "image" else moved
                other = Convolution(**{**state, trait: moved})
                # the target stays what it was: the loss's own dependence on the picture through t is not meant
                ends.append(
                    value(other) if view == "cell" else 0.5 * np.sum((other.z - target) ** 2)
                )
            assert figure.gradients[name][i] == pytest.approx(
                (ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-7
            ), (trait, i)


def test_one_output_sees_its_patch_and_pastes_the_kernel():
    state = random_state(np.random.default_rng(2), "cell")
    figure, (p, q) = Convolution(**state), state["cell"]
    np.testing.assert_array_equal(figure.gradients["W"], state["image"][p : p + 3, q : q + 3])
    pasted = np.zeros((12, 12))
    pasted[p : p + 3, q : q + 3] = state["kernel"]
    np.testing.assert_array_equal(figure.gradients["x"], pasted)


def test_what_reaches_a_pixel_is_the_sum_of_the_nine_products_everywhere():
    for view in VIEWS:
        state = random_state(np.random.default_rng(3), view)
        figure = Convolution(**state)
        for at in np.ndindex(12, 12):
            figure.at = at
            v = figure.values
            total = sum(
                v[f"{'xW' if view == 'forward' else 'deltaF'}[{i},{j}]"]
                for i in range(3)
                for j in range(3)
            )
            assert total == pytest.approx(v["z" if view == "forward" else "dx"], abs=1e-12)


def test_descent_finds_the_kernel_below_the_bound_and_leaves_above_it():
    figure = Convolution(view="loss")
    figure.eta = 0.95 * figure.largest_eta
    start = figure.loss
    figure.step(400)
    assert (
        len(figure.history) == 401
        and figure.history[0] == start
        and figure.history[-1] == figure.loss
        and figure.distance < 1e-3
    )
    assert all(b < a for a, b in zip(figure.history, figure.history[1:]))
    figure.reset()
    assert figure.history == [] and figure.loss == start
    figure.eta = 1.02 * figure.largest_eta
    figure.step(60)
    assert (
        figure.history[-1] > figure.history[30] > min(figure.history)
    )  # the steepest direction has taken over
    with pytest.raises(ValueError, match="smaller learning rate"):
        Convolution(eta=1).step(100)
    with pytest.raises(ValueError, match="more than 5000 steps"):
        Convolution().step(5001)


@pytest.mark.parametrize("picture", ["stripes", "grey paper"])
def test_a_picture_may_not_tell_kernels_apart(picture):
    figure = Convolution(image=PICTURES[picture])
    figure.eta = 0.5 * figure.largest_eta
    figure.step(200)
    assert figure.loss < 1e-20 and figure.distance > 1
    assert Convolution(image=np.zeros((12, 12))).largest_eta == np.inf


def test_the_pictures_are_digits_of_mnist_and_shapes():
    X = load_mnist().X_test
    for name, index in (("a seven", 17), ("a three", 30)):
        middle = (
            X[index]
            .astype(float)
            .reshape(28, 28)[2:26, 2:26]
            .reshape(12, 2, 12, 2)
            .mean(axis=(1, 3))
        )
        assert DIGITS[name] == "".join(f"{v:x}" for v in np.rint(15 * middle).astype(int).ravel())
        np.testing.assert_allclose(PICTURES[name], middle, atol=0.5 / 15 + 0.006)


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("image", np.ones((10, 10))),
        ("image", np.full((12, 12), 1.1)),
        ("kernel", [[1, 2, 3]]),
        ("kernel", np.full((3, 3), 2 * LIMIT)),
        ("view", "sideways"),
        ("at", (12, 0)),
        ("at", (1, 2, 3)),
        ("cell", (10, 0)),
        ("weight", (3, 0)),
        ("tool", "brush"),
        ("eta", 0),
        ("kernels", {}),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Convolution(), trait, wrong)


def test_it_takes_what_the_page_sends():
    figure = Convolution()
    figure.set_state(
        {
            "image": PICTURES["stripes"],
            "kernel": KERNELS["blur"],
            "at": [3, 4],
            "cell": [9, 0],
            "view": "cell",
            "eta": 1,
            "history": [2, 1.5],
            "tool": "pen",
        }
    )
    assert (
        figure.at == (3, 4)
        and figure.cell == (9, 0)
        and figure.gradients["x"].any()
        and figure.history == [2, 1.5]
    )


def test_picture_and_words_follow_the_state():
    seen = set()
    for state in (
        {},
        {"view": "cell"},
        {"view": "forward"},
        {"image": np.zeros((12, 12)), "view": "loss"},
        {"kernel": np.zeros((3, 3)), "view": "cell"},
        {"at": (0, 0), "view": "forward"},
        {"at": (0, 0), "view": "loss"},
    ):
        figure = Convolution(**state)
        data, _ = figure._repr_mimebundle_()
        assert data["text/plain"] == figure.describe() and figure.picture()[:4] == b"\x89PNG"
        seen.add(data["image/png"])
    assert len(seen) == 7 and Convolution().picture() == Convolution().picture()
    forward = Convolution(view="forward")
    assert f"{forward.values['z']:.3f}" in forward.describe()


def test_the_figures_own_styles_follow_those_of_all(tmp_path):
    shared, own = (
        (HERE / name).read_text(encoding="utf-8")
        for name in ("shared/style.css", "convolution/figure.css")
    )
    (tmp_path / "figure.js").write_text("export default {};", encoding="utf-8")

    class Plain(LiveFigure):
        module = str(tmp_path / "figure.js")

    assert Convolution._css == shared + own and Plain._css == shared


# ------------------------------------------------------------------------------------------------------------ the page


def test_numbers_are_the_companions_for_random_and_extreme_states(show):
    shown, rng = show(Convolution()), np.random.default_rng(6)
    for trial in range(24):
        state = random_state(rng, VIEWS[trial % 3])
        shown.set(
            **{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in state.items()},
            eta=float(rng.uniform(1e-3, 0.1)),
        )
        check(shown)
    for image in ([[0] * 12] * 12, [[1] * 12] * 12, PICTURES["stripes"]):
        for kernel in (np.zeros((3, 3)), np.full((3, 3), 999.0), np.full((3, 3), -1e-7)):
            for view in VIEWS:
                shown.set(image=image, kernel=kernel.tolist(), view=view)
                check(shown)


def test_every_place_of_the_window_and_every_pixel(show):
    shown = show(Convolution())
    table = "() => { const places = []; for (let r = 0; r < 12; r++) for (let c = 0; c < 12; c++) places.push([r, c]); return places; }"
    for view, name in (("forward", "z"), ("loss", "dx"), ("cell", "dx")):
        shown.set(view=view)
        found = shown.page.evaluate(
            """async ([name, places]) => { const out = []; for (const at of places) { model.set("at", at); await null; await null;
          out.push(Number(document.querySelector(`[data-name="${name}"]`).dataset.value)); } return out; }""",
            [name, shown.page.evaluate(table)],
        )
        figure = twin(shown)
        wanted = figure.gradients["x"] if view != "forward" else np.pad(figure.z, 1, mode="edge")
        np.testing.assert_allclose(np.reshape(found, (12, 12)), wanted, rtol=1e-9, atol=1e-12)


PIXELS = """(k) => { const canvas = document.querySelectorAll(".lf-cv-square canvas")[k], side = canvas.width;
  const d = canvas.getContext("2d").getImageData(0, 0, side, side).data; return Array.from({ length: side * side }, (_, i) => [...d.slice(4 * i, 4 * i + 4)]); }"""


def test_what_is_painted_is_the_maps(show):
    shown = show(Convolution(kernel=KERNELS["irregular"], target_kernel=KERNELS["blur"]))
    for view in VIEWS:
        shown.set(view=view)
        figure = twin(shown)
        grids = (
            [figure.gradients["x"], figure.delta] if view != "forward" else [figure.image, figure.z]
        )
        for k, grid in enumerate(grids):
            painted, flat = np.array(shown.page.evaluate(PIXELS, k)), grid.ravel()
            names = ("image", "z") if view == "forward" else ("dx", "delta")
            peak = {"image": 1, **(FULL_CELL if view == "cell" else FULL)}[names[k]]
            wanted = np.minimum(255, 255 * np.abs(flat) / peak)
            np.testing.assert_allclose(painted[:, 3], wanted, atol=1)
            if peak != 1:
                strong = np.abs(flat) > 0.3 * peak
                assert (
                    (painted[strong, 2] > painted[strong, 0]) == (flat[strong] > 0)
                ).all()  # blue above 0, orange below


MINIS = """() => [...document.querySelectorAll(".lf-cv-mini canvas")].map((canvas) => {
  const d = canvas.getContext("2d").getImageData(0, 0, 10, 10).data; return Array.from({ length: 100 }, (_, i) => d[4 * i + 3]); })"""


def test_output_and_target_are_seen_and_no_scale_follows_a_drag(show):
    shown = show(Convolution())
    scales = "[...document.querySelectorAll('.lf-cv-scale')].map((n) => n.textContent).join()"
    before, faint = shown.page.evaluate(scales), []
    for w in (-1, 0.5, 1.3, 40):
        kernel = np.array(KERNELS["left-right edges"], float)
        kernel[1, 0] = w
        shown.set(kernel=kernel.tolist())
        figure = twin(shown)
        for painted, grid in zip(shown.page.evaluate(MINIS), (figure.z, figure.target)):
            wanted = np.minimum(255, 255 * np.abs(grid.ravel()) / FULL["z"])
            np.testing.assert_allclose(painted, wanted, atol=1)
        assert shown.page.evaluate(scales) == before
        faint.append(np.array(shown.page.evaluate(PIXELS, 1))[:, 3].sum())
    assert faint[0] > faint[1] > faint[2] < faint[3]  # a smaller error is a fainter map
    shown.set(view="forward")
    assert not shown.page.locator(".lf-cv-minis").is_visible()


def test_steps_are_the_companions(show):
    shown = show(Convolution(view="loss", eta=0.02))
    figure = Convolution(view="loss", eta=0.02)
    for name, n in (("1 step", 1), ("50 steps", 50), ("1 step", 1)):
        shown.page.get_by_role("button", name=name).click()
        figure.step(n)
        np.testing.assert_allclose(shown.get("kernel"), figure.kernel, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(shown.get("history"), figure.history, rtol=1e-9)
        assert check(shown)["step"][0] == len(figure.history) - 1
    shown.set(kernel=KERNELS["blur"])  # another path: the history belongs to the one that was left
    assert check(shown)["step"][0] == 0
    shown.page.get_by_role("button", name="Reset").click()
    assert shown.get("history") == [] and shown.get("kernel") == KERNELS["left-right edges"]
    shown.set(eta=1)
    shown.page.get_by_role("button", name="50 steps").click()
    assert (
        shown.page.get_by_text("the weights grew without end").is_visible()
        and np.abs(shown.get("kernel")).max() <= LIMIT
    )
    check(shown)


def test_what_is_said_of_the_descent(show):
    shown = show(Convolution(view="loss", image=PICTURES["stripes"], eta=0.01))
    shown.page.get_by_role("button", name="50 steps").click()
    assert shown.page.get_by_text("this picture cannot tell the two apart").is_visible()
    shown.set(kernel=shown.get("target_kernel"))
    assert shown.page.get_by_text("Found: map and kernel").is_visible()
    shown.set(image=PICTURES["a three"], kernel=KERNELS["blur"], eta=0.05)
    assert shown.page.get_by_text("Above the bound").is_visible()


def test_the_loss_along_a_weight_its_tangent_and_a_step(show):
    """The plot is the parabola, the tangent has its slope, the arrow ends where the slope foretells, the dot where the step does."""
    shown, rng = show(Convolution()), np.random.default_rng(4)
    for trial in range(6):
        state = random_state(rng, "loss") if trial else {}
        shown.set(
            **{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in state.items()},
            eta=0.01 + 0.01 * trial,
        )
        check(shown)
        figure = twin(shown)
        v, w = figure.values, figure.kernel[figure.weight]
        for far in (-1.5, 0.3, 2.0):
            assert figure.loss_at(w + far) == pytest.approx(
                v["loss"] + far * v["slope"] + far**2 * v["curvature"] / 2, rel=1e-9
            )
        ticks, curve, lines, dots = (
            shown.page.evaluate("""() => { const all = (s) => [...document.querySelectorAll(`.lf-cv-training .lf-chart ${s}`)];
          const numbers = (d) => d.split("M")[1].split("L").map((p) => p.split(",").map(Number));
          return [all("[data-name^=axis]").map((n) => [n.dataset.name, Number(n.dataset.value), n.dataset.name === "axis y" ? n.getAttribute("y") - 4 : Number(n.getAttribute("x"))]),
            numbers(all(".lf-curve")[0].getAttribute("d")), all(".lf-stroke").map((n) => numbers(n.getAttribute("d"))), all(".lf-mark").map((n) => n.getAttribute("transform").match(/[-\\d.]+/g).map(Number))]; }""")
        )
        (p, y), (q, z) = [(value, at) for name, value, at in ticks if name == "axis y"][:2]
        (a, x), (b, u) = [(value, at) for name, value, at in ticks if name == "axis x"][:2]
        data = lambda points: np.array(
            [(a + (i - x) * (b - a) / (u - x), p + (j - y) * (q - p) / (z - y)) for i, j in points]
        )
        curve, tangent, arrow, dots = data(curve), data(lines[0]), data(lines[1]), data(dots)
        near = 0.02 * (q or p) + 0.2
        np.testing.assert_allclose(
            curve[::20, 1], [figure.loss_at(at) for at in curve[::20, 0]], atol=2 * near
        )
        step = w - figure.eta * v["slope"]
        np.testing.assert_allclose(dots, [(w, v["loss"]), (step, v["comes"])], atol=near)
        np.testing.assert_allclose(arrow[-1], (step, v["foretold"]), atol=near)
        across = tangent[1] - tangent[0]
        assert across[1] == pytest.approx(v["slope"] * across[0], abs=2 * near)


def test_a_weight_is_scrubbed_and_the_gradient_moves_with_it(show):
    shown = show(Convolution())
    box = shown.control("W[0,2]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    look = "[...document.querySelectorAll('[data-gradient]')].map((n) => (n.getAttribute('d') ?? '') + n.style.opacity).join()"
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    assert shown.get("weight") == [0, 2] and shown.get("kernel")[0][2] == 1
    seen = {shown.page.evaluate(look)}
    for by, value in ((2, 1), (25, 1.5), (-50, 0), (-120, -1.4)):
        shown.page.mouse.move(x + by, y)
        assert shown.get("kernel")[0][2] == pytest.approx(value)
        check(shown)
        seen.add(shown.page.evaluate(look))
    shown.page.mouse.up()
    assert len(seen) == 4  # two pixels are still a click
    shown.page.mouse.click(x, y)
    shown.page.keyboard.press("Control+a")
    shown.page.keyboard.type("0.25")  # a click is for typing
    assert shown.get("kernel")[0][2] == 0.25
    chart = shown.page.locator(".lf-cv-training .lf-chart").bounding_box()
    shown.page.mouse.move(chart["x"] + chart["width"] / 2, chart["y"] + 40)
    shown.page.mouse.down()
    shown.page.mouse.move(chart["x"] + chart["width"] / 2 + 40, chart["y"] + 40)
    shown.page.mouse.up()
    assert shown.get("kernel")[0][2] != 0.25  # along the plot, too
    check(shown)


def test_every_control_works_by_keyboard(show):
    shown = show(Convolution(view="forward"))
    page = shown.page
    order = shown.tab_order()
    fields = [f"W[{i},{j}]" for i in range(3) for j in range(3)]
    assert order == [
        "reset",
        "forward",
        "picture",
        "picture: arrow keys move the window, Space turns the pixel in its middle",
        *fields,
        "kernel",
        "output map: arrow keys choose an output",
        "window",
        "Clear",
    ]
    window = page.locator(".lf-cv-square").first
    window.focus()
    for key, at in (
        ("ArrowRight", [4, 8]),
        ("ArrowDown", [5, 8]),
        ("ArrowLeft", [5, 7]),
        ("ArrowUp", [4, 7]),
        ("Home", [4, 1]),
        ("End", [4, 10]),
        ("PageUp", [1, 10]),
        ("PageDown", [10, 10]),
        ("ArrowRight", [10, 10]),
    ):
        page.keyboard.press(key)
        assert shown.get("at") == at, key
        check(shown)
    assert (
        window.get_attribute("aria-valuetext")
        == "row 11, column 11; window on rows 10 to 12, columns 10 to 12: the sum is 0"
    )
    before = shown.get("image")[10][10]
    page.keyboard.press("Space")
    assert shown.get("image")[10][10] == (1 if before < 0.5 else 0)
    check(shown)
    page.locator(".lf-cv-square").nth(1).focus()
    page.keyboard.press("ArrowLeft")
    assert shown.get("at") == [10, 9]
    shown.control("W[1,1]").focus()
    for key, value in (("ArrowUp", 0.1), ("Shift+ArrowUp", 1.1), ("ArrowDown", 1.0)):
        page.keyboard.press(key)
        assert shown.get("kernel")[1][1] == pytest.approx(value)
        check(shown)
    page.keyboard.press("Control+a")
    page.keyboard.type("-2.5")
    assert shown.get("kernel")[1][1] == -2.5
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")  # nothing typed is no number: the weight stays, and comes back
    assert shown.get("kernel")[1][1] == -2.5
    page.keyboard.press("Tab")
    check(shown)
    assert shown.control("kernel").input_value() == ""  # it is the reader's own now
    shown.control("kernel").select_option("blur")
    assert shown.get("kernel") == KERNELS["blur"]
    shown.control("picture").select_option("a square")
    assert shown.get("image") == PICTURES["a square"]
    page.get_by_role("button", name="Clear").focus()
    page.keyboard.press("Enter")
    assert not np.any(shown.get("image"))
    page.locator(".lf-segmented input:checked").first.focus()
    page.keyboard.press("ArrowLeft")
    assert shown.get("view") == "cell"
    page.locator(".lf-cv-square").nth(1).focus()
    page.keyboard.press("ArrowDown")
    assert shown.get("cell") == [5, 5]
    page.locator(".lf-cv-square").first.focus()
    page.keyboard.press("PageUp")
    assert shown.get("at") == [0, 9]  # going back the pixel may stand at the edge
    check(shown)
    page.locator(".lf-segmented input:checked").first.focus()
    page.keyboard.press("ArrowLeft")
    assert shown.get("view") == "loss"
    assert {"target", "reveal", "eta", "1 step", "50 steps"} <= set(shown.tab_order())
    shown.control("target").select_option("sharpen")
    assert shown.get("target_kernel") == KERNELS["sharpen"]
    assert not page.locator(".lf-cv-secret").is_visible()
    shown.control("reveal").focus()
    page.keyboard.press("Space")
    assert page.locator(".lf-cv-secret").is_visible()
    shown.control("eta").focus()
    page.keyboard.press("ArrowRight")
    assert shown.get("eta") == 0.015
    check(shown)


def test_the_window_is_dragged_and_pixels_are_drawn(show):
    shown = show(Convolution(view="forward"))
    box = shown.page.locator(".lf-cv-square").first.bounding_box()
    at = lambda r, c: (
        box["x"] + (c + 0.5) * box["width"] / 12,
        box["y"] + (r + 0.5) * box["height"] / 12,
    )
    shown.page.mouse.move(*at(4, 7))
    shown.page.mouse.down()
    shown.page.mouse.move(*at(7, 3), steps=5)
    assert shown.get("at") == [7, 3]
    shown.page.mouse.move(box["x"] - 300, box["y"] + 900)
    assert shown.get("at") == [10, 1]  # held, beyond the edge: the window stays inside
    shown.page.mouse.up()
    shown.page.mouse.move(*at(5, 5))
    assert shown.get("at") == [10, 1]
    shown.page.get_by_text("Draw", exact=True).click()
    before = shown.get("image")
    shown.page.mouse.move(*at(0, 0))
    shown.page.mouse.down()
    shown.page.mouse.move(*at(0, 4), steps=8)
    shown.page.mouse.up()
    after = np.array(shown.get("image"))
    assert after[0, :5].tolist() == [1] * 5 and np.array_equal(after[1:], np.array(before)[1:])
    shown.page.mouse.click(*at(0, 2))
    assert shown.get("image")[0][2] == 0 and shown.get("at") == [10, 1]
    check(shown)
    other = shown.page.locator(".lf-cv-square").nth(1).bounding_box()
    shown.page.mouse.click(other["x"] + other["width"] * 0.05, other["y"] + other["height"] * 0.95)
    assert shown.get("at") == [10, 1]
    shown.page.mouse.click(other["x"] + other["width"] * 0.95, other["y"] + other["height"] * 0.05)
    assert shown.get("at") == [1, 10]


def test_a_finger_moves_the_window(show):
    shown = show(Convolution(view="forward"), width=375, has_touch=True, is_mobile=True)
    box = shown.page.locator(".lf-cv-square").first.bounding_box()
    shown.page.touchscreen.tap(
        box["x"] + box["width"] * 2.5 / 12, box["y"] + box["height"] * 9.5 / 12
    )
    assert shown.get("at") == [9, 2]
    for view in VIEWS:
        shown.set(view=view)
        sizes = [size for size in shown.sizes_of_targets()]
        assert min(min(size) for size in sizes) >= 44, view


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Convolution(), width=width)
    over = """() => [...document.querySelectorAll(".lf-cv-place")].filter((n) => n.getClientRects().length && [...n.children].some((c) => c.scrollWidth > n.clientWidth + 1)).map((n) => n.textContent)"""
    for state in (
        {},
        {"kernel": [[-123.456, 99.99, -45.67]] * 3},
        {"kernel": [[-999, 1e-7, 0.005]] * 3, "at": [0, 11]},
        {"kernel": KERNELS["outline"], "image": PICTURES["a square"]},
    ):
        for view in VIEWS:
            shown.set(view=view, **state)
            assert shown.page.evaluate(PROBLEMS) == [], (view, state)
            assert shown.page.evaluate(over) == [], (view, state)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Convolution(), theme=theme)
    for view in VIEWS:
        shown.set(view=view)
        worst = shown.page.evaluate(CONTRAST)
        assert worst[0] >= 4.5, worst


def test_words_two_views_and_leaving(show):
    shown = show(Convolution(view="forward"))
    page = shown.page
    assert page.get_by_role("group", name="Live figure").count() == 1
    shown.control("W[0,0]").fill("3")
    assert page.locator("[role=status]").text_content() == ""  # nothing while it is typed
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('window on rows 4 to 6, columns 7 to 9: the sum is')"
    )
    page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((n) => n.id)")
    assert len(set(ids)) == len(ids)
    shown.control("W[2,2]").first.fill("-2")
    assert shown.control("W[2,2]").nth(1).input_value() == "-2"
    page.evaluate("stop(); stop2()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
