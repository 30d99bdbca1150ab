"""The stored notebooks: normal form, what must stand in them, and the tools that keep them so."""

import ast
import base64
import io
import json
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from backprop import live
from backprop.live import Neuron
from book import notebooks

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(
    path for path in (ROOT / "chapters").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
SANITIZE = ROOT / "tests" / "nbval_sanitize.cfg"
# bytes: every version of a notebook stays in the repository, and most of it is pictures and figures
HEAVIEST = 600_000
# characters: a code cell of the built page shows about 90, what is longer must be scrolled sideways
LONGEST_LINE = 88


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def asserts(source):
    """Does this code check something.

    An assert statement, or a call of a function named assert_...?
    """
    source = "\n".join(
        line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))
    )
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call) and isinstance(
            name := getattr(node.func, "attr", getattr(node.func, "id", "")), str
        ):
            if name.startswith("assert_"):
                return True
    return False


# --- the notebooks of the book


def test_there_are_notebooks_and_all_are_in_the_table_of_contents():
    listed = set(re.findall(r"file: (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf8")))
    stored = {path.relative_to(ROOT).with_suffix("").as_posix() for path in NOTEBOOKS}
    assert stored and stored <= listed, f"not in _toc.yml: {sorted(stored - listed)}"


@each_notebook
def test_is_in_normal_form(path):
    notebooks.check(path)


@each_notebook
def test_is_small_enough_to_keep_every_version(path):
    assert path.stat().st_size <= HEAVIEST, "fewer pictures, or smaller ones"


@each_notebook
def test_names_no_path_of_a_machine(path):
    assert notebooks.machine_paths(nbformat.read(path, as_version=4)) == []


@each_notebook
def test_stores_no_error_and_no_warning(path):
    for k, cell in enumerate(code_cells(nbformat.read(path, as_version=4)), 1):
        for output in cell.outputs:
            assert output.output_type != "error" or "raises-exception" in tags(cell), (
                f"code cell {k} failed"
            )
            assert output.get("name") != "stderr", f"code cell {k} warns: {output.text}"


@each_notebook
def test_unchecked_output_is_followed_by_an_assertion(path):
    """A cell whose output nbval does not compare says what must hold in a cell after it."""
    cells = code_cells(nbformat.read(path, as_version=4))
    for k, cell in enumerate(cells):
        if "nbval-ignore-output" in tags(cell) or "NBVAL_IGNORE_OUTPUT" in cell.source:
            later = [other for other in cells[k + 1 :] if "nbval-ignore-output" not in tags(other)]
            assert any(asserts(other.source) for other in later), (
                f"nothing checks what code cell {k + 1} shows:\n{cell.source}"
            )


def names_of(cell):
    """The names that a code cell reads, and those that it gives a value."""
    tree = ast.parse(cell.source)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    given = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            given.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            given |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.arg):
            given.add(node.arg)
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}, given


@each_notebook
def test_code_that_is_seen_needs_no_name_of_a_folded_proof(path):
    """Whoever reads the main line alone finds each name where it is made."""
    shown, proofs, needed = set(), set(), []
    for k, cell in enumerate(code_cells(nbformat.read(path, as_version=4)), 1):
        read, given = names_of(cell)
        if "proof" in tags(cell):
            proofs |= given
            continue
        if "hide-input" not in tags(cell):
            needed += [f"code cell {k}: {name}" for name in (read & proofs) - shown - given]
        shown |= given
    assert not needed


@each_notebook
def test_no_cell_is_skipped(path):
    for k, cell in enumerate(code_cells(nbformat.read(path, as_version=4)), 1):
        assert "nbval-skip" not in tags(cell) and "NBVAL_SKIP" not in cell.source, (
            f"nbval does not run code cell {k}"
        )


@each_notebook
def test_code_lines_fit_the_page(path):
    long = []
    for k, cell in enumerate(code_cells(nbformat.read(path, as_version=4)), 1):
        if "hide-input" not in tags(cell):
            long += [
                f"code cell {k}: {line}"
                for line in cell.source.splitlines()
                if len(line) > LONGEST_LINE
            ]
    assert not long, f"{len(long)} lines are longer than {LONGEST_LINE} characters:\n" + "\n".join(
        long
    )


