"""Exercises answered in their pages, questions before an experiment, and what was solved: in
Chromium, from a server and from disk, with the keyboard, with and without script and storage.
"""

import json
import re
from functools import cache
from html import unescape

import numpy as np
import pytest
from conftest import BUILT
from site_book import DESK, DOCUMENTS, PHONE, Sight, all_arrived, scroll_through, watch
from test_site_pages import AXE

from backprop.check import check
from backprop.exercises import EXERCISES
from book import answers

WORKED = "chapters/04_mathematics/4_4_worked_example"
HISTORY = "chapters/01_background/1_1_history"  # "1.1 one correction": three numbers
ENTROPY = "chapters/04_mathematics/4_2_cross_entropy"  # "4.2 hundred more": a choice
VALLEY = "chapters/02_concepts/2_4_optimizers"
TARGET = "4.4 another target"
KEY = "backpropagation-solved"


@cache
def html(document):
    return (BUILT / f"{document}.html").read_text(encoding="utf8")


@pytest.fixture
def visit(browser, site):
    """Open a page in a browser that has kept nothing; the same one for all pages of a test."""
    context = browser.new_context(viewport=DESK, color_scheme="light")
    context.set_default_timeout(20_000)

    def one(document, address=site):
        page = context.new_page()
        page.seen = Sight()
        watch(page, page.seen)
        page.goto(f"{address}/{document}.html", wait_until="load")
        all_arrived(page, page.seen)
        return page

    one.context = context
    yield one
    context.close()


def form_of(page, name):
    return page.locator(f'form.answer[data-name="{name}"]')


def give(page, name, *texts):
    """Type into the fields of an exercise and press Enter in the last one; what is said then."""
    form = form_of(page, name)
    fields = form.locator("input")
    assert fields.count() == len(texts)
    for k, text in enumerate(texts):
        fields.nth(k).fill(text)
    fields.last.press("Enter")
    return form.locator("[role=status]").inner_text()


def kept(page):
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "{}")


def marks(page):
    """What stands beside the pages in the contents: page to (seen, said)."""
    return page.evaluate("""() => Object.fromEntries([...document.querySelectorAll(".bd-links a")]
      .filter((a) => a.querySelector(".solved-mark")).map((a) => [a.pathname.split("/").at(-1),
        [...a.querySelectorAll(".solved-mark > span")].map((part) => part.textContent.trim())]))""")


# --- all pages ------------------------------------------------------------------------------------


def test_every_exercise_is_answered_on_its_page_or_says_where():
    found = {"fields": [], "elsewhere": []}
    for document in DOCUMENTS:
        text = html(document)
        for name, judge in re.findall(r'data-name="([^"]+)" data-judge="([^"]+)"', text):
            exercise = EXERCISES[unescape(name)]
            assert judge == answers.encoded(exercise), "the page is older than the exercise"
            found["fields"].append(exercise.name)
        names = re.findall(r'<div class="answer" data-name="([^"]+)">', text)
        found["elsewhere"] += map(unescape, names)
        number = len(re.findall(r'class="answer[ "][^>]*data-name', text))
        assert answers_in_contents(document) == number
        assert "replace the dots" not in text and "returns nothing yet" not in text
        assert ("answers-judge.js" in text) == ("data-judge=" in text)
    functions = {name for name, e in EXERCISES.items() if callable(e.answer)}
    assert sorted(found["elsewhere"]) == sorted(functions)
    assert sorted(found["fields"]) == sorted(set(EXERCISES) - functions)


def answers_in_contents(document):
    """How many exercises the contents, as they stand on the first page, give a page."""
    found = re.search(rf'href="{document}\.html" data-exercises="(\d+)"', html("index"))
    return int(found.group(1)) if found else 0


def test_where_a_function_is_run_depends_on_the_repository():
    text = html(WORKED)
    note = text[text.index('data-name="4.4 tanh in the middle"') :].partition("</div>")[0]
    assert "make lab" in note and "Binder" not in note
    download = re.search(r'href="([^"]+)" download', note).group(1)
    assert (BUILT / WORKED).parent.joinpath(download).resolve().is_file()


# --- answering ------------------------------------------------------------------------------------


