"""Live figures in a real JupyterLab: the first one in every respect, with Python in both
directions; of the others, that they are alive.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import numpy as np
import pytest
from conftest import ROOT

from backprop import live
from backprop.live import GradientFlow
from book import paths

CELLS = [
    "from backprop.live import GradientFlow\nfigure = GradientFlow()\nfigure",
    "import json\nprint('read', json.dumps({**{k: v.tolist() for k, v in figure.values.items()}, 'history': figure.history, 'loss': figure.loss, "
    "'gradient': figure.gradients['W1'].tolist()}))",
    "figure.W1 = [[-1, 0.5, 2], [0, -2.5, 1]]\nfigure.view = 'backward'\nprint('set', figure.loss)",
    "figure.eta = 2\nfigure.step(3)\nprint('stepped', json.dumps(figure.history))",
    "figure.x = [1, 2, 3]",
    "import ipywidgets\nslider = ipywidgets.FloatSlider(min=0, max=1)\nipywidgets.jslink((slider, 'value'), (figure, 't'))\nslider.value = 0.3\nprint('linked')\nslider",
]
STORED = ROOT / "chapters" / "04_mathematics" / "4_1_sigmoid.ipynb"  # a short one with a figure
FIGURES = [name for name in live.__all__ if name != "LiveFigure"]
ALL = [
    f"import json\nfrom backprop import live\nnames = {FIGURES}\nfigures = [getattr(live, name)() for name in names]\n"
    "state = lambda f: json.dumps({k: v for k, v in f.get_state().items() if k[0] != '_' and k != 'layout'}, default=str)\n"
    "before = [state(f) for f in figures]",
    *(f"figures[{k}]" for k in range(len(FIGURES))),
    "print('moved', [name for name, f, old in zip(names, figures, before) if state(f) != old])",
]

# what `make lab` adds to the command
(LAB,) = re.findall(r"jupyter lab (--.*) chapters$", (ROOT / "Makefile").read_text(), re.M)
START = shlex.split(LAB.replace("$(CURDIR)", str(ROOT)))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab of its own: loopback, a free port, all its folders temporary;
    stopped by its process id.
    """
    home = tmp_path_factory.mktemp("lab")
    shutil.copy(STORED, home / "stored.ipynb")
    (home / paths.START).write_text(paths.start_page(), encoding="utf8")
    for name, cells in (("figure", CELLS), ("all", ALL)):
        nbformat.write(
            nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(source) for source in cells],
                metadata={
                    "kernelspec": {
                        "name": "python3",
                        "display_name": "Python 3",
                        "language": "python",
                    }
                },
            ),
            home / f"{name}.ipynb",
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {
        name: str(home / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "IPYTHONDIR",
            "JUPYTERLAB_SETTINGS_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
        )
    }
    with (home / "log.txt").open("w") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                "--allow-root",
                "--ip=127.0.0.1",
                f"--port={port}",
                "--ServerApp.port_retries=0",
                "--IdentityProvider.token=",
                "--ServerApp.password=",
                f"--ServerApp.root_dir={home}",
                "--LabApp.news_url=None",
                *START,
                "--LabApp.extension_manager=readonly",
            ],
            cwd=home,
            env={**os.environ, **folders, "HOME": str(home), "PYTHONPATH": str(ROOT / "code")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in range(240):
                assert server.poll() is None, (home / "log.txt").read_text()
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5)
                    break
                except OSError:
                    time.sleep(0.5)
            else:
                pytest.fail(
                    "JupyterLab did not answer within two minutes:\n"
                    + (home / "log.txt").read_text()
                )
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


class Notebook:
    """The notebook in JupyterLab: run a cell and read what it printed, read the figure's numbers."""

    def __init__(self, page):
        self.page = page

    def run(self, k, wait_for=None):
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").nth(k)
        # A click brings the cell into view, and begins again where JupyterLab has put another
        # element in its place meanwhile; scroll_into_view_if_needed fails there.
        cell.locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Shift+Enter")
        if "[ ]" in self.prompt_after(cell):  # pressed before JupyterLab was listening: once more
            cell.locator(".jp-InputArea-editor").click()
            self.page.keyboard.press("Shift+Enter")
        if wait_for:
            output = cell.locator(".jp-OutputArea-output", has_text=wait_for).first
            output.wait_for()
            return output.text_content()

    def prompt_after(self, cell, seconds=5):
        """What stands before the cell: "[ ]:" until it is queued, then "[*]:", then its number."""
        for _ in range(10 * seconds):
            prompt = cell.locator(".jp-InputPrompt").text_content()
            if "[ ]" not in prompt:
                break
            self.page.wait_for_timeout(100)
        return prompt

    def numbers(self):
        return {
            name: float(value)
            for name, value in self.page.evaluate(
                "[...document.querySelectorAll('.jp-Notebook .lf [data-name]')].map((n) => [n.dataset.name, n.dataset.value])"
            )
        }

    def wait_for(self, name, value):
        self.page.wait_for_function(
            '([name, value]) => [...document.querySelectorAll(`.jp-Notebook .lf [data-name="${name}"]`)].some((n) => Math.abs(Number(n.dataset.value) - value) < 1e-9)',
            arg=[name, value],
        )


