"""The search: which page comes first for what a reader types, by the program that answers in the page; and the page itself, from a server and from disk."""

import gzip
import json
import re

import pytest
from conftest import BUILT, ROOT
from site_book import DESK, PHONE

from book import finding, search
from book.v8 import open_context

GLOSSARY = "chapters/appendix/glossary"
NOTATION = "chapters/appendix/notation"
STATIC = BUILT / "_static"
FIRST = [  # what a reader types, and the page that must come first
    ("learning rate", "chapters/09_questions/9_2_learning_rate"),
    ("learning rte", "chapters/09_questions/9_2_learning_rate"),
    ("learning ra", "chapters/09_questions/9_2_learning_rate"),
    ("vanishing gradient", "chapters/09_questions/9_4_gradients"),
    ("Vanishing Gradients", "chapters/09_questions/9_4_gradients"),
    ("vanish", "chapters/08_outlook/8_2_1_vanishing"),
    ("exploding gradients", "chapters/08_outlook/8_2_1_vanishing"),
    ("overfitting", "chapters/09_questions/9_3_overfitting"),
    ("overfiting", "chapters/09_questions/9_3_overfitting"),
    ("convergence", GLOSSARY),
    ("chain rule", "chapters/03_algorithm/3_3_derivation"),
    ("backward pass", "chapters/03_algorithm/3_2_backward"),
    ("forward pass", "chapters/03_algorithm/3_1_forward"),
    ("deriving backpropagation", "chapters/03_algorithm/3_3_derivation"),
    ("error signal", "chapters/03_algorithm/3_2_backward"),
    ("regularization", GLOSSARY),
    ("regularisation", GLOSSARY),
    ("initialization", GLOSSARY),
    ("batch normalization", "chapters/06_applications/6_1_deep"),
    ("batch normalisation", "chapters/06_applications/6_1_deep"),
    ("recognizing handwritten digits", "chapters/05_practice/5_2_mnist"),
    ("optimization algorithms", "chapters/02_concepts/2_4_optimizers"),
    ("momentum", "chapters/02_concepts/2_4_optimizers"),
    ("adam", "chapters/02_concepts/2_4_optimizers"),
    ("loss functions", "chapters/02_concepts/2_3_losses"),
    ("network structure", "chapters/02_concepts/2_2_structure"),
    ("perceptron", "chapters/02_concepts/2_1_neurons"),
    ("percptron", "chapters/02_concepts/2_1_neurons"),
    ("sigmoid", "chapters/04_mathematics/4_1_sigmoid"),
    ("softmax", "chapters/04_mathematics/4_2_cross_entropy"),
    ("softmaks", "chapters/04_mathematics/4_2_cross_entropy"),
    ("cross entropy", "chapters/04_mathematics/4_2_cross_entropy"),
    ("softmax jacobian", "chapters/04_mathematics/4_2_cross_entropy"),
    ("worked example", "chapters/04_mathematics/4_4_worked_example"),
    ("2-3-1 network", "chapters/04_mathematics/4_4_worked_example"),
    ("4.4", "chapters/04_mathematics/4_4_worked_example"),
    ("MNIST", "chapters/05_practice/5_2_mnist"),
    ("PyTorch", "chapters/05_practice/5_3_frameworks"),
    ("Kaggle", "chapters/07_resources/7_2_datasets"),
    ("ImageNet", "chapters/07_resources/7_2_datasets"),
    ("attention", "chapters/06_applications/6_2_2_attention"),
    ("LSTM", GLOSSARY),
    ("eq-iou", "chapters/06_applications/6_1_detection"),
    ("intersection over union", "chapters/06_applications/6_1_detection"),
    ("transfer learning", "chapters/06_applications/6_1_2_transfer"),
    ("recommender systems", "chapters/06_applications/6_3_recommendation"),
    ("how neural networks developed", "chapters/01_background/1_1_history"),
    ("McCulloch", "chapters/01_background/1_1_history"),
    ("delta", GLOSSARY),
    ("δ", GLOSSARY),
    ("η", NOTATION),
    ("eta", NOTATION),
    ("梯度", GLOSSARY),
    ("反向传播", GLOSSARY),
    ("链式法则", GLOSSARY),
    ("学习率", GLOSSARY),
    ("backprop.training", "code/backprop/training"),
    ("gradient_check", "code/backprop/gradient_check"),
    ("CrossEntropy", "code/backprop/losses"),
    ("backprop.layers.attention", "code/backprop/layers/attention"),
    ("companion's source", "chapters/appendix/source"),
    ("notation", NOTATION),
    ("glossary", GLOSSARY),
    ("corrections", "chapters/appendix/corrections"),
]


@pytest.fixture(scope="module")
def ask():
    """Ask the program that answers in the page, here without one: [page, kind, title, place] each, best first."""
    scripts = (STATIC / "minisearch.js", STATIC / "search-rank.js", STATIC / search.NAME)
    context = open_context(*(path.read_text(encoding="utf8") for path in scripts))
    context.eval("""const loaded = bookRank.load(bookIndex.index);
      function ask(query, most) { return JSON.stringify(bookRank.rank(loaded, bookIndex.entries, query, most).map(({ id }) => {
        const [kind, title, , , page, place] = bookIndex.entries[id]; return [bookIndex.pages[page][0], kind, title, place]; })); };0""")
    yield lambda query, most=50: json.loads(context.call("ask", query, most))
    context.close()


