// Weights and pictures that travel in a page as text: the twin of weights.py.
export const SIDE = 28; // pixels of a picture, each way
export const blankPicture = () => Array.from({ length: SIDE }, () => new Array(SIDE).fill(0));

const bytesOf = (text, Kind) => Kind.from(atob(text), (c) => c.charCodeAt(0));
// The weights from their eight bits. {W1, b1, W2, ...} as the engine takes them.
export const parametersOf = (layers) =>
  Object.fromEntries(
    layers.flatMap(({ d_in, d_out, W, scale, b }, l) => {
      const q = bytesOf(W, Int8Array);
      const rows = Array.from({ length: d_in }, (_, i) =>
        Array.from(q.subarray(i * d_out, (i + 1) * d_out), (v, j) => v * scale[j]),
      );
      return [[`W${l + 1}`, rows], ...(b ? [[`b${l + 1}`, b]] : [])];
    }),
  );
// A picture from its bytes: an array of rows.
export const pictureOf = ({ pixels }) => {
  const grey = bytesOf(pixels, Uint8Array);
  return blankPicture().map((row, i) => row.map((_, j) => grey[i * SIDE + j] / 255));
};
