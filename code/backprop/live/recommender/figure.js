// Rate films, get recommendations with their reasons: a new user folded into a matrix factorisation
// at every change.
import { Numbers, html, svg, place, write, watch, fixed, whole, unique } from "../shared/draw.js";
import { button, segmented, announcer } from "../shared/controls.js";
import { filmRows, recommend } from "./maths.js";

const TRAITS = ["ratings", "sort", "chosen"];
const SHOWN = 10,
  STARS = 5,
  LOWEST = 2; // the list draws ratings from 2 to 5
const signed = (v) => (Math.abs(v) < 0.005 ? "0.00" : (v > 0 ? "+" : "") + fixed(2)(v));
const formatOf = (name) =>
  /^(from|gain|b$|c$)/.test(name)
    ? signed
    : name.startsWith("r[")
      ? String
      : name === "rated"
        ? whole
        : name === "mean" || name === "sum"
          ? fixed(2)
          : fixed(1);
const star = "M0 -9L2.6 -3.2 9 -2.6 4.2 1.7 5.6 8 0 4.7 -5.6 8 -4.2 1.7 -9 -2.6 -2.6 -3.2Z";
const spokenStars = (r) => (r ? `${r} ${r === 1 ? "star" : "stars"}` : "not rated");
// without the year and what a long title adds
const bare = (title) => title.replace(/ \(\d+\)$/, "").split(" - ")[0];

// One film to rate: a native slider from 0 to 5 whose six places are "not rated" and five stars.
function starSlider(s, title, numbers, onmove) {
  const label = unique("film"),
    marks = Array.from({ length: STARS }, () => svg("path", { d: star }));
  const input = html("input", {
    type: "range",
    min: 0,
    max: STARS,
    step: 1,
    "data-control": `r[${s}]`,
    "aria-labelledby": label,
    oninput: () => onmove(Number(input.value)),
  });
  const none = html("span", { class: "lf-film-none" }, "×"),
    number = numbers.put(html("span", { class: "lf-spoken", "aria-hidden": "true" }), `r[${s}]`);
  const node = html(
    "li",
    { class: "lf-film" },
    html("span", { class: "lf-film-title", id: label }, title),
    html(
      "span",
      { class: "lf-film-stars" },
      html(
        "span",
        { class: "lf-film-marks", "aria-hidden": "true" },
        none,
        marks.map((mark) => svg("svg", { viewBox: "-11 -11 22 22" }, mark)),
      ),
      input,
      number,
    ),
  );
  const show = (rating) => {
    if (Number(input.value) !== rating) input.value = rating;
    input.setAttribute("aria-valuetext", spokenStars(rating));
    marks.forEach((mark, k) => mark.classList.toggle("lf-on", k < rating));
    none.classList.toggle("lf-off", !rating);
    node.classList.toggle("lf-film-rated", rating > 0);
  };
  return { node, show };
}

