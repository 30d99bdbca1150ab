// A network that reads digits, and pictures of digits, that travel in a page as text: the twin of
// weights.py.
import { activations } from "./engine.js";
import { Network, rowsOf } from "./network.js";

export const SIDE = 28; // pixels of a picture, each way
/** @returns {number[][]} */
export const blankPicture = () => Array.from({ length: SIDE }, () => new Array(SIDE).fill(0));

/** @type {(text: string) => Uint8Array} */
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** @typedef {{ d_in: number, d_out: number, W: string, scale: number[], b: number[] | null }} PackedLayer */

/**
 * The network from its weights in eight bits, with the cross-entropy as its loss.
 * @param {PackedLayer[]} layers
 * @param {import("./network.js").ActivationName} hidden
 */
export function digitNetwork(layers, hidden) {
  const sizes = [layers[0].d_in, ...layers.map(({ d_out }) => d_out)];
  const bias = layers[0].b !== null;
  const net = new Network(sizes, { hidden, loss: "cross-entropy", bias });
  layers.forEach(({ d_out, W, scale, b }, l) => {
    const q = new Int8Array(bytesOf(W).buffer);
    for (let k = 0; k < q.length; k++) net.W[l + 1][k] = q[k] * scale[k % d_out];
    if (b) net.b[l + 1].set(b);
  });
  return net;
}

/**
 * What the network makes of some pictures: a row of probabilities each.
 * @param {Network} net
 * @param {number[][]} pictures  flat, n of them
 */
export function probabilitiesOf(net, pictures) {
  const n = pictures.length;
  const z = net.forward(Float64Array.from(pictures.flat()), n);
  const classes = net.sizes[net.depth];
  return activations.softmax.forward(rowsOf(z.subarray(0, n * classes), classes));
}

/**
 * A picture from its bytes: an array of rows.
 * @param {{ pixels: string }} packed
 */
export const pictureOf = ({ pixels }) => {
  const grey = bytesOf(pixels);
  return blankPicture().map((row, i) => row.map((_, j) => grey[i * SIDE + j] / 255));
};
