"""The host of the live figures, with a small figure of its own: changes, drawing, speech, loops, and what it leaves behind."""

import pytest
from live_page import MODEL

from backprop.live.base import SHARED, bundle

FIGURE = r"""
import { liveFigure } from "../shared/host.js";
import { slider } from "../shared/controls.js";
import { aloud, flash, html, maths } from "../shared/draw.js";
import { drag } from "../shared/drag.js";

window.aloud = aloud;
window.maths = maths;
window.flash = flash;
window.drawn = [];
window.spoken = 0;
window.turns = 0;
window.ended = 0;
function build(host) {
  window.host = host;
  const control = slider({ numbers: host.numbers, name: "z", label: "z", spoken: "z", min: 0, max: 9, step: 1, onmove: (z) => host.set({ z }) });
  window.walk = host.loop(() => { window.turns += 1; return window.turns < window.most ? window.wait : undefined; });
  window.widths = [];
  const box = html("div", { style: "width: 50%" }, "box");
  const field = html("div", { class: "field", style: "width: 400px; height: 100px" });
  drag(field, { move: (left) => host.set({ z: Math.round(left / 50) }) });
  const again = html("button", { class: "again", onclick: () => host.set({ z: 3 }) }, "3");
  const formula = maths("\\frac{∂L}{∂w_1} = $z$", host.numbers);
  host.onWidth(box, (width) => window.widths.push(width));
  host.atEnd(() => { window.ended += 1; });
  return {
    content: [control.node, box, null, host.prose("`z` is $z and $twice[0]"), field, again, formula],
    draw(state, changed, first) {
      host.numbers.show({ z: state.z, "twice[0]": 2 * state.z });
      control.show(state.z);
      again.hidden = state.z === 3;
      if (state.z === 4) again.remove();
      window.drawn.push([state.z, state.of, changed("z"), changed("of"), changed("z", "of"), first]);
    },
    say: () => `z is ${host.state.z}`,
    gradients: () => [["of z", 2 * host.state.z], ["of nothing", 0]],
    speak() { window.spoken += 1; },
    reset() { walk.stop(); },
  };
}
export default liveFigure({
  name: "small",
  label: "a small figure",
  first: "Move `z`.",
  traits: ["z", "of"],
  format: (name, host) => (v) => (name === "z" ? String(v) : `${v} of ${host.state.of}`),
  read: (state) => ({ ...state, of: state.of ?? "nothing" }),
  build,
});
"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """A page with a way to show the small figure anew: it reads ``window.model``, ``window.host``."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "shared").symlink_to(SHARED)
    (folder / "small").mkdir()
    (folder / "small" / "figure.js").write_text(FIGURE, encoding="utf-8")
    context = browser.new_context(viewport={"width": 800, "height": 600})
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content("<!doctype html><body style='margin: 0'><div id=figure></div></body>")
    page.evaluate(MODEL)
    page.evaluate(
        "async (text) => { window.module = (await load(text)).default; }",
        bundle(folder / "small" / "figure.js"),
    )
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def shown(page):
    page.evaluate("""() => {
      Object.assign(window, { drawn: [], spoken: 0, turns: 0, ended: 0, most: Infinity, wait: 5 });
      window.model = makeModel({ z: 1, of: "ten", start: { z: 1, of: "ten" } });
      window.stop = module.render({ model, el: document.getElementById("figure") });
    }""")
    yield page
    page.evaluate("stop(); document.body.style.paddingTop = 0; scrollTo(0, 0);")


def test_it_stands_on_the_page_with_its_name_and_its_numbers(shown):
    figure = shown.get_by_role("group", name="Live figure: a small figure")
    assert figure.get_attribute("class") == "lf lf-small"
    assert shown.locator("[data-name='twice[0]']").text_content() == "2 of ten"
    assert "z is 1 and 2 of ten" in figure.text_content()
    assert shown.evaluate("drawn") == [[1, "ten", True, True, True, True]]


def test_changes_made_together_are_saved_once_and_drawn_once(shown):
    shown.evaluate("host.set({ z: 2, of: 'five' })")
    assert shown.evaluate("drawn.slice(1)") == [[2, "five", True, True, True, False]]
    shown.evaluate("host.set({ z: 3 })")
    assert shown.evaluate("drawn.slice(2)") == [[3, "five", True, False, True, False]]
    assert shown.evaluate("model.saves") == 2
    shown.evaluate("host.set({ z: 3 })")  # the same again changes nothing
    assert shown.evaluate("drawn.length") == 3
    shown.evaluate("host.redraw()")
    assert shown.evaluate("drawn.slice(3)") == [[3, "five", False, False, False, False]]


def test_a_change_from_outside_is_drawn_in_every_view_and_read_first(shown):
    shown.evaluate("""() => { const two = document.body.appendChild(document.createElement("div"));
      window.second = module.render({ model, el: two }); window.drawn = []; model.set("of", null); }""")
    assert shown.evaluate("drawn.map(([z, of]) => [z, of])") == [[1, "nothing"]] * 2
    shown.evaluate("second()")


