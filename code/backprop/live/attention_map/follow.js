// What arrow keys, a pointer over it or a finger on it move: one place in the tab order.
import { drag } from "../shared/drag.js";

/** @type {Record<string, [down: number, right: number]>} */
const BY_KEY = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -99],
  End: [0, 99],
  PageUp: [-99, 0],
  PageDown: [99, 0],
};

/**
 * `onstep` is called with how far a key goes, `onspot` with where the pointer is, in pixels from
 * the corner of `node`.
 * @param {Element} node
 * @param {(down: number, right: number) => void} onstep
 * @param {(left: number, top: number) => void} onspot
 */
export function follow(node, onstep, onspot) {
  drag(node, { move: onspot, plane: true });
  node.addEventListener("pointermove", (event) => {
    const { buttons, clientX, clientY, pointerType } = /** @type {PointerEvent} */ (event);
    if (pointerType === "touch" || buttons) return; // drag does it
    const box = node.getBoundingClientRect();
    onspot(clientX - box.left, clientY - box.top);
  });
  node.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = /** @type {KeyboardEvent} */ (event);
    const by = BY_KEY[key];
    if (!by || ctrlKey || metaKey || altKey) return;
    onstep(...by);
    event.preventDefault();
  });
}

/**
 * What a screen reader hears of it.
 * @param {Element} node
 * @param {number} now  from 0
 * @param {number} most
 * @param {string} text
 */
export const valueText = (node, now, most, text) => {
  node.setAttribute("aria-valuenow", String(now + 1));
  node.setAttribute("aria-valuemax", String(most));
  node.setAttribute("aria-valuetext", text);
};
