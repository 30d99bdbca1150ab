"""The live figure `Playground`: it trains as the companion does, its controls work by keyboard and pointer, its state travels as a link."""

import json
import re

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, state_of, written
from mathematics import Mathematics

from backprop.live import Playground
from backprop.live.base import HERE
from backprop.live.playground.data import (
    ACTIVATIONS,
    DATASETS,
    PRESETS,
    REACH,
    dataset,
    from_text,
    in_training,
)
from backprop.live.playground.train import RECORDS
from backprop.live.shared.random import mulberry32, normal, permutation
from backprop.losses import BinaryCrossEntropy
from backprop.network import Network
from backprop.optimizers import SGD

SETTINGS = list(Playground().settings)
OWN = [[0.5, -0.25, 1], [-1, 0.75, 0], [1.5, -1.5, 1], [0.1, 0.2, 0], [-0.3, 0.123456789, 1]]


@pytest.fixture(scope="module")
def show(browser):
    """show(figure, ...), with all that is folded open: `folded` in its place leaves it shut."""
    for put in live_pages(browser):

        def opened(*args, folded=False, **options):
            shown = put(*args, **options)
            if not folded:
                shown.page.evaluate(
                    """() => { for (const n of document.querySelectorAll('.lf details')) n.open = true;
                    const curves = document.querySelector(".lf-pg-unfold");
                    if (curves.getClientRects().length) curves.click(); }"""
                )
            return shown

        yield opened


@pytest.fixture(scope="module")
def js():
    """The functions of the playground's pure modules."""
    functions = Mathematics("playground/train.js")
    yield functions
    functions.close()


def drawn(rng, k):
    """Settings at random: the k-th data set, the k/4-th activation, one to four layers."""
    return {
        "dataset": [*DATASETS][k % 5],
        "noise": round(rng.uniform(0, 0.3), 2),
        "train_share": int(rng.choice([10, 50, 80, 100])),
        "points": OWN,
        "hidden": rng.integers(1, 9, k % 4 + 1).tolist(),
        "activation": ACTIVATIONS[k // 2 % 4],
        "learning_rate": float(rng.choice([0.01, 0.1, 0.3])),
        "batch_size": int(rng.choice([1, 3, 10, 50])),
        "l2": float(rng.choice([0, 0.001, 0.03])),
        "l1": float(rng.choice([0, 0.002])),
        "seed": int(rng.integers(0, 9999)),
    }


def check(shown):
    """Every number on the page is what Python says for the state of the page."""
    figure, numbers = (
        Playground(**{name: shown.get(name) for name in (*SETTINGS, "run")}),
        shown.numbers(),
    )
    wanted = figure.values
    assert {n for n in wanted if not re.match(r"d?[Wb]\d", n)} - set(numbers) <= {"noise", "points"}
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12, nan_ok=True), name
        if np.isfinite(value) and text != "all":
            assert written(text.replace("\u2009%", "")) == pytest.approx(
                value * (100 if name.startswith("accuracy") else 1),
                rel=0.06,
                abs=5.1e-2 if name.startswith("acc") else 5.1e-3,
            ), (name, text)
        assert "-" not in text
    return numbers


# -------------------------------------------------------------------------------------------------------------- Python


def test_random_numbers_have_the_distribution_they_claim():
    uniform = mulberry32(7)
    u, z = (
        np.array([uniform() for _ in range(20000)]),
        np.array([normal(uniform) for _ in range(20000)]),
    )
    assert (
        0 <= u.min()
        and u.max() < 1
        and abs(u.mean() - 0.5) < 0.01
        and abs(u.var() - 1 / 12) < 0.003
        and abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.03
    )
    assert (
        abs(z.mean()) < 0.03
        and abs(z.std() - 1) < 0.02
        and abs(np.mean(np.abs(z) > 1.96) - 0.05) < 0.01
    )
    firsts = [permutation(5, mulberry32(seed))[0] for seed in range(2000)]
    assert (
        sorted(permutation(50, uniform)) == list(range(50))
        and np.abs(np.bincount(firsts) / 2000 - 0.2).max() < 0.04
    )


@pytest.mark.parametrize("name", [n for n in DATASETS if n != "own"])
def test_data_sets(name):
    rows, other = dataset(name, 0, 3), dataset(name, 0, 4)
    assert (
        rows.shape == (400, 3)
        and rows[:, 2].sum() == 200
        and np.abs(rows[:, :2]).max() < REACH
        and not np.array_equal(rows, other)
    )
    np.testing.assert_array_equal(rows, dataset(name, 0, 3))
    noisy = dataset(name, 0.2, 3)
    assert 0.1 < (noisy[:, :2] - rows[:, :2]).std() or not np.allclose(noisy, rows)
    for share in (10, 50, 90, 100):
        mine = in_training(400, share)
        for c in (0, 1):
            assert mine[rows[:, 2] == c].mean() == pytest.approx(
                share / 100, abs=0.02
            )  # both classes alike, in both parts
        np.testing.assert_array_equal(mine[:300], in_training(300, share))
    if name == "xor":
        assert ((rows[:, 0] * rows[:, 1] < 0) == (rows[:, 2] == 1)).all()


