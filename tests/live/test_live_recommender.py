"""The live figure `Recommender`: its arrows are gradients, a step lands where they say, its list is Python's, it works and reads well."""

import json
import re

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.gradient_check import numeric_gradient
from backprop.live import Recommender
from backprop.live.recommender import RATED, SHOWN, TASTES, readable

STATE = ("ratings", "u", "decay", "eta", "film", "sort", "chosen")
PICKS = "[...document.querySelectorAll('.lf-pick-title')].map((n) => n.textContent)"


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def anywhere(rng, share=0.5):
    """Ratings of a share of the films, and the rest of a state."""
    return {
        "ratings": (rng.integers(1, 6, RATED) * (rng.random(RATED) < share)).tolist(),
        "u": rng.uniform(-0.7, 0.7, 2).tolist(),
        "decay": float(rng.integers(3, 25)),
        "eta": round(float(rng.uniform(0.005, 0.12)), 3),
        "film": int(rng.integers(RATED)),
        "sort": str(rng.choice(["gain", "rating"])),
        "chosen": int(rng.integers(SHOWN)),
    }


def short(title):
    return title.rpartition(" (")[0].split(" - ")[0]


def check(shown):
    """Every number and every title on the page is what Python says for the state of the page."""
    figure = Recommender(**{name: shown.get(name) for name in STATE})
    numbers, wanted = shown.numbers(), figure.values
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-11), name
        if text != "none":
            said = written(text.removeprefix("+").removesuffix("★"))
            assert said == pytest.approx(value, rel=0.02, abs=0.051), (name, text)
        assert "-" not in text
    assert set(numbers) == set(wanted)
    assert shown.page.evaluate(PICKS) == [short(figure.titles[film]) for film in figure.ranking]
    return figure


# -------------------------------------------------------------------------------------------------------------- Python


def test_where_the_gradient_is_0_the_user_is_the_one_of_the_companion():
    figure = Recommender(ratings=[5, 0, 2, 4.5, 0, 1] + [0] * 14)
    films, (solution, _, surprise) = np.array(figure.rate)[figure.rated], figure.fold()
    X = np.concatenate([np.ones((len(figure.titles), 1)), figure.Q], axis=1)
    penalty = np.array([figure.factors["biases"], *[figure.decay] * figure.Q.shape[1]])
    slope = 2 * X[films].T @ (X[films] @ solution - surprise) + 2 * penalty * solution
    assert np.abs(slope).max() < 1e-12
    assert figure.predictions == pytest.approx(figure.averages + X @ solution, abs=1e-12)
    assert figure.bias == solution[0]
    figure.u = solution[1:3]
    np.testing.assert_allclose(figure.user, solution, atol=1e-12)
    assert np.abs(figure.gradient).max() < 1e-12


def test_the_gradient_is_the_slope_of_the_loss_and_the_pulls_are_its_parts():
    rng = np.random.default_rng(3)
    for trial in range(8):
        figure = Recommender(**anywhere(rng, trial / 7))
        u = np.array(figure.u)
        slope = numeric_gradient(lambda u=u, figure=figure: figure.loss_at(u), u)
        np.testing.assert_allclose(figure.gradient, slope, atol=1e-6)
        home = -2 * figure.decay * figure.u
        np.testing.assert_allclose(
            figure.pulls.sum(axis=0) + home, -figure.gradient, rtol=1e-12, atol=1e-12
        )
        films = figure.Q[np.array(figure.rate)[figure.rated], :2]
        across = figure.pulls[:, 0] * films[:, 1] - figure.pulls[:, 1] * films[:, 0]
        assert np.abs(across).max(initial=0) < 1e-12  # towards the film or away from it
        towards = (figure.pulls * films).sum(axis=1) > 0
        assert np.array_equal(towards, figure.errors > 0)


def test_small_steps_lead_to_rest_and_bring_what_they_promise():
    figure = Recommender(eta=0.005)
    promised, brought = figure.values["promised"], figure.values["brought"]
    assert promised < brought < 0.9 * promised < 0
    figure.eta = 0.05
    for _ in range(60):
        figure.u = figure.landing
    np.testing.assert_allclose(figure.u, figure.fold()[0][1:3], atol=1e-6)


def test_nothing_rated_leaves_the_average_and_rated_films_are_not_recommended():
    figure = Recommender(ratings=np.zeros(RATED), sort="rating", u=[0, 0])
    assert np.array_equal(figure.predictions, figure.averages) and figure.bias == 0
    best = np.argsort(-figure.averages, kind="stable")[:SHOWN]
    assert figure.ranking.tolist() == best.tolist()
    figure.ratings = np.full(RATED, 5.0)
    assert not set(figure.ranking) & set(figure.rate)


