"""The built book in a real browser: its live figures, from a server and from file://, its controls,
and what fails the build.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from functools import cache

import nbformat
import pytest
from conftest import BUILT, ROOT
from site_book import (
    DESK,
    FIGURES,
    LIVE,
    PHONE,
    Sight,
    each_figure,
    has_started,
    scroll_through,
    watch,
)

from backprop.live import Losses
from book import notebooks

# --- live figures ---------------------------------------------------------------------------------

CONTROLS = "input, button, select, textarea, [role=slider], [role=button], [role=switch], [role=tab], [role=radio], [contenteditable=true]"

# What a figure shows, but for one control and whatever surrounds that control alone (its label, its
# own read-out), so that a control which moves nothing but itself is found out.
SHOWN = """([host, control]) => {
  let field = control;
  while (field.parentElement !== host && !field.parentElement.querySelector("svg, canvas") &&
         [...field.parentElement.querySelectorAll(CONTROLS)].every((other) => other === control || control.contains(other)))
    field = field.parentElement;
  field.dataset.testField = "";
  const copy = host.cloneNode(true);
  delete field.dataset.testField;
  copy.querySelector("[data-test-field]")?.remove();
  copy.querySelectorAll("canvas").forEach((canvas) => canvas.remove());
  const values = [...host.querySelectorAll("input, select")].filter((other) => !field.contains(other)).map((other) => other.value + other.checked);
  const pictures = [...host.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL());
  return copy.innerHTML + values.join() + pictures.join();
}""".replace("CONTROLS", json.dumps(CONTROLS))


def open_figure(browser, address, index):
    """A page of its own on which the figure has started, and the figure."""
    page = browser.new_page(viewport=DESK)
    page.goto(address, wait_until="load")
    figure = page.locator(".live-figure").nth(index)
    start(figure)
    return page, figure


def start(figure):
    figure.scroll_into_view_if_needed()
    figure.locator("xpath=self::*[@data-live='ready']").wait_for(state="attached")


def operate(page, control):
    """Do to a control what a reader would do with the keyboard or the mouse; say whether it could
    be done.
    """
    if not control.is_enabled():
        return False
    kind = control.evaluate(
        "part => part.tagName === 'INPUT' ? part.type : part.tagName.toLowerCase()"
    )
    if kind == "range" or control.get_attribute("role") == "slider":
        before = control.evaluate("part => part.value ?? part.getAttribute('aria-valuenow')")
        control.focus()
        page.keyboard.press("End")
        if control.evaluate("part => part.value ?? part.getAttribute('aria-valuenow')") == before:
            page.keyboard.press("Home")
    elif kind in ("number", "text", "search", "textarea"):
        before = control.input_value()
        control.fill(
            str(
                float(before or 0)
                + float((control.get_attribute("step") or "1").replace("any", "1"))
            )
            if kind == "number"
            else before + "1"
        )
        control.press("Enter")
    elif kind == "select":
        control.evaluate("""part => {
          part.selectedIndex = (part.selectedIndex + 1) % part.options.length;
          for (const name of ["input", "change"]) part.dispatchEvent(new Event(name, {bubbles: true}));
        }""")
    elif kind in ("checkbox", "radio"):
        if kind == "radio" and control.is_checked():
            return False
        control.evaluate("part => part.click()")
    else:
        control.focus()
        page.keyboard.press("Enter")
    return True


# Ask after something was done to a control whether the rest of the figure shows something else than
# before: at once, after each change of its elements, after the next frames (a canvas and the value
# of a field change no element), and at last after half a second.
CHANGES = """async ([host, control, before]) => {
  const shown = SHOWN, other = () => !control.isConnected || shown([host, control]) !== before;
  if (other()) return true;
  return new Promise((done) => {
    const end = (found) => { observer.disconnect(); clearTimeout(last); done(found); };
    const look = () => {
      const found = other();
      observer.takeRecords(); // of what the question itself has marked
      if (found) end(true);
    };
    const observer = new MutationObserver(look);
    observer.observe(host, { subtree: true, childList: true, attributes: true, characterData: true });
    const last = setTimeout(() => end(other()), 500);
    requestAnimationFrame(() => requestAnimationFrame(look));
  });
}""".replace("SHOWN", SHOWN)


def changes(page, figure, control):
    """Operate a control and say whether the rest of the figure changed within half a second."""
    host, handle = figure.locator(".live-host").element_handle(), control.element_handle()
    before = page.evaluate(SHOWN, [host, handle])
    return operate(page, control) and page.evaluate(CHANGES, [host, handle, before])


def dead_controls(page, index):
    """The controls of a figure of the page that change nothing, by name.

    Each is operated once, one after the other; those that did nothing once more, now that others
    have been operated: reset has nothing to do at first, and a step back none at the first step.
    What still did nothing gets more chances on a fresh page, each time after another control.
    """
    figure = page.locator(".live-figure").nth(index)
    start(figure)
    controls = figure.locator(CONTROLS)
    count = controls.count()
    assert count > 0, "a live figure without controls"
    idle = range(count)
    for _ in range(2):
        idle = [k for k in idle if not changes(page, figure, controls.nth(k))]
    dead = []
    for k in idle:
        page.reload(wait_until="load")
        start(figure)
        name = " ".join(controls.nth(k).evaluate(NAME_OF_CONTROL).split())
        if not any(
            operate(page, controls.nth(other)) and changes(page, figure, controls.nth(k))
            for other in range(count)
            if other != k
        ):
            dead.append(name)
    return dead


NAME_OF_CONTROL = "part => part.getAttribute('aria-label') || part.labels?.[0]?.innerText || part.textContent.trim() || part.outerHTML.slice(0, 120)"


@pytest.fixture(scope="module")
def from_file(browser):
    """Open the file of a page (once) without a server: what went wrong, what its figures look like,
    the dead controls of each.
    """

    @cache
    def visit(document):
        sight = Sight()
        page = browser.new_page(viewport=DESK)
        try:
            watch(page, sight)
            page.goto((BUILT / f"{document}.html").as_uri(), wait_until="load")
            scroll_through(page)
            sight = deepcopy(sight)  # without what a page loaded again may add
            sight.facts["live"] = page.evaluate(LIVE)
            sight.facts["dead"] = [dead_controls(page, k) for k in range(len(sight.facts["live"]))]
        finally:
            page.close()
        return sight

    return visit


@each_figure
def test_live_figure_starts_from_a_file(document, index, from_file):
    sight = from_file(document)
    has_started(sight.facts["live"][index])
    assert sight.complaints == [] and sight.failures == []


@each_figure
def test_every_control_of_a_live_figure_does_something(document, index, from_file):
    assert from_file(document).facts["dead"][index] == []


def test_a_dead_control_is_found_out(browser, tmp_path):
    """A figure with one control that works, one that only moves itself and its own read-out, and a
    reset.
    """
    (tmp_path / "page.html").write_text(
        """
      <figure class="live-figure" data-live="ready"><div class="live-host"><div>
        <label>live <input type="range" id="live" min="0" max="10" value="3"></label>
        <label>dead <input type="range" id="dead" min="0" max="10" value="3"> <b>3</b></label>
        <button aria-label="reset">reset</button><button aria-label="nothing">nothing</button><p>3</p>
      </div></div></figure>
      <script>
        const find = (name) => document.querySelector(name), live = find("#live"), dead = find("#dead");
        live.oninput = () => (find("p").textContent = live.value);
        dead.oninput = () => (find("b").textContent = dead.value);
        find("[aria-label=reset]").onclick = () => { live.value = 3; live.oninput(); };
      </script>""",
        encoding="utf8",
    )
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert dead_controls(page, 0) == ["dead 3", "nothing"]
    page.close()


BREAKAGES = {
    "throws": (
        "window.liveSources = {{}}; window.liveSources[{file}] = 'throw new Error(\"broken on purpose\")'",
        "broken on purpose",
    ),
    "render fails": (
        "window.liveSources = {{}}; window.liveSources[{file}] = 'export default {{ render() {{ throw new Error(\"no canvas\") }} }}'",
        "no canvas",
    ),
    "is no figure": (
        "window.liveSources = {{}}; window.liveSources[{file}] = 'export default {{}}'",
        "nothing to show",
    ),
    "is missing": (None, "could not be loaded"),
}


@pytest.mark.parametrize("way", BREAKAGES)
def test_broken_figure_says_so_and_keeps_its_picture(way, browser, site):
    document, index = FIGURES[0]
    script, reason = BREAKAGES[way]
    page = browser.new_page(viewport=DESK)

    def spoil(route):
        file = json.dumps(route.request.url.rsplit("/", 1)[-1])
        route.fulfill(status=404, body="") if script is None else route.fulfill(
            content_type="text/javascript", body=script.format(file=file)
        )

    try:
        page.route("**/_static/live/*.js", spoil)
        page.goto(f"{site}/{document}.html", wait_until="load")
        figure = page.locator(".live-figure").nth(index)
        figure.scroll_into_view_if_needed()
        figure.locator("xpath=self::*[@data-live='failed']").wait_for(state="attached")
        note = figure.locator(".live-note").inner_text()
        assert note.startswith("This live figure could not start") and reason in note
        assert (
            figure.locator(".live-picture").is_visible()
            and figure.locator(".live-host").count() == 0
        )
    finally:
        page.close()


def test_without_javascript_and_on_paper_a_figure_is_its_picture(browser, site):
    document, index = FIGURES[0]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{document}.html", wait_until="load")
    figure = page.locator(".live-figure").nth(index)
    figure.scroll_into_view_if_needed()
    assert (
        figure.locator(".live-picture").is_visible()
        and "needs JavaScript" in figure.locator(".live-note").inner_text()
    )
    context.close()

    page, figure = open_figure(browser, f"{site}/{document}.html", index)
    page.emulate_media(media="print")
    assert (
        figure.locator(".live-picture").is_visible()
        and not figure.locator(".live-host").is_visible()
    )
    page.close()


def test_old_browsers_get_the_page_with_its_pictures(browser, site):
    """A browser that cannot read the scripts shows what one without JavaScript shows."""
    document, index = next(figure for figure in FIGURES if figure[0] != "index")  # with formulas
    page = browser.new_page(viewport=DESK)
    page.route(
        "**/_static/*.js*",
        lambda route: route.fulfill(
            content_type="text/javascript", body="let us = be; a script ?!. of the future"
        ),
    )
    page.goto(f"{site}/{document}.html", wait_until="load")
    figure = page.locator(".live-figure").nth(index)
    figure.scroll_into_view_if_needed()
    assert figure.locator(".live-picture").is_visible()
    assert (
        figure.locator(".live-note").text_content()
        == "Live figure: it needs JavaScript and a browser of 2023 or later. The picture shows its first state."
    )
    assert page.locator("h1").is_visible() and page.locator(".katex-html").first.is_visible()
    page.close()


def test_without_javascript_the_page_is_whole(browser, site):
    """Text in the book's own colours, finished formulas with their source, navigation, and
    solutions that open.
    """
    context = browser.new_context(java_script_enabled=False, viewport=DESK, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{site}/chapters/04_mathematics/4_2_cross_entropy.html", wait_until="load")
    assert "rgb(253, 252, 250)" in page.locator("body").evaluate(
        "part => getComputedStyle(part).backgroundColor"
    )
    assert (
        page.locator(".katex-html").first.is_visible()
        and page.locator("annotation[encoding='application/x-tex']").count() > 50
    )
    assert (
        page.locator("#pst-primary-sidebar nav a").count() > 20
        and page.locator("a.right-next").is_visible()
    )
    for control in (".theme-switch-button", ".search-button"):
        assert not page.locator(control).first.is_visible(), (
            "a button that does nothing without JavaScript"
        )
    solution = page.locator("details.solution").first
    solution.locator("summary").click()
    assert solution.get_attribute("open") is not None
    context.close()


def test_figures_wait_until_they_are_near(browser, site):
    """A page's own text comes first: no figure far below the view is loaded."""
    document, index = FIGURES[0]
    page = browser.new_page(viewport={"width": 1280, "height": 400})
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{site}/{document}.html", wait_until="networkidle")
    top = page.locator(".live-figure").nth(index).bounding_box()["y"]
    loaded = any("/_static/live/" in url for url in requests)
    page.close()
    assert loaded == (top < 400 + 800), f"the figure starts {top:.0f} pixels below"