def test_a_step_is_the_companions():
    """By hand for one step with both penalties: gradient of the mini-batch, its norms, SGD."""
    figure = Playground(l2=0.03, l1=0.01, batch_size=7, hidden=[3, 2], activation="sigmoid")
    X, t = figure.data()["training"]
    rows = permutation(len(X), mulberry32(3 * figure.seed + 2))[:7]
    net = figure.network()
    assert isinstance(net, Network) and net.sizes == [2, 3, 2, 1]
    net.loss_and_gradients(BinaryCrossEntropy(), X[rows], t[rows])
    norms = [np.sqrt((net.gradients[f"W{l}"] ** 2).sum()) for l in (1, 2, 3)]
    assert figure.gradient_norms == pytest.approx(norms, rel=1e-12)
    W, slope = figure.parameters["W1"], np.empty((2, 3))
    for index in np.ndindex(2, 3):
        ends = []
        for step in (1e-6, -1e-6):
            net.parameters["W1"][index] = W[index] + step
            ends.append(BinaryCrossEntropy()(net.forward(X[rows]), t[rows]))
        net.parameters["W1"][index] = W[index]
        slope[index] = (ends[0] - ends[1]) / 2e-6
    assert np.linalg.norm(slope) == pytest.approx(figure.gradient_norms[0], rel=1e-6)
    figure.train(1)
    np.testing.assert_allclose(
        figure.parameters["W1"],
        W - 0.3 * (slope + 0.03 * W + 0.01 * np.sign(W)),
        rtol=1e-7,
        atol=1e-10,
    )
    assert figure.steps == 1 and figure.history["norms"][0] == pytest.approx(norms)
    full = Playground(batch_size=500)
    X, t = full.data()["training"]
    net = full.network()
    optimizer = SGD(0.3)
    for _ in range(20):
        net.loss_and_gradients(BinaryCrossEntropy(), X, t)
        optimizer.step(net.theta, net.gradient)
    full.train(20)
    np.testing.assert_allclose(full.network().theta, net.theta, rtol=1e-10, atol=1e-12)
    assert full.epochs == 20


def test_training_in_parts_is_training_at_once_and_the_history_is_thinned():
    whole, parts = Playground(batch_size=30), Playground(batch_size=30)
    whole.train(1000)
    for steps in (1, 6, 0, 300, 693):
        parts.train(steps)
    assert whole.run == parts.run and whole.steps == 1000 and whole.epochs == 1000 // 7
    steps = whole.history["step"]
    assert (
        len(steps) < RECORDS
        and steps[0] == 0
        and set(np.diff(steps)) == {8}
        and steps[-1] > 1000 - 9
    )
    assert whole.history["training"][0] == pytest.approx(Playground().loss["training"])
    whole.reset()
    assert whole.steps == 0 and whole.loss == Playground(batch_size=30).loss
    assert Playground().loss == Playground().loss != Playground(seed=4).loss


def test_a_change_of_what_decides_begins_anew_and_others_do_not():
    figure = Playground()
    figure.train(30)
    for name, value in (("learning_rate", 0.01), ("l2", 0.1), ("batch_size", 3), ("pace", 100)):
        setattr(figure, name, value)
        assert figure.steps == 30
    figure.train(5)
    for name, value in (
        ("noise", 0.2),
        ("activation", "relu"),
        ("hidden", [2]),
        ("seed", 9),
        ("dataset", "xor"),
        ("train_share", 80),
    ):
        figure.train(3)
        setattr(figure, name, value)
        assert figure.steps == 0 and figure.run == {}, name
    figure.train(3)
    figure.set_state(
        {
            "hidden": [3],
            "run": {
                **Playground(
                    dataset="xor", noise=0.2, activation="relu", seed=9, train_share=80, hidden=[3]
                ).now,
                "steps": 11,
            },
        }
    )
    assert figure.steps == 11  # both in one message, as the page may send them


def test_own_points_and_what_cannot_be_trained():
    figure = Playground(dataset="own", points=OWN, train_share=100)
    np.testing.assert_array_equal(figure.data()["training"][0], np.array(OWN)[:, :2])
    figure.train(2000)
    assert figure.accuracy["training"] == 1 and np.isnan(figure.loss["test"])
    json.dumps(state_of(figure), allow_nan=False)
    figure.points = []
    assert (
        np.isnan(figure.loss["training"])
        and figure.picture()
        and np.isnan(figure.gradient_norms).all()
    )
    with pytest.raises(ValueError, match="no training points"):
        figure.train(1)
    wild = Playground(activation="identity", learning_rate=30, l2=1)
    with pytest.raises(ArithmeticError, match="smaller learning rate"):
        wild.train(500)
    assert wild.steps == 0


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("dataset", "hill"),
        ("noise", 0.6),
        ("noise", float("nan")),
        ("train_share", 5),
        ("points", [[0, 0]]),
        ("points", [[0, 0, 2]]),
        ("points", [[0, 9, 1]]),
        ("points", [["a", 0, 1]]),
        ("points", [[0, 0, 1]] * 501),
        ("hidden", []),
        ("hidden", [9]),
        ("hidden", [1] * 5),
        ("activation", "softmax"),
        ("learning_rate", 0),
        ("batch_size", 0),
        ("l2", -1),
        ("seed", -1),
        ("pace", 3),
        ("catalogue", {}),
        ("address", "x"),
        ("run", {**Playground().now, "parameters": {}}),
        ("run", {**Playground().now, "steps": -1}),
        ("run", {**Playground().now, "history": [[1, 2]]}),
        (
            "run",
            {
                **Playground().now,
                "parameters": {**Playground().now["parameters"], "W1": [[float("nan")] * 4] * 2},
            },
        ),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Playground(), trait, wrong)


def test_picture_and_words_follow_the_state():
    figure = Playground()
    data, _ = figure._repr_mimebundle_()
    assert (
        data["text/plain"] == figure.describe()
        and f"{figure.loss['training']:.4f}" in figure.describe()
        and "2-4-4-1" in figure.describe()
    )
    before = figure.picture()
    assert before == Playground().picture()
    figure.train(50)
    assert figure.picture() != before and "50 steps" in figure.describe()


def test_presets_teach_what_they_say():
    made = {name: Playground(**state) for name, (_, _, state) in PRESETS.items()}
    made["xor"].train(2000)
    more = Playground(dataset="xor", hidden=[4])
    more.train(1000)
    assert made["xor"].accuracy["training"] < 0.75 and more.accuracy["training"] > 0.95
    norms = made["vanishing"].gradient_norms
    assert all(a < b for a, b in zip(norms, norms[1:])) and norms[0] < norms[-1] / 100
    for activation in ("tanh", "relu"):
        other = Playground(hidden=[6, 6, 6, 6], activation=activation).gradient_norms
        assert other[0] > 0.1 * other[-1], activation
    start = made["too fast"].loss["training"]
    made["too fast"].train(200)
    slower = Playground()
    slower.train(200)
    assert made["too fast"].loss["training"] > start > slower.loss["training"]
    for units, closed in ((2, False), (4, True)):
        ring = Playground(dataset="circles", hidden=[units])
        ring.train(2000)
        assert (ring.accuracy["training"] > 0.97) == closed