def test_tastes_ask_for_what_they_say():
    figure = Recommender()
    for name, ratings in figure.tastes:
        assert name in TASTES and set(ratings) <= {0, 2, 5} and {2, 5} <= set(ratings)
    lists = []
    for _, ratings in figure.tastes:
        figure.ratings = ratings
        figure.u = np.clip(figure.fold()[0][1:3], -1, 1)
        lists.append(set(figure.ranking))
    assert all(len(a & b) <= 2 for i, a in enumerate(lists) for b in lists[:i])


@pytest.mark.parametrize(
    "raw, said",
    [
        ("Matrix, The (1999)", "The Matrix (1999)"),
        ("Babe (1995)", "Babe (1995)"),
        ("Independence Day (a.k.a. ID4) (1996)", "Independence Day (1996)"),
        ("Beautiful Mind, A (2001)", "A Beautiful Mind (2001)"),
        (
            "Lord of the Rings: The Two Towers, The (2002)",
            "The Lord of the Rings: The Two Towers (2002)",
        ),
    ],
)
def test_titles_read_as_people_say_them(raw, said):
    assert readable(raw) == said


@pytest.mark.parametrize(
    "trait, wrong",
    [
        ("ratings", [5.5] + [0] * 19),
        ("ratings", [1, 2]),
        ("ratings", [np.nan] * 20),
        ("u", [2, 0]),
        ("decay", 1),
        ("eta", 0.5),
        ("film", 20),
        ("sort", "year"),
        ("chosen", 5),
        ("titles", []),
    ],
)
def test_traits_refuse(trait, wrong):
    with pytest.raises(traitlets.TraitError):
        setattr(Recommender(), trait, wrong)


def test_picture_words_and_size():
    for state in ({}, {"ratings": np.zeros(20)}, {"ratings": np.full(20, 5.0), "sort": "rating"}):
        figure = Recommender(**state)
        data, _ = figure._repr_mimebundle_()
        assert data["text/plain"] == figure.describe() and figure.picture()[:4] == b"\x89PNG"
    plain = {
        name: value
        for name, value in Recommender().get_state().items()
        if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")
    }
    assert len(json.dumps(plain)) < 60_000


# ------------------------------------------------------------------------------------------------- the two side by side