@each_notebook
def test_pictures_have_alternative_text(path):
    for k, cell in enumerate(code_cells(nbformat.read(path, as_version=4)), 1):
        for output in cell.outputs:
            data = output.get("data", {})
            if notebooks.STORED in data:
                assert data.get("image/png") and len(data.get("text/plain", "")) > 20, (
                    f"code cell {k}: a live figure without picture or description"
                )
            elif any(kind.startswith("image/") for kind in data):
                alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
                assert len(alt) > 10, f"code cell {k} shows a picture without mystnb.image.alt"


@each_notebook
def test_stores_of_a_figure_what_the_page_needs_and_no_widget(path):
    """Its picture, its sentence and its state, which suits the class.

    No view, no widget state, and so no source.
    """
    nb = nbformat.read(path, as_version=4)
    assert "widgets" not in nb.metadata
    for cell in code_cells(nb):
        for output in cell.outputs:
            data = output.get("data", {})
            assert notebooks.VIEW not in data
            if notebooks.STORED in data:
                assert set(data) == {notebooks.STORED, "image/png", "text/plain"}
                assert output.metadata["image/png"]["alt"] == data["text/plain"]
                stored = data[notebooks.STORED]
                figure = getattr(live, stored["figure"])
                assert set(figure.page_state(stored["state"])) == set(figure.public_traits())


# --- nbval ----------------------------------------------------------------------------------------


def nbval(path):
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--rootdir",
            path.parent,
            "--nbval",
            "--nbval-current-env",
            "--nbval-sanitize-with",
            SANITIZE,
            path,
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=path.parent,
    )


def beginning(path):
    """The notebook up to its first code cell that prints a decimal number, and that number."""
    nb = nbformat.read(path, as_version=4)
    for k, cell in enumerate(nb.cells):
        for output in cell.get("outputs", []):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            if "nbval-ignore-output" not in tags(cell) and (number := re.search(r"\d\.\d+", text)):
                nb.cells = nb.cells[: k + 1]
                return nb, output, number
    raise AssertionError(f"{path.name} prints no number")


def test_nbval_fails_on_a_changed_number(tmp_path):
    """The stored outputs are really compared.

    The same cells pass as stored and fail with one digit changed.
    """
    path = ROOT / "chapters" / "04_mathematics" / "4_4_worked_example.ipynb"
    nb, output, number = beginning(path)
    (tmp_path / "stored.ipynb").write_text(nbformat.writes(nb), encoding="utf8")
    result = nbval(tmp_path / "stored.ipynb")
    assert result.returncode == 0, result.stdout

    last = number.end() - 1
    changed = lambda text: text[:last] + str((int(text[last]) + 1) % 10) + text[last + 1 :]
    if "text" in output:
        output.text = changed(output.text)
    else:
        output.data["text/plain"] = changed(output.data["text/plain"])
    (tmp_path / "changed.ipynb").write_text(nbformat.writes(nb), encoding="utf8")
    result = nbval(tmp_path / "changed.ipynb")
    assert result.returncode == 1 and "1 failed" in result.stdout, result.stdout


def test_nbval_compares_the_state_of_a_figure_and_not_its_widget(tmp_path):
    """The kernel sends a view, which no notebook stores; what both have must agree."""
    cell = new_code_cell("from backprop.live import Losses\nLosses(task='classification', z=-4)")
    path = tmp_path / "stored.ipynb"
    path.write_text(nbformat.writes(new_notebook(cells=[cell])), encoding="utf8")
    assert notebooks.main(["run", str(path)]) == 0
    result = nbval(path)
    assert result.returncode == 0, result.stdout

    text = path.read_text(encoding="utf8")
    assert '"z": -4.0' in text
    (tmp_path / "changed.ipynb").write_text(text.replace('"z": -4.0', '"z": -3.0'), encoding="utf8")
    result = nbval(tmp_path / "changed.ipynb")
    assert result.returncode == 1 and notebooks.STORED in result.stdout, result.stdout