# ------------------------------------------------------------------------------------------------- the two side by side


def test_the_page_draws_the_same_numbers(js):
    for seed in (0, 1, 9999, 3 * 77 + 2 + 0x9E3779B9 * 5):
        uniform = mulberry32(seed)
        wanted = (
            [uniform() for _ in range(50)]
            + [normal(uniform) for _ in range(50)]
            + permutation(30, uniform)
        )
        got = js(
            """(seed) => { const u = mulberry32(seed), many = (f) => Array.from({ length: 50 }, f); return [...many(u), ...many(() => normal(u)), ...permutation(30, u)]; }""",
            seed,
        )
        np.testing.assert_allclose(got, wanted, rtol=1e-14, atol=1e-15)
    for name in DATASETS:
        state = {"dataset": name, "noise": 0.13, "seed": 42, "points": OWN}
        np.testing.assert_allclose(
            js("(s) => dataRows(s)", state),
            dataset(name, 0.13, 42, OWN),
            rtol=1e-13,
            atol=1e-14,
        )
    assert (
        js("() => Array.from({ length: 500 }, (_, i) => inTraining(i, 30))")
        == in_training(500, 30).tolist()
    )


def test_the_page_trains_as_the_companion_does(js):
    """200 steps over all data sets, activations, depths, batch sizes, penalties: weights, losses, gradient norms, history."""
    rng, figures = np.random.default_rng(6), []
    figures = [Playground(**drawn(rng, k)) for k in range(16)]
    got = js(
        """(states) => states.map((state) => {
      const trainer = new PlaygroundTrainer(state, {});
      for (let k = 0; k < 130; k++) trainer.step();
      const on = new PlaygroundTrainer(state, JSON.parse(JSON.stringify(trainer.run())));    // and on from a saved run
      for (let k = 0; k < 70; k++) on.step();
      return { standing: on.standing(), ...on.run() };
    })""",
        [f.settings for f in figures],
    )
    for figure, page in zip(figures, got, strict=True):
        figure.train(200)
        assert (page["key"], page["steps"], page["epochs"]) == (figure.key, 200, figure.epochs)
        for name, p in figure.parameters.items():
            np.testing.assert_allclose(
                page["parameters"][name], p, rtol=1e-9, atol=1e-9, err_msg=f"{figure.text} {name}"
            )
        np.testing.assert_allclose(
            np.array(page["history"], float),
            np.array(figure.run["history"], float),
            rtol=1e-9,
            atol=1e-9,
        )
        np.testing.assert_allclose(
            page["standing"]["norms"], figure.gradient_norms, rtol=1e-9, atol=1e-12
        )
        for part in ("training", "test"):
            for name, value in (("loss", figure.loss), ("accuracy", figure.accuracy)):
                assert page["standing"][part][name] == pytest.approx(
                    value[part], rel=1e-9, abs=1e-12, nan_ok=True
                )


def test_a_state_goes_through_its_line_and_back(js):
    rng = np.random.default_rng(8)
    catalogue = Playground().catalogue
    for k in range(40):
        state = drawn(rng, k) | {
            "points": OWN if k % 5 == 4 else [],
            "noise": float(rng.choice([0, 0.5, 1e-5, 1e-7, rng.uniform(0, 0.5)])),
            "learning_rate": float(10 ** rng.uniform(-4, 1.4)),
        }
        figure = Playground(**state)
        assert Playground.from_text(figure.text).settings == figure.settings
        assert (
            Playground.from_text(f"https://book.example/5_1.html#playground={figure.text}").text
            == figure.text
        )
        assert js("(s) => stateToText(s)", figure.settings) == figure.text
        assert js("(text, c) => stateFromText(text, c)", figure.text, catalogue) == {
            n: v for n, v in figure.settings.items() if n != "points" or k % 5 == 4
        }
        assert js("(s) => new PlaygroundTrainer(s).key", figure.settings) == figure.key
        assert all(c.isalnum() or c in ":;.,-_" for c in figure.text)


