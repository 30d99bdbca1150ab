"""What a teacher gets for a class, made from the built book: solutions, plan, figures."""

import re
from html import unescape
from xml.etree import ElementTree

from backprop.exercises import EXERCISES
from book import classroom, pdf
from book.paths import documents, hours, sections, total


def text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_booklet_has_each_exercise_once_with_its_mistakes():
    html = classroom.solutions_booklet()
    asked = {
        name
        for path in (classroom.ROOT / "chapters").rglob("*.ipynb")
        for name in re.findall(r'"check\(\\"([^"\\]+)\\", (?!solution)', path.read_text("utf8"))
    }
    numbers = re.findall(r'class="caption-number">Exercise ([\d.]+|\w+\.\d+) ?<', html)
    assert len(numbers) == len(asked)
    counted = [number for number in numbers if "." in number]  # a page without a number has 1, 2, 3
    assert len(counted) == len(set(counted))
    assert len(re.findall(r"<details[^>]*\bsolution\b", html)) == len(asked)
    told = unescape(html)
    for name in asked:
        for sentence in EXERCISES[name].mistakes:
            assert sentence[1:].split("&")[0] in told, sentence
    assert "href=" not in html.partition("</head>")[2]
    for place in set(re.findall(r'<img [^>]*src="([^"]+)"', html)):
        assert (pdf.BUILT / place).is_file(), place


def test_exercises_train_an_objective_of_their_page():
    known, unclear = classroom.objectives(), []
    for document in documents(classroom.ROOT):
        path = classroom.source(classroom.ROOT, document)
        if not path or path.suffix != ".ipynb":
            continue
        exercises = list(classroom.exercises_of(document))
        aims = classroom.aims(document) if exercises else []
        aims = [" ".join(aim.get_text().split()) for aim in aims]
        for name, *_ in exercises:
            fitting = [aim for aim in aims if aim.startswith(known.get(name, " "))]
            if len(fitting) != 1 and known.get(name) != "-":
                unclear.append(name)
    assert len(unclear) <= len(EXERCISES) // 20, f"code/book/objectives.txt: {unclear}"


def test_the_plan_has_the_weeks_of_the_reading_path():
    html = classroom.plan()
    rows = re.findall(r"<tr><td>(\d+)</td>(.*?)</tr>", html, re.S)
    assert [int(week) for week, _ in rows] == list(range(1, 13))
    for (_, row), (_, numbers) in zip(rows, classroom.TERM.stops):
        pages = [d for number in numbers for d in sections(classroom.ROOT, number)]
        assert hours(total(classroom.ROOT, pages).reading) in row
        for number in numbers:
            assert f"{number} " in row
        assert re.search(r"(light|medium|demanding): \d+ recall", row)
    assert "answers.packed" in html


def test_plots_and_live_figures_are_svg_with_their_captions(tmp_path, monkeypatch):
    students, page = tmp_path / "students", "chapters/03_algorithm/3_2_backward"
    classroom.write_students(students)
    monkeypatch.setattr(classroom, "KEPT", tmp_path / "kept")
    monkeypatch.setenv("PYTHONPATH", str(students / "code"))
    classroom.write_figures(tmp_path / "figures", students, [page])
    names = {path.name for path in (tmp_path / "figures").glob("*.svg")}
    assert names == {"3.2-fig-blame.svg", "3.2-live-1-GradientFlow.svg"}
    shown = (tmp_path / "figures" / "index.html").read_text(encoding="utf8")
    for name in names:
        svg = ElementTree.parse(tmp_path / "figures" / name).getroot()
        title, description = (
            svg.find(f"{{http://www.w3.org/2000/svg}}{tag}").text for tag in ("title", "desc")
        )
        assert title in unescape(shown) and description in unescape(shown) and name in shown
        assert len(list(svg.iter("{http://www.w3.org/2000/svg}path"))) > 20
    assert not list(students.rglob("vectors_*"))
