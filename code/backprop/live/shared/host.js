// How a figure is made. Its folder holds the Python class (traits: the whole state; `values`: every
// number it shows), figure.js and, for rules that no other figure needs, figure.css; what several
// share is in shared/. figure.js ends with
//
//   export default liveFigure({ name, label, traits, format, build })
//
// and `build(host)`, called once for each place where the figure is shown, makes its controls and
// its pictures and returns
//
//   { content, draw(state, changed, first), say(), gradients(), speak(), reset() }
//
// content: the nodes, in reading order. draw: bring everything up to date with the state;
// `changed("z", "t")` says whether one of these traits is another than at the last drawing, so that
// what is dear is done only then. say: one sentence with the values, which a screen reader hears
// once the reader has rested; gradients: those drawn, [[what it is, its value], ...], and the host
// adds those that changed to what is said. speak, if there is one: renew the labels that are heard
// on the pictures. reset, if there is one: end what goes on by itself.
//
// `first`, a sentence: what to do first. It stands above the figure, Reset beside it: the host makes
// both, and goes back to the trait `start` or else to the state in which the figure opened.
//
// Each figure draws a gradient, by an arrow, a tangent, a bar or a colour, that moves while the
// reader drags. What draws it carries data-gradient with its name: `gradient` of a stroke or a dot
// of a chart does that, chart.tangent makes a tangent; a test looks for it. What is dragged and
// what it moves are seen together: on one screen, at 1280 x 900 and at 390 x 844, below the page's
// header. The picture goes into .lf-stick, which stays in view while what stands beside it in
// .lf-bench scrolls; from 600 px on they are side by side, so that both are short. Where a picture
// would leave too little room below it, on a phone on its side for one, it scrolls like all else.
//
// What can be dragged where it stands is dragged by drag() of drag.js, a slider by slider(): with
// both, a finger that scrolls the page sets nothing. Settings are written fixed(2), what is computed
// `small`. flash(node) lights up what has changed where it would be missed.
//
// A control asks for a change by host.set({ z: 1 }), never by touching what is drawn: the change
// goes to the model (and to Python, if it is there), the model tells every view of the figure, and
// each draws once for however many traits changed at once, before the next frame. So a figure looks
// the same whether its reader, another view, or Python moved it, and keeps no state of its own
// beside what can be computed again. host.state is the traits now, host.get("catalogue") any other
// trait, host.numbers the numbers shown by name; host.live("z") is a place that shows one.
//
// What moves by itself is a host.loop(step): it sleeps while the figure is out of sight or its tab
// is hidden. What must keep its size is a chart in host.fit(chart), anything else
// host.onWidth(node, draw). What has to be let go at the end is host.atEnd(stop). Timers, listeners
// and observers of its own a figure has none: so nothing stays behind. Pure mathematics stands in
// modules beside figure.js that know of no page, where V8 alone tests it against the companion; a
// network with a backward pass is network.js, written nowhere else.
import { announcer, button } from "./controls.js";
import { Numbers, fill, html, onWidth, prose, small, watch } from "./draw.js";

const REST = 900; // ms without a change until its values are said
const STILL = 300; // ms until the labels of pictures are renewed
const NEWS = 3; // gradients said at once
const ROOM = 160; // px that a picture which stays in view must leave for what scrolls below it
const FOCUSABLE = "button, input, select, textarea, summary, [href], [tabindex='0']";

/**
 * @typedef {object} Model  What anywidget gives, and the book's page too.
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, callback: () => void) => void} on
 * @property {(event: string, callback: () => void) => void} off
 */

/** @typedef {string | (() => string)} Words  a text, or what gives it when its time has come */

/**
 * @template {object} State
 * @typedef {{
 *   content: import("./draw.js").Child[],
 *   draw: (state: State, changed: Changed<State>, first: boolean) => void,
 *   say: () => string,
 *   gradients?: () => [name: string, value: number][],
 *   speak?: () => void,
 *   reset?: () => void,
 * }} Parts  what a figure is made of, as said above
 */

