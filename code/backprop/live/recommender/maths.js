// A new user in a matrix factorisation, in the plane of the first two entries of the vector: what
// each rating pulls, where a step leads, what is recommended; as __init__.py beside it computes it.

/**
 * What the companion knows of the films: their vectors in eight bits and the scale of each of their
 * entries, their biases `c`, the mean of all ratings, and the penalty on the bias of a user.
 * @typedef {object} Factors
 * @property {string} Q
 * @property {number[]} scale  (d,)
 * @property {number[]} c
 * @property {number} mean
 * @property {number} biases
 */

/** @typedef {"gain" | "rating"} Order */
/** @typedef {[number, number]} Pair  in the plane */
/** @typedef {{ ratings: number[], u: number[], decay: number, eta: number, film: number, sort: Order, chosen: number }} State */
/** @typedef {{ film: number, average: number, gain: number }} Pick  a film of the list */
/** @typedef {ReturnType<typeof lessonOf>} Lesson */
/** @typedef {ReturnType<Lesson["at"]>} Standing */

/**
 * The film vectors from their eight bits: shared/weights.py. Rows (1, q_1, ..., q_d).
 * @param {{ Q: string, scale: number[] }} factors
 */
export function filmRows({ Q, scale }) {
  const q = Int8Array.from(atob(Q), (c) => c.charCodeAt(0));
  const d = scale.length;
  return Array.from({ length: q.length / d }, (_, i) => [
    1,
    ...scale.map((s, j) => q[i * d + j] * s),
  ]);
}

/**
 * Solve A y = b for a symmetric positive definite A (k, k), by Cholesky: A = L L^T.
 * @param {number[][]} A
 * @param {number[]} b
 */
function solvePositive(A, b) {
  const k = A.length;
  const L = A.map((row) => row.slice());
  const y = b.slice();
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) {
      let sum = L[i][j];
      for (let n = 0; n < j; n++) sum -= L[i][n] * L[j][n];
      L[i][j] = i === j ? Math.sqrt(sum) : sum / L[j][j];
    }
  }
  for (let i = 0; i < k; i++) {
    for (let n = 0; n < i; n++) y[i] -= L[i][n] * y[n];
    y[i] /= L[i][i];
  }
  for (let i = k - 1; i >= 0; i--) {
    for (let n = i + 1; n < k; n++) y[i] -= L[n][i] * y[n];
    y[i] /= L[i][i];
  }
  return y;
}

/** @type {(a: number[], b: number[]) => number} */
const product = (a, b) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
};

/**
 * Minimise the sum of (b - Z y)^2 and of the penalties times y^2.
 * @type {(Z: number[][], b: number[], penalties: number[]) => number[]}
 */
function ridge(Z, b, penalties) {
  const A = penalties.map((penalty, i) =>
    penalties.map((_, j) => Z.reduce((sum, z) => sum + z[i] * z[j], i === j ? penalty : 0)),
  );
  const right = penalties.map((_, i) => Z.reduce((sum, z, s) => sum + z[i] * b[s], 0));
  return solvePositive(A, right);
}

/**
 * What the ratings say: the loss as a bowl over the plane. `rest` is where its gradient is 0, `bend`
 * its curvatures (H11, H12, H22), at(u) everything where u is.
 * @param {number[][]} rows  from filmRows
 * @param {Factors} factors
 * @param {number[]} rate  the films to rate (20)
 * @param {{ ratings: number[], decay: number }} state
 */
export function lessonOf(rows, factors, rate, { ratings, decay }) {
  const { c, mean, biases, scale } = factors;
  const rated = ratings.flatMap((r, s) => (r ? [s] : []));
  const films = rated.map((s) => rows[rate[s]]);
  const surprise = rated.map((s) => ratings[s] - mean - c[rate[s]]);
  const beyond = films.map((x) => [x[0], ...x.slice(3)]);
  const penalties = [biases, ...scale.slice(2).map(() => decay)];
  /** The best beyond the plane, given what it leaves open. @param {number[]} open */
  const complete = (open) => ridge(beyond, open, penalties);

  /** @param {number[]} u */
  const userAt = (u) => {
    const [b, ...others] = complete(
      surprise.map((v, s) => v - films[s][1] * u[0] - films[s][2] * u[1]),
    );
    return [b, ...u, ...others];
  };
  /** @param {number[]} u */
  const at = (u) => {
    const user = userAt(u);
    const errors = surprise.map((v, s) => v - product(films[s], user));
    const [b, ...p] = user;
    const loss = product(errors, errors) + biases * b * b + decay * product(p, p);
    const pulls = errors.map(
      (e, s) => /** @type {Pair} */ ([2 * e * films[s][1], 2 * e * films[s][2]]),
    );
    const home = /** @type {Pair} */ (u.map((v) => -2 * decay * v));
    const gradient = /** @type {Pair} */ (
      [0, 1].map((j) => -home[j] - pulls.reduce((sum, pull) => sum + pull[j], 0))
    );
    return { user, errors, loss, pulls, home, gradient };
  };
  const whole = ridge(films, surprise, [biases, ...scale.map(() => decay)]);
  // the loss is quadratic: its curvatures are differences of its gradient
  const [zero, east, north] = [at([0, 0]), at([1, 0]), at([0, 1])].map(({ gradient }) => gradient);
  const bend = [east[0] - zero[0], east[1] - zero[1], north[1] - zero[1]];
  return { rated, rest: /** @type {Pair} */ ([whole[1], whole[2]]), bend, at };
}

/** Where a step leads. @type {(u: number[], gradient: number[], eta: number) => Pair} */
export const landingOf = (u, gradient, eta) =>
  /** @type {Pair} */ (u.map((v, j) => Math.min(1, Math.max(-1, v - eta * gradient[j]))));

/**
 * The head of the list for a user.
 * @param {number[][]} rows
 * @param {Factors} factors
 * @param {number[]} rate
 * @param {number[]} user
 * @param {{ ratings: number[], sort: Order }} state
 * @param {number} shown
 * @returns {Pick[]}
 */
export function listOf(rows, { c, mean }, rate, user, { ratings, sort }, shown) {
  const own = new Set(rate.filter((_, s) => ratings[s]));
  const picks = rows.map((x, film) => ({ film, average: mean + c[film], gain: product(x, user) }));
  /** @param {Pick} pick */
  const score = ({ average, gain }) => (sort === "gain" ? gain : gain + average);
  return picks
    .filter(({ film }) => !own.has(film))
    .sort((a, b) => score(b) - score(a) || a.film - b.film)
    .slice(0, shown);
}

/**
 * Every number of the figure by its name.
 * @param {State} state
 * @param {{ lesson: Lesson, stands: Standing, best: Pick[] }} found
 */
export function tableOf(state, { lesson, stands, best }) {
  const { ratings, u, decay, eta, film, chosen } = state;
  const { user, loss, gradient } = stands;
  const landing = landingOf(u, gradient, eta);
  const pick = best[chosen];
  /** @type {Record<string, number>} */
  const table = {
    stars: ratings[film],
    decay,
    eta,
    b: user[0],
    rated: lesson.rated.length,
    loss,
    promised: gradient[0] * (landing[0] - u[0]) + gradient[1] * (landing[1] - u[1]),
    brought: lesson.at(landing).loss - loss,
    average: pick.average,
    taste: pick.gain - user[0],
    sum: pick.average + pick.gain,
  };
  best.forEach(({ average, gain }, k) => {
    table[`predicted[${k}]`] = average + gain;
    table[`gain[${k}]`] = gain;
  });
  return table;
}