# --- running and normalising


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A notebook with everything that differs from run to run, executed twice.

    The texts of both runs.
    """
    path = tmp_path_factory.mktemp("sample") / "sample.ipynb"
    cells = [
        new_markdown_cell("# A sample"),
        new_code_cell("import matplotlib.pyplot as plt\nfrom backprop.live import Neuron"),
        new_code_cell("figure = Neuron(data='XOR')\nfigure"),
        new_code_cell("plt.plot([1, 2, 3]);"),
        new_code_cell("from tqdm.auto import tqdm\nfor k in tqdm(range(3)):\n    print(k)"),
        new_code_cell(
            "import sys\nfrom tqdm import tqdm as bar\nfor k in bar(range(3), "
            "file=sys.stderr): pass\nprint('done')"
        ),
        new_code_cell("object()"),
        new_code_cell("figure.b = 0.25\nfigure"),
        new_code_cell("import ipywidgets\nipywidgets.IntSlider()"),
        new_code_cell(""),
    ]
    path.write_text(nbformat.writes(new_notebook(cells=cells)), encoding="utf8")
    texts = []
    for _ in range(2):
        assert notebooks.main(["run", str(path)]) == 0
        texts.append(path.read_text(encoding="utf8"))
    assert notebooks.main(["check", str(path)]) == 0
    return texts


def test_a_second_run_changes_nothing(sample):
    assert sample[0] == sample[1]


def test_normalising_what_is_normal_changes_nothing(sample):
    assert notebooks.normalised(notebooks.read(sample[0])) == sample[0]


def test_a_run_keeps_what_a_reader_sees(sample):
    cells = nbformat.reads(sample[0], as_version=4).cells
    assert [cell.execution_count for cell in cells[1:]] == [1, 2, 3, 4, 5, 6, 7, 8, None]
    figure, again = cells[2].outputs[0].data, cells[7].outputs[0].data
    assert [d[notebooks.STORED]["state"]["b"] for d in (figure, again)] == [-0.5, 0.25], (
        "each output has the state in which it was displayed"
    )
    assert figure[notebooks.STORED]["figure"] == "Neuron"
    assert figure["text/plain"] == Neuron(data="XOR").describe() != again["text/plain"]
    assert "image/png" in cells[3].outputs[-1].data
    assert [out.text for out in cells[4].outputs] == ["0\n1\n2\n"], (
        "the progress bar is dropped, what was printed stays"
    )
    assert [out.text for out in cells[5].outputs] == ["done\n"]
    assert cells[6].outputs[0].data["text/plain"] == "<object at 0x...>"


def test_a_run_stores_no_widget(sample):
    """Neither the figure's own nor the slider, which is dead without a kernel."""
    nb = nbformat.reads(sample[0], as_version=4)
    assert "widgets" not in nb.metadata and notebooks.VIEW not in sample[0]
    assert "export default" not in sample[0] and nb.cells[8].outputs == []


def test_what_jupyterlab_saved_becomes_the_same_file(sample):
    """JupyterLab keeps the views, nbclient the state of all widgets: normalising drops both."""
    nb = notebooks.read(sample[0])
    view = {"model_id": "0123", "version_major": 2, "version_minor": 1}
    for k in (2, 7):
        nb.cells[k].outputs[0].data[notebooks.VIEW] = nbformat.from_dict(view)
    nb.metadata["widgets"] = nbformat.from_dict({"application/vnd.jupyter.widget-state+json": {}})
    assert notebooks.normalised(nb) == sample[0]


def test_nothing_of_the_run_is_left(sample):
    notebook = json.loads(sample[0])
    assert notebook["metadata"]["language_info"] == {"name": "python", "pygments_lexer": "ipython3"}
    assert all("execution" not in cell["metadata"] for cell in notebook["cells"])
    assert sample[0].endswith("}\n") and sample[0].startswith('{\n "cells"')
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                assert b"tEXt" not in base64.b64decode(output["data"]["image/png"])


def stored(*cells, **metadata):
    return new_notebook(cells=list(cells), metadata=metadata)


def ran(source="1", outputs=(), **metadata):
    return new_code_cell(source, execution_count=7, outputs=list(outputs), metadata=metadata)


def normal(*cells):
    return nbformat.reads(notebooks.normalised(stored(*cells)), as_version=4)


def test_cell_ids_are_kept_if_valid_and_unique_and_else_derived():
    nb = json.loads(nbformat.writes(stored(ran("a"), ran("b"), ran("b"), ran("c"))))
    for cell, wanted in zip(nb["cells"], ["good-id", "good-id", "not valid!", "x" * 65]):
        cell["id"] = wanted
    texts = {notebooks.normalised(notebooks.read(json.dumps(nb))) for _ in range(2)}
    (text,) = texts
    ids = [cell["id"] for cell in json.loads(text)["cells"]]
    assert ids[0] == "good-id" and len(set(ids)) == 4