# --- the page's own controls ----------------------------------------------------------------------


def test_search_finds_a_page(browser, site):
    page = browser.new_page(viewport=DESK)
    page.goto(f"{site}/index.html", wait_until="load")
    page.keyboard.press("Control+k")
    field = page.locator("#pst-search-dialog input")
    field.wait_for(state="visible")
    field.fill("gradient")
    field.press("Enter")
    page.wait_for_url("**/search.html?q=gradient")
    page.locator("#search-results li a").first.wait_for()
    page.close()


def test_navigation_opens_on_a_phone(browser, site):
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{site}/index.html", wait_until="load")
    assert not page.locator("#pst-primary-sidebar nav.bd-links").is_visible()
    page.locator("button.primary-toggle:visible").first.click()
    page.locator("#pst-primary-sidebar-modal nav.bd-links a").first.wait_for(state="visible")
    page.close()


def test_theme_is_remembered(browser, site):
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(f"{site}/index.html", wait_until="load")
    page.locator(".theme-switch-button").first.click()
    page.goto(f"{site}/search.html", wait_until="load")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    context.close()


# --- what must fail the build ---------------------------------------------------------------------


def build(folder, cells, outputs=(), environment=None):
    """Build a book of one page with this book's settings, and with what the environment adds to them; the result of the process."""
    write(folder, cells, outputs)
    return run_build(folder, environment)