def test_only_the_last_words_are_said_once_the_reader_rests(shown):
    shown.evaluate("""() => { window.said = []; const status = document.querySelector('[role=status]');
      new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });
      for (const z of [2, 3, 4]) host.set({ z }); }""")
    assert shown.evaluate("said") == []
    shown.wait_for_function("said.length > 0")
    assert shown.evaluate("said") == ["z is 4. gradient of z 8.0000."]
    shown.evaluate("host.set({ z: 5 }, null); host.set({ z: 6 }, () => `now ${host.state.z}`, 0)")
    shown.wait_for_function("said.length > 1")
    shown.evaluate("host.reset({ of: 'twenty' })")
    shown.wait_for_function("said.length > 2")
    assert shown.evaluate("said.slice(1)") == [
        "now 6. gradient of z 12.0000.",
        "Back at the start: z is 1. gradient of z 2.0000.",
    ]
    assert shown.evaluate("[model.get('z'), model.get('of')]") == [1, "twenty"]
    assert shown.evaluate("model.get('start').of") == "ten"


def test_labels_are_renewed_once_it_stands_still(shown):
    shown.wait_for_function("spoken === 1")
    shown.evaluate("for (const z of [2, 3, 4]) host.set({ z })")
    assert shown.evaluate("spoken") == 1
    shown.wait_for_function("spoken === 2")


def test_width_is_told_at_once_and_when_it_changes(shown):
    assert shown.evaluate("widths") == [400]
    shown.set_viewport_size({"width": 600, "height": 600})
    shown.wait_for_function("widths.length === 2")
    assert shown.evaluate("widths") == [400, 300]
    shown.set_viewport_size({"width": 800, "height": 600})


def test_a_loop_ends_by_itself_or_when_told(shown):
    shown.evaluate("window.most = 3; walk.start(); walk.start()")
    shown.wait_for_function("!walk.running")
    assert shown.evaluate("turns") == 3
    shown.evaluate("window.most = Infinity; window.wait = 'frame'; walk.start('frame')")
    shown.wait_for_function("turns > 10")
    turns = shown.evaluate("walk.stop(), turns")
    shown.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert shown.evaluate("[turns, walk.running]") == [turns, False]


def test_a_loop_sleeps_out_of_sight_and_in_a_hidden_tab(shown):
    shown.evaluate("walk.start()")
    shown.wait_for_function("turns > 3")
    shown.evaluate("document.body.style.paddingTop = '3000px'")
    shown.wait_for_function("!host.awake")
    turns = shown.evaluate("turns")
    shown.evaluate("new Promise((done) => setTimeout(done, 150))")
    assert shown.evaluate("[turns, walk.running]") == [turns, True]
    shown.evaluate("document.body.style.paddingTop = 0")
    shown.wait_for_function(f"turns > {turns + 3}")
    shown.evaluate("""() => { Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
      document.dispatchEvent(new Event("visibilitychange")); }""")
    turns = shown.evaluate("turns")
    shown.evaluate("new Promise((done) => setTimeout(done, 150))")
    assert shown.evaluate("turns") == turns
    shown.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    shown.wait_for_function(f"turns > {turns}")


def test_nothing_stays_behind(shown):
    shown.evaluate("walk.start(); host.set({ z: 7 })")
    shown.evaluate("stop()")
    assert shown.evaluate("[model.count(), ended, document.querySelectorAll('.lf').length]") == [
        0,
        1,
        0,
    ]
    turns, spoken, drawn = shown.evaluate("[turns, spoken, drawn.length]")
    shown.evaluate("model.set('z', 8); document.dispatchEvent(new Event('visibilitychange'))")
    shown.evaluate("new Promise((done) => setTimeout(done, 1200))")  # longer than any of its waits
    assert shown.evaluate("[turns, spoken, drawn.length]") == [turns, spoken, drawn]


def test_what_to_do_first_stands_above_it_and_reset_beside_that(shown):
    bar = shown.locator(".lf > :first-child")
    assert bar.text_content() == "Move z.Reset"
    shown.evaluate("model.set('z', 7); model.set('of', 'five'); walk.start()")
    bar.get_by_role("button").focus()
    shown.keyboard.press("Enter")
    assert shown.evaluate("[model.get('z'), model.get('of'), walk.running]") == [1, "ten", False]


def test_the_focus_stays_with_the_figure_when_its_control_goes(shown):
    shown.locator(".again").focus()
    shown.keyboard.press("Enter")
    assert shown.evaluate("model.get('z')") == 3
    assert shown.evaluate("document.querySelector('.lf').contains(document.activeElement)")
    shown.evaluate("document.activeElement.blur(); model.set('z', 1); model.set('z', 3)")
    assert shown.evaluate("document.activeElement === document.body")  # it was not in the figure
    shown.evaluate("model.set('z', 1)")
    shown.locator(".again").focus()
    shown.evaluate("model.set('z', 4)")  # taken away, not hidden
    assert shown.locator(".again").count() == 0
    assert shown.evaluate("document.querySelector('.lf').contains(document.activeElement)")