HOSTILE = [
    "",
    ";",
    "data",
    "data:",
    "data:<img src=x onerror=alert(1)>",
    "rate:0",
    "rate:1e999",
    "rate:NaN",
    "rate:Infinity",
    "rate:0x10",
    "rate:١",
    "rate:--1",
    "rate:1;rate:1",
    "noise:-0.1",
    "__proto__:1",
    "constructor:1",
    "toString:1",
    "hidden:",
    "hidden:0",
    "hidden:9",
    "hidden:4-4-4-4-4",
    "hidden:[4]",
    "hidden:4,4",
    "batch:1.5",
    "batch:0",
    "seed:1e9",
    "seed:-1",
    "train:55.5",
    "data:own;points:1,2",
    "data:own;points:0,0,2",
    "data:own;points:0,0,1_",
    "data:own;points:9,0,1",
    "data:own;points:" + "_".join(["0,0,1"] * 501),
    "activation:softmax",
    "x" * 50_000,
    "javascript:alert(1)",
    "points:1,1,1e0,",
    "rate: 1",
    "rate:1 ",
    "data:moons\n",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nonsense_in_an_address_is_refused_alike(js, text):
    with pytest.raises(ValueError) as refusal:
        from_text(text)
    found = js(
        "(text, c) => { try { stateFromText(text, c); return null; } catch (error) { return [error.constructor === Error, error.message]; } }",
        text,
        Playground().catalogue,
    )
    assert found and found[0] and len(found[1]) < 200 and len(str(refusal.value)) < 200


ROWS = [
    ("0.5, -0.2, 1", [[0.5, -0.2, 1]]),
    (
        "x, y, class\n1\t1\t0\r\n\n# a remark\n-1;\u22121 ; 1\n.5 1. 0",
        [[1, 1, 0], [-1, -1, 1], [0.5, 1, 0]],
    ),
    ("1e-1 +1 1", [[0.1, 1, 1]]),
]
WRONG_ROWS = [
    ("", "no rows"),
    ("x, y, class", "no rows"),
    ("1, 1, 0\n1, 1", "line 2 has 2 entries; it takes three"),
    ("1,1,1,1", "line 1 has 4 entries"),
    ("1,1,1\n1,a,1", "line 2: y is “a”, not a number"),
    ("1,1,1\nx,y,class", "line 2: x is “x”"),
    ("0,0,2", "line 1: the class is “2”; it must be 0 or 1"),
    ("\n\n0,7,1", "line 3: y is 7; the plane shows \u22121.5 to 1.5"),
    ("0,1e999,1", "not a number"),
    ("0,0x1,1", "not a number"),
    ("0,,1", "y is “”, not a number"),
    ("\n".join(["0,0,1"] * 501), "line 501: there are more than 500 rows"),
    ("<b>,1,1", "x is “<b>”"),
]


def test_rows_are_read_and_wrong_ones_named(js):
    for text, points in ROWS:
        assert js("(text) => parseRows(text, false)", text) == points
    for text, message in WRONG_ROWS:
        found = js(
            "(text) => { try { return parseRows(text, false); } catch (error) { return error.message; } }",
            text,
        )
        assert isinstance(found, str) and message in found, (text, found)
    scaled = np.array(
        js("(text) => parseRows(text, true)", "100,5,1\n200,5,0\n150,5,1\n-1e308,5,1\n1e308,5,0")
    )
    assert (
        np.isfinite(scaled).all()
        and (scaled[:, 1] == 0).all()
        and np.abs(scaled[:, 0]).max() == pytest.approx(1.2)
    )
    assert js("(p) => parseRows(rowsText(p), false)", OWN) == OWN


# --------------------------------------------------------------------------------------------------------- in the page


def test_steps_in_the_page_are_pythons_and_every_number_is_true(show):
    shown, figure = show(Playground()), Playground()
    check(shown)
    assert (
        shown.page.locator(".lf-pg-unit").count() == 2 + 4 + 4 + 1
        and shown.page.locator(".lf-pg-edges .lf-edge").count() == 8 + 16 + 4
    )
    for control, steps in (("step", 1), ("epoch", 19), ("step", 1), ("epoch", 19), ("epoch", 20)):
        shown.control(control).click()
        figure.train(steps)
        assert (
            shown.get("run")["steps"] == figure.steps
            and shown.get("run")["epochs"] == figure.epochs
        )
        np.testing.assert_allclose(
            np.concatenate([np.ravel(p) for p in shown.get("run")["parameters"].values()]),
            figure.network().theta,
            rtol=1e-9,
            atol=1e-12,
        )
        check(shown)
    shown.control("restart").click()
    assert shown.get("run") == {} and check(shown)["steps"] == (0, "0")
    again = show(figure)  # what Python has trained goes on in the page
    assert check(again)["steps"][0] == 60
    again.control("step").click()
    figure.train(1)
    np.testing.assert_allclose(
        again.get("run")["parameters"]["W1"], figure.parameters["W1"], rtol=1e-9
    )
    for k in range(8):
        shown.set(**{"run": {}, **drawn(np.random.default_rng(k), k)})
        shown.control("epoch").click()
        check(shown)
    shown.page.evaluate("stop()")
    assert shown.page.evaluate("model.count()") == 0 and shown.page.locator(".lf").count() == 0


def test_play_runs_pauses_and_rests_where_nobody_looks(show):
    shown = show(Playground())
    step = "Number(document.querySelector('[data-name=steps]').dataset.value)"
    shown.control("play").click()
    shown.page.wait_for_function(f"{step} > 60")
    assert shown.control("play").text_content() == "Pause"
    shown.page.wait_for_function("model.get('run').steps > 0")  # sent while it runs
    saves = shown.page.evaluate("model.saves")
    shown.page.wait_for_timeout(700)
    assert shown.page.evaluate("model.saves") - saves <= 3  # but seldom
    shown.page.evaluate("document.body.style.paddingTop = '5000px'")
    shown.page.wait_for_timeout(150)
    at = shown.page.evaluate(step)
    shown.page.wait_for_timeout(200)
    assert shown.page.evaluate(step) == at
    shown.page.evaluate("document.body.style.paddingTop = '0'")
    shown.page.wait_for_function(f"{step} > {at}")
    shown.control("play").click()
    at = shown.page.evaluate(step)
    shown.page.wait_for_timeout(150)
    assert shown.page.evaluate(step) == at == shown.get("run")["steps"]
    numbers, figure = check(shown), Playground()
    figure.train(int(at))
    assert numbers["loss[training]"][0] == pytest.approx(figure.loss["training"], rel=1e-9)
    shown.page.wait_for_function(
        "[...document.querySelectorAll('[role=status]')].some((n) => n.textContent.startsWith('Step '))"
    )


def test_play_is_calm_for_readers_who_asked_for_that(show):
    shown = show(Playground(), reduced_motion="reduce")
    shown.page.evaluate(
        """() => { window.pictures = []; new MutationObserver(() => { window.pictures.push(performance.now()); }).observe(document.querySelector("[data-name=steps]"), { childList: true, characterData: true, subtree: true }); }"""
    )
    shown.control("play").click()
    shown.page.wait_for_function("pictures.length >= 4")
    pictures, steps = shown.page.evaluate("pictures.slice(0, 4)"), shown.get("run")["steps"]
    shown.control("play").click()
    assert np.diff(pictures).mean() > 450, (
        "two pictures a second at most"
    )  # the mean: a moment in which the machine does other things shifts single ones
    assert steps >= 4 * 2 * shown.get("pace"), "more steps than usual between two pictures"


def test_training_that_diverges_stops_and_says_so(show):
    shown = show(Playground(activation="identity", learning_rate=30, l2=1, pace=100))
    shown.control("play").click()
    shown.page.wait_for_function(
        "document.querySelector('.lf-pg-message').textContent.includes('smaller learning rate')"
    )
    assert shown.control("play").text_content() == "Play"
    check(shown)


SLIDERS = ["noise", "train_share", "learning_rate", "batch_size", "l2", "l1"]


def test_every_control_does_something_by_key(show):
    shown = show(Playground())
    for name in SLIDERS:
        before = shown.get(name)
        shown.control(name).focus()
        shown.page.keyboard.press("Home")
        low = shown.get(name)
        shown.page.keyboard.press("End")
        assert low != shown.get(name) and {low, shown.get(name)} != {before}, name
        check(shown)
        shown.set(**{name: before})
    for name, key, value in (
        ("dataset", "ArrowDown", "circles"),
        ("activation", "ArrowDown", "sigmoid"),
        ("pace", "ArrowDown", 20),
    ):
        shown.control(name).focus()
        shown.page.keyboard.press(key)
        assert shown.get(name) == value
        check(shown)
    for name, hidden in (
        ("more1", [5, 4]),
        ("less2", [5, 3]),
        ("more layers", [5, 3, 3]),
        ("fewer layers", [5, 3]),
    ):
        shown.control(name).focus()
        shown.page.keyboard.press("Enter")
        assert (
            shown.get("hidden") == hidden
            and shown.page.evaluate("document.activeElement.dataset.control") == name
        )
        check(shown)
    shown.set(hidden=[1])
    for name in ("less1", "fewer layers"):  # nothing to take away: they say so and do nothing
        assert shown.control(name).get_attribute("aria-disabled") == "true"
        shown.control(name).press("Enter")
        assert shown.get("hidden") == [1]
    shown.set(hidden=[8, 1, 1, 1])
    for name in ("more1", "more layers"):
        shown.control(name).press("Enter")
        assert shown.get("hidden") == [8, 1, 1, 1]
    shown.control("seed").press("Enter")
    assert shown.get("seed") == 4
    for name, (_, lesson, state) in PRESETS.items():
        shown.control(f"preset {name}").press("Enter")
        assert {n: shown.get(n) for n in SETTINGS if n != "points"} == {
            n: v for n, v in Playground(**state).settings.items() if n != "points"
        }
        assert (
            shown.page.locator(".lf-pg-lesson").text_content() == lesson
            and shown.control(f"preset {name}").get_attribute("aria-pressed") == "true"
        )
        assert shown.page.locator("[aria-pressed=true]").count() == 1
        check(shown)
    order = show(Playground()).tab_order(most=60)
    assert order[0] == "reset" and order[1].startswith("preset")
    assert order[7:11] == ["dataset", "activation", "fewer layers", "more layers"]
    assert order[11:15] == ["play", "step", "epoch", "restart"]
    last = ["weights", "batch_size", "learning_rate", "noise", "more", "train_share"]
    assert order[-12:] == [*last, "seed", "edit", "l2", "l1", "pace", "copy"]


def test_edges_show_the_gradients_on_demand(show):
    """Their colour is the sign of dL/dW on the next mini-batch, their width grows with its size."""
    shown = show(Playground(hidden=[3, 2], batch_size=7))
    look = """[...document.querySelectorAll('.lf-pg-edges .lf-edge')].map((n) => [n.getAttribute('class').split('lf-').at(-1).trim(), Number(n.getAttribute('stroke-width')), n.dataset.gradient ?? null])"""
    figure = Playground(hidden=[3, 2], batch_size=7)
    figure.train(30)
    shown.set(run=figure.run)
    for edges, prefix in (("weights", ""), ("gradients", "d")):
        shown.page.get_by_role("radio", name=edges).check()
        assert shown.get("edges") == edges
        values = figure.values
        wanted = [
            values[f"{prefix}W{l}[{i},{j}]"]
            for l, (d, e) in enumerate([(2, 3), (3, 2), (2, 1)], 1)
            for i in range(d)
            for j in range(e)
        ]
        found = shown.page.evaluate(look)
        assert [kind for kind, *_ in found] == ["positive" if v > 0 else "negative" for v in wanted]
        widths = np.array([width for _, width, _ in found])[np.argsort(np.abs(wanted))]
        assert (np.diff(widths) >= 0).all() and widths[0] < widths[-1]
        assert [mark for *_, mark in found] == (
            [None] * 14 if not prefix else ["dW1"] * 6 + ["dW2"] * 6 + ["dW3"] * 2
        )
    check(shown)


def test_a_step_does_what_was_said_of_it_and_the_gradient_says_it_better_the_shorter_it_is(show):
    shown, off = show(Playground(batch_size=20, l2=0.01, l1=0.002)), []
    for rate in (0.01, 0.1, 1, 10):
        shown.set(run={}, learning_rate=rate)
        numbers = check(shown)
        off.append(abs(numbers["expected"][0] / numbers["happens"][0] - 1))
    assert off[0] < 0.02 and off == sorted(off)
    figure = Playground(batch_size=500, train_share=100, learning_rate=0.2)  # the batch is the data
    happens, before = figure.next_step["happens"], figure.loss["training"]
    figure.train(1)
    assert figure.loss["training"] - before == pytest.approx(happens, rel=1e-9)
    assert all(np.isnan(v) for v in Playground(dataset="own").next_step.values())


def test_bars_of_the_norms_are_as_long_as_their_logarithms(show):
    shown = show(Playground(hidden=[6, 6, 6, 6], activation="sigmoid", batch_size=500))
    widths = """[...document.querySelectorAll('.lf-pg-track i')].map((n) => n.getBoundingClientRect().width / n.parentElement.getBoundingClientRect().width)"""
    norms = np.array(shown.figure.gradient_norms)
    np.testing.assert_allclose(shown.page.evaluate(widths), np.log10(norms / 1e-6) / 7, atol=0.02)
    shown.set(activation="tanh")
    assert (np.array(shown.page.evaluate(widths)) > np.log10(norms / 1e-6) / 7 + 0.02)[:3].all()
    # the scale below them says so, and each bar has the colour of its layer's line
    marks = shown.page.evaluate("""() => { const box = document.querySelector(".lf-pg-track").getBoundingClientRect();
      return [...document.querySelectorAll(".lf-pg-scale span")].map((n) => { const b = n.getBoundingClientRect(); return [n.textContent, ((b.left + b.right) / 2 - box.left) / box.width]; }); }""")
    assert [text for text, _ in marks] == ["10⁻⁵", "10⁻³", "0.1"]
    np.testing.assert_allclose([at for _, at in marks], [1 / 7, 3 / 7, 5 / 7], atol=0.02)
    bars, lines = (
        shown.page.evaluate(
            "([what, look]) => [...document.querySelectorAll(what)].map((n) => getComputedStyle(n)[look])",
            [what, look],
        )
        for what, look in (
            (".lf-pg-track i", "backgroundColor"),
            (".lf-pg-norms .lf-pg-line", "stroke"),
        )
    )
    assert bars == lines and len(set(bars)) == 5


@pytest.mark.parametrize("hidden", [[4, 4], [6, 6, 6, 6]])
def test_the_network_fits_a_phone(show, hidden):
    """321 pixels are what the book's page leaves a figure on a phone of 390."""
    shown = show(Playground(hidden=hidden), width=353, has_touch=True, is_mobile=True)
    wide = "(() => { const n = document.querySelector('.lf-pg-scroll'); return [n.clientWidth, n.scrollWidth]; })()"
    assert shown.page.evaluate(wide) == [321, 321]
    heads = shown.page.evaluate(
        "[...document.querySelectorAll('.lf-pg-step')].map((n) => n.getBoundingClientRect()).map((b) => [b.left, b.top, b.right, b.bottom])"
    )
    assert len(heads) == 2 * len(hidden)
    assert all(
        a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        for k, a in enumerate(heads)
        for b in heads[:k]
    )


def test_the_focus_stays_near_when_its_button_goes(show):
    shown = show(Playground())
    shown.control("edit").focus()
    shown.page.keyboard.press("Enter")
    assert shown.control("edit").count() == 0
    assert shown.page.evaluate("document.activeElement.dataset.control") == "seed"


def test_the_curves_are_there_at_once_where_there_is_room(show):
    for width, folded in ((390, True), (1280, False)):
        shown = show(Playground(), width=width, folded=True)
        assert not shown.page.locator("[data-control=l2]").is_visible()
        curves, button = shown.page.locator(".lf-pg-charts"), shown.control("curves")
        assert button.is_visible() == folded != curves.is_visible()
        if folded:
            button.press("Enter")
            assert curves.is_visible() and button.get_attribute("aria-expanded") == "true"
            assert curves.locator("svg.lf-chart").last.bounding_box()["width"] > 300


def test_units_and_weights_can_be_looked_at(show):
    shown = show(Playground(hidden=[3, 2]))
    read = lambda: shown.page.evaluate(
        "[...document.querySelectorAll('.lf-pg-readout [data-name]')].map((n) => n.dataset.name)"
    )  # noqa: E731
    picture = lambda: shown.page.evaluate("document.querySelector('.lf-pg-surface').toDataURL()")  # noqa: E731
    assert read() == ["W3[0,0]", "W3[1,0]", "b3[0]"]
    own = picture()
    shown.page.locator(".lf-pg-field").focus()
    seen = []
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowLeft", "ArrowLeft"):
        shown.page.keyboard.press(key)
        seen.append(read())
        check(shown)
    assert seen == [
        ["W3[0,0]", "W3[1,0]", "b3[0]"],
        ["W2[0,0]", "W2[1,0]", "W2[2,0]", "b2[0]"],
        ["W2[0,1]", "W2[1,1]", "W2[2,1]", "b2[1]"],
        ["W1[0,1]", "W1[1,1]", "b1[1]"],
        [],
    ]
    assert picture() != own and "x2" in shown.page.locator(".lf-pg-seen").text_content()
    shown.page.keyboard.press("Escape")
    assert picture() == own
    shown.page.locator("[data-unit='1,2']").click()
    assert (
        read() == ["W1[0,2]", "W1[1,2]", "b1[2]"]
        and shown.page.locator(".lf-edge.lf-now").count() == 2
    )
    shown.control("step").click()  # stays chosen while it trains
    assert read() == ["W1[0,2]", "W1[1,2]", "b1[2]"]
    shown.control("fewer layers").click()
    check(shown)
    shown.set(hidden=[1])
    shown.page.mouse.move(5, 5)
    box = shown.page.locator(".lf-pg-edges path").last.bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert (
        read() == ["W2[0,0]", "dW2[0,0]"]
        and "Weight from unit 1 of layer 1 to output"
        in shown.page.locator(".lf-pg-readout").text_content()
    )


def test_own_points_by_pointer_key_and_rows(show):
    shown = show(Playground())
    shown.control("dataset").select_option("own")
    assert (
        shown.get("dataset") == "own"
        and shown.get("train_share") == 100
        and shown.control("noise").count() == 0
    )
    shown.control("play").click()
    assert "place some points" in shown.page.locator(".lf-pg-message").text_content()

    def click(x, y):
        plane = shown.page.locator(".lf-pg-axes")
        plane.scroll_into_view_if_needed()
        box = plane.bounding_box()
        shown.page.mouse.click(
            box["x"] + 34 + (x + 1.5) / 3 * (box["width"] - 40),
            box["y"] + 6 + (1.5 - y) / 3 * (box["height"] - 40),
        )

    click(0.5, 1)
    shown.page.get_by_text("■ class 0").click()
    click(-1, -0.5)
    points = shown.get("points")
    assert [p[2] for p in points] == [1, 0] and np.allclose(
        [p[:2] for p in points], [[0.5, 1], [-1, -0.5]], atol=0.02
    )
    check(shown)
    shown.page.locator(".lf-pg-plane").focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowUp", "Enter"):
        shown.page.keyboard.press(key)
    assert shown.get("points")[2] == pytest.approx(
        [points[1][0] + 0.05, points[1][1] + 0.3, 0], abs=1e-9
    )
    shown.page.keyboard.press("Delete")
    assert len(shown.get("points")) == 2
    shown.control("epoch").click()
    assert check(shown)["steps"][0] == 1
    shown.control("undo").click()
    assert len(shown.get("points")) == 1 and shown.get("run")["steps"] == 1  # it can go on learning
    shown.control("clear").click()
    assert shown.get("points") == []
    shown.control("undo").click()
    assert "no point" in shown.page.locator(".lf-pg-message").text_content()
    shown.control("rows").fill("0.5, 0.5, 1\n0.2, 7, 0")
    hint = shown.page.locator(".lf-pg-points-panel [role=status]")
    assert "line 2: y is 7" in hint.text_content()
    shown.control("use rows").click()
    assert (
        shown.get("points") == []
        and "not used" in shown.page.locator(".lf-pg-message").text_content()
    )
    shown.control("scale").check()
    assert "2 rows, ready" in hint.text_content()
    shown.control("use rows").click()
    assert shown.get("points") == [[1.2, -1.2, 1], [-1.2, 1.2, 0]]
    shown.set(points=OWN)
    shown.control("show rows").click()
    assert shown.control("rows").input_value().splitlines()[1:] == [
        ", ".join(f"{v:g}" if k < 2 and len(f"{v:g}") < 8 else repr(v) for k, v in enumerate(p))
        for p in OWN[:4]
    ] + ["-0.3, 0.123456789, 1"]
    shown.control("scale").uncheck()
    shown.control("use rows").click()
    assert shown.get("points") == OWN
    check(shown)
    shown.set(dataset="xor", train_share=50)
    assert shown.control("rows").count() == 0
    shown.control("edit").click()  # a drawn data set becomes one's own
    assert shown.get("dataset") == "own" and len(shown.get("points")) == 400
    check(shown)
    shown.control("copy").click()
    code = shown.page.locator(
        ".lf-pg-link code"
    ).text_content()  # no address to write here: a line of Python instead
    assert eval(code, {"Playground": Playground}).points == [
        [*p[:2], int(p[2])] for p in shown.get("points")
    ]
    assert shown.page.locator(".lf-pg-link").bounding_box()["height"] < 90  # it scrolls


# ------------------------------------------------------------------------------------------------- the built page's address


@pytest.fixture
def book_page(browser, tmp_path):
    """open(hash) -> page: the figure below the fold of a page with the runtime of the built book, from a file."""
    figure = Playground()
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "figure.js").write_text(
        f"(window.liveSources ??= {{}})['figure.js'] = {json.dumps(figure._esm)};", encoding="utf-8"
    )
    (tmp_path / "live" / "figure.css").write_text(figure._css, encoding="utf-8")
    runtime = (HERE.parents[1] / "book" / "static" / "live-runtime.js").read_text(encoding="utf-8")
    (tmp_path / "live-runtime.js").write_text(runtime, encoding="utf-8")
    state = json.dumps(state_of(figure)).replace("<", "\\u003c")
    (tmp_path / "page.html").write_text(
        f"""<!doctype html><meta charset=utf-8><body><div style="height: 6000px"></div><figure class="live-figure" data-source="figure.js" data-style="figure.css">
      <img class="live-picture" alt=""><p class="live-note"></p><script type="application/json" class="live-state">{state}</script></figure><div style="height: 3000px"></div>
      <script src="live-runtime.js"></script>""",
        encoding="utf-8",
    )
    context, errors = browser.new_context(viewport={"width": 900, "height": 800}), []

    def open_(fragment=""):
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        page.goto((tmp_path / "page.html").as_uri() + fragment)
        return page

    yield open_
    context.close()
    assert errors == []