function render({ model, el }) {
  const numbers = new Numbers(formatOf),
    spoken = announcer(),
    titles = model.get("titles"),
    rate = model.get("rate"),
    factors = model.get("factors");
  const rows = filmRows(factors),
    live = (name) => numbers.put(html("span", { class: "lf-number" }), name);
  let found;
  const set = (changes) => {
    for (const [name, v] of Object.entries(changes)) model.set(name, v);
    model.save_changes();
  };
  const say = () =>
    `First in the list: ${found.best
      .slice(0, 3)
      .map(({ film, predicted }) => `${bare(titles[film])}, ${predicted.toFixed(1)}`)
      .join("; ")}`;
  const give = (ratings, wait = 900) => {
    set({ ratings, chosen: 0 });
    spoken.say(say, wait);
  };

  const films = rate.map((film, s) =>
    starSlider(s, titles[film], numbers, (stars) =>
      give(model.get("ratings").map((r, k) => (k === s ? stars : r))),
    ),
  );
  const sort = segmented({
    label: "order of the list",
    options: [
      ["gain", "Most above average"],
      ["rating", "Highest rating"],
    ],
    onchange: (v) => {
      set({ sort: v, chosen: 0 });
      spoken.say(say, 300);
    },
  });
  const tastes = model
    .get("tastes")
    .map(([name, ratings]) => button(name, () => give(ratings.slice(), 0)));
  const clear = button("Clear all", () =>
      give(
        rate.map(() => 0),
        0,
      ),
    ),
    reset = button("Start again", () => give(model.get("start").slice(), 0));

  // ----------------------------------------------------------------------------------------------------- the list
  const places = Array.from({ length: SHOWN }, (_, k) => {
    const title = html("span", { class: "lf-pick-title" }),
      reason = html("span", { class: "lf-pick-reason" }),
      bar = html("i"),
      tick = html("b");
    const node = html(
      "button",
      {
        type: "button",
        class: "lf-pick",
        "data-control": `pick[${k}]`,
        onclick: () => {
          set({ chosen: k });
          spoken.say(() => why.textContent, 0);
        },
      },
      title,
      html("span", { class: "lf-pick-rating" }, live(`predicted[${k}]`)),
      html("span", { class: "lf-pick-gain" }, live(`gain[${k}]`)),
      html("span", { class: "lf-pick-bar", "aria-hidden": "true" }, bar, tick),
      reason,
    );
    return { title, reason, bar, tick, node };
  });
  const reasonOf = ({ from }, ratings) => {
    const by = found.rated
      .filter((s) => from[s] >= 0.005)
      .sort((a, b) => from[b] - from[a])
      .slice(0, 2);
    if (!found.rated.length) return "what most people like: you have rated nothing yet";
    if (!by.length) return "well liked in general; no rating of yours speaks for it";
    return `because of ${by.map((s) => `${bare(titles[rate[s]])} (${signed(from[s])})`).join(" and ")}`;
  };

  // ------------------------------------------------------------------------------------------- the sum of one film
  const why = html("p", { class: "lf-why-title" });
  const line = (name, text, value) => {
    const bar = html("i"),
      node = html(
        "li",
        { class: "lf-why-line" },
        html("span", {}, text),
        html("span", { class: "lf-why-bar", "aria-hidden": "true" }, bar),
        value ?? live(name),
      );
    return {
      node,
      show: (v) => {
        bar.className = v < 0 ? "lf-negative" : "";
        bar.style.transform = `scaleX(${Math.min(1, Math.abs(v) / 0.8).toFixed(4)})`;
      },
    };
  };
  const starsOf = rate.map(() => html("span", { class: "lf-why-stars" }));
  const parts = rate.map((film, s) =>
    line(`from[${s}]`, [`your ${bare(titles[film])}`, starsOf[s]]),
  );
  const film = line("c", "this film, compared with others");
  const sum = html(
    "ol",
    { class: "lf-why-sum" },
    html(
      "li",
      { class: "lf-why-line" },
      html("span", {}, "mean of all ratings"),
      html("span"),
      live("mean"),
    ),
    film.node,
    parts.map(({ node }) => node),
    html(
      "li",
      { class: "lf-why-line lf-why-total" },
      html("span", {}, "predicted"),
      html("span"),
      live("sum"),
    ),
  );
  const over = html(
    "p",
    { class: "lf-hint" },
    "A sum can pass the end of the scale: more than five stars is five.",
  );

  const repaint = () => {
    const ratings = model.get("ratings"),
      { best, bias, rated } = (found = recommend(
        rows,
        factors,
        rate,
        ratings,
        model.get("sort"),
        SHOWN,
      ));
    const chosen = model.get("chosen"),
      pick = best[chosen],
      table = {
        b: bias,
        rated: rated.length,
        mean: factors.mean,
        c: factors.c[pick.film],
        sum: pick.predicted,
      };
    best.forEach(({ gain, predicted }, k) =>
      Object.assign(table, { [`predicted[${k}]`]: predicted, [`gain[${k}]`]: gain }),
    );
    ratings.forEach((r, s) => {
      table[`r[${s}]`] = r;
      table[`from[${s}]`] = pick.from[s];
    });
    numbers.show(table);
    films.forEach(({ show }, s) => show(ratings[s]));
    sort.show(model.get("sort"));
    const share = (v) => Math.min(1, Math.max(0, (v - LOWEST) / (STARS - LOWEST)));
    best.forEach((entry, k) => {
      const { title, reason, bar, tick, node } = places[k];
      write(title, titles[entry.film]);
      write(reason, reasonOf(entry, ratings));
      const [from, to] = [share(entry.average), share(entry.predicted)];
      bar.className = entry.gain < 0 ? "lf-negative" : "";
      bar.style.transform = `translateX(${(100 * Math.min(from, to)).toFixed(2)}%) scaleX(${Math.abs(to - from).toFixed(4)})`;
      tick.style.left = `${(100 * from).toFixed(2)}%`;
      place(node, { "aria-pressed": String(k === chosen) });
    });
    write(why, `Why ${bare(titles[pick.film])}?`);
    film.show(table.c);
    const order = rated.slice().sort((a, b) => Math.abs(pick.from[b]) - Math.abs(pick.from[a]));
    if (parts.some(({ node }, s) => node.hidden !== !ratings[s]))
      parts.forEach(({ node }, s) => {
        node.hidden = !ratings[s];
      });
    order.forEach((s, k) => {
      if (parts[s].node.style.order !== String(k + 1)) parts[s].node.style.order = String(k + 1);
      parts[s].show(pick.from[s]);
      write(starsOf[s], ` ${"★".repeat(Math.round(ratings[s]))}`);
    });
    over.hidden = !(pick.predicted > STARS);
    root.classList.toggle("lf-none-rated", !rated.length);
  };

  const root = html(
    "div",
    {
      class: "lf lf-recommender",
      role: "group",
      "aria-label": "Live figure: rate films and get recommendations with reasons",
    },
    html(
      "div",
      { class: "lf-main" },
      html(
        "section",
        { class: "lf-rate", "aria-label": "films to rate" },
        html("p", { class: "lf-panel-title" }, "Rate what you have seen"),
        html(
          "p",
          { class: "lf-hint" },
          live("rated"),
          " of 20 rated; your bias is ",
          live("b"),
          " stars",
        ),
        html(
          "ul",
          { class: "lf-film-list" },
          films.map(({ node }) => node),
        ),
      ),
      html(
        "div",
        { class: "lf-rate-tools" },
        html("div", { class: "lf-buttons" }, clear, reset),
        html("p", { class: "lf-hint lf-taste-hint" }, "or let somebody else rate them:"),
        html("div", { class: "lf-buttons lf-tastes" }, tastes),
      ),
      html(
        "section",
        { class: "lf-picks", "aria-label": "recommendations" },
        html("p", { class: "lf-panel-title" }, "For you, of 300 well-known films"),
        sort.node,
        html(
          "ol",
          { class: "lf-pick-list" },
          places.map(({ node }) => html("li", {}, node)),
        ),
        html(
          "p",
          { class: "lf-legend" },
          html("span", {}, "Predicted stars, from 2 to 5:"),
          html("span", {}, html("b", { class: "lf-pick-stroke" }), "average user"),
          html("span", { class: "lf-key" }, "more for you"),
          html("span", { class: "lf-key lf-negative" }, "less"),
        ),
        html("div", { class: "lf-why" }, why, sum, over),
      ),
    ),
    spoken.node,
  );
  el.append(root);
  repaint();
  const stop = watch(model, TRAITS, repaint);
  return () => {
    stop();
    spoken.stop();
    root.remove();
  };
}

export default { render };
