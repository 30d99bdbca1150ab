"""The live figure `Recommender`: its list and its sums are Python's, the stars work by keyboard, pointer and finger, it reads well."""

import json
import re

import numpy as np
import pytest
import traitlets
from live_page import CONTRAST, PROBLEMS, live_pages, written
from mathematics import Mathematics

from backprop.live import Recommender
from backprop.live.recommender import RATED, TASTES, readable

STATE = ("ratings", "sort", "chosen")
PICKS = "[...document.querySelectorAll('.lf-pick-title')].map((n) => n.textContent)"


@pytest.fixture(scope="module")
def show(browser):
    yield from live_pages(browser)


def check(shown):
    """Every number, every title and every reason on the page is what Python says for the state of the page."""
    figure, numbers = Recommender(**{name: shown.get(name) for name in STATE}), shown.numbers()
    wanted = figure.values
    for name, (value, text) in numbers.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12), name
        assert written(text) == pytest.approx(value, abs=0.051), (name, text)
        assert "-" not in text
    assert set(numbers) == set(wanted)
    assert shown.page.evaluate(PICKS) == [figure.titles[film] for film in figure.ranking]
    reasons = shown.page.evaluate(
        "[...document.querySelectorAll('.lf-pick-reason')].map((n) => n.textContent)"
    )
    for film, reason in zip(figure.ranking, reasons):
        parts = figure.contributions[film]
        most = [s for s in np.argsort(-parts, kind="stable") if parts[s] >= 0.005][:2]
        said = [float(v) for v in re.findall(r"\(\+([\d.]+)\)", reason)]
        assert said == pytest.approx([parts[s] for s in most], abs=0.0051), reason
        assert all(
            figure.titles[figure.rate[s]].split(" (")[0].split(" - ")[0] in reason for s in most
        )
    return figure


# -------------------------------------------------------------------------------------------------------------- Python


def test_the_sum_is_the_ridge_solution():
    """The prediction that the contributions add up to minimises the squared errors with the penalties: no neighbour is better."""
    figure = Recommender(ratings=[5, 0, 2, 4.5, 0, 1] + [0] * 14)
    films, (solution, _, surprise) = np.array(figure.rate)[figure.rated], figure.fold()
    X = np.concatenate([np.ones((len(figure.titles), 1)), figure.Q], axis=1)
    penalty = np.array([figure.factors["biases"], *[figure.factors["vectors"]] * figure.Q.shape[1]])
    slope = 2 * X[films].T @ (X[films] @ solution - surprise) + 2 * penalty * solution
    assert np.abs(slope).max() < 1e-12
    assert figure.predictions == pytest.approx(figure.averages + X @ solution, abs=1e-12)
    assert figure.bias == solution[0]


def test_nothing_rated_leaves_the_average_and_rated_films_are_not_recommended():
    figure = Recommender(ratings=np.zeros(RATED), sort="rating")
    assert np.array_equal(figure.predictions, figure.averages) and figure.bias == 0
    assert figure.ranking.tolist() == np.argsort(-figure.averages, kind="stable")[:10].tolist()
    figure.ratings = np.full(RATED, 5.0)
    assert not set(figure.ranking) & set(figure.rate)


def test_tastes_ask_for_what_they_say():
    figure = Recommender()
    for name, ratings in figure.tastes:
        assert name in TASTES and set(ratings) <= {0, 2, 5} and {2, 5} <= set(ratings)
    lists = []
    for _, ratings in figure.tastes:
        figure.ratings = ratings
        lists.append(set(figure.ranking))
    assert all(len(a & b) <= 5 for i, a in enumerate(lists) for b in lists[:i])


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
        ("sort", "year"),
        ("chosen", 10),
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


def test_the_list_and_its_reasons_are_the_companions():
    """Few ratings and all of them, in both orders: the user's bias, the films in their order, every contribution."""
    js, rng = Mathematics("recommender/maths.js"), np.random.default_rng(8)
    for trial in range(24):
        ratings = rng.integers(1, 6, RATED) * (rng.random(RATED) < trial / 23)
        figure = Recommender(ratings=ratings, sort=("gain", "rating")[trial % 2])
        got = js(
            "(factors, ...rest) => recommend(filmRows(factors), factors, ...rest, 10)",
            figure.factors,
            figure.rate,
            figure.ratings.tolist(),
            figure.sort,
        )
        assert got["rated"] == figure.rated.tolist()
        assert got["bias"] == pytest.approx(figure.bias, rel=1e-9, abs=1e-12)
        assert [pick["film"] for pick in got["best"]] == figure.ranking.tolist()
        for name, wanted in (
            ("average", figure.averages),
            ("predicted", figure.predictions),
            ("gain", figure.predictions - figure.averages),
            ("from", figure.contributions),
        ):
            np.testing.assert_allclose(
                [pick[name] for pick in got["best"]], wanted[figure.ranking], rtol=1e-9, atol=1e-12
            )
    js.close()