def lesson(page):
    return page.locator(".lf-pg-lesson").text_content()


def value(page, control):
    return page.locator(f'[data-control="{control}"]').input_value()


def test_a_link_brings_the_reader_to_the_figure_with_its_settings(book_page):
    figure = Playground(
        dataset="own", points=OWN, hidden=[5, 2], activation="relu", learning_rate=0.03, seed=77
    )
    page = book_page(f"#playground={figure.text}")
    page.wait_for_selector("[data-live=ready]", state="attached")
    assert 0 <= page.locator(".lf-pg").bounding_box()[
        "y"
    ] < 800 and "came with the address" in lesson(page)
    assert (
        value(page, "dataset") == "own"
        and value(page, "activation") == "relu"
        and page.locator(".lf-pg-unit").count() == 2 + 5 + 2 + 1
    )
    loss = page.locator('[data-name="loss[training]"]')
    assert float(loss.get_attribute("data-value")) == pytest.approx(
        figure.loss["training"], rel=1e-9
    )
    other = Playground(dataset="spiral", hidden=[7])
    page.evaluate("(text) => { location.hash = text; }", f"playground={other.text}")
    page.wait_for_function(
        "document.querySelectorAll('.lf-pg-unit').length === 10 && document.querySelector('[data-control=dataset]').value === 'spiral'"
    )
    assert float(loss.get_attribute("data-value")) == pytest.approx(
        other.loss["training"], rel=1e-9
    )
    page.locator('[data-control="more1"]').click()
    page.locator('[data-control="copy"]').click()
    link = page.locator(".lf-pg-link a").get_attribute("href")
    assert (
        link.endswith("#playground=" + Playground(dataset="spiral", hidden=[8]).text)
        and page.url == link
    )
    many = Playground(dataset="own", points=[[0.123, 0.456, 1]] * 300)
    page.evaluate("(text) => { location.hash = text; }", f"playground={many.text}")
    page.wait_for_function("document.querySelector('[data-control=dataset]').value === 'own'")
    page.locator('[data-control="copy"]').click()
    shown = page.locator(".lf-pg-link a")
    assert shown.get_attribute("href").endswith(many.text) and len(many.text) > 3000
    assert len(shown.text_content()) < 300 and " characters)" in shown.text_content()
    again = book_page("#" + link.partition("#")[2])
    again.wait_for_selector("[data-live=ready]", state="attached")
    assert again.locator(".lf-pg-unit").count() == 2 + 8 + 1


