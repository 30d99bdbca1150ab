// What a pointer drags, and what a finger that scrolls the page leaves alone. A mouse or a pen takes
// hold at once. A finger does once it has moved clearly sideways, has rested (in two dimensions), or
// has tapped; until then nothing is set, and a finger that goes up or down scrolls the page.
//
// Taking hold is told by the event `lf-take`, and a hold that the browser breaks off by `lf-undo`:
// the host notes the state at the one and goes back to it at the other.

const SLOP = 8; // px until it is decided what a finger wants
const HOLD = 280; // ms of rest that are deliberate

/** @param {Element} node @param {"take" | "undo"} what */
const tell = (node, what) => node.dispatchEvent(new CustomEvent(`lf-${what}`, { bubbles: true }));

/** @type {(dx: number, dy: number) => "sideways" | "along" | "open"} */
const wish = (dx, dy) => {
  if (Math.abs(dx) >= SLOP && Math.abs(dx) > 1.5 * Math.abs(dy)) return "sideways";
  return Math.hypot(dx, dy) >= SLOP ? "along" : "open";
};

/** The page scrolls up and down, and zooms; what is sideways is ours. @param {Element} node */
const leaveScrolling = (node) => {
  /** @type {HTMLElement | SVGElement} */ (node).style.touchAction = "pan-y pinch-zoom";
};

/**
 * Drag on `node`. `grab(left, top)`, in pixels from its corner, is told where the hold began, and
 * refuses it by returning false; `move(left, top)` where the pointer is; `drop` that it has let go.
 * `plane`: it moves in two dimensions, so that a finger which rests takes hold, too.
 * @param {Element} node
 * @param {{
 *   grab?: (left: number, top: number) => boolean | void,
 *   move: (left: number, top: number) => void,
 *   drop?: () => void,
 *   plane?: boolean,
 * }} how
 */
export function drag(node, { grab, move, drop, plane = false }) {
  /** @type {{ id: number, x: number, y: number, taken: boolean } | null} */
  let hold = null;
  let timer = 0;
  /** @type {(x: number, y: number) => [number, number]} */
  const local = (x, y) => {
    const box = node.getBoundingClientRect();
    return [x - box.left, y - box.top];
  };
  const leave = () => {
    clearTimeout(timer);
    if (hold?.taken) drop?.();
    hold = null;
  };
  const take = () => {
    clearTimeout(timer);
    if (!hold || hold.taken) return;
    if (grab?.(...local(hold.x, hold.y)) === false) return leave();
    hold.taken = true;
    tell(node, "take");
    if (node.isConnected) node.setPointerCapture(hold.id);
  };
  leaveScrolling(node);
  node.addEventListener("pointerdown", (event) => {
    const { button, clientX, clientY, pointerId, pointerType } = /** @type {PointerEvent} */ (
      event
    );
    if (button !== 0 || hold) return;
    hold = { id: pointerId, x: clientX, y: clientY, taken: false };
    if (pointerType === "touch") {
      if (plane) timer = window.setTimeout(take, HOLD);
      return;
    }
    take();
    if (hold?.taken) move(...local(clientX, clientY));
  });
  node.addEventListener("pointermove", (event) => {
    const { clientX, clientY, pointerId } = /** @type {PointerEvent} */ (event);
    if (hold?.id !== pointerId) return;
    if (!hold.taken) {
      const wanted = wish(clientX - hold.x, clientY - hold.y);
      if (wanted === "sideways") take();
      else if (wanted === "along") leave();
    }
    if (hold?.taken) move(...local(clientX, clientY));
  });
  node.addEventListener("pointerup", (event) => {
    const { clientX, clientY, pointerId } = /** @type {PointerEvent} */ (event);
    if (hold?.id !== pointerId) return;
    take(); // a tap
    if (hold?.taken) move(...local(clientX, clientY));
    leave();
  });
  node.addEventListener("pointercancel", () => {
    if (hold?.taken) tell(node, "undo");
    leave();
  });
  // a finger that has rested and goes up or down must not scroll the page after all
  const still = (/** @type {Event} */ event) =>
    hold?.taken && event.cancelable && event.preventDefault();
  node.addEventListener("touchmove", still, { passive: false });
  node.addEventListener("contextmenu", still);
}

/**
 * Hand on what a range input is moved to, but not by a finger that scrolls: while that is open the
 * input stays where it was.
 * @param {HTMLInputElement} input
 * @param {() => void} moved
 */
export function patient(input, moved) {
  /** @type {{ x: number, y: number, before: string, wanted: string | null, state: "open" | "taken" | "shut" } | null} */
  let touch = null;
  const take = () => {
    if (touch?.state !== "open") return;
    touch.state = "taken";
    tell(input, "take");
    if (touch.wanted === null) return;
    input.value = touch.wanted;
    moved();
  };
  leaveScrolling(input);
  input.addEventListener("input", () => {
    if (!touch || touch.state === "taken") return moved();
    touch.wanted = input.value;
    input.value = touch.before;
  });
  input.addEventListener("pointerdown", ({ clientX, clientY, pointerType }) => {
    const begin = { x: clientX, y: clientY, before: input.value, wanted: null };
    touch = pointerType === "touch" ? { ...begin, state: "open" } : null;
  });
  input.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (touch?.state !== "open") return;
    const wanted = wish(clientX - touch.x, clientY - touch.y);
    if (wanted === "sideways") take();
    else if (wanted === "along") touch.state = "shut";
  });
  input.addEventListener("pointerup", () => {
    take(); // a tap
    touch = null;
  });
  input.addEventListener("pointercancel", () => {
    if (!touch) return;
    if (touch.state === "taken") tell(input, "undo");
    else input.value = touch.before;
    touch.state = "shut"; // until the finger is gone: it may still be heard of
  });
  const end = () => {
    if (touch?.state === "shut") touch = null;
  };
  for (const name of ["touchend", "touchcancel", "keydown"]) input.addEventListener(name, end);
}