def test_right_wrong_and_known_mistakes(visit):
    page = visit(WORKED)
    scroll_through(page)  # pictures come when they are near the view
    page.seen.requests.clear()
    right = float(EXERCISES[TARGET].answer)
    mistakes = list(EXERCISES[TARGET].mistakes.items())
    for text, a in [
        ("0.3", 0.3), (str(right), right), (f"{right:.5f}", round(right, 5)), ("0", 0.0),
        (str(-right), -right), (f"{mistakes[0][1]:.6f}", mistakes[0][1]), ("-0.01", -0.01),
    ]:  # fmt: skip
        assert give(page, TARGET, text) == check(TARGET, a).message
        form = form_of(page, TARGET)
        field = form.locator("input")
        assert form.get_attribute("data-verdict") == (
            "right" if check(TARGET, a).right else "wrong"
        )
        assert field.get_attribute("aria-invalid") == (None if check(TARGET, a).right else "true")
        assert field.evaluate("field => field === document.activeElement")
    said = give(page, TARGET, f"({right:.8f}*2)/2")
    assert said == "Right. (You wrote -0.0123166.)" or said.startswith("Right. (You wrote -0.01231")
    assert give(page, TARGET, "0,3").startswith("Not read: a comma is not understood")
    assert form_of(page, TARGET).get_attribute("data-verdict") == "unread"
    assert give(page, TARGET, " ") == "No answer yet."
    assert page.url.endswith("4_4_worked_example.html") and page.seen.requests == []
    assert page.seen.complaints == []


def test_the_mark_before_a_verdict_is_a_shape_and_not_only_a_colour(visit):
    page = visit(WORKED)
    seen = set()
    for text in (str(float(EXERCISES[TARGET].answer)), "5", "a"):
        give(page, TARGET, text)
        verdict = form_of(page, TARGET).locator(".answer-verdict")
        seen.add(verdict.evaluate("part => getComputedStyle(part, '::before').content"))
    assert seen == {'"✓"', '"✗"', '"?"'}


def test_a_few_numbers_have_a_field_each(visit):
    page = visit(HISTORY)
    name = "1.1 one correction"
    a = [f"{entry:g}" for entry in EXERCISES[name].answer]
    assert give(page, name, *a[:2], "") == "Not yet: part of your answer is still missing."
    invalid = [f.get_attribute("aria-invalid") for f in form_of(page, name).locator("input").all()]
    assert invalid == [None, None, "true"]
    assert give(page, name, a[0], a[1], "7/2") == (
        check(name, np.array([*map(float, a[:2]), 3.5])).message
        + f" (You wrote {a[0]}, {a[1]}, 3.5.)"
    )
    assert give(page, name, *a) == "Right."
    names = form_of(page, name).locator("fieldset label").all_inner_texts()
    assert names == ["w1", "w2", "b"]
    legend = form_of(page, name).locator("legend").inner_text()
    assert legend.split() == "Your answer to One correction".split()


def test_with_the_keyboard_alone(visit):
    page = visit(WORKED)
    field, button = form_of(page, TARGET).locator("input"), form_of(page, TARGET).locator("button")
    form_of(page, "4.4 input gradient").locator("input").first.focus()
    page.keyboard.press("Shift+Tab")  # the solution between
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert field.evaluate("field => field === document.activeElement")
    outline = field.evaluate("field => getComputedStyle(field).outlineStyle")
    assert outline != "none"
    page.keyboard.type("0.01232", delay=0)
    page.keyboard.press("Tab")
    assert button.evaluate("button => button === document.activeElement")
    page.keyboard.press("Space")
    status = form_of(page, TARGET).locator("[role=status]")
    assert status.inner_text() == check(TARGET, 0.01232).message
    assert button.evaluate("button => button === document.activeElement")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Home")
    page.keyboard.type("-")
    assert status.inner_text() == ""  # it was about another answer
    page.keyboard.press("Enter")
    assert status.inner_text() == "Right."