# --- what comes first -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query, page", FIRST)
def test_the_right_page_comes_first(query, page, ask):
    found = ask(query)
    assert found and found[0][0] == page, found[:3]


def test_the_table_is_long_enough():
    assert len(FIRST) >= 40 and len({query for query, _ in FIRST}) == len(FIRST)


def test_every_term_is_found_in_both_languages(ask):
    rows = re.findall(
        r"^\| (?!English|---)(.+?) \| (.*?) \|",
        (ROOT / f"{GLOSSARY}.md").read_text(encoding="utf8"),
        re.M,
    )
    assert len(rows) > 80
    wanted = [
        term
        for english, chinese in rows
        for term in (finding.REFERENCES.sub("", english).strip(), *finding.chinese(chinese))
    ]
    missing = [
        term
        for term in wanted
        if not any(
            page == GLOSSARY and place.startswith("term-") for page, _, _, place in ask(term, 12)
        )
    ]
    assert missing == []


def test_every_labelled_formula_is_found_by_its_name_and_by_its_label(ask):
    formulas = re.findall(
        r'"#?equation-(eq-[\w-]+)"', (STATIC / search.NAME).read_text(encoding="utf8")
    )
    assert len(formulas) > 100
    missing = [
        label
        for label in formulas
        for query in (finding.name_of_formula(label), label)
        if f"equation-{label}" not in [place for _, _, _, place in ask(query)]
    ]
    assert missing == []


def test_what_is_not_there_is_not_found(ask):
    assert ask("zebra crossing") == ask("龘龘") == ask("the") == ask("  ") == ask("?") == []


def test_no_answer_of_an_exercise_is_found():
    """Solutions are folded on their pages, and the answers that `check` knows are nowhere on the site."""
    index = (STATIC / search.NAME).read_text(encoding="utf8")
    assert "backprop.exercises.ch" not in index and "code/backprop/exercises" not in index
    assert not list(BUILT.rglob("exercises*")) and not list(BUILT.glob("_sources/code/**/ch0*"))


def test_the_index_is_small_and_no_page_loads_it_unasked():
    sizes = {
        name: len(gzip.compress((STATIC / name).read_bytes()))
        for name in ("minisearch.js", "search-rank.js", search.NAME, "search.js")
    }
    assert sizes.pop(search.NAME) <= 600_000
    assert sum(sizes.values()) <= 25_000, sizes
    assert not (BUILT / "searchindex.js").exists() or "searchindex.js" not in (
        BUILT / "search.html"
    ).read_text(encoding="utf8")


# --- the page -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_results_come_while_typing(scheme, browser, site):
    """In the dialog of a page, with the keyboard alone: what is found, how many, the way down, along and back, and the page it leads to."""
    root = site if scheme == "http" else BUILT.as_uri()
    page = browser.new_page(viewport=DESK)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{root}/chapters/03_algorithm/3_2_backward.html", wait_until="load")
    assert not any("search" in url for url in asked), "a page is lighter without the search"
    page.keyboard.press("Control+k")
    dialog = page.locator("#pst-search-dialog")
    page.keyboard.type("softmaks")
    dialog.locator(".found-link").first.wait_for()
    assert "softmax" in dialog.locator(".found-list li").first.inner_text().lower()
    status = dialog.locator("[role=status]")
    page.wait_for_function(
        "document.querySelector('#pst-search-dialog [role=status]').textContent.includes('softmaks')"
    )
    assert re.fullmatch(r"(More than )?\d+ results? for softmaks", status.inner_text())
    number = dialog.locator(".found-link").count()
    assert 1 < number <= 8
    focused = "[...document.querySelectorAll('#pst-search-dialog .found-link')].indexOf(document.activeElement)"
    for key, place in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", -1)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == place
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/04_mathematics/4_2_cross_entropy.html#*")
    # a figure that starts from disk is a module in a blob: nothing is asked of anybody
    assert all(url.startswith((root, "blob:")) for url in asked)
    page.close()


def test_a_found_term_leads_to_its_row(browser, site):
    page = browser.new_page(viewport=DESK)
    page.goto(f"{site}/search.html?q=链式法则", wait_until="load")
    link = page.locator("#search-results .found-link").first
    link.wait_for()
    assert link.locator("[lang=zh-Hans]").count() >= 1
    link.click()
    page.wait_for_url("**/glossary.html#term-chain-rule")
    assert "chain rule" in page.locator("tr:target").inner_text()
    page.close()


def test_the_search_page_keeps_the_query_in_its_address(browser, site):
    """A letter more asks again, and the address can be sent to somebody."""
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{site}/search.html?q=momentu", wait_until="load")
    page.locator(".found-link").first.wait_for()
    assert page.locator(".bd-search-container input").input_value() == "momentu"
    page.keyboard.press("End")
    page.keyboard.type("m")
    page.wait_for_function("location.search === '?q=momentum'")
    assert "Momentum" in page.locator(".found-link").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator(".bd-search-container input").fill("zebra crossing")
    page.wait_for_function(
        "document.querySelector('#search-results [role=status]').textContent === 'No results for zebra crossing'"
    )
    assert page.locator(".found-link").count() == 0
    gap = page.evaluate("""() => {
      const field = document.querySelector(".bd-search-container form.bd-search input"), icon = field.parentElement.querySelector("svg, i, .icon");
      return field.getBoundingClientRect().left + parseFloat(getComputedStyle(field).paddingLeft) - icon.getBoundingClientRect().right; }""")
    assert gap >= 4, "the query is legible beside the magnifier"
    page.close()
