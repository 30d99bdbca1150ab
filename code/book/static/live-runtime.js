// Hosts the live figures of a page without a kernel: what anywidget does in JupyterLab, for a saved
// notebook.
//
// A figure's module is the one that JupyterLab runs: default export {render, initialize?}, called
// with {model, el}. The model holds the figure's saved state and tells the module of changes; there
// is no Python to send them to. The module's text comes in a classic script and becomes a Blob URL,
// because a page opened from file:// may load neither a module nor a file by fetch.

/** @typedef {Record<string, unknown>} State A figure's traits by name. */
/** @typedef {(...values: any[]) => void} Listener */
/**
 * @typedef {object} Definition What a figure's module exports.
 * @property {(given: object) => void | Promise<void>} [initialize]
 * @property {(given: object) => void | Promise<void>} render
 */
(() => {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const folder = new URL("live/", script.src);
  const NEAR = "800px 0px"; // a figure starts when it is this close to the view

  /** @param {unknown} a @param {unknown} b */
  const equal = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

  /** The front-end model of anywidget: get, set, on, off, save_changes, send. */
  class Model {
    /** @type {State} */
    #state;
    /** @type {Map<string, Set<Listener>>} */
    #listeners = new Map();
    /** @param {State} state */
    constructor(state) {
      this.#state = { ...state };
    }
    /** @param {string} name */
    get(name) {
      return this.#state[name];
    }
    /** @param {string | State} names @param {unknown} [value] */
    set(names, value) {
      const changes = typeof names === "string" ? { [names]: value } : names;
      const changed = Object.keys(changes).filter(
        (name) => !equal(this.#state[name], changes[name]),
      );
      Object.assign(this.#state, changes);
      for (const name of changed) this.#tell(`change:${name}`, this, this.#state[name], {});
      if (changed.length) this.#tell("change", this, {});
    }
    /** @param {string} names @param {Listener} callback */
    on(names, callback) {
      for (const name of names.split(/\s+/)) {
        const listeners = this.#listeners.get(name) ?? new Set();
        this.#listeners.set(name, listeners.add(callback));
      }
    }
    /** @param {string} [names] @param {Listener} [callback] */
    off(names, callback) {
      for (const name of names ? names.split(/\s+/) : [...this.#listeners.keys()]) {
        if (callback) this.#listeners.get(name)?.delete(callback);
        else this.#listeners.delete(name);
      }
    }
    save_changes() {} // no kernel: the change has been made, and there is nobody to tell
    send() {}
    /** @param {string} name @param {unknown[]} args */
    #tell(name, ...args) {
      for (const callback of [...(this.#listeners.get(name) ?? [])]) callback(...args);
    }
  }

  /**
   * `make(file)`, made once for each file.
   * @template T
   * @param {(file: string) => T} make
   * @returns {(file: string) => T}
   */
  const once = (make) => {
    /** @type {Map<string, T>} */
    const made = new Map();
    return (file) => {
      const found = made.get(file) ?? make(file);
      made.set(file, found);
      return found;
    };
  };

  /**
   * Add an element that loads a file; settles when the file has arrived or failed to.
   * @param {HTMLElement} element
   * @param {string} address
   */
  const load = (element, address) =>
    new Promise((resolve, reject) => {
      element.addEventListener("load", resolve);
      element.addEventListener("error", () => reject(new Error(`${address} could not be loaded`)));
      document.head.append(element);
    });

  const style = once((file) => {
    const { href } = new URL(file, folder);
    return load(Object.assign(document.createElement("link"), { rel: "stylesheet", href }), href);
  });

  /** The figures whose scripts have arrived: `liveSources[file]` is a module's text. */
  const sources = /** @type {{ liveSources?: Record<string, string> }} */ (window);

  const widget = once(
    /** @returns {Promise<Definition>} */ async (file) => {
      const { href } = new URL(file, folder);
      await load(Object.assign(document.createElement("script"), { src: href }), href);
      const text = sources.liveSources?.[file];
      if (!text) throw new Error(`${file} holds no figure`);
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      try {
        const found = (await import(url)).default;
        return typeof found === "function" ? await found() : found;
      } finally {
        URL.revokeObjectURL(url);
      }
    },
  );

  /**
   * The one element inside `figure` that `selector` names; the page's builder has put it there.
   * @param {HTMLElement} figure
   * @param {string} selector
   */
  const part = (figure, selector) => /** @type {HTMLElement} */ (figure.querySelector(selector));

  /** @param {HTMLElement} figure @returns {State} */
  const state = (figure) => JSON.parse(part(figure, ".live-state").textContent ?? "");
  const figures = () =>
    /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".live-figure"));

  // A figure is higher than its picture, and starts before it is seen. Where the browser does not
  // hold the place of what is in view (Safari), a figure above it would push it down.
  /** @param {HTMLElement} figure */
  function holdPlace(figure) {
    let height = figure.offsetHeight;
    new ResizeObserver(() => {
      const grown = figure.offsetHeight - height;
      height += grown;
      if (grown && figure.getBoundingClientRect().bottom - grown < innerHeight / 4)
        scrollBy({ top: grown, behavior: "instant" });
    }).observe(figure);
  }
  const holds = CSS.supports("overflow-anchor", "auto");

  /** @param {HTMLElement} figure */
  async function start(figure) {
    if (!holds) holdPlace(figure);
    const note = part(figure, ".live-note");
    const host = Object.assign(document.createElement("div"), { className: "live-host" });
    const { source = "", style: css = "" } = figure.dataset;
    try {
      const [definition] = await Promise.all([widget(source), style(css)]);
      if (!definition?.render) throw new Error("its module has nothing to show");
      const model = new Model(state(figure));
      const given = {
        model,
        signal: new AbortController().signal,
        experimental: {},
      };
      await definition.initialize?.(given);
      figure.insertBefore(host, note);
      figure.classList.add("is-live"); // before render, so that the module can measure its element
      await definition.render({ ...given, el: host });
      note.textContent = "";
      // for the browser's console: $0.model.set("eta", 1), as figure.eta = 1 in a notebook
      Object.assign(figure, { model });
      figure.dataset.live = "ready";
    } catch (error) {
      host.remove();
      figure.classList.remove("is-live");
      figure.dataset.live = "failed";
      const why = `This live figure could not start: ${/** @type {Error} */ (error).message}.`;
      note.textContent = `${why} The picture shows its first state.`;
      console.error(error);
    }
  }

  // An address page.html#name=... is for the figure whose state says {"address": "name"}. It starts
  // once it is in view, and reads the rest.
  function goToAddressed() {
    const name = /^#(\w+)=/.exec(location.hash)?.[1];
    const figure = name && [...figures()].find((candidate) => state(candidate).address === name);
    if (!figure) return;
    for (const fold of document.querySelectorAll("details"))
      if (fold.contains(figure)) fold.open = true;
    figure.scrollIntoView();
    // what folds up or arrives above it moves it
    const settling = new ResizeObserver(() => figure.scrollIntoView());
    const end = () => settling.disconnect();
    settling.observe(document.body);
    setTimeout(end, 3000);
    for (const sign of ["wheel", "touchstart", "pointerdown", "keydown"])
      window.addEventListener(sign, end, { once: true });
  }

  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((candidate) => candidate.isIntersecting)) {
        near.unobserve(entry.target);
        start(/** @type {HTMLElement} */ (entry.target));
      }
    },
    { rootMargin: NEAR },
  );

  // The page may still be arriving: a figure is whole when something has come after it.
  /** @param {Node | null} node @returns {boolean} */
  const whole = (node) =>
    document.readyState !== "loading" ||
    (node !== null &&
      node !== document.body &&
      (node.nextSibling !== null || whole(node.parentNode)));
  const seen = new Set();
  function look() {
    for (const figure of figures()) {
      if (seen.has(figure) || !whole(figure)) continue;
      seen.add(figure);
      part(figure, ".live-note").textContent = "The live figure is loading.";
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