def test_a_choice_with_the_keyboard_alone(visit):
    page, name = visit(ENTROPY), "4.2 hundred more"
    form = form_of(page, name)
    assert form.locator("input[type=radio]").count() == EXERCISES[name].choices
    form.locator("button").click()
    status = form.locator("[role=status]")
    assert status.inner_text() == "No answer yet."
    form.locator("button").focus()
    page.keyboard.press("Shift+Tab")  # the last of the choices
    page.keyboard.press("ArrowDown")  # the first
    page.keyboard.press("Enter")
    assert status.inner_text() == check(name, 1).message
    page.keyboard.press("ArrowUp")
    assert status.inner_text() == ""
    page.keyboard.press("Enter")
    assert status.inner_text() == "Right." and kept(page) == {"4_2_cross_entropy": {name: ["4"]}}
    page.reload(wait_until="load")
    assert form.locator("input:checked").get_attribute("value") == "4"
    assert status.inner_text() == "Right."


# --- what was solved ------------------------------------------------------------------------------


def solve(page):
    right = f"{float(EXERCISES[TARGET].answer):.6f}"
    assert give(page, TARGET, right) == "Right."
    return right


@pytest.mark.parametrize("from_disk", [False, True])
def test_what_was_solved_is_kept_shown_and_forgotten(visit, site, from_disk):
    address = BUILT.as_uri() if from_disk else site
    page = visit(WORKED, address)
    scroll_through(page)
    page.seen.requests.clear()
    assert marks(page) == {} and not page.locator(".solved-foot").count()
    give(page, TARGET, "5")
    assert kept(page) == {} and marks(page) == {}
    right = solve(page)
    assert kept(page) == {"4_4_worked_example": {TARGET: [right]}}
    number = answers_in_contents(WORKED)
    said = {"4_4_worked_example.html": [f"1/{number}", f"(1 of {number} exercises solved)"]}
    assert marks(page) == said
    page.locator('[data-name="4.4 tanh in the middle"] input').check()
    said["4_4_worked_example.html"] = [f"2/{number}", f"(2 of {number} exercises solved)"]
    assert marks(page) == said and page.seen.requests == []

    page.reload(wait_until="load")
    assert form_of(page, TARGET).locator("input").input_value() == right
    assert form_of(page, TARGET).locator("[role=status]").inner_text() == "Right."
    assert page.locator('[data-name="4.4 tanh in the middle"] input').is_checked()
    assert marks(page) == said
    other = visit("index", address)
    assert marks(other) == said
    foot = other.locator(".solved-foot")
    assert foot.inner_text().startswith(f"Solved: 2 of {len(EXERCISES)} exercises.")

    other.once("dialog", lambda dialog: dialog.dismiss())
    foot.get_by_role("button", name="Forget").click()
    assert marks(other) == said and kept(other)
    other.once("dialog", lambda dialog: dialog.accept())
    foot.get_by_role("button", name="Forget").click()
    assert marks(other) == {} and kept(other) == {} and foot.inner_text() == "Forgotten."
    assert other.evaluate("document.activeElement.textContent") == "Forgotten."
    page.wait_for_function("!document.querySelector('.solved-mark')")  # the other tab hears of it
    page.reload(wait_until="load")
    assert form_of(page, TARGET).locator("input").input_value() == ""
    assert not page.locator('[data-name="4.4 tanh in the middle"] input').is_checked()


def test_forgetting_empties_the_fields_of_the_page(visit):
    page = visit(WORKED)
    solve(page)
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".solved-foot button").click()
    assert form_of(page, TARGET).locator("input").input_value() == ""
    assert form_of(page, TARGET).locator("[role=status]").inner_text() == ""


def test_what_is_right_no_longer_is_not_shown_as_solved(visit):
    visit.context.add_init_script(
        f"""localStorage.setItem("{KEY}", '{{"4_4_worked_example": {{"{TARGET}": ["5"]}}}}')"""
    )
    page = visit(WORKED)
    assert kept(page) == {"4_4_worked_example": {}} and marks(page) == {}
    assert form_of(page, TARGET).locator("input").input_value() == ""


@pytest.mark.parametrize("stored", ["[1", "7", "null", '{"4_4_worked_example": 3, "x": null}'])
def test_something_else_that_was_stored_harms_nothing(visit, stored):
    visit.context.add_init_script(f"localStorage.setItem('{KEY}', '{stored}')")
    page = visit(WORKED)
    solve(page)
    assert list(marks(page)) == ["4_4_worked_example.html"] and page.seen.complaints == []


