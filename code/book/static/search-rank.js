// What the search finds and in which order. The same code makes the index while the book is built (code/book/search.py) and answers in the page.
globalThis.bookRank = (() => {
  const GREEK = { α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", ϵ: "epsilon", ζ: "zeta", η: "eta", θ: "theta", κ: "kappa", λ: "lambda",
    μ: "mu", ν: "nu", ξ: "xi", π: "pi", ρ: "rho", σ: "sigma", τ: "tau", φ: "phi", ϕ: "phi", χ: "chi", ψ: "psi", ω: "omega", "∂": "partial", "∇": "nabla" };
  const SMALL = new Set("a an and are as at be by can do does for from has have how i if in is it its of on or so than that the then there this to was we what when where which who why will with you your".split(" "));
  const WORDS = /\p{Script=Han}+|\d+(?:\.\d+)+|[\p{L}\p{N}∂∇]+/gu;

  // British and American spelling alike, singular for plural: what has the same key is the same word.
  function key(word) {
    word = word.replace(/[α-ωϵϕ∂∇]/gu, (letter) => ` ${GREEK[letter] ?? letter} `).trim().replaceAll(/\s+/g, " ");
    if (word.length < 4 || /\d/.test(word)) return word;
    word = word.replaceAll("z", "s").replaceAll("yse", "ys").replace(/(?<=..)our(?=$|s|e|i|a|h|l)/, "or").replaceAll("ll", "l");
    word = word.replace(/(?<=[tb])re(s?)$/, "er$1").replace(/mme(s?)$/, "m$1").replace(/ogue(s?)$/, "og$1").replace(/([en])ce(s?)$/, "$1se$2").replace("artefact", "artifact").replace("grey", "gray");
    if (/(?:ss|x|ch|sh|ias)es$/.test(word)) return word.slice(0, -2);
    if (/ies$/.test(word) && word.length > 5) return word.slice(0, -3) + "y";
    return /s$/.test(word) && !/(?:ss|us|is|ias|vas)$/.test(word) ? word.slice(0, -1) : word;
  }

  // The words of a text; a run of Chinese characters gives each pair of neighbours, for there is no space between its words.
  function tokens(text) {
    const found = [];
    for (const [run] of text.normalize("NFKC").replaceAll("’", "'").replaceAll(/'s\b/g, "").toLowerCase().matchAll(WORDS)) {
      if (!/\p{Script=Han}/u.test(run)) found.push(...key(run).split(" "));
      else if (run.length === 1) found.push(run);
      else for (let k = 0; k + 1 < run.length; k++) found.push(run.slice(k, k + 2));
    }
    return found;
  }
  const meaningful = (words) => words.filter((word) => !SMALL.has(word));

  // A title without the number before it, and without what stands in brackets behind it.
  const bare = (title) => meaningful(tokens(title.replace(/^\d+(\.\d+)*\s/, "").replace(/\s*[(（].*[)）]$/, "")));

  const options = {
    fields: ["title", "names", "text"],
    tokenize: tokens,
    processTerm: (word) => (SMALL.has(word) ? null : word),
  };

  // How well a title answers the words of a query: 1 for the same words, less for more words around them, 0 where it does not hold them all.
  function fit(title, words, whole) {
    if (!title.length || !words.length) return 0;
    const same = (a, b, last) => a === b || (last && !whole && a.startsWith(b));
    for (let at = 0; at + words.length <= title.length; at++) {
      if (words.every((word, k) => same(title[at + k], word, k === words.length - 1))) return 0.55 + 0.45 * (words.length / title.length) - (at ? 0.02 : 0);
    }
    return words.every((word, k) => title.some((other) => same(other, word, k === words.length - 1))) ? 0.35 + 0.3 * (words.length / title.length) : 0;
  }

  // What a title is worth that fits: first pages, then sections, then the glossary, formulas, symbols; code where it is asked for by its name.
  const WORTH = { page: 10, section: 8.4, term: 8, symbol: 7, formula: 6.6, module: 6.4, name: 6.2, exercise: 5 };

  function rank(index, entries, query, most = 50) {
    const all = tokens(query), words = meaningful(all);
    if (!words.length) return [];
    const whole = /\s$/.test(query);
    const search = (combineWith) => index.search(query, {
      combineWith,
      boost: { title: 4, names: 3, text: 1 },
      prefix: (word, k, list) => word.length > 1 && (k === list.length - 1 || word.length > 3),
      fuzzy: (word) => (/\p{Script=Han}|\d/u.test(word) || word.length < 4 ? false : word.length < 6 ? 1 : 2),
      maxFuzzy: 2,
      weights: { fuzzy: 0.25, prefix: 0.5 },
      boostTerm: () => 1,
    });
    let found = search("AND");
    if (!found.length && words.length > 2) found = search("OR").slice(0, 10);
    const best = found.length ? found[0].score : 1;
    const code = /[._]|[a-z][A-Z]/.test(query);
    return found.map(({ id, score, terms, queryTerms }) => {
      const [kind, title, names] = entries[id];
      const titles = [title, ...names].map(bare);
      let good = Math.max(...titles.map((words_, k) => fit(words_, words, whole) * (k ? 0.97 : 1)));
      if (!good) { // with a letter wrong, or the beginning of a word
        const near = words.map((word) => terms.find((term) => term === word) ?? terms.find((term) => term.startsWith(word)) ?? terms.find((term) => Math.abs(term.length - word.length) < 3 && term[0] === word[0]) ?? word);
        good = 0.75 * Math.max(...titles.map((words_) => fit(words_, near, true)));
      }
      const asked = code && (kind === "module" || kind === "name") && good >= 0.5 ? 6 : 0;
      return { id, score: good * WORTH[kind] + asked + score / best };
    }).sort((a, b) => b.score - a.score || a.id - b.id).slice(0, most);
  }

  // While the book is built: the index of entries [kind, title, other names, text], as text.
  function make(entries) {
    const index = new MiniSearch(options);
    index.addAll(entries.map(([, title, names, text], id) => ({ id, title, names: names.join(" · "), text })));
    return JSON.stringify(index);
  }
  const load = (json) => MiniSearch.loadJSON(json, options);

  return { tokens, key, rank, make, load };
})();
