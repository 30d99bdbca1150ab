"""Make small fonts for the formulas: of KaTeX's fonts the letters that the book's formulas use.

    python code/book/small_fonts.py

reads the built pages and writes `fonts/`: the small fonts, and the style sheet that says for which
letters each is. A browser fetches a whole font of KaTeX (28 kB for one box) only for a letter that
the small one lacks, so nothing has to be done for a new symbol; when a page has become heavy by
that, run this again. It needs fontTools and brotli (extra [fonts]).
"""

import re
from collections import defaultdict
from pathlib import Path
from string import ascii_letters, digits

from bs4 import BeautifulSoup, NavigableString

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "_build" / "html"
FONTS = HERE / "vendor" / "katex" / "fonts"
SMALL = HERE / "fonts"
PLAIN = "Main-Regular"
NOTHING = "\u200b"  # KaTeX writes it where a browser wants some letter; no font of KaTeX has it
# the font of each class that changes it (katex.min.css)
CLASSES = {
    "mathnormal": "Math-Italic",
    "mathbf": "Main-Bold",
    "textbf": "Main-Bold",
    "boldsymbol": "Math-BoldItalic",
    "mathit": "Main-Italic",
    "amsrm": "AMS-Regular",
    "mathbb": "AMS-Regular",
    "mathcal": "Caligraphic-Regular",
    "mathsf": "SansSerif-Regular",
    "small-op": "Size1-Regular",
    "large-op": "Size2-Regular",
    "delim-size4": "Size4-Regular",
    **{f"size{k}": f"Size{k}-Regular" for k in (1, 2, 3, 4)},
}
# what live figures write, and what a new formula most likely has
ALWAYS = {
    PLAIN: ascii_letters + digits + "()[]{}+-,.:;=<>/|!?'%·–…′±½‖√←→∂−∣" + NOTHING,
    "Math-Italic": ascii_letters + "αβγδεζηθικλμνξοπρστυφχψωϵϑϕϱ/∂",
    "Main-Bold": digits + "()+,./=∂−′",
    "Math-BoldItalic": "LWabfhtwxyzδεη",
    "AMS-Regular": "EPR",
    "Size4-Regular": "⎧⎨⎩⎪",
}


def font_of(classes, inherited):
    """The font of a span; `size1` is one of a delimiter alone."""
    sizes = "delimsizing" in classes
    for name in classes:
        if name in CLASSES and (sizes or not re.fullmatch("size[1-4]", name)):
            return CLASSES[name]
    return inherited


def collect(span, inherited, found):
    font = font_of(span.get("class", ()), inherited)
    for child in span.children:
        if isinstance(child, NavigableString):
            found[font].update(child)
        else:
            collect(child, font, found)


def letters():
    """{font: letters} of all formulas of the built book."""
    found: defaultdict[str, set[str]] = defaultdict(
        lambda: {" "}
    )  # a browser asks for a space to know a font's measures
    for font, text in ALWAYS.items():
        found[font].update(text)
    if not (BUILT / "index.html").is_file():
        raise SystemExit(f"there is no built book in {BUILT}: make book")
    for path in BUILT.glob("**/*.html"):
        if "lite" not in path.relative_to(BUILT).parts and "katex-html" in (
            text := path.read_text(encoding="utf8")
        ):
            for formula in BeautifulSoup(text, "html.parser").select(".katex-html"):
                collect(formula, PLAIN, found)
    return found


def ranges(there):
    """Letters as CSS names them: U+2B-2F,U+394."""
    runs: list[list[int]] = []
    for number in sorted(map(ord, there)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"U+{a:X}-{b:X}" if a < b else f"U+{a:X}" for a, b in runs)


def face(font, address, there):
    """The rule for a font, which holds for these letters alone."""
    family, style = font.split("-")
    weight = 700 if "Bold" in style else 400
    slope = "italic" if "Italic" in style else "normal"
    return (
        f"@font-face{{font-family:KaTeX_{family};font-weight:{weight};font-style:{slope};"
        f'font-display:block;src:url("{address}") format("woff2");unicode-range:{ranges(there)}}}\n'
    )


def give_nothing(font):
    """Add a letter without ink and width."""
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    font["glyf"]["nothing"] = Glyph()
    font["hmtx"]["nothing"] = (0, 0)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord(NOTHING)] = "nothing"


def main():
    from fontTools.subset import Options, Subsetter, load_font, save_font

    rules, found = "", letters()
    for path in SMALL.glob("*.woff2"):
        path.unlink()
    for path in sorted(FONTS.glob("*.woff2")):
        font = path.stem.removeprefix("KaTeX_")
        options = Options(flavor="woff2", hinting=False, notdef_outline=True)
        whole = load_font(path, options)
        every = {chr(number) for number in whole.getBestCmap()}
        wanted = found.get(font, set())
        if NOTHING in wanted:
            give_nothing(whole)
            every.add(NOTHING)
        rules += face(font, f"../fonts/{path.name}", every - wanted)
        if wanted:
            subsetter = Subsetter(options)
            subsetter.populate(unicodes=map(ord, wanted & every))
            subsetter.subset(whole)
            small = SMALL / f"{font}.woff2"
            save_font(whole, small, options)
            rules += face(font, small.name, wanted & every)
            print(f"{font}: {len(wanted & every)} letters, {small.stat().st_size} bytes")
    (SMALL / "small.css").write_text(rules, encoding="utf8")


if __name__ == "__main__":
    main()
