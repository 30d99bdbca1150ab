"""A live figure on a page of its own, for tests: its model stands in for Python, its numbers are read back."""

import math

from tally import count

# Of a notebook's page in the book: what stands beside a figure on a phone, and how wide one is at most. tests/site measures both there.
BESIDE, MOST = 69, 715
BOOK = f"min(100% - {BESIDE}px, {MOST}px)"
MODEL = """
window.makeModel = (state) => {
  const listeners = {};
  return { state, saves: 0, count: () => Object.values(listeners).flat().length,
    get: (name) => state[name],
    set(name, value) {
      const same = JSON.stringify(state[name]) === JSON.stringify(value);
      state[name] = value;
      if (!same) for (const f of [...(listeners["change:" + name] ?? [])]) f();
    },
    on(name, f) { (listeners[name] ??= []).push(f); },
    off(name, f) { listeners[name] = (listeners[name] ?? []).filter((g) => g !== f); },
    save_changes() { this.saves += 1; } };
};
window.load = (text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
"""
NUMBERS = """() => [...document.querySelectorAll("[data-name]")].map((n) => [n.dataset.name, n.dataset.value, n.textContent])"""

# What is wrong with how the figure looks at this width: text over text in a plot, parts that stick out of the figure.
PROBLEMS = """() => {
  const problems = [], box = (n) => n.getBoundingClientRect(), root = box(document.querySelector(".lf"));
  if (document.documentElement.scrollWidth > innerWidth) problems.push("the page scrolls sideways");
  const seen = (n) => n.getClientRects().length && getComputedStyle(n).visibility === "visible";
  const hits = (a, b, by) => a.left < b.right - by && b.left < a.right - by && a.top < b.bottom - by && b.top < a.bottom - by;
  for (const picture of document.querySelectorAll("svg")) {
    const texts = [...picture.querySelectorAll("text")].filter((n) => n.textContent && seen(n));
    for (const [i, a] of texts.entries()) {
      if (box(a).left < root.left - 1 || box(a).right > root.right + 1) problems.push(`${a.textContent} sticks out`);
      for (const b of texts.slice(i + 1)) if (hits(box(a), box(b), 4)) problems.push(`${a.textContent} meets ${b.textContent}`);
    }
  }
  for (const n of document.querySelectorAll(".lf-maths, .lf-slider, .lf-button, .lf-segmented, .lf-chart, .lf p, .lf table, .lf td")) {
    if (seen(n) && (box(n).right > root.right + 1 || box(n).left < root.left - 8)) problems.push(`${n.getAttribute("class") ?? n.tagName} ${n.textContent} is too wide`);
  }
  return problems;
}"""

# The lowest contrast of visible text with the page, or with the button or soft panel it stands on.
CONTRAST = """() => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const found = [];
  for (const n of document.querySelectorAll(".lf text, .lf p, .lf legend, .lf button, .lf label, .lf th, .lf td, .lf-lines, .lf-title, .lf-number, .lf-readout, .lf-panel-head")) {
    if (!n.textContent || !n.getClientRects().length || getComputedStyle(n).visibility !== "visible") continue;
    let under = rgb(getComputedStyle(document.querySelector(".lf")).backgroundColor);
    for (let p = n; p && p !== document.body; p = p.parentElement) {
      const c = getComputedStyle(p).backgroundColor;
      if (!/, 0\\)$/.test(c)) { under = rgb(c); break; }
    }
    const style = getComputedStyle(n), colour = rgb(n.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const [high, low] = [light(colour.slice(0, 3)), light(under.slice(0, 3))].sort((a, b) => b - a);
    found.push([(high + 0.05) / (low + 0.05), n.getAttribute("class"), n.textContent.slice(0, 30)]);
  }
  return found.sort((a, b) => a[0] - b[0])[0];
}"""


