"""What is asked of every live figure, found by looking: on a desk's and on a phone's screen, by mouse, finger and keyboard.

A figure that does not yet do what a test asks stands in `UNDONE`, which only shrinks: one that does it and still
stands there fails.
"""

import json
import re
import time

import pytest
from live_page import BOOK, LivePage, state_of

from backprop import live
from backprop.language.encoder_decoder import EncoderDecoder
from backprop.live.adversarial_digit import first_pictures
from backprop.studies.stored import stored

FIGURES = [name for name in live.__all__ if name != "LiveFigure"]
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


def speller():
    """The network that the page of AttentionMap shows."""
    kept = stored("spelling")
    letters, sounds = kept.result["letters"], kept.result["sounds"]
    net = EncoderDecoder(len(letters), len(sounds))
    net.theta[...] = kept.arrays["theta"]
    return {"net": net, "letters": letters, "sounds": sounds}


# what makes a figure open as on its page
OPENED = {
    "DrawDigit": {"examples": first_pictures()},
    "AttentionMap": {**speller(), "word": "through", "step": 2, "letter": 3},
}
# of the book's page: the width of a figure, and the height of the header that stays in view
HEADER = 56
PAGE = f"body {{ margin: 16px auto !important; width: {BOOK} }} .lf {{ --lf-top: {HEADER}px }}"

UNDONE: dict[str, set[str]] = {
    check: set() for check in ("scroll", "text", "one screen", "reset", "sound", "drawn", "said")
}


def every(check):
    """One test for each figure; strict where the figure is not done yet, so that the list shrinks."""
    mark = pytest.mark.xfail(strict=True, raises=AssertionError, reason=f"{check}: not done yet")
    return pytest.mark.parametrize(
        "name", [pytest.param(n, marks=mark if n in UNDONE[check] else ()) for n in FIGURES]
    )


TOOLS = """
window.frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
window.root = () => document.querySelector(".lf");
window.seen = (n) => n.getClientRects().length > 0 && !n.closest("details:not([open]) > :not(summary)") && getComputedStyle(n).visibility === "visible" && !n.closest("[hidden], [aria-disabled=true]");
// what moves continuously, by a slider or by the arrow keys
window.movers = () => [...root().querySelectorAll("input[type=range], [role=slider]")].filter((n) => seen(n) && n.getAttribute("aria-disabled") !== "true");
window.named = (n) => n.dataset.control ?? n.getAttribute("aria-label") ?? n.className;
window.move = (n, share) => {
  if (n.matches("input")) {
    const [low, high] = [Number(n.min || 0), Number(n.max || 100)];
    const before = n.value;
    n.value = String(low + share * (high - low));
    if (n.value !== before) n.dispatchEvent(new Event("input", { bubbles: true }));
  } else {
    const key = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"][Math.floor(share * 3.99)];
    n.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }
};
window.looks = () => new Map([...root().querySelectorAll("[data-gradient]")].filter(seen).map((n) => {
  const style = getComputedStyle(n), box = n.getBoundingClientRect();
  return [n, [box.left, box.top, box.width, box.height].map((v) => v.toFixed(1)).join() + style.fill + style.stroke + style.backgroundColor + style.strokeWidth + style.opacity + (n.getAttribute("d") ?? "")];
}));
window.changedMarks = (before) => [...looks()].filter(([n, look]) => before.has(n) && before.get(n) !== look).map(([n]) => n);
window.restless = async () => { // until nothing goes on by itself any more
  for (let k = 0, same = 0, last = ""; k < 400 && same < 4; k++) {
    await new Promise((done) => setTimeout(done, 50));
    const now = JSON.stringify(model.state);
    same = now === last && root().getAttribute("aria-busy") !== "true" ? same + 1 : 0;
    last = now;
  }
};
"""


class Screen(LivePage):
    def __init__(self, context, figure):
        super().__init__(context, figure)
        self.page.add_style_tag(content=PAGE)
        self.page.evaluate(TOOLS)
        self.ask = self.page.evaluate

    def state(self):
        return json.loads(self.ask("JSON.stringify(model.state)"))


@pytest.fixture(scope="module")
def screen(browser):
    """screen(name, size): the figure as it opens, on a page that is opened once."""
    contexts, shown = {}, {}
    for size, (width, height) in SIZES.items():
        phone = size == "phone"
        contexts[size] = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=phone, is_mobile=phone
        )

    def show(name, size):
        figure = getattr(live, name)(**OPENED.get(name, {}))
        if (name, size) not in shown:
            shown[name, size] = Screen(contexts[size], figure)
        else:
            shown[name, size].page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            shown[name, size].render(figure)
        shown[name, size].page.bring_to_front()
        return shown[name, size]

    yield show
    errors = [error for s in shown.values() for error in s.errors]
    for context in contexts.values():
        context.close()
    assert errors == []


