"""What a page's tables become, and which letters a font is for."""

import re
from collections import defaultdict

from bs4 import BeautifulSoup

from book import page, small_fonts


def table(*rows):
    head, *body = ["".join(f"<{kind}>{text}</{kind}>" for text in row) for kind, row in rows]
    inner = "".join(f"<tr>{row}</tr>" for row in body)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{inner}</tbody></table>"


def headed(html):
    return re.findall(r'<th scope="row"[^>]*>(.*?)</th>', html)


def test_below_an_empty_corner_the_first_column_heads_its_rows():
    body = [("td", ["plain", "1.5"]), ("td", ["", "2"]), ("td", ["noisy", "3"])]
    corner = "<td class=head></td>"
    empty = table(("th", ["corner", "loss"]), *body).replace("<th>corner</th>", corner)
    assert headed(page.tidied(empty)) == ["plain", "noisy"]
    assert headed(page.tidied(table(("th", ["method", "loss"]), *body))) == []


def test_a_column_of_numbers_stands_at_the_right():
    html = page.tidied(table(("th", ["a", "b"]), ("td", ["1 ± 2", "x"]), ("td", ["−3.5", "4"])))
    assert re.findall(r'<th class="([^"]*)">', html) == ["text-right"]
    assert re.findall(r'<td class="([^"]*)">', html) == [
        "number text-right", "number text-right", "number",
    ]  # fmt: skip


def test_letters_are_named_as_css_does():
    assert small_fonts.ranges("bd a") == "U+20,U+61-62,U+64"


def test_each_letter_of_a_formula_is_sought_in_its_font():
    formula = BeautifulSoup(
        '<b class="katex-html">x<i class="mord mathnormal">a<u class="delimsizing size1">(</u></i>'
        '<i class="sizing size1">1</i></b>',
        "html.parser",
    )
    found = defaultdict(set)
    small_fonts.collect(formula.b, small_fonts.PLAIN, found)
    assert found == {"Main-Regular": {"x", "1"}, "Math-Italic": {"a"}, "Size1-Regular": {"("}}