@pytest.mark.parametrize(
    "fragment",
    [
        "#playground=",
        "#playground=rate:1e999",
        "#playground=%E0%A4%A",
        "#playground=data:%3Cimg%20src=x%20onerror=alert(1)%3E",
        "#playground=__proto__:1",
    ],
)
def test_nonsense_in_the_address_is_answered_politely(book_page, fragment):
    page = book_page(fragment)
    page.wait_for_selector("[data-live=ready]", state="attached")
    assert "cannot be read" in lesson(page) and page.locator(".lf-pg-lesson *").count() == 0
    assert value(page, "dataset") == "moons" and page.locator(".lf-pg-unit").count() == 11
    page.evaluate(
        "(text) => { location.hash = text; }", f"playground={Playground(hidden=[3]).text}"
    )
    page.wait_for_function("document.querySelectorAll('.lf-pg-unit').length === 6")


def test_addresses_of_others_are_left_alone(book_page):
    page = book_page("#section")
    page.wait_for_timeout(200)
    assert page.evaluate("scrollY") == 0
    page.evaluate("scrollTo(0, 5800)")
    page.wait_for_selector("[data-live=ready]", state="attached")
    page.locator('[data-control="step"]').click()
    assert page.url.endswith("#section") and "cannot" not in lesson(page)