/**
 * @template {object} State
 * @typedef {(...names: (keyof State)[]) => boolean} Changed
 */

/**
 * `name`: its class on the page is lf-<name>; `label`: what it is, for a screen reader; `first`: what
 * to do first; `traits`: those that it draws; `format`: how a number is written, by its name; `rest`: ms without a change
 * until its values are said; `read`: the state to draw, where the traits alone may not fit
 * together.
 * @template {object} State
 * @typedef {{
 *   name: string,
 *   label: string,
 *   first?: string,
 *   traits: (keyof State & string)[],
 *   format: (name: string, host: Host<State>) => import("./draw.js").Format,
 *   rest?: number,
 *   read?: (state: State, host: Host<State>) => State,
 *   build: (host: Host<State>) => Parts<State>,
 * }} Description
 */

/**
 * The default export of a figure's module.
 * @template {object} State
 * @param {Description<State>} description
 */
export const liveFigure = (description) => ({
  /** @param {{ model: Model, el: Element }} place */
  render: ({ model, el }) => new Host(model, description).show(el),
});

/** @template {object} State */
export class Host {
  /**
   * @param {Model} model
   * @param {Description<State>} description
   */
  constructor(model, description) {
    this.model = model;
    this.description = description;
    this.root = html("div", {
      class: `lf lf-${description.name}`,
      role: "group",
      "aria-label": `Live figure: ${description.label}`,
    });
    this.numbers = new Numbers((name) => description.format(name, this));
    this.announcer = announcer();
    /** @type {[() => Element, (width: number) => void][]} */
    this.fitted = [];
    /** @type {(() => void)[]} */
    this.ends = [this.announcer.stop];
    /** @type {((awake: boolean) => void)[]} */
    this.sleepers = [];
    this.seen = true;
    /** @type {State | null} */
    this.drawn = null;
    /** What the reader's pointer took hold of it with. @type {State | null} */
    this.before = null;
    /** The focused control, and what it stands in. @type {Element[]} */
    this.focused = [];
    /** @type {Record<string, number>} */
    this.said = {};
    this.speaking = 0;
    this.redraw = this.redraw.bind(this);
    this.parts = description.build(this);
    this.opening = structuredClone({ ...this.traits, ...(model.get("start") ?? {}) });
    this.watchHands();
  }

  // ---------------------------------------------------------------------------------------------------------- the state
  /** As the model has them. @returns {State} */
  get traits() {
    const { traits } = this.description;
    return /** @type {State} */ (
      Object.fromEntries(traits.map((name) => [name, this.model.get(name)]))
    );
  }

  /** @returns {State} */
  get state() {
    const { read } = this.description;
    return read ? read(this.traits, this) : this.traits;
  }

  /**
   * A trait by name: one that never changes, mostly.
   * @param {string} name
   */
  get(name) {
    return this.model.get(name);
  }

  /**
   * Change traits, all at once, and say what came of it; `null`: say nothing.
   * @param {Partial<State> & Record<string, any>} changes
   * @param {Words | null} [words]
   * @param {number} [wait]  ms
   */
  set(changes, words = this.parts.say, wait = this.description.rest ?? REST) {
    for (const [name, value] of Object.entries(changes)) this.model.set(name, value);
    this.model.save_changes();
    if (words !== null) this.say(words, wait);
  }

  /**
   * Back to the state that the figure was made with.
   * @param {Partial<State> & Record<string, any>} [also]
   */
  reset(also = {}) {
    this.parts.reset?.();
    const opening = structuredClone(this.opening);
    this.set({ ...opening, ...also }, () => `Back at the start: ${this.parts.say()}`, 0);
  }

  /**
   * Have it said once nothing new came for `wait` ms, so that a drag does not flood who listens.
   * @param {Words} words
   * @param {number} [wait]
   */
  say(words, wait = 0) {
    this.announcer.say(() => {
      const text = typeof words === "function" ? words() : words;
      const news = this.news().join("; ");
      return news ? `${text.replace(/[.;\s]+$/, "")}. ${news}.` : text;
    }, wait);
  }