class LivePage:
    """One figure in one browser page."""

    def __init__(self, context, figure, theme="light"):
        self.page, self.figure, self.errors = context.new_page(), figure, []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console", lambda message: message.type == "error" and self.errors.append(message.text)
        )
        paper = "#fff" if theme == "light" else "#14181e"
        self.page.set_content(
            f"<!doctype html><html data-theme={theme} lang=en><meta name=viewport content='width=device-width'><style>body "
            f"{{ margin: 16px; --pst-color-background: {paper}; background: var(--pst-color-background) }}{figure._css}</style>"
            "<body><div id=figure></div></body></html>"
        )
        self.page.evaluate(MODEL)
        self.page.evaluate(
            "async (text) => { window.module = (await load(text)).default; }", figure._esm
        )
        self.render(figure)

    def render(self, figure):
        """Show the figure as it was made, on this page, whatever was shown here before."""
        self.figure = figure
        self.page.evaluate(
            """async (state) => {
          window.stop?.();
          window.model = makeModel(state);
          window.stop = await module.render({ model, el: document.getElementById("figure") });
        }""",
            state_of(figure),
        )

    def again(self, figure, width):
        """The same for another test: as if the page had just been opened."""
        assert self.errors == []
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.mouse.move(0, 0)
        self.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        self.render(figure)

    def set(self, **state):
        self.page.evaluate(
            "(state) => { for (const [k, v] of Object.entries(state)) model.set(k, v); }", state
        )

    def get(self, name):
        return self.page.evaluate("(name) => model.get(name)", name)

    def numbers(self):
        """{name: (value, text)}; every place that shows a number must agree with the others about its value."""
        found = {}
        for name, value, text in self.page.evaluate(NUMBERS):
            if not name.startswith("axis"):
                number = math.nan if value == "none" else float(value)
                assert found.setdefault(name, (number, text))[0] == number or value == "none", name
        count("numbers read back from live figures", len(found))
        return found

    def control(self, name):
        return self.page.locator(f'[data-control="{name}"]')

    def slide(self, **values):
        """Put sliders, by the name of their control, where a reader could drag them."""
        self.page.evaluate(
            """(values) => { for (const [name, value] of Object.entries(values)) {
          const input = document.querySelector(`[data-control="${name}"]`);
          input.value = value; input.dispatchEvent(new Event("input", { bubbles: true })); } }""",
            values,
        )

    def tab_order(self, most=40):
        order = []
        for _ in range(most):
            self.page.keyboard.press("Tab")
            now = self.page.evaluate(
                "(() => { const n = document.activeElement; return n === document.body ? null : n.dataset.control || n.value || n.getAttribute('aria-label') || n.textContent })()"
            )
            if now is None or order and now == order[0]:
                break
            order.append(now)
        return order

    def sizes_of_targets(self):
        return self.page.evaluate("""[...document.querySelectorAll('input[type=range], button, .lf-segmented label, [role=slider]')].filter((n) => n.getClientRects().length)
          .map((n) => [n.getBoundingClientRect().width, n.getBoundingClientRect().height])""")


def state_of(figure):
    """The state that the page of a built book holds: synced traits without the plumbing."""
    return {
        name: value
        for name, value in figure.get_state().items()
        if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")
    }


def live_pages(browser, kind=LivePage):
    """Generator behind a `show` fixture of a module: yields show(figure, width=760, theme="light", **context options).

    A figure's page is opened once for each width, theme and options, and shows a figure anew for each call;
    at the end, no page had an error.
    """
    contexts, shown = [], {}

    def show(figure, width=760, theme="light", **options):
        key = (type(figure), width, theme, *sorted(options.items()))
        if key in shown:
            shown[key].again(figure, width)
        else:
            viewport = {"width": width, "height": 900}
            contexts.append(browser.new_context(viewport=viewport, **options))
            shown[key] = kind(contexts[-1], figure, theme)
        return shown[key]

    yield show
    errors = [error for s in shown.values() for error in s.errors]
    for context in contexts:
        context.close()
    assert errors == []


def written(text):
    """The number that a text on the page says, with its true minus sign, its parentheses or its powers."""
    return float(text.replace("\u2212", "-").strip("()"))