@contextlib.contextmanager
def opened(browser, lab, name):
    """The notebook `name` in a JupyterLab page of its own, its kernel ready; at the end, no figure
    had an error.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{lab}/lab/tree/{name}.ipynb?reset")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.locator(
        ".jp-NotebookPanel-toolbar [data-status=idle], .jp-Notebook-ExecutionIndicator[data-status=idle]"
    ).first.wait_for()
    yield Notebook(page)
    context.close()
    assert not [error for error in errors if "lf" in error or "anywidget" in error], errors


@pytest.fixture(scope="module")
def notebook(lab, browser):
    with opened(browser, lab, "figure") as notebook:
        notebook.run(0)
        notebook.page.locator(".jp-Notebook .lf-diagram").wait_for()
        yield notebook


def agree(shown, figure):
    for name, value in figure.values.items():
        for index in np.ndindex(value.shape):
            key = f"{name}[{','.join(map(str, index))}]" if index else name
            if key in shown:
                assert shown[key] == pytest.approx(float(value[index]), rel=1e-9, abs=1e-15), key


def read(notebook):
    return json.loads(notebook.run(1, "read").strip().removeprefix("read "))


def test_the_figure_is_live_and_python_reads_what_the_reader_drags(notebook):
    agree(notebook.numbers(), GradientFlow())
    page = notebook.page
    number = page.locator('.jp-Notebook .lf [data-control="W1[0,2]"]')
    number.scroll_into_view_if_needed()
    box = number.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 180, y, steps=15)
    page.mouse.up()
    shown = notebook.numbers()
    assert -3 <= shown["W1[0,2]"] < -1
    python = read(notebook)
    assert python["W1"][0][2] == shown["W1[0,2]"]
    assert python["loss"] == pytest.approx(shown["loss"], rel=1e-12)
    assert python["gradient"][0][2] == pytest.approx(shown["dW1[0,2]"], rel=1e-9)
    page.locator(".jp-Notebook .lf").get_by_role("button", name="100 steps").click()
    assert len(read(notebook)["history"]) == 101
    page.locator(".jp-Notebook .lf").get_by_role("button", name="Reset").click()
    assert read(notebook)["W1"] == GradientFlow().W1.tolist()


def test_what_python_sets_appears_on_the_page(notebook):
    loss = float(notebook.run(2, "set ").split()[1])
    notebook.wait_for("W1[1,1]", -2.5)
    figure = GradientFlow(W1=[[-1, 0.5, 2], [0, -2.5, 1]])
    agree(notebook.numbers(), figure)
    assert notebook.numbers()["loss"] == pytest.approx(loss, rel=1e-9)
    assert notebook.page.locator(".jp-Notebook .lf").get_attribute("data-view") == "backward"
    history = json.loads(notebook.run(3, "stepped").strip().removeprefix("stepped "))
    notebook.wait_for("step", 3)
    assert (
        notebook.numbers()["loss"] == pytest.approx(history[-1], rel=1e-9)
        and notebook.numbers()["eta"] == 2
    )
    notebook.page.locator(".jp-Notebook .lf").get_by_role(
        "button", name="1 step", exact=True
    ).click()
    assert read(notebook)["history"][:4] == history and len(read(notebook)["history"]) == 5


def test_a_wrong_value_is_refused_in_words(notebook):
    assert "x must have shape (2,); the value given has shape (3,)" in notebook.run(4, "TraitError")


def test_a_readers_own_slider_drives_the_figure(notebook):
    notebook.run(5, "linked")
    notebook.wait_for("t", 0.3)
    assert read(notebook)["t"] == 0.3


def test_it_follows_the_dark_theme_of_jupyterlab(notebook):
    ink = "getComputedStyle(document.querySelector('.jp-Notebook .lf')).color"
    light = notebook.page.evaluate(ink)
    notebook.page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    dark = notebook.page.evaluate(ink)
    notebook.page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    assert (light, dark) == ("rgb(29, 35, 41)", "rgb(230, 233, 237)")


# What a reader does first in a figure: the first slider is pulled to its end or, where there is
# none, the first number raised by 1.
MOVE = """(figure) => {
  const [input] = ["range", "number"].flatMap((type) => [...figure.querySelectorAll(`input[type=${type}]`)].filter((n) => n.getClientRects().length));
  input.value = input.type === "number" ? Number(input.value) + 1 : input.value === input.max ? input.min : input.max;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}"""


def test_every_figure_is_alive_and_tells_python(lab, browser):
    with opened(browser, lab, "all") as notebook:
        notebook.run(0)
        for k, name in enumerate(FIGURES, 1):
            notebook.run(k)
            figure = (
                notebook.page.locator(".jp-Notebook .jp-CodeCell").nth(k).locator(".lf[role=group]")
            )
            figure.wait_for()
            figure.evaluate(MOVE)
        assert notebook.run(len(ALL) - 1, "moved").strip() == f"moved {FIGURES}"


def test_a_stored_notebook_shows_the_picture_and_after_a_run_the_figure(lab, browser):
    """JupyterLab does not know the type that the book's builder reads: it takes the picture, and says nothing of it."""
    code = [c for c in nbformat.read(STORED, as_version=4).cells if c.cell_type == "code"]
    (k,) = [k for k, cell in enumerate(code) if "Activations(" in cell.source]
    with opened(browser, lab, "stored") as notebook:
        cell = notebook.page.locator(".jp-Notebook .jp-CodeCell").nth(k)
        cell.hover()
        picture = cell.locator(".jp-OutputArea-output img")
        picture.wait_for()
        assert picture.bounding_box()["width"] == 720
        assert picture.evaluate("part => part.naturalWidth") > 900
        outputs = cell.locator(".jp-OutputArea-output")
        assert outputs.count() == 1 and outputs.text_content() == ""
        for index in range(k + 1):
            notebook.run(index)
        cell.locator(".lf[role=group]").wait_for()
        picture.first.wait_for(state="detached")  # or it fails: the figure stands in its place


