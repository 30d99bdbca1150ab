"""What a page's tables become."""

import re

from book import page


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