def write(folder, cells, outputs=()):
    for name in ("_config.yml", "references.bib"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(
        ROOT / "code" / "book",
        folder / "code" / "book",
        ignore=shutil.ignore_patterns("__pycache__"),
        dirs_exist_ok=True,
    )
    (folder / "_toc.yml").write_text("format: jb-book\nroot: page\n", encoding="utf8")
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in cells])
    nb.metadata = nbformat.from_dict(
        {"kernelspec": notebooks.KERNELSPEC, "language_info": notebooks.LANGUAGE}
    )
    if outputs:
        nb.cells.append(
            nbformat.v4.new_code_cell("figure", execution_count=1, outputs=list(outputs))
        )
    (folder / "page.ipynb").write_text(nbformat.writes(nb), encoding="utf8")


def run_build(folder, environment=None):
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from jupyter_book.cli.main import main; main()",
            "build",
            ".",
            "-W",
            "-n",
            "--keep-going",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | (environment or {}),
    )


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


def shown(**data):
    kinds = {
        "view": notebooks.VIEW,
        "figure": notebooks.STORED,
        "png": "image/png",
        "text": "text/plain",
    }
    return nbformat.v4.new_output(
        "display_data", data={kinds[kind]: value for kind, value in data.items()}
    )


def losses(figure="Losses", **changes):
    """What a notebook stores of a figure, with some of its state changed; None takes a value away."""
    state = Losses().to_store()["state"] | changes
    return {"figure": figure, "state": {k: v for k, v in state.items() if v is not None}}