def solved(*between, last="````{solution-end}\n````\n\nThe next exercise."):
    """A notebook with one exercise, its solution, and what comes after."""
    start = new_markdown_cell("````{solution-start} ex\n:class: dropdown\n````\n\nThe text.")
    cells = [new_markdown_cell("Ask."), new_code_cell("check(...)"), start, *between]
    for cell in [*cells, *between]:
        if cell.cell_type == "code":
            cell.execution_count = 1
            cell.metadata["jupyter"] = {"source_hidden": True}
    return new_notebook(cells=[*cells, new_markdown_cell(last)])


def test_solutions_are_folded_in_jupyterlab_and_nothing_else_is():
    """Their first line stays visible there, so it must not be the answer."""
    nb = solved(
        new_code_cell("check('x', 6 * 7)"), new_code_cell("def f(): ..."), new_markdown_cell("So.")
    )
    cells = notebooks.read(notebooks.normalised(nb)).cells
    both = {"source_hidden": True, "outputs_hidden": True}
    folded = [cell.metadata.get("jupyter") for cell in cells]
    assert folded == [None, None, None, both, both, {"source_hidden": True}, None]
    assert cells[1].source == "check(...)"
    assert cells[3].source == "# Solution\ncheck('x', 6 * 7)"
    assert cells[4].source == "def f(): ..."


def test_text_before_the_end_of_a_solution_is_refused():
    with pytest.raises(notebooks.NotebookError, match="cell 4: .* at the beginning of a cell"):
        notebooks.normalised(solved(last="So it is 42.\n\n````{solution-end}\n````"))


def test_streams_are_joined_and_a_carriage_return_wipes_its_line():
    pieces = [
        new_output("stream", name="stdout", text=text) for text in ("step 1\rstep 2\n", "end", "\n")
    ]
    assert [out.text for out in normal(ran(outputs=pieces)).cells[0].outputs] == ["step 2\nend\n"]


@pytest.mark.parametrize(
    "path", ["/home/ann/book/a.py", "/tmp/x", "/Users/ann/a", r"C:\Users\ann", "/root/.venv/lib"]
)
@pytest.mark.parametrize("place", ["source", "stream", "result"])
def test_a_path_of_a_machine_is_refused(path, place):
    outputs = {
        "source": [],
        "stream": [new_output("stream", name="stdout", text=f"in {path}\n")],
        "result": [
            new_output("execute_result", data={"text/plain": f"'{path}'"}, execution_count=1)
        ],
    }[place]
    cell = ran(f"open({path!r})" if place == "source" else "1", outputs)
    with pytest.raises(notebooks.NotebookError, match="cell 1 names a path of this machine"):
        notebooks.normalised(stored(cell))


@pytest.mark.parametrize(
    "text", ["https://example.org/home/page", "../data/mnist", "a/tmp/b", "1/2", "chapters/root/x"]
)
def test_what_only_looks_like_a_path_of_a_machine_is_let_through(text):
    normal(ran(f"# {text}"))


def test_a_cell_that_was_never_executed_is_refused():
    with pytest.raises(notebooks.NotebookError, match="cell 1 was never executed"):
        notebooks.normalised(stored(new_code_cell("1 + 1")))


