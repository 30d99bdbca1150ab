"""What is folded on a page: proofs, what goes deeper, code; on a small book of two pages in Chromium."""

import functools
import threading
from http.server import ThreadingHTTPServer

import nbformat
import pytest
from conftest import Handler
from test_site import run_build, write

from book import notebooks

HEAD = """# 3.1 A page

A text with a link into a fold: {ref}`far below <sec-deep>`, and one to an equation: {eq}`eq-deep`.

```{admonition} A detour
:class: deeper dropdown
Words about [nowhere](#sec-far).
```
"""
DEEP = """(sec-deep)=
## A deeper section

The obelisk stands here.

$$x = 1$$ (eq-deep)

### Below it

(sec-far)=
A paragraph far below."""
AFTER = "## Summary\n\nThe end. " + "And so on.\n\n" * 60
OTHER = "# Another page\n\nSee {ref}`the deeper one <sec-deep>`.\n"


def code(source, printed, *tags):
    output = nbformat.v4.new_output("stream", name="stdout", text=printed)
    return nbformat.v4.new_code_cell(
        source,
        execution_count=1,
        outputs=[output] if printed else [],
        metadata={"tags": list(tags)},
    )


def book(folder, cells):
    """Write a book of two pages with these cells on both; how building it ended."""
    write(folder, [])
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: page\nchapters:\n- file: other\n", encoding="utf8"
    )
    both = {"kernelspec": notebooks.KERNELSPEC, "language_info": notebooks.LANGUAGE}
    head, deep = nbformat.v4.new_markdown_cell(HEAD), nbformat.v4.new_markdown_cell(DEEP)
    deep.metadata["tags"] = ["deeper"]
    after = nbformat.v4.new_markdown_cell(AFTER)
    for name, parts in [
        ("page", [head, *cells, deep, after]),
        ("other", [nbformat.v4.new_markdown_cell(OTHER), *cells]),
    ]:
        nb = nbformat.v4.new_notebook(cells=parts, metadata=both)
        (folder / f"{name}.ipynb").write_text(nbformat.writes(nb), encoding="utf8")
    return run_build(folder)