  /** The gradients that are others than when they were last said, those that changed most. */
  news() {
    const now = Object.fromEntries(this.parts.gradients?.() ?? []);
    /** @param {string} name */
    const change = (name) => Math.abs(now[name] - (this.said[name] ?? 0));
    const changed = Object.keys(now).filter((name) => now[name] !== this.said[name]);
    changed.sort((a, b) => change(b) - change(a));
    this.said = now;
    return changed.slice(0, NEWS).map((name) => `gradient ${name} ${small(now[name])}`);
  }

  /**
   * A place that shows the number called `name`.
   * @param {string} name
   */
  live(name) {
    return this.numbers.put(html("span", { class: "lf-number" }), name);
  }

  /**
   * A sentence with formulas between backquotes and numbers by name: "`y` = $y, a step of
   * $step[0]".
   * @param {string} text
   */
  prose(text) {
    return text
      .split(/(\$\w+(?:\[\w+\])?)/)
      .flatMap((piece) =>
        piece[0] === "$" ? [this.live(piece.slice(1))] : prose(piece, this.numbers),
      );
  }

  // ------------------------------------------------------------------------------------------------------ size and time
  /**
   * Call `draw(width)` once the figure stands on the page, and whenever the width of `node`
   * changes.
   * @param {Element} node
   * @param {(width: number) => void} draw
   */
  onWidth(node, draw) {
    this.fitted.push([() => node, draw]);
  }

  /**
   * A chart that stays as wide as what holds it.
   * @template {{ node: Element, resize: (width: number) => void }} Chart
   * @param {Chart} chart
   * @returns {Chart}
   */
  fit(chart) {
    this.fitted.push([() => chart.node.parentElement ?? this.root, chart.resize]);
    return chart;
  }

  /** @param {() => void} stop  called when the figure leaves the page */
  atEnd(stop) {
    this.ends.push(stop);
  }

  /** Whether there is anybody to see it. */
  get awake() {
    return this.seen && !document.hidden;
  }