def test_a_notebook_opens_as_saved(lab, browser):
    """Nothing was changed, so there is nothing to save: neither when it opens nor when it was read
    to its end, folded solutions included; what a reader writes is marked.
    """
    with opened(browser, lab, "stored") as notebook:
        tab = notebook.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.lm-mod-current")
        unsaved = notebook.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.jp-mod-dirty")
        assert "stored" in tab.inner_text()
        cells = notebook.page.locator(".jp-Notebook .jp-Cell")
        for k in range(0, cells.count(), 4):
            cells.nth(k).hover(position={"x": 5, "y": 5})
        notebook.page.wait_for_timeout(1000)
        assert unsaved.count() == 0
        cells.first.click()
        notebook.page.keyboard.press("b")  # a new cell below
        unsaved.wait_for()


def test_it_opens_on_the_reading_paths_as_text(lab, browser):
    """Not as Markdown's source; a link there opens its notebook."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{lab}/")
    text = page.locator(".jp-MarkdownViewer")
    text.locator("h2").first.wait_for()
    titles = [title.split(":")[0] for title in text.locator("h2").all_inner_texts()]
    page.close()
    assert titles == [path.title for path in paths.PATHS]


def test_solutions_are_folded_until_asked_for(lab, browser):
    """Their text, their code and what it prints: each a line that a click opens; exercises are not."""
    with opened(browser, lab, "stored") as notebook:
        page = notebook.page
        page.locator(".jp-WindowedPanel-outer").first.evaluate("e => e.scrollTo(0, e.scrollHeight)")
        line = page.locator(".jp-InputPlaceholder:visible", has_text="# Solution").first
        line.scroll_into_view_if_needed()
        cell = page.locator(".jp-CodeCell:visible", has=line).first
        inside = cell.locator(".cm-content:visible, .jp-OutputArea-output:visible")
        assert inside.count() == 0 and "Right." not in cell.inner_text()
        text = page.locator(".jp-MarkdownCell details:visible", has_text="Solution to").first
        assert not text.evaluate("part => part.open")
        asked = page.locator(".jp-CodeCell:visible", has_text="No answer yet").first
        assert asked.locator(".cm-content").is_visible()
        opened_code = page.locator(".jp-CodeCell .cm-content:visible", has_text="# Solution")
        assert opened_code.count() == 0
        line.click()
        opened_code.first.wait_for()