def test_check_sees_a_notebook_that_is_not_normal(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(nbformat.writes(stored(ran())), encoding="utf8")
    assert notebooks.main(["check", str(path)]) == 1
    assert notebooks.main(["normalise", str(path)]) == 0
    assert notebooks.main(["check", str(path)]) == 0


def test_a_failing_notebook_is_not_written(tmp_path, capsys):
    path = tmp_path / "x.ipynb"
    path.write_text(nbformat.writes(stored(new_code_cell("1 / 0"))), encoding="utf8")
    before = path.read_text(encoding="utf8")
    assert notebooks.main(["run", str(path)]) == 1
    assert (
        "ZeroDivisionError" in capsys.readouterr().err and path.read_text(encoding="utf8") == before
    )


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_elsewhere_a_stored_figure_is_its_picture(sample, template):
    """`nbconvert --to html` stands for all who do not know the book.

    GitHub, VS Code, JupyterLab before a run. Its classic template reads the alternative text, too;
    the other one has no place for it.
    """
    exporter = HTMLExporter(template_name=template)
    html, _ = exporter.from_notebook_node(nbformat.reads(sample[0], as_version=4))
    pictures = BeautifulSoup(html, "html.parser").select("img[width='720']")
    assert len(pictures) == 2 and "jupyter.widget" not in html
    for picture in pictures:
        png = base64.b64decode(picture["src"].removeprefix("data:image/png;base64,"))
        assert Image.open(io.BytesIO(png)).width > 900
    if template == "classic":
        assert pictures[0]["alt"] == Neuron(data="XOR").describe()


def test_png_pictures_lose_their_notes_and_nothing_else():
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header, pixels = (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        chunk(b"IDAT", zlib.compress(b"\0\0")),
    )
    note = chunk(b"tEXt", b"Software\0some program 1.2.3")
    plain = notebooks.PNG_SIGNATURE + header + pixels + chunk(b"IEND", b"")
    assert (
        notebooks.clean_png(notebooks.PNG_SIGNATURE + header + note + pixels + chunk(b"IEND", b""))
        == plain
    )
    assert notebooks.clean_png(plain) == plain


def png_of(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def pixels_of(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_pictures_of_few_colours_become_small_and_stay_exact():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (256, 4), dtype=np.uint8)
    png = png_of(colours[rng.integers(0, 256, (60, 80))])
    small = notebooks.small_png(png)
    assert len(small) < len(png) / 2
    np.testing.assert_array_equal(pixels_of(small), pixels_of(png))
    assert notebooks.small_png(small) == small


def test_pictures_of_many_colours_change_by_less_than_the_eye_sees_or_not_at_all():
    y, x = np.mgrid[:200, :300] / 300
    ramp = (np.stack([x, y, 1 - x, 0 * x + 1], axis=-1) * 255).astype(np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (200, 300, 4), dtype=np.uint8)
    lines = np.zeros_like(ramp)
    # edges that fade, on nothing
    lines[::9], lines[:, ::7, 3] = ((0, 114, 178, 255), ramp[:, ::7, 0])
    for pixels in (ramp, noise, lines):
        png = png_of(pixels)
        small = notebooks.small_png(png)
        before, after = pixels_of(png).astype(float), pixels_of(small).astype(float)
        for ground in (0, 255):
            shown = [
                p[..., :3] * p[..., 3:] / 255 + ground * (1 - p[..., 3:] / 255)
                for p in (before, after)
            ]
            assert np.sqrt(np.mean((shown[0] - shown[1]) ** 2)) <= notebooks.LARGEST_CHANGE
        assert notebooks.small_png(small) == small and len(small) <= len(png)
    assert notebooks.small_png(png_of(noise)) == png_of(noise) and len(
        notebooks.small_png(png_of(lines))
    ) < len(png_of(lines))


def test_pictures_of_grey_with_letters_in_colour_become_small_and_hardly_change():
    """A photograph in grey beside a plot.

    More than 256 colours, but those beyond belong to a few pixels each, at the edges of letters.
    """
    rng = np.random.default_rng(2)
    pixels = np.zeros((200, 300, 4), np.uint8)
    pixels[:, :150] = np.concatenate(
        [np.repeat(rng.integers(0, 200, (200, 150, 1)), 3, axis=2), np.full((200, 150, 1), 255)],
        axis=2,
    )
    pixels[::20, 160:] = (213, 94, 0, 255)
    pixels[5::20, 160:190] = np.stack(
        [*rng.integers(0, 256, (3, 10, 30)), rng.integers(1, 80, (10, 30))], axis=-1
    )
    png = png_of(pixels)
    small = notebooks.small_png(png)
    assert len(small) < 0.6 * len(png)
    assert max(notebooks._change(pixels, pixels_of(small), ground) for ground in (0, 255)) < 1.5


def test_text_on_both_sides_of_a_dropped_progress_bar_is_joined():
    """Or the normal form of the normal form would be another one."""
    bar = new_output(
        "display_data",
        data={
            notebooks.VIEW: {"model_id": "b", "version_major": 2, "version_minor": 0},
            "text/plain": "0%",
        },
    )
    cell = new_code_cell(
        "train()",
        execution_count=1,
        outputs=[
            new_output("stream", name="stdout", text="a\n"),
            bar,
            new_output("stream", name="stdout", text="b\n"),
        ],
    )
    text = notebooks.normalised(new_notebook(cells=[cell]))
    assert [output.text for output in notebooks.read(text).cells[0].outputs] == ["a\nb\n"]
    assert notebooks.normalised(notebooks.read(text)) == text