# ---------------------------------------------------------------------------------------------------------------- fingers


def swipe(session, start, way):
    """A finger from `start` by `way`, as the browser's own gestures see it."""
    for k in range(11):
        at = {"x": start[0] + way[0] * k / 10, "y": start[1] + way[1] * k / 10}
        kind = "touchMove" if k else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
        time.sleep(0.012)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@every("scroll")
def test_a_finger_that_scrolls_sets_nothing(screen, name):
    shown = screen(name, "phone")
    shown.ask("root().style.margin = '60vh 0 150vh'")
    shown.ask("restless()")
    session = shown.page.context.new_cdp_session(shown.page)
    # first sideways: after a swipe the page may still glide, and then it takes the finger for itself
    sideways = shown.ask("""() => { const n = movers()[0]; n.scrollIntoView({ block: "end" }); // below a picture that sticks
      const b = n.getBoundingClientRect(), at = n.matches("input") ? (n.value - n.min) / (n.max - n.min) : 0.5;
      return [[b.left + 8 + at * (b.width - 16), b.top + b.height / 2], [at > 0.5 ? -70 : 70, 4]]; }""")
    before = shown.state()
    shown.ask("frame()")
    swipe(session, *sideways)
    for _ in range(60):  # what was moved is drawn in a later frame
        if shown.state() != before:
            break
        shown.ask("frame()")
    assert shown.state() != before, "a finger that goes sideways moves nothing"
    places = shown.ask("""() => [...root().querySelectorAll("*")]
      .filter((n) => seen(n) && (n.matches("input[type=range], canvas, [role=slider]") || getComputedStyle(n).touchAction.includes("pan-y")))
      .filter((n) => !n.parentElement.closest("svg") && !n.closest("[role=application]")) // which is drawn on
      .map((n, k) => { n.dataset.place = k; return k; })""")
    assert places
    for place in places[:: max(1, len(places) // 4)]:
        shown.ask(
            "(k) => root().querySelector(`[data-place='${k}']`).scrollIntoView({ block: 'center' })",
            place,
        )
        shown.ask("frame()")
        before = shown.state()
        x, y, what = shown.ask(
            "(k) => { const n = root().querySelector(`[data-place='${k}']`), b = n.getBoundingClientRect(); return [b.left + 0.8 * b.width, b.top + 0.5 * b.height, named(n)]; }",
            place,
        )
        stood = shown.ask("scrollY")  # of the page: a picture that sticks stays where it is
        swipe(session, (x, y), (0, -160))
        shown.ask("frame()")
        assert shown.ask("scrollY") > stood + 60, f"{what}: nothing scrolls"
        assert shown.state() == before, what
    session.detach()


# ------------------------------------------------------------------------------------------------------------------ looks


@every("text")
def test_text_is_no_smaller_than_12_pixels(screen, name):
    for size in SIZES:
        small = screen(name, size).ask("""() => {
          const found = [], walker = document.createTreeWalker(root(), NodeFilter.SHOW_TEXT);
          for (let n = walker.nextNode(); n; n = walker.nextNode()) {
            const node = n.parentElement;
            if (!n.data.trim() || !seen(node) || node.closest(".lf-spoken, select")) continue;
            const scale = node instanceof SVGElement ? Math.hypot(node.getScreenCTM().a, node.getScreenCTM().b) : 1;
            const pixels = scale * parseFloat(getComputedStyle(node).fontSize);
            if (pixels < 12 - 0.1) found.push([pixels, n.data]); // indices and powers, too
          }
          return found;
        }""")
        assert small == [], size


# What a control changes and where that stands, at the best of some places of the page: numbers, marks, pictures.
APART = """async (header) => {
  const apart = [];
  const boxOf = (n) => { // what a plot cuts off is not there
    const { left, right, top, bottom } = n.getBoundingClientRect(), area = n.closest("svg.lf-area");
    const [x, y, w, h] = area ? ["x", "y", "width", "height"].map((k) => Number(area.getAttribute(k))) : [];
    const outer = area?.parentElement.closest("svg").getBoundingClientRect();
    const plot = area && { left: outer.left + x, right: outer.left + x + w, top: outer.top + y, bottom: outer.top + y + h };
    const box = plot ? { left: Math.max(left, plot.left), right: Math.min(right, plot.right), top: Math.max(top, plot.top), bottom: Math.min(bottom, plot.bottom) } : { left, right, top, bottom };
    return { ...box, width: box.right - box.left, height: box.bottom - box.top };
  };
  const sticky = (n) => { for (; n && n !== root(); n = n.parentElement) if (getComputedStyle(n).position === "sticky") return n; return null; };
  for (const mover of movers()) {
    const touched = new Set();
    const watcher = new MutationObserver((records) => {
      for (const { target } of records) {
        const n = target.nodeType === 1 ? target : target.parentElement;
        if (n && n !== mover && n !== root() && !n.closest("[role=status]")) touched.add(n);
      }
    });
    watcher.observe(root(), { subtree: true, characterData: true, childList: true, attributes: true, attributeFilter: ["d", "x1", "x2", "y1", "y2", "x", "y", "width", "height", "transform", "points", "style", "class", "data-value"] });
    const before = mover.matches("input") ? (mover.value - mover.min) / (mover.max - mover.min) : null;
    move(mover, before === null ? 0.4 : before > 0.5 ? before - 0.3 : before + 0.3);
    await frame(); await frame();
    watcher.disconnect();
    const changed = [...touched].filter((n) => n.isConnected && seen(n) && boxOf(n).width >= 0 && boxOf(n).height >= 0 && boxOf(n).width + boxOf(n).height > 0 && !n.closest(".lf-spoken"));
    let best = null;
    for (const block of ["end", "center", "nearest", "start", "below", "highest"]) {
      const highest = block === "highest" ? [mover, ...changed].reduce((a, b) => (boxOf(b).top < boxOf(a).top ? b : a)) : mover;
      if (highest === mover) mover.scrollIntoView({ block: block === "below" || block === "highest" ? "start" : block });
      else scrollBy(0, boxOf(highest).top - header); // of all that belongs together
      if (block === "start") scrollBy(0, -header - 4);
      const label = 24; // a slider's words stand above it
      if (block === "below") scrollBy(0, -header - label - Math.max(0, ...[...root().querySelectorAll("*")].filter((s) => getComputedStyle(s).position === "sticky").map((s) => boxOf(s).height)));
      await frame();
      const away = [mover, ...changed].filter((n) => {
        const box = boxOf(n), stuck = sticky(n);
        if (box.top < header - 3 || box.bottom > innerHeight + 3) return true;
        return [...root().querySelectorAll("*")].some((s) => getComputedStyle(s).position === "sticky" && s !== stuck && !s.contains(n) && !n.contains(s) && boxOf(s).bottom > box.top + 3 && boxOf(s).top < box.bottom - 3 && boxOf(s).left < box.right && boxOf(s).right > box.left);
      });
      if (!best || away.length < best.length) best = away;
      if (!best.length) break;
    }
    if (!changed.length) apart.push(`${named(mover)} changes nothing`);
    if (best.length) apart.push(`${named(mover)}: ${[...new Set(best.map((n) => n.dataset.name ?? n.getAttribute("class") ?? n.tagName))].slice(0, 6).join(", ")}`);
    if (before !== null) move(mover, before);
    await frame();
  }
  return apart;
}"""


@every("one screen")
def test_a_control_and_all_that_it_changes_are_seen_together(screen, name):
    for size in SIZES:
        shown = screen(name, size)
        shown.ask("restless()")
        assert shown.ask(APART, HEADER) == [], size


# The controls that something which stays in view covers wherever the page is scrolled to.
COVERED = """async (header) => {
  root().style.margin = "80vh 0 100vh"; // so that the page can be scrolled anywhere
  const controls = [...root().querySelectorAll("input, select, button, summary, textarea, [role=slider]")]
    .map((n) => n.matches("[type=radio]") ? root().querySelector(`label[for="${n.id}"]`) ?? n : n).filter(seen);
  const stuck = [...root().querySelectorAll("*")].filter((s) => getComputedStyle(s).position === "sticky");
  const covered = [];
  for (const n of controls) {
    let free = false;
    for (let below = header + 2; !free && below < innerHeight; below += 40) {
      const spot = () => { // of a map the middle: it may be higher than the screen
        const { top, bottom, left, right } = n.getBoundingClientRect(), off = Math.max(0, bottom - top - 44) / 2;
        return { top: top + off, bottom: bottom - off, left, right };
      };
      scrollBy(0, spot().bottom - innerHeight + below - header); // from the lower edge of the screen up
      const { top, bottom, left, right } = spot();
      free = top >= header && bottom <= innerHeight && !stuck.some((s) => {
        const b = s.getBoundingClientRect();
        return !s.contains(n) && b.bottom > top + 3 && b.top < bottom - 3 && b.left < right && b.right > left;
      });
    }
    if (!free) covered.push(named(n) || n.textContent);
  }
  root().style.margin = "";
  return covered;
}"""


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_that_stays_in_view_covers_no_control_for_good(screen, name):
    """On screens with little height, too: there what sticks would leave no room for what scrolls below it."""
    shown = screen(name, "phone")
    try:
        for width, height in ((360, 640), (844, 390)):
            shown.page.set_viewport_size({"width": width, "height": height})
            shown.ask("frame()")
            shown.ask("restless()")
            assert shown.ask(COVERED, HEADER) == [], (width, height)
    finally:
        shown.page.set_viewport_size(dict(zip(("width", "height"), SIZES["phone"])))


# ------------------------------------------------------------------------------------------------------------------ state

# Any control at random, many times; returns what no reader should see.
RANDOM = """async ([seed, turns]) => {
  let s = seed;
  const random = () => (s = (s * 16807) % 2147483647) / 2147483647;
  const wrong = [];
  for (let k = 0; k < turns; k++) {
    const all = [...root().querySelectorAll("input[type=range], [role=slider], input[type=radio], input[type=checkbox], button, select")]
      .filter((n) => seen(n) || n.matches("[type=radio]") && !n.closest("[hidden]")).filter((n) => !["reset", "copy"].includes(n.dataset.control));
    const n = all[Math.floor(random() * all.length)];
    if (n.matches("select")) { n.selectedIndex = Math.floor(random() * n.options.length); n.dispatchEvent(new Event("change", { bubbles: true })); }
    else if (n.matches("input[type=range], [role=slider]")) for (let i = 0; i < 2; i++) { move(n, random()); await frame(); }
    else n.click();
    await frame();
    if (!/NaN|undefined|Infinity/.test(root().outerHTML)) continue;
    for (const node of [root(), ...root().querySelectorAll("*")]) {
      if (!seen(node)) continue; // what is hidden may wait for a number
      const own = [...node.childNodes].filter((c) => c.nodeType === 3).map((c) => c.data).join(" ") + [...node.attributes].map((a) => a.value).join(" ");
      if (/NaN|undefined|Infinity/.test(own)) wrong.push(`${named(n)}: ${node.dataset.name ?? node.tagName} ${own.slice(0, 80)}`);
    }
  }
  return wrong;
}"""


@every("sound")
def test_no_frame_shows_what_is_no_number(screen, name):
    for size in SIZES:
        assert screen(name, size).ask(RANDOM, [4 + len(name), 40]) == []


@every("reset")
def test_reset_goes_back_to_the_opening_state(screen, name):
    shown = screen(name, "desk")
    reset = shown.page.locator(".lf-bar [data-control=reset]")
    assert reset.count() == 1
    shown.ask("restless()")
    opening, numbers = shown.state(), shown.numbers()
    for seed in (11, 12):  # the last control may happen to lead back
        shown.ask(RANDOM, [seed, 15])
        if shown.state() != opening:
            break
    assert shown.state() != opening
    reset.focus()
    shown.page.keyboard.press("Enter")
    shown.ask("restless()")
    assert shown.state() == opening
    assert shown.numbers() == numbers
    assert reset.evaluate("(n) => n === document.activeElement")


# -------------------------------------------------------------------------------------------------------------- gradients


@every("drawn")
def test_a_drag_moves_a_gradient_that_is_drawn(screen, name):
    for size in SIZES:
        shown = screen(name, size)
        shown.ask("restless()")
        moved = shown.ask(
            """async (header) => {
          for (const block of ["end", "start"]) for (const mover of movers()) {
            mover.scrollIntoView({ block });
            if (block === "start") scrollBy(0, -header - 24);
            await frame();
            const before = looks();
            const at = mover.matches("input") ? (mover.value - mover.min) / (mover.max - mover.min) : 0.4;
            move(mover, at > 0.5 ? at - 0.2 : at + 0.2);
            await new Promise((done) => requestAnimationFrame(done)); // the very next frame
            const marks = changedMarks(before).filter((n) => { const b = n.getBoundingClientRect(); return b.bottom > header && b.top < innerHeight; });
            if (marks.length) return named(mover);
          }
          return null;
        }""",
            HEADER,
        )
        assert moved, size


@every("said")
def test_what_is_said_carries_a_gradient(screen, name):
    shown = screen(name, "desk")
    shown.ask("restless()")
    shown.ask("""() => { const n = movers()[0];
      window.said = ""; new MutationObserver(() => { said = root().querySelector("[role=status]").textContent; }).observe(root().querySelector("[role=status]"), { childList: true, characterData: true, subtree: true });
      const at = n.matches("input") ? (n.value - n.min) / (n.max - n.min) : 0.4;
      move(n, at > 0.5 ? at - 0.2 : at + 0.2); }""")
    shown.ask("""async () => { // figures speak when a drag has come to rest
      for (let k = 0; k < 40 && !said; k++) await new Promise((done) => setTimeout(done, 100)); }""")
    assert re.search(r"gradient[^.;]*? \u2212?\d", shown.ask("said")), shown.ask("said")


def test_only_figures_are_undone_and_all_are_asked():
    assert all(names <= set(FIGURES) for names in UNDONE.values())
    assert all(state_of(getattr(live, name)()) for name in FIGURES)