def test_a_browser_that_keeps_nothing(visit):
    visit.context.add_init_script("""Object.defineProperty(window, "localStorage",
      { get() { throw new DOMException("denied", "SecurityError"); } });""")
    page = visit(WORKED)
    solve(page)
    assert list(marks(page)) == ["4_4_worked_example.html"]
    page.locator('[data-name="4.4 tanh in the middle"] input').check()
    assert marks(page)["4_4_worked_example.html"][0].startswith("2/")


# --- questions before an experiment ---------------------------------------------------------------

QUESTIONS = [
    document for document in DOCUMENTS if re.search(r'class="[^"]*\bpredict\b', html(document))
]


def test_there_are_questions_before_experiments():
    assert VALLEY in QUESTIONS


@pytest.mark.parametrize("document", QUESTIONS)
def test_a_question_says_whether_and_why(document, visit):
    page = visit(document)
    for box in page.locator(".admonition.predict").all():
        fold, buttons = box.locator("details"), box.locator("ol button")
        right = int(re.match(r"\d", fold.locator("strong").first.text_content()).group())
        assert 2 <= buttons.count() <= 4 and not fold.evaluate("fold => fold.open")
        assert box.locator("[role=status]").inner_text() == ""
        wrong = 1 if right > 1 else 2
        buttons.nth(wrong - 1).focus()
        page.keyboard.press("Enter")
        said = box.locator("[role=status]").inner_text()
        assert said.startswith(f"No: it is {right}, not {wrong}.")
        assert fold.evaluate("fold => fold.open")
        assert buttons.nth(wrong - 1).evaluate("button => button === document.activeElement")
        buttons.nth(right - 1).click()
        assert box.locator("[role=status]").inner_text().startswith(f"Right, it is {right}.")
        pressed = [button.get_attribute("aria-pressed") for button in buttons.all()]
        assert [k for k, state in enumerate(pressed, 1) if state == "true"] == [right]


# --- without a script, on paper, on a phone -------------------------------------------------------


def test_without_a_script(browser, site):
    context = browser.new_context(java_script_enabled=False, viewport=DESK)
    page = context.new_page()
    page.goto(f"{site}/{WORKED}.html")
    assert not any(form.is_visible() for form in page.locator("form.answer").all())
    assert "make lab" in page.locator("#ex-4-4-target noscript").inner_text()
    assert not page.locator(".answer input[type=checkbox]").first.is_visible()
    page.goto(f"{site}/{VALLEY}.html")
    box = page.locator(".admonition.predict").first
    assert box.locator("ol > li").count() >= 2 and not box.locator("button").count()
    assert not box.locator("details p strong").is_visible()
    box.locator("summary").click()
    assert box.locator("details p strong").is_visible()
    context.close()


def test_on_paper_there_are_no_fields(visit):
    page = visit(WORKED)
    page.emulate_media(media="print")
    assert not any(part.is_visible() for part in page.locator(".answer").all())
    assert page.locator("#ex-4-4-target").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("document", [WORKED, HISTORY, ENTROPY, VALLEY])
def test_answered_in_both_themes_and_on_a_phone(document, theme, visit):
    page = visit(document)
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    forms = page.locator("form.answer")
    for k, text in enumerate(("5", "a", "")):
        if k < forms.count():
            for field in forms.nth(k).locator("input").all():
                field.fill(text) if field.get_attribute("type") == "text" else field.check()
            forms.nth(k).locator("button").click()
    for box in page.locator(".admonition.predict").all():
        box.locator("button").first.click()
    page.locator(".answer input[type=checkbox]").first.check()
    page.evaluate(AXE)
    found = page.evaluate("""async () => (await axe.run(
      { include: [[".exercise"], [".bd-links"], ...(document.querySelector(".predict") ? [[".predict"]] : [])],
        exclude: [[".katex"]] }))
      .violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3)}`)""")
    assert found == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    wide = page.evaluate("""() => [...document.querySelectorAll(".answer *, .predict button")]
      .filter((part) => part.getBoundingClientRect().right > innerWidth).map((part) => part.outerHTML)""")
    assert wide == []
    low = page.evaluate("""() => [...document.querySelectorAll(".answer :is(input[type=text], button), .predict button")]
      .filter((part) => part.getBoundingClientRect().height < 36).map((part) => part.outerHTML)""")
    assert low == []
