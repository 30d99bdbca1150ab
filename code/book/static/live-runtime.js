// Hosts the live figures of a page without a kernel: what anywidget does in JupyterLab, for a saved notebook.
//
// A figure's module is the one that JupyterLab runs: default export {render, initialize?}, called with {model, el}.
// The model holds the figure's saved state and tells the module of changes; there is no Python to send them to.
// The module's text comes in a classic script and becomes a Blob URL, because a page opened from file:// may load
// neither a module nor a file by fetch.
(() => {
  const folder = new URL("live/", document.currentScript.src);
  const NEAR = "800px 0px"; // a figure starts when it is this close to the view

  const equal = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

  /** The front-end model of anywidget: get, set, on, off, save_changes, send. */
  class Model {
    #state;
    #listeners = new Map();
    constructor(state) {
      this.#state = { ...state };
    }
    get(name) {
      return this.#state[name];
    }
    set(names, value) {
      const changes = typeof names === "string" ? { [names]: value } : names;
      const changed = Object.keys(changes).filter((name) => !equal(this.#state[name], changes[name]));
      Object.assign(this.#state, changes);
      for (const name of changed) this.#tell(`change:${name}`, this, this.#state[name], {});
      if (changed.length) this.#tell("change", this, {});
    }
    on(names, callback) {
      for (const name of names.split(/\s+/)) {
        if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
        this.#listeners.get(name).add(callback);
      }
    }
    off(names, callback) {
      for (const name of names ? names.split(/\s+/) : [...this.#listeners.keys()]) {
        if (callback) this.#listeners.get(name)?.delete(callback);
        else this.#listeners.delete(name);
      }
    }
    save_changes() {} // no kernel: the change has been made, and there is nobody to tell
    send() {}
    #tell(name, ...args) {
      for (const callback of [...(this.#listeners.get(name) ?? [])]) callback(...args);
    }
  }

  const once = (make) => {
    const made = new Map();
    return (key, ...rest) => made.get(key) ?? made.set(key, make(key, ...rest)).get(key);
  };

  /** Add an element that loads a file; settles when the file has arrived or failed to. */
  const load = (element) =>
    new Promise((resolve, reject) => {
      element.addEventListener("load", resolve);
      element.addEventListener("error", () => reject(new Error(`${element.src || element.href} could not be loaded`)));
      document.head.append(element);
    });

  const style = once((file) =>
    load(Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(file, folder).href })));

  const widget = once(async (file) => {
    await load(Object.assign(document.createElement("script"), { src: new URL(file, folder).href }));
    const text = window.liveSources?.[file];
    if (!text) throw new Error(`${file} holds no figure`);
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try {
      const found = (await import(url)).default;
      return typeof found === "function" ? await found() : found;
    } finally {
      URL.revokeObjectURL(url);
    }
  });

  const state = (figure) => JSON.parse(figure.querySelector(".live-state").textContent);

  // A figure is higher than its picture, and starts before it is seen. Where the browser does not hold the place of what is in view (Safari), a
  // figure above it would push it down.
  function holdPlace(figure) {
    let height = figure.offsetHeight;
    new ResizeObserver(() => {
      const grown = figure.offsetHeight - height;
      height += grown;
      if (grown && figure.getBoundingClientRect().bottom - grown < innerHeight / 4) scrollBy({ top: grown, behavior: "instant" });
    }).observe(figure);
  }
  const holds = CSS.supports("overflow-anchor", "auto");

  async function start(figure) {
    if (!holds) holdPlace(figure);
    const note = figure.querySelector(".live-note");
    const host = Object.assign(document.createElement("div"), { className: "live-host" });
    const { source, style: css } = figure.dataset;
    try {
      const [definition] = await Promise.all([widget(source), style(css)]);
      if (!definition?.render) throw new Error("its module has nothing to show");
      const given = { model: new Model(state(figure)), signal: new AbortController().signal, experimental: {} };
      await definition.initialize?.(given);
      figure.insertBefore(host, note);
      figure.classList.add("is-live"); // before render, so that the module can measure its element
      await definition.render({ ...given, el: host });
      note.textContent = "";
      figure.dataset.live = "ready";
    } catch (error) {
      host.remove();
      figure.classList.remove("is-live");
      figure.dataset.live = "failed";
      note.textContent = `This live figure could not start: ${error.message}. The picture shows its first state.`;
      console.error(error);
    }
  }

  // An address page.html#name=... is for the figure whose state says {"address": "name"}. It starts once it is in view, and reads the rest.
  function goToAddressed() {
    const name = /^#(\w+)=/.exec(location.hash)?.[1];
    const figure = name && [...document.querySelectorAll(".live-figure")].find((candidate) => state(candidate).address === name);
    if (!figure) return;
    figure.scrollIntoView();
    const settling = new ResizeObserver(() => figure.scrollIntoView()); // what folds up or arrives above it moves it
    const end = () => settling.disconnect();
    settling.observe(document.body);
    setTimeout(end, 3000);
    for (const sign of ["wheel", "touchstart", "pointerdown", "keydown"]) window.addEventListener(sign, end, { once: true });
  }

  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((candidate) => candidate.isIntersecting)) {
        near.unobserve(entry.target);
        start(entry.target);
      }
    },
    { rootMargin: NEAR },
  );

  // The page may still be arriving: a figure is whole when something has come after it.
  const whole = (node) => document.readyState !== "loading" || (node !== document.body && (node.nextSibling || whole(node.parentNode)));
  const seen = new Set();
  function look() {
    for (const figure of document.querySelectorAll(".live-figure")) {
      if (seen.has(figure) || !whole(figure)) continue;
      seen.add(figure);
      figure.querySelector(".live-note").textContent = "The live figure is loading.";
      near.observe(figure);
    }
  }
  const arriving = new MutationObserver(look);
  function arrived() {
    arriving.disconnect();
    look();
    window.addEventListener("hashchange", goToAddressed);
    goToAddressed();
  }
  if (document.readyState === "loading") {
    arriving.observe(document, { childList: true, subtree: true });
    document.addEventListener("DOMContentLoaded", arrived);
    look();
  } else {
    arrived();
  }
})();
