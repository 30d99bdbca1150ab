// What the search finds and in which order. The same code makes the index while the book is built
// (code/book/search.py) and answers in the page.

/**
 * @typedef {"page" | "chapter" | "section" | "term" | "symbol" | "formula" | "exercise" | "module"
 *   | "name"} Kind
 */
/**
 * What the index is made of: one thing that can be found, and the words it is found by.
 * @typedef {[kind: Kind, title: string, names: string[], text: string]} Indexed
 */
/**
 * The same with where it stands: the number of its page, the place there ("" for the page itself).
 * @typedef {[...Indexed, page: number, place: string]} Entry
 */
/** @typedef {{ id: number, score: number, terms: string[] }} Result Of entry `id`. */
/**
 * @typedef {object} Asking How MiniSearch is asked.
 * @property {"AND" | "OR"} combineWith
 * @property {Record<string, number>} boost
 * @property {(word: string, k: number, words: string[]) => boolean} prefix
 * @property {(word: string) => number | false} fuzzy
 * @property {Record<string, number>} weights
 */
/**
 * @typedef {object} SearchIndex What is used of an index of MiniSearch (code/book/vendor).
 * @property {(documents: object[]) => void} addAll
 * @property {(query: string, asking: Asking) => Result[]} search
 */
/**
 * @typedef {{ new (options: object): SearchIndex, loadJSON(json: string, options: object):
 *   SearchIndex }} Library MiniSearch's class.
 */
/**
 * @typedef {object} BookRank What the book's builder and the page call.
 * @property {(text: string) => string[]} tokens
 * @property {(word: string) => string} key
 * @property {(index: SearchIndex, entries: Entry[], query: string, most?: number) => Result[]} rank
 * @property {(entries: Indexed[]) => string} make
 * @property {(json: string) => SearchIndex} load
 */