POINTER = """(events) => { const n = document.querySelector(".field"); n.setPointerCapture = () => {};
  for (const [type, x, y] of events) n.dispatchEvent(new PointerEvent(type, { pointerId: 5, pointerType: "touch", button: 0, bubbles: true,
    clientX: n.getBoundingClientRect().left + x, clientY: n.getBoundingClientRect().top + y })); return model.get("z"); }"""


@pytest.mark.parametrize(
    "events, z",
    [
        ([("pointerdown", 200, 20)], 1),  # may be about to scroll
        ([("pointerdown", 200, 20), ("pointermove", 203, 60), ("pointermove", 300, 60)], 1),
        ([("pointerdown", 200, 20), ("pointermove", 200, 24), ("pointercancel", 200, 40)], 1),
        ([("pointerdown", 200, 20), ("pointermove", 225, 25), ("pointermove", 300, 90)], 6),
        ([("pointerdown", 200, 20), ("pointermove", 250, 20), ("pointercancel", 250, 20)], 1),
        ([("pointerdown", 200, 20), ("pointerup", 201, 22)], 4),  # a tap
    ],
)
def test_a_finger_takes_hold_sideways_or_by_a_tap_alone(shown, events, z):
    assert shown.evaluate(POINTER, events) == z
    shown.evaluate(POINTER, [("pointercancel", 0, 0)])


def test_a_slider_waits_for_a_finger_to_go_sideways(shown):
    """What the browser's own slider says in between, such as a jump to where the finger is, is not heard."""
    steps = """async (events) => { const n = document.querySelector("input[type=range]"), heard = [];
      for (const [type, x, y] of events) {
        if (type === "input") { n.value = x; n.dispatchEvent(new Event("input", { bubbles: true })); }
        else n.dispatchEvent(new (type.startsWith("touch") ? Event : PointerEvent)(type, { pointerType: "touch", clientX: x, clientY: y, bubbles: true }));
        heard.push(model.get("z"));
      }
      await null; // it is drawn
      return [heard, n.value]; }"""
    up = [("pointerdown", 90, 10), ("input", 6, 0), ("pointermove", 92, 40), ("input", 7, 0)]
    gone = [("pointercancel", 92, 40), ("input", 8, 0), ("touchend", 0, 0)]
    assert shown.evaluate(steps, up + gone) == [[1] * 7, "1"]
    sideways = [("pointerdown", 90, 10), ("input", 6, 0), ("pointermove", 110, 12), ("input", 7, 0)]
    assert shown.evaluate(steps, sideways) == [[1, 1, 6, 7], "7"]
    assert shown.evaluate(steps, [("pointercancel", 0, 0)]) == [[1], "1"]
    assert shown.evaluate(steps, [("touchend", 0, 0), ("input", 9, 0)]) == [[1, 9], "9"]
    tap = [("pointerdown", 90, 10), ("input", 6, 0), ("pointerup", 91, 12)]
    assert shown.evaluate(steps, tap) == [[9, 9, 6], "6"]


def test_greek_letters_of_formulas_are_slanted_like_the_latin_ones(shown):
    slanted = """(source) => [...maths(source, host.numbers).querySelectorAll("i")].map((n) => n.textContent).join("")"""
    for source, letters in {"y = γ x + β": "yγxβ", "α κ λ μ σ ω": "ακλμσω", "2 · 3": ""}.items():
        assert shown.evaluate(slanted, source) == letters
    assert shown.evaluate("aloud(`α + γ = κ`, () => 4)") == "alpha plus gamma equals kappa"


def test_formulas_are_read_aloud_with_their_numbers(shown):
    assert shown.get_by_role("math", name="d L over d w 1 equals 1", exact=True).count() == 1
    shown.evaluate("model.set('z', 4)")
    shown.get_by_role("math", name="d L over d w 1 equals 4", exact=True).wait_for()
    for source, words in {
        "w_{13}^{(1)} − η": "w 13 of layer 1 minus eta",
        "a = f′(z) · $(z)$": "a equals f prime of z, times 4",
        '½ e^2 " up to " δ': "one half e squared up to delta",
        "\\\\frac{1}{1 + e^{−z}}": "1 over 1 plus e to the power minus z",
    }.items():
        assert shown.evaluate(f"aloud(`{source}`, () => 4)") == words


def test_what_changes_lights_up_but_not_for_who_wants_no_motion(shown):
    lit = "flash(document.querySelector('.field')), document.querySelector('.field').getAnimations().length"
    assert shown.evaluate(lit) == 1
    assert shown.evaluate(lit) == 1  # again: not one more
    shown.emulate_media(reduced_motion="reduce")
    calm = "flash(document.querySelector('.again')), document.querySelector('.again').getAnimations().length"
    assert shown.evaluate(calm) == 0
    shown.emulate_media(reduced_motion="no-preference")