  /**
   * Something that goes on by itself. `step` does one turn of it and returns how long to wait for
   * the next, in ms or until the next "frame"; nothing, to end. start(wait) begins, unless it runs
   * already.
   * @param {() => number | "frame" | undefined} step
   */
  loop(step) {
    let running = false;
    let timer = 0;
    let frame = 0;
    const hold = () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      timer = frame = 0;
    };
    /** @param {number | "frame"} wait */
    const plan = (wait) => {
      if (!this.awake) return;
      if (wait === "frame") frame = requestAnimationFrame(turn);
      else timer = window.setTimeout(turn, wait);
    };
    const turn = () => {
      timer = frame = 0;
      const wait = step();
      if (wait === undefined) running = false;
      else if (running && !timer && !frame) plan(wait);
    };
    const stop = () => {
      running = false;
      hold();
    };
    this.sleepers.push((awake) => {
      if (!awake) hold();
      else if (running && !timer && !frame) plan("frame");
    });
    this.atEnd(stop);
    return {
      /** @param {number | "frame"} [wait] */
      start: (wait = 0) => {
        if (running) return;
        running = true;
        plan(wait);
      },
      stop,
      get running() {
        return running;
      },
    };
  }

  // -------------------------------------------------------------------------------------------------------- on the page
  /**
   * Put the figure into `el`; returns what takes it away again.
   * @param {Element} el
   */
  show(el) {
    fill(this.root, [this.bar(), this.parts.content, this.announcer.node]);
    el.append(this.root);
    this.redraw();
    this.said = Object.fromEntries(this.parts.gradients?.() ?? []);
    for (const [holder, resize] of this.fitted) this.atEnd(onWidth(holder(), resize));
    this.atEnd(watch(this.model, this.description.traits, this.redraw));
    this.atEnd(this.watchSight());
    this.atEnd(this.watchRoom());
    this.atEnd(() => clearTimeout(this.speaking));
    return () => {
      for (const end of this.ends) end();
      this.root.remove();
    };
  }

  /** Draw the present state: the host does, after a change; a figure, when its colours or pictures are others. */
  redraw() {
    const { draw, speak } = this.parts;
    const { state, drawn } = this;
    this.drawn = state;
    draw(state, (...names) => names.some((n) => drawn?.[n] !== state[n]), drawn === null);
    this.keepFocus();
    clearTimeout(this.speaking);
    const aloud = () => {
      this.numbers.speak();
      speak?.();
    };
    this.speaking = window.setTimeout(aloud, drawn ? STILL : 0);
  }

  /** What to do first, where that changes with what is shown. @param {string} text */
  task(text) {
    this.words?.replaceChildren(...prose(text, this.numbers).filter(Boolean));
  }

  /** What to do first, and the way back. */
  bar() {
    const { first } = this.description;
    if (!first) return null;
    const reset = button("Reset", () => this.reset(), { "data-control": "reset" });
    this.words = html("p", { class: "lf-first" });
    this.task(first);
    return html("div", { class: "lf-bar" }, this.words, reset);
  }

  /** A hold that the browser breaks off goes back to what was before; the focus is remembered. */
  watchHands() {
    const { root } = this;
    root.addEventListener("lf-take", () => {
      this.before = this.traits;
    });
    root.addEventListener("lf-undo", () => {
      if (this.before) this.set(this.before);
    });
    root.addEventListener("focusin", ({ target }) => {
      this.focused = [];
      for (let n = /** @type {Element} */ (target); n !== root; n = n.parentElement ?? root)
        this.focused.push(n);
    });
    root.addEventListener("focusout", ({ target }) => {
      // what is taken away or hidden loses it, too, some browsers say so before it is gone: then
      // keepFocus finds it another place
      const node = /** @type {Element} */ (target);
      queueMicrotask(() => {
        const left = this.focused[0] === node && document.activeElement !== node;
        if (left && node.isConnected && !node.closest("[hidden], :disabled")) this.focused = [];
      });
    });
  }

  /** If the focused control has gone, the focus goes to the nearest that is left. */
  keepFocus() {
    const [held, ...holders] = this.focused;
    const now = document.activeElement;
    if (now && now !== document.body && now !== held) return; // it is somewhere already
    /** @param {Element} node */
    const there = (node) => node.isConnected && !node.closest("[hidden], :disabled");
    if (!held || there(held)) return;
    for (const holder of [...holders, this.root]) {
      if (holder !== this.root && !(there(holder) && this.root.contains(holder))) continue;
      const next = [...holder.querySelectorAll(FOCUSABLE)].find(
        (node) => there(node) && node.getClientRects().length,
      );
      if (next) return /** @type {HTMLElement} */ (next).focus();
    }
  }

  /** A picture that stays in view must not cover for good what stands below it. */
  watchRoom() {
    const sticks = this.root.querySelectorAll(".lf-stick");
    const look = () => {
      const { clientHeight } = document.documentElement;
      for (const stick of sticks) {
        const below = clientHeight - Number.parseFloat(getComputedStyle(stick).top);
        const { height } = stick.getBoundingClientRect();
        stick.classList.toggle("lf-loose", below - height < ROOM);
      }
    };
    const observer = new ResizeObserver(look);
    for (const stick of sticks) observer.observe(stick);
    window.addEventListener("resize", look);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", look);
    };
  }

  watchSight() {
    const tell = () => {
      for (const sleeper of this.sleepers) sleeper(this.awake);
    };
    const observer = new IntersectionObserver((entries) => {
      this.seen = entries[entries.length - 1].isIntersecting;
      tell();
    });
    observer.observe(this.root);
    document.addEventListener("visibilitychange", tell);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", tell);
    };
  }
}