def test_a_sound_page_builds(tmp_path):
    """Formulas in every place, a folded note, a live figure: no warning; and the figure's module is stored once, apart."""
    figure = shown(figure=losses(), png=PIXEL, text="A figure of one pixel.")
    result = build(
        tmp_path,
        [
            "# 7.3 A page with $x^2$\n\n$$y = 1$$ (eq-y)\n\nSee {eq}`eq-y`.\n\n```{note}\n:class: dropdown\nFolded.\n```"
        ],
        [figure, figure],
    )
    assert result.returncode == 0, result.stdout + result.stderr
    html = (tmp_path / "_build/html/page.html").read_text(encoding="utf8")
    assert "(7.3.1)" in html and '<details class="admonition dropdown note">' in html
    assert html.count('class="live-figure"') == 2
    assert html.count('alt="A figure of one pixel."') == 2
    states = re.findall(r'class="live-state">(.*?)</script>', html)
    assert [json.loads(state) for state in states] == [losses()["state"]] * 2
    assert "export default" not in html
    module, style = (
        (tmp_path / "_build/html/_static/live" / name).read_text(encoding="utf8")
        for name in re.search(r'data-source="(\S+)" data-style="(\S+)"', html).groups()
    )
    assert json.loads(module.split("] = ", 1)[1].removesuffix(";\n")) == Losses._esm
    assert style == Losses._css
    assert len(list((tmp_path / "_build/html/_static/live").iterdir())) == 2


FAULTS = {  # what is wrong, in a text or in an output -> what the build says of it
    "a formula": ("$\\frac{1}{2$", "KaTeX cannot set this formula: Unexpected end of input"),
    "an unknown command": ("$$\\nosuchthing$$", "Undefined control sequence: \\nosuchthing"),
    "an equation that does not exist": ("See {eq}`eq-nowhere`.", "eq-nowhere"),
    "a citation that does not exist": ("{cite}`nobody1900`", "nobody1900"),
    "a widget of ipywidgets": (
        shown(view={"model_id": "slider", "version_major": 2}, text="IntSlider"),
        "a widget is dead without a kernel",
    ),
    "a figure without picture": (shown(figure=losses(), text="A figure."), "no static picture"),
    "a figure that the package does not have": (
        shown(figure=losses("Loses"), png=PIXEL, text="A figure."),
        "backprop.live has no figure 'Loses'",
    ),
    "a figure that is only the base of others": (
        shown(figure=losses("LiveFigure"), png=PIXEL, text="A figure."),
        "backprop.live has no figure 'LiveFigure'",
    ),
    "a figure in Markdown that the package does not have": (
        "```{live} Neurone\n```",
        "backprop.live has no figure 'Neurone'",
    ),
    "a figure in Markdown with a state that it does not have": (
        '```{live} Losses\n{"threshold": 1}\n```',
        "Losses takes no 'threshold'; it takes",
    ),
    "a trait that has another name now": (
        shown(figure=losses(delta=None, threshold=1.0), png=PIXEL, text="A figure."),
        "Losses stores no 'threshold'; it stores delta, error, t, task, z. Run the notebook again",
    ),
    "a trait that the notebook does not know yet": (
        shown(figure=losses(delta=None), png=PIXEL, text="A figure."),
        "Losses needs 'delta', too. Run the notebook again",
    ),
    "a figure without a state": (
        shown(figure={"figure": "Losses"}, png=PIXEL, text="A figure."),
        "Losses needs 'delta', 'error', 't', 'task', 'z', too",
    ),
    "a trait out of its range": (
        shown(figure=losses(z=9), png=PIXEL, text="A figure."),
        "Losses refuses its state: z is 9; it must be from -8 to 8. Run the notebook again",
    ),
    "a figure that is not finite": (
        shown(figure=losses(error=float("nan")), png=PIXEL, text="A figure."),
        "Losses refuses its state: error is nan; it must be finite",
    ),
    "a warning on stderr": (
        nbformat.v4.new_output("stream", name="stderr", text="careful\n"),
        "stderr was found",
    ),
}