# ------------------------------------------------------------------------------------------------------------ the page


def test_numbers_titles_and_reasons_are_pythons(show):
    shown, rng = show(Recommender()), np.random.default_rng(6)
    check(shown)
    for trial in range(10):
        ratings = rng.integers(1, 6, RATED) * (rng.random(RATED) < trial / 9)
        shown.set(sort=("gain", "rating")[trial % 2], chosen=trial % 10)
        shown.slide(**{f"r[{s}]": int(r) for s, r in enumerate(ratings)})
        assert shown.get("ratings") == ratings.tolist()
        shown.set(chosen=int(rng.integers(10)))
        check(shown)
    shown.set(ratings=[0.5, 3.5] + [0] * 18)  # half stars, from Python
    check(shown)


def test_every_control_works_by_keyboard(show):
    shown = show(Recommender(), width=1000)
    order = shown.tab_order(60)
    assert order[:20] == [f"r[{s}]" for s in range(20)]
    assert sorted(order[20:]) == sorted(
        ["Clear all", "Start again", *TASTES, "gain", *(f"pick[{k}]" for k in range(10))]
    )
    first = shown.control("r[0]")
    first.focus()
    for key, value in (("ArrowRight", 1), ("End", 5), ("ArrowLeft", 4), ("Home", 0)):
        shown.page.keyboard.press(key)
        assert shown.get("ratings")[0] == value
        assert first.get_attribute("aria-valuetext") == (
            f"{value} star{'s' * (value != 1)}" if value else "not rated"
        )
    shown.page.locator(".lf-segmented input:checked").focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown.get("sort") == "rating"
    shown.control("pick[3]").focus()
    shown.page.keyboard.press("Enter")
    assert (
        shown.get("chosen") == 3
        and shown.control("pick[3]").get_attribute("aria-pressed") == "true"
    )
    check(shown)
    for name in TASTES:
        shown.page.get_by_role("button", name=name).press("Enter")
        assert shown.get("ratings") == dict(shown.figure.tastes)[name] and shown.get("chosen") == 0
        check(shown)
    shown.page.get_by_role("button", name="Clear all").press("Enter")
    assert (
        not any(shown.get("ratings"))
        and shown.page.get_by_text("you have rated nothing yet").count() == 10
    )
    shown.page.get_by_role("button", name="Start again").press("Enter")
    assert shown.get("ratings") == shown.figure.start["ratings"]
    check(shown)


@pytest.mark.parametrize(
    "options", [{}, {"has_touch": True, "is_mobile": True}], ids=["mouse", "finger"]
)
def test_a_click_on_a_star_gives_that_many(show, options):
    shown = show(Recommender(ratings=np.zeros(20)), width=375 if options else 760, **options)
    shown.control("r[2]").scroll_into_view_if_needed()
    box = shown.control("r[2]").bounding_box()
    star = box["width"] / 6
    for stars in (3, 5, 1, 0):
        for inside in (0.15, 0.85):
            point = box["x"] + star * (stars + inside), box["y"] + box["height"] / 2
            shown.page.touchscreen.tap(*point) if options else shown.page.mouse.click(*point)
            assert shown.get("ratings")[2] == stars
    assert not options or min(min(size) for size in shown.sizes_of_targets()) >= 44


@pytest.mark.parametrize("width", [320, 375, 760, 1280])
def test_nothing_overlaps_or_sticks_out(show, width):
    shown = show(Recommender(), width=width)
    for state in (
        {},
        {"ratings": [5.0] * 20, "sort": "rating"},
        {"ratings": [1.0] * 20, "chosen": 9},
        {"ratings": [0.0] * 20, "sort": "gain"},
    ):
        shown.set(**state)
        assert shown.page.evaluate(PROBLEMS) == [], state
        wide = "[...document.querySelectorAll('.lf-pick, .lf-why-line, .lf-film')].filter((n) => n.getClientRects().length && n.scrollWidth > n.clientWidth + 1).length"
        assert shown.page.evaluate(wide) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(show, theme):
    shown = show(Recommender(), theme=theme)
    worst = shown.page.evaluate(CONTRAST)
    assert worst[0] >= 4.5, worst


def test_words_two_views_and_leaving(show):
    shown = show(Recommender(), width=1000)
    page = shown.page
    assert page.get_by_role("group", name="Live figure").count() == 1
    assert page.get_by_role("slider", name="The Matrix (1999)").count() == 1
    shown.slide(**{"r[4]": 5})
    assert page.locator("[role=status]").text_content() == ""  # nothing while stars are being given
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('First in the list: ')"
    )
    page.evaluate(
        "async () => { const two = document.body.appendChild(document.createElement('div')); window.stop2 = await module.render({ model, el: two }); }"
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((n) => n.id)")
    assert len(set(ids)) == len(ids)
    page.evaluate("stop(); stop2()")
    assert page.evaluate("model.count()") == 0 and page.locator(".lf").count() == 0
