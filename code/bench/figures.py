"""How long the live figures take to repaint, in headless Chromium.

Needs what the browser tests need: the extra [test] and Chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"

# One input event of a slider, and the next frame: what a figure asks for in a frame has been done
# before our own request in it, and a timer set there runs after the frame is laid out and painted.
MOVE = """async ([name, share]) => {
  const input = document.querySelector(`[data-control="${name}"]`);
  input.value = Number(input.min) + (Number(input.max) - Number(input.min)) * share;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}"""
# The browser's own clock for each press of a key on a slider, from the input to the presented
# frame: it tells those of 16 ms and more, to 8 ms.
LISTEN = """(name) => {
  window.waited = [];
  document.querySelector(`[data-control="${name}"]`).focus();
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (e.name === "keydown") waited.push(e.duration);
  }).observe({ type: "event", durationThreshold: 16 });
}"""
STATES = {"Convolution": {"view": "loss"}}  # a figure that shows a slider only then
SLIDERS = (
    "[...document.querySelectorAll('input[type=range][data-control]')].filter((n) => "
    "n.getClientRects().length).map((n) => n.dataset.control)"
)


def repaint_times(moves: int = 120) -> list[dict] | str:
    """One row for each live figure, that of its slowest slider; a text says why there are none.

    A row has figure, slider, and in ms the median and the 95th percentile of `moves` moves, and the
    95th percentile of the time from a key to the presented frame.
    """
    sys.path[:0] = [str(TESTS), str(TESTS / "live")]
    try:
        from playwright.sync_api import sync_playwright

        import chromium
        from live_page import LivePage
    except ImportError as error:
        return f"{error} (make test installs what is missing)"
    if wanted := chromium.missing():
        return chromium.advice(wanted)
    from backprop import live

    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        for name in live.__all__:
            if name != "LiveFigure":
                shown = LivePage(
                    browser.new_context(viewport={"width": 760, "height": 900}),
                    getattr(live, name)(**STATES.get(name, {})),
                )
                times = {
                    slider: repaint(shown.page, slider, moves)
                    for slider in shown.page.evaluate(SLIDERS)
                }
                slowest = max(times, key=lambda slider: times[slider][1])
                rows.append(
                    {
                        "figure": name,
                        "slider": slowest,
                        "median": times[slowest][0],
                        "p95": times[slowest][1],
                        "key to frame": key_to_frame(shown.page, slowest, moves),
                    }
                )
        browser.close()
    return rows


def repaint(page, slider: str, moves: int) -> tuple[float, float]:
    """What a move of the slider costs, in ms: the median and the 95th percentile.

    From the event to the end of the frame that shows it: script, style, layout and paint, in
    processor time of the page's thread, not by the clock, which on a busy machine measures the
    others. What other threads do with what was painted (pixels, screen) is not in it.
    """
    session = page.context.new_cdp_session(page)
    times: list[float] = []
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        return 1000 * metrics["TaskDuration"]

    for k in range(moves):
        before = busy()
        page.evaluate(MOVE, [slider, (k + 1) / moves])
        times.append(busy() - before)
    session.detach()
    times.sort()
    return times[moves // 2], times[int(0.95 * moves)]


def key_to_frame(page, slider: str, moves: int) -> float:
    """From a press of an arrow key on a slider to the frame that shows it: 95th percentile, in ms.

    By the clock, in steps of 8 ms, and 16 for all that takes less: a busy machine makes it longer.
    """
    page.evaluate(LISTEN, slider)
    for k in range(moves):
        page.keyboard.press("ArrowLeft" if k % 20 < 10 else "ArrowRight")
        page.evaluate("() => new Promise((done) => setTimeout(done, 40))")
    waited = page.evaluate("waited")
    return sorted([16.0] * (moves - len(waited)) + waited)[int(0.95 * moves)]