# ------------------------------------------------------------------------------------------ for eyes and screen readers


@pytest.mark.parametrize("width", [280, 320, 375, 600, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Playground(), width=width)
    for state in (
        {},
        {"hidden": [8, 8, 8, 8], "activation": "sigmoid", "learning_rate": 0.0003},
        {"dataset": "own", "points": OWN},
    ):
        shown.set(**state)
        shown.control("epoch").click()
        assert shown.page.evaluate(PROBLEMS) == [], state


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Playground(hidden=[4, 4, 4, 4]), theme=theme)
    shown.control("epoch").click()
    shown.set(dataset="own", points=OWN)
    assert shown.page.evaluate(CONTRAST)[0] >= 4.5
    corner = "[...document.querySelector('.lf-pg-surface').getContext('2d').getImageData(0, 0, 1, 1).data]"
    before = shown.page.evaluate(corner)
    shown.page.evaluate(
        "(theme) => { document.documentElement.dataset.theme = theme; }",
        "dark" if theme == "light" else "light",
    )
    shown.page.wait_for_function(
        f"String({corner}) !== '{','.join(map(str, before))}'"
    )  # the pictures follow the theme


def test_touch_targets_are_large_enough(show):
    shown = show(Playground(dataset="own", points=OWN), width=375, has_touch=True, is_mobile=True)
    sizes = shown.sizes_of_targets() + shown.page.evaluate(
        "[...document.querySelectorAll('select, .lf-pg-check')].map((n) => [n.getBoundingClientRect().width, n.getBoundingClientRect().height])"
    )
    assert len(sizes) > 25 and min(min(size) for size in sizes) >= 44
    box = shown.page.locator("[data-unit='1,0']").bounding_box()
    shown.page.touchscreen.tap(
        box["x"] + box["width"] + 3, box["y"] + 17
    )  # beside it is near enough
    assert shown.page.locator(".lf-pg-unit.lf-selected").get_attribute("data-unit") == "1,0"
    plane = shown.page.locator(".lf-pg-axes")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    shown.page.touchscreen.tap(box["x"] + 100, box["y"] + 100)
    assert len(shown.get("points")) == len(OWN) + 1