CELLS = [
    code("read = 'this'", "read\n"),
    code("quiet = 1", ""),
    code("# Proof: one and one are two\nassert 1 + 1 == 2\nprint('a')", "a\nboth agree\n", "proof"),
    code("draw()", "drawn\n", "hide-input"),
]


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folded")
    result = book(folder, CELLS)
    assert result.returncode == 0, result.stdout + result.stderr
    handler = functools.partial(Handler, directory=str(folder / "_build/html"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(folded, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"{folded}/page.html")
    yield page
    context.close()
    assert page.complaints == []


def is_open(page, selector):
    return page.locator(selector).evaluate_all("parts => parts.map((part) => part.open)")


SECTION, BOX = "details.deeper:not(.admonition)", "details.deeper.admonition"


def test_all_is_shut_at_first_and_a_proof_is_one_line(page):
    folds = ["details.proof", SECTION, BOX, "details.hide"]
    assert [is_open(page, fold) for fold in folds] == [[False]] * 4
    proof = page.locator("details.proof")
    assert proof.inner_text().split("\n") == ["Proof", "one and one are two", "both agree"]
    assert proof.bounding_box()["height"] < 45
    assert "✓" in proof.locator(".proof-mark").evaluate(
        "part => getComputedStyle(part, '::before').content"
    )
    assert not page.get_by_text("print('a')").is_visible()
    assert not page.get_by_text("The obelisk").is_visible()


def test_a_click_and_enter_open_and_shut(page):
    for fold in ("details.proof", SECTION, BOX):
        line = page.locator(f"{fold} > summary")
        line.click()
        assert is_open(page, fold) == [True]
        line.focus()
        page.keyboard.press("Enter")
        assert is_open(page, fold) == [False]


def test_a_folded_section_keeps_its_heading_its_level_and_its_place_in_the_contents(page):
    heading = page.get_by_role("heading", name="A deeper section", level=2)
    assert heading.is_visible()
    assert page.locator("summary.deeper-title .fold-minutes").inner_text() == "1 min"
    assert page.locator("section#a-deeper-section > details > summary h2").count() == 1
    contents = page.locator(".bd-sidebar-secondary a", has_text="A deeper section")
    contents.click()
    assert is_open(page, SECTION) == [True]
    assert page.get_by_text("The obelisk").is_visible()


@pytest.mark.parametrize("name", ["far below", "(3.1.1)"])
def test_a_link_to_the_inside_opens_it_also_a_second_time(page, name):
    link, target = page.locator("article p").get_by_role("link", name=name), page.locator(SECTION)
    for _ in range(2):
        link.click()
        assert is_open(page, SECTION) == [True]
        top = target.evaluate("part => part.getBoundingClientRect().top")
        assert -300 < top < 800
        target.evaluate("part => { part.open = false; scrollTo(0, 0); }")


@pytest.mark.parametrize("place", ["a-deeper-section", "sec-deep", "sec-far", "equation-eq-deep"])
def test_an_address_to_the_inside_opens_it_and_so_does_going_back_to_it(page, folded, place):
    page.goto(f"{folded}/other.html")
    page.goto(f"{folded}/page.html#{place}")
    assert is_open(page, SECTION) == [True]
    assert page.locator(f"[id='{place}']").evaluate(
        "part => part.getBoundingClientRect().top"
    ) == pytest.approx(400, abs=400)
    page.evaluate("location.hash = '#summary'")
    page.locator(SECTION).evaluate("part => { part.open = false; }")
    page.go_back()
    page.wait_for_function("document.querySelector('details.deeper:not(.admonition)').open")


def test_what_is_found_inside_a_fold_opens(page, folded):
    page.goto(f"{folded}/search.html?q=obelisk")
    hit = page.locator(".found-link", has_text="A deeper section")
    hit.click()
    page.get_by_text("The obelisk").wait_for()


def test_the_wish_for_code_is_kept_on_all_pages(page, folded):
    menu = page.locator(".code-menu > summary")
    source, quiet = page.get_by_text("read = 'this'"), page.get_by_text("quiet = 1")
    hidden, result = page.get_by_text("draw()"), page.get_by_text("drawn")
    assert source.is_visible() and not hidden.is_visible()
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator("input[name=code][value=short]").is_checked()
    page.keyboard.press("ArrowDown")
    assert [is_open(page, part) for part in ("details.proof", "details.hide")] == [[True]] * 2
    assert is_open(page, SECTION) == [False] and hidden.is_visible()
    page.goto(f"{folded}/other.html")
    assert [is_open(page, part) for part in ("details.proof", "details.hide")] == [[True]] * 2
    menu.click()
    assert page.locator("input[name=code][value=all]").is_checked()
    page.get_by_label("All folded").check()
    assert [part.is_visible() for part in (source, quiet, hidden, result)] == [False] * 3 + [True]
    page.reload()
    assert [part.is_visible() for part in (source, quiet, hidden, result)] == [False] * 3 + [True]
    assert page.locator("details.proof > summary").is_visible()
    menu.click()
    page.get_by_label("As written").check()
    assert source.is_visible() and is_open(page, "details.proof") == [False]


def test_paper_has_proofs_as_one_line_and_what_goes_deeper_in_full(page):
    page.locator("details.proof > summary").click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert is_open(page, "details.proof") == [False] and is_open(page, SECTION) == [True]
    assert page.locator("details.proof > summary").is_visible()
    assert not page.locator("details.hide > summary").is_visible()
    assert not page.locator(".fold-minutes").first.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert is_open(page, "details.proof") == [True] and is_open(page, SECTION) == [False]


def test_without_scripts_folds_open_and_the_menu_is_not_there(folded, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{folded}/page.html")
    page.locator("details.proof > summary").click()
    assert page.get_by_text("print('a')").is_visible()
    assert not page.locator(".code-menu").is_visible()
    context.close()


@pytest.mark.parametrize(
    "cell, said",
    [
        (code("# Proof: so\n1", "largest difference below 1e-9: False\n", "proof"), "False"),
        (code("1\n# Proof: so", "fine\n", "proof"), "begins with '# Proof: ...'"),
        (code("# Proof: so\n1", "", "proof"), "prints a verdict last"),
    ],
)
def test_a_proof_that_proves_nothing_fails_the_build_and_has_no_tick(tmp_path, cell, said):
    result = book(tmp_path, [cell])
    assert result.returncode != 0 and said in result.stdout + result.stderr
    html = (tmp_path / "_build/html/page.html").read_text(encoding="utf8")
    assert 'class="proof-mark open"' in html and "proven" not in html