/** @type {{ bookRank?: BookRank }} */ (globalThis).bookRank = (() => {
  /** MiniSearch's script has run before this one. */
  const global = /** @type {{ MiniSearch: Library }} */ (/** @type {unknown} */ (globalThis));

  /** @type {Record<string, string>} */
  const GREEK = {
    α: "alpha",
    β: "beta",
    γ: "gamma",
    δ: "delta",
    ε: "epsilon",
    ϵ: "epsilon",
    ζ: "zeta",
    η: "eta",
    θ: "theta",
    κ: "kappa",
    λ: "lambda",
    μ: "mu",
    ν: "nu",
    ξ: "xi",
    π: "pi",
    ρ: "rho",
    σ: "sigma",
    τ: "tau",
    φ: "phi",
    ϕ: "phi",
    χ: "chi",
    ψ: "psi",
    ω: "omega",
    "∂": "partial",
    "∇": "nabla",
  };
  const SMALL = new Set(
    [
      "a an and are as at be by can do does for from has have how i if in is it its of on or so",
      "than that the then there this to was we what when where which who why will with you your",
    ].flatMap((line) => line.split(" ")),
  );
  const WORDS = /\p{Script=Han}+|\d+(?:\.\d+)+|[\p{L}\p{N}∂∇]+/gu;

  /**
   * British and American spelling, singular and plural: the same key means the same word.
   * @param {string} word
   */
  function key(word) {
    word = word
      .replace(/[α-ωϵϕ∂∇]/gu, (letter) => ` ${GREEK[letter] ?? letter} `)
      .trim()
      .replaceAll(/\s+/g, " ");
    if (word.length < 4 || /\d/.test(word)) return word;
    word = word
      .replaceAll("z", "s")
      .replaceAll("yse", "ys")
      .replace(/(?<=..)our(?=$|s|e|i|a|h|l)/, "or")
      .replaceAll("ll", "l");
    word = word
      .replace(/(?<=[tb])re(s?)$/, "er$1")
      .replace(/mme(s?)$/, "m$1")
      .replace(/ogue(s?)$/, "og$1")
      .replace(/([en])ce(s?)$/, "$1se$2")
      .replace("artefact", "artifact")
      .replace("grey", "gray");
    if (/(?:ss|x|ch|sh|ias)es$/.test(word)) return word.slice(0, -2);
    if (/ies$/.test(word) && word.length > 5) return `${word.slice(0, -3)}y`;
    return /s$/.test(word) && !/(?:ss|us|is|ias|vas)$/.test(word) ? word.slice(0, -1) : word;
  }

  /**
   * The words of a text; a run of Chinese characters gives each pair of neighbours, for there is no
   * space between its words.
   * @param {string} text
   */
  function tokens(text) {
    /** @type {string[]} */
    const found = [];
    for (const [run] of text
      .normalize("NFKC")
      .replaceAll("’", "'")
      .replaceAll(/'s\b/g, "")
      .toLowerCase()
      .matchAll(WORDS)) {
      if (!/\p{Script=Han}/u.test(run)) found.push(...key(run).split(" "));
      else if (run.length === 1) found.push(run);
      else for (let k = 0; k + 1 < run.length; k++) found.push(run.slice(k, k + 2));
    }
    return found;
  }
  /** @param {string[]} words */
  const meaningful = (words) => words.filter((word) => !SMALL.has(word));

  /**
   * A title without the number before it, and without what stands in brackets behind it.
   * @param {string} title
   */
  const bare = (title) =>
    meaningful(tokens(title.replace(/^\d+(\.\d+)*\s/, "").replace(/\s*[(（].*[)）]$/, "")));

  const options = {
    fields: ["title", "names", "text"],
    tokenize: tokens,
    /** @param {string} word */
    processTerm: (word) => (SMALL.has(word) ? null : word),
  };

  /**
   * How well a title answers the words of a query: 1 for the same words, less for more words around
   * them, 0 where it does not hold them all. Not `whole`: the last word is still being typed.
   * @param {string[]} title
   * @param {string[]} words
   * @param {boolean} whole
   */
  function fit(title, words, whole) {
    if (!title.length || !words.length) return 0;
    const share = words.length / title.length,
      last = words.length - 1;
    /** @param {string | undefined} other @param {string} word @param {number} k */
    const same = (other, word, k) =>
      other === word || (k === last && !whole && other?.startsWith(word));
    const complete = title.includes(words[last]) ? 1 : 0.75;
    for (let at = 0; at + words.length <= title.length; at++) {
      if (words.every((word, k) => same(title[at + k], word, k)))
        return complete * (0.55 + 0.45 * share - (at ? 0.02 : 0));
    }
    return words.every((word, k) => title.some((other) => same(other, word, k)))
      ? complete * (0.6 + 0.3 * share)
      : 0;
  }

  /**
   * What a title that fits is worth: first pages, then sections, then what has a name. Code comes
   * first where it is asked for as code is written.
   * @type {Record<Kind, number>}
   */
  const WORTH = {
    page: 10,
    chapter: 8,
    section: 7.6,
    term: 6.2,
    symbol: 6.1,
    formula: 6,
    exercise: 5,
    module: 5,
    name: 4.6,
  };
  /**
   * A page that stands for a whole section comes before one inside of a section.
   * @param {Kind} kind @param {string} title
   */
  const worth = (kind, title) => (kind === "page" && !/^\d\.\d /.test(title) ? 9 : WORTH[kind]);
  const CODE = /[._]|[a-z][A-Z]/;

  /**
   * The words of the index that a word of the query stood for, letters wrong or missing: the
   * nearest of those found.
   * @param {string} word
   * @param {string[]} terms
   */
  const near = (word, terms) =>
    terms.find((term) => term === word) ??
    terms.find((term) => term.startsWith(word)) ??
    terms.find((term) => term[0] === word[0] && Math.abs(term.length - word.length) <= 2) ??
    word;

  /**
   * The entries that answer a query, best first.
   * @param {SearchIndex} index
   * @param {Entry[]} entries
   * @param {string} query
   */
  function rank(index, entries, query, most = 50) {
    const words = meaningful(tokens(query)),
      whole = /\s$/.test(query);
    if (!words.length) return [];
    /** @param {"AND" | "OR"} combineWith @param {number} shortest */
    const search = (combineWith, shortest) =>
      index.search(query, {
        combineWith,
        boost: { title: 4, names: 3, text: 1 },
        prefix: (word, k, list) => word.length > 1 && (k === list.length - 1 || word.length > 3),
        fuzzy: (word) =>
          /\p{Script=Han}|\d/u.test(word) || word.length < shortest
            ? false
            : word.length < 8
              ? 1
              : 2,
        weights: { fuzzy: 0.25, prefix: 0.5 },
      });
    let found = search("AND", 4);
    if (!found.length) found = search("AND", 3);
    if (!found.length && words.length > 2) found = search("OR", 4).slice(0, 10);
    const best = found.length ? found[0].score : 1;
    return found
      .map(({ id, score, terms }) => {
        const [kind, title, names] = entries[id];
        const titles = [title, ...names].map(bare);
        /** @param {string[]} asked @param {boolean} whole */
        const value = (asked, whole) =>
          Math.max(...titles.map((own, k) => fit(own, asked, whole) * (k ? 0.97 : 1)));
        const good =
          value(words, whole) ||
          0.8 *
            value(
              words.map((word) => near(word, terms)),
              true,
            );
        const asked =
          CODE.test(query.trim()) && (kind === "module" || kind === "name") && good >= 0.5 ? 6 : 0;
        return { id, terms, score: good * worth(kind, title) + asked + score / best };
      })
      .sort((a, b) => b.score - a.score || a.id - b.id)
      .slice(0, most);
  }

  /**
   * While the book is built: the index, as text.
   * @param {Indexed[]} entries
   */
  function make(entries) {
    const index = new global.MiniSearch(options);
    index.addAll(
      entries.map(([, title, names, text], id) => ({ id, title, names: names.join(" · "), text })),
    );
    return JSON.stringify(index);
  }
  /** @param {string} json */
  const load = (json) => global.MiniSearch.loadJSON(json, options);

  return { tokens, key, rank, make, load };
})();