@pytest.fixture(scope="module")
def faulty_build(tmp_path_factory):
    """One build of a page with every fault on it."""
    faults = [fault for fault, _ in FAULTS.values()]
    return build(
        tmp_path_factory.mktemp("faulty"),
        ["# A page", *(fault for fault in faults if isinstance(fault, str))],
        [fault for fault in faults if not isinstance(fault, str)],
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_page_fails_the_build(fault, faulty_build):
    warnings = [
        line
        for line in (faulty_build.stdout + faulty_build.stderr).splitlines()
        if "WARNING: " in line
    ]
    assert faulty_build.returncode != 0 and any(FAULTS[fault][1] in line for line in warnings), (
        "\n".join(warnings)
    )


def test_the_faults_above_are_all_that_is_wrong(faulty_build):
    """Each fault is one warning: none of them hides behind another's."""
    warnings = [
        line
        for line in (faulty_build.stdout + faulty_build.stderr).splitlines()
        if "WARNING: " in line
    ]
    assert len(warnings) == len(FAULTS), "\n".join(warnings)


def test_a_page_is_built_again_when_the_source_of_its_figure_changes(tmp_path):
    """What the package gets, a class or a line of JavaScript, reaches the page; no notebook changes."""
    package = tmp_path / "package" / "backprop"
    shutil.copytree(
        ROOT / "code" / "backprop", package, ignore=shutil.ignore_patterns("__pycache__")
    )
    path = os.pathsep.join([str(package.parent), str(ROOT / "code")])
    book = tmp_path / "book"
    book.mkdir()
    write(book, ["# A page"], [shown(figure=losses("Later"), png=PIXEL, text="A figure.")])
    environment = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def built():
        """What Sphinx says that it reads; the page; the texts of its modules and styles."""
        result = run_build(book, environment)
        assert result.returncode == 0, result.stdout + result.stderr
        read = re.search(r"\d+ added, \d+ changed, \d+ removed", result.stdout).group()
        html = (book / "_build/html/page.html").read_text(encoding="utf8")
        folder = book / "_build/html/_static/live"
        return read, html, [file.read_text(encoding="utf8") for file in folder.iterdir()]

    result = run_build(book, environment)
    assert result.returncode != 0 and "no figure 'Later'" in result.stderr
    with (package / "live" / "__init__.py").open("a", encoding="utf8") as file:
        file.write('\nLater = Losses\n__all__ += ["Later"]\n')
    read, first, texts = built()
    assert read == "0 added, 1 changed, 0 removed" and len(texts) == 2
    assert built() == ("0 added, 0 changed, 0 removed", first, texts)
    (module,) = package.joinpath("live").rglob("draw.js")
    with module.open("a", encoding="utf8") as file:
        file.write("\nconst renewed = 1;\n")
    read, html, texts = built()
    assert read == "0 added, 1 changed, 0 removed" and html != first
    assert sum("const renewed = 1" in text for text in texts) == 1
    assert len(texts) == 2, "the module of before is gone"


@pytest.mark.parametrize("folder", ["code/book/vendor", "tests/vendor"])
def test_vendored_files_are_unchanged(folder):
    vendor = ROOT / folder
    listed = dict(
        re.findall(
            r"\| `(\S+)` \| `([0-9a-f]{64})` \|", (vendor / "VENDOR.md").read_text(encoding="utf8")
        )
    )
    there = {
        path.relative_to(vendor).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "VENDOR.md"
    }
    assert there and listed == there