def test_names_and_descriptions(show):
    shown = show(Playground())
    shown.control("epoch").click()
    shown.page.wait_for_function(
        "document.querySelector('.lf-pg-axes').getAttribute('aria-label').includes('Step 20, epoch 1: training loss')"
    )
    unnamed = shown.page.evaluate(
        """[...document.querySelectorAll('button, input, select, textarea')].filter((n) => !n.getAttribute('aria-label') && !n.labels?.[0]?.textContent && !n.textContent.trim()).length"""
    )
    assert unnamed == 0 and "layer 1 " in shown.page.locator(".lf-chart").nth(2).get_attribute(
        "aria-label"
    )


def test_a_change_is_painted_once_and_what_does_not_change_not_at_all(show):
    shown = show(Playground())
    shown.page.evaluate("""() => {
      window.painted = 0;
      const paint = CanvasRenderingContext2D.prototype.putImageData;
      CanvasRenderingContext2D.prototype.putImageData = function (...what) { if (this.canvas.matches(".lf-pg-surface")) painted++; return paint.apply(this, what); };
    }""")

    def painted():
        shown.page.evaluate("new Promise((settled) => setTimeout(settled, 20))")
        return shown.page.evaluate("painted")

    shown.slide(noise=0.3)
    assert shown.get("noise") == 0.3 and painted() == 1
    shown.slide(noise=0.3)
    assert painted() == 1
    shown.set(learning_rate=0.01)  # from Python
    assert painted() == 2
    shown.control("step").click()  # a step changes the weights, which go to Python as the run
    assert painted() == 3
    shown.set(run={})  # and from there the run is taken back
    assert painted() == 4 and shown.numbers()["steps"][0] == 0
    check(shown)


def test_a_picture_costs_little(show):
    """Processor time of 2-4-4-1 on 200 points: 5 steps and their picture, so that 60 a second leave room."""
    shown = show(Playground())
    session = shown.page.context.new_cdp_session(shown.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    busy = lambda: {
        m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]
    }["ScriptDuration"]  # noqa: E731
    shown.control("play").click()
    shown.page.wait_for_function(
        "Number(document.querySelector('[data-name=steps]').dataset.value) > 300"
    )
    shown.page.evaluate(
        "() => { window.frames_ = 0; const count = () => { window.frames_ += 1; requestAnimationFrame(count); }; count(); }"
    )
    before = busy()
    shown.page.wait_for_timeout(1500)
    cost, frames = 1000 * (busy() - before), shown.page.evaluate("frames_")
    shown.control("play").click()
    assert frames > 5 and cost / frames < 16, (cost, frames)