def test_the_page_computes_what_python_computes():
    """From no rating to all of them: the pulls, the gradient, where it is 0, the list, every number."""
    js, rng = Mathematics("recommender/maths.js"), np.random.default_rng(8)
    for trial in range(24):
        state = anywhere(rng, trial / 23)
        figure = Recommender(**state)
        got = js(
            """(factors, rate, s) => {
          const rows = filmRows(factors), lesson = lessonOf(rows, factors, rate, s), stands = lesson.at(s.u);
          const best = listOf(rows, factors, rate, stands.user, s, 5);
          return { ...lesson, ...stands, landing: landingOf(s.u, stands.gradient, s.eta),
            picks: best.map(({ film }) => film), table: tableOf(s, { lesson, stands, best }) }; }""",
            figure.factors,
            figure.rate,
            state,
        )
        assert got["rated"] == figure.rated.tolist()
        assert got["picks"] == figure.ranking.tolist()
        assert got["table"] == pytest.approx(figure.values, rel=1e-9, abs=1e-11)
        for name in ("user", "errors", "gradient", "landing"):
            np.testing.assert_allclose(got[name], getattr(figure, name), rtol=1e-9, atol=1e-11)
        pulls = np.array(got["pulls"]).reshape(-1, 2)
        np.testing.assert_allclose(pulls, figure.pulls, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(got["rest"], figure.fold()[0][1:3], rtol=1e-9, atol=1e-11)
        # the bowl: along its curvatures the gradient grows
        a, b, c = got["bend"]
        step = np.array([[a, b], [b, c]]) @ (figure.u - got["rest"])
        np.testing.assert_allclose(step, figure.gradient, rtol=1e-9, atol=1e-9)
    js.close()


# ------------------------------------------------------------------------------------------------------------ the page


def test_numbers_and_titles_are_pythons(show):
    shown, rng = show(Recommender()), np.random.default_rng(6)
    check(shown)
    for trial in range(10):
        shown.set(**anywhere(rng, trial / 9))
        check(shown)
    shown.set(ratings=[0.5, 3.5] + [0] * 18)  # half stars, from Python
    check(shown)


# Of the arrows by the name of the gradient: where they begin and where they end, in pixels of the plot.
ARROWS = """() => Object.fromEntries([...document.querySelectorAll("path[data-gradient]")].map((n) =>
  [n.dataset.gradient, n.getAttribute("d").match(/^M([-\\d.]+),([-\\d.]+)L([-\\d.]+),([-\\d.]+)/).slice(1).map(Number)]))"""


def test_arrows_are_the_gradients_and_a_step_lands_at_their_tip(show):
    shown, rng = show(Recommender(), width=1000), np.random.default_rng(9)
    for trial in range(6):
        shown.set(**{**anywhere(rng, 0.1 + trial / 8), "eta": 0.02})
        figure, arrows = check(shown), shown.page.evaluate(ARROWS)
        width = shown.page.locator(".lf-rec-plane").bounding_box()["width"]
        scale = (
            np.array([1, -1]) * (width - 6) / 1.6
        )  # pixels of a unit, without border and margins
        pulls = dict(
            zip([short(figure.titles[figure.rate[s]]) for s in figure.rated], figure.pulls)
        )
        wanted = {f"pull of {name}": pull for name, pull in pulls.items()}
        wanted |= {"pull of the decay": -2 * figure.decay * figure.u, "dL/du": -figure.gradient}
        assert set(arrows) == set(wanted)
        for name, (x1, y1, x2, y2) in arrows.items():
            way = scale * figure.eta * wanted[name]
            np.testing.assert_allclose([x2 - x1, y2 - y1], way, rtol=0.01, atol=0.3)
        tip = arrows["dL/du"][2:]
        shown.page.get_by_role("button", name="Step").click()
        np.testing.assert_allclose(shown.get("u"), figure.landing, atol=1e-12)
        np.testing.assert_allclose(shown.page.evaluate(ARROWS)["dL/du"][:2], tip, atol=0.21)
        after = check(shown)
        assert after.loss - figure.loss == pytest.approx(figure.values["brought"], abs=1e-9)


@pytest.mark.parametrize("width", [353, 760])
def test_no_arrow_of_a_rating_lies_on_another(show, width):
    """Those that go nearly the same way begin side by side; their middles are where they would meet."""
    shown, rng = show(Recommender(), width=width), np.random.default_rng(3)
    for trial in range(6):
        if trial:
            shown.set(**anywhere(rng, 0.3))
        arrows = shown.page.evaluate(ARROWS)
        lines = [np.array(line) for name, line in arrows.items() if name != "dL/du"]
        lines = [line for line in lines if np.hypot(*(line[2:] - line[:2])) > 12]
        for k, a in enumerate(lines):
            for b in lines[:k]:
                ways = [line[2:] - line[:2] for line in (a, b)]
                lengths = [np.hypot(*way) for way in ways]
                if ways[0] @ ways[1] > 0.96 * lengths[0] * lengths[1]:
                    across = ways[0] / lengths[0]
                    apart = abs(across[0] * (b - a)[1] - across[1] * (b - a)[0])
                    assert apart > 2.5, (trial, a, b)


def test_u_and_films_are_dragged_where_they_stand(show):
    shown = show(Recommender(), width=1000)
    mouse, box = shown.page.mouse, shown.page.locator(".lf-rec-plane").bounding_box()
    unit = (box["width"] - 4) / 1.6
    at = lambda x, y: (
        box["x"] + box["width"] / 2 + unit * x,
        box["y"] + box["height"] / 2 - unit * y,
    )
    mouse.move(*at(*shown.get("u")))
    mouse.down()
    mouse.move(*at(0.3, -0.2))
    mouse.up()
    np.testing.assert_allclose(shown.get("u"), [0.3, -0.2], atol=0.011)
    figure = check(shown)
    s = next(s for s, k in enumerate(figure.rate) if "Twister" in figure.titles[k])
    start = at(*(0.62 * figure.Q[figure.rate[s], :2]))
    mouse.move(*start)
    mouse.down()
    assert shown.get("film") == s and shown.get("ratings")[s] == 0  # a touch only looks at it
    before = shown.page.evaluate(ARROWS)
    for stars in (1, 3, 5):
        mouse.move(start[0] + 18 * stars, start[1])
        assert shown.get("ratings")[s] == stars
        check(shown)
    mouse.up()
    after = shown.page.evaluate(ARROWS)
    assert "pull of Twister" in after and after["dL/du"] != before["dL/du"]
    np.testing.assert_allclose(shown.get("u"), [0.3, -0.2], atol=0.011)


def test_every_control_works_by_keyboard(show):
    shown = show(Recommender(), width=1000)
    order = shown.tab_order(60)
    assert order[:8] == ["reset", "u", "film", "stars", "decay", "eta", "Step", "Descend"]
    assert sorted(order[8:]) == sorted(["gain", *(f"pick[{k}]" for k in range(SHOWN)), "Clear all", *TASTES])  # fmt: skip
    shown.control("u").focus()
    for key, u in (("ArrowRight", [-0.43, -0.1]), ("Shift+ArrowUp", [-0.43, 0.0])):
        shown.page.keyboard.press(key)
        assert shown.get("u") == pytest.approx(u)
    check(shown)
    for control, keys in {
        "stars": {"ArrowRight": 2, "End": 5, "Home": 0},
        "decay": {"ArrowRight": 6, "End": 24, "Home": 3},
        "eta": {"ArrowLeft": 0.055, "End": 0.12, "Home": 0.005},
    }.items():
        for key, value in keys.items():
            shown.control(control).focus()
            shown.page.keyboard.press(key)
            now = (
                shown.get("ratings")[shown.get("film")]
                if control == "stars"
                else shown.get(control)
            )
            assert now == pytest.approx(value), (control, key)
            check(shown)
    shown.control("film").select_option("3")
    assert shown.get("film") == 3
    shown.page.locator(".lf-segmented input:checked").focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown.get("sort") == "rating"
    shown.control("pick[3]").focus()
    shown.page.keyboard.press("Enter")
    assert shown.get("chosen") == 3
    assert shown.control("pick[3]").get_attribute("aria-pressed") == "true"
    check(shown)
    for name in TASTES:
        shown.page.get_by_role("button", name=name).press("Enter")
        assert shown.get("ratings") == dict(shown.figure.tastes)[name] and shown.get("chosen") == 0
        check(shown)
    shown.page.get_by_role("button", name="Clear all").press("Enter")
    assert not any(shown.get("ratings"))
    check(shown)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_it_descends_to_where_the_pulls_cancel_and_stops_out_of_sight(show, motion):
    shown = show(Recommender(), width=1000, reduced_motion=motion)
    page = shown.page
    page.get_by_role("button", name="Descend").click()
    if motion == "no-preference":
        page.wait_for_function("model.get('u')[1] > 0")
        page.evaluate("document.querySelector('.lf').style.marginTop = '300vh'; scrollTo(0, 0)")
        page.wait_for_timeout(300)
        u = shown.get("u")
        page.wait_for_timeout(400)
        assert shown.get("u") == u
        page.evaluate("document.querySelector('.lf').style.marginTop = ''")
    page.wait_for_function(
        "[...document.querySelectorAll('button')].some((n) => n.textContent === 'Descend')"
    )
    figure = check(shown)
    np.testing.assert_allclose(figure.u, figure.fold()[0][1:3], atol=0.004)


def test_a_colour_means_one_thing_and_the_sum_is_told_in_words(show):
    shown = show(Recommender())
    look = "[['.lf-rec-pull', 'stroke'], ['.lf-rec-home', 'stroke'], ['.lf-rec-pick', 'stroke']].map(([what, name]) => getComputedStyle(document.querySelector(what))[name])"
    assert len(set(shown.page.evaluate(look))) == 3
    text = shown.page.locator(".lf-recommender").inner_text()
    assert "from the average user" in text and not re.search("[μρ]|p · q", text)


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Recommender(), width=width)
    for state in (
        {},
        {"ratings": [5.0] * 20, "sort": "rating"},
        {"ratings": [1.0] * 20, "chosen": 4, "u": [0.8, 0.6]},
        {"ratings": [0.0] * 20, "sort": "gain", "u": [0.0, 0.0]},
    ):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state
        wide = "[...document.querySelectorAll('.lf-pick')].filter((n) => n.getClientRects().length && n.scrollWidth > n.clientWidth + 1).length"
        assert shown.page.evaluate(wide) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Recommender(), theme=theme)
    worst = shown.page.evaluate(CONTRAST)
    assert worst[0] >= 4.5, worst


def test_touch_targets_words_two_views_and_leaving(show):
    shown = show(Recommender(), width=375, has_touch=True, is_mobile=True)
    page = shown.page
    assert min(min(size) for size in shown.sizes_of_targets()) >= 44
    assert page.get_by_role("group", name="Live figure").count() == 1
    shown.slide(stars=5)
    assert page.locator("[role=status]").text_content() == ""  # nothing while stars are being given
    page.wait_for_function(
        "/^First in the list: .*gradient dL.du/.test(document.querySelector('[role=status]').textContent)"
    )
    page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((n) => n.id)")
    assert len(set(ids)) == len(ids)
    page.evaluate("stop(); stop2()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
