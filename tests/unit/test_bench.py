"""The races: what repeated timings allow to be said, and when a machine is too busy for them."""

import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parents[2] / "code" / "bench"


def module(name):
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    loaded = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


estimates, quiet = module("estimates"), module("quiet")


# -------------------------------------------------------------------------------------- estimates
def test_interval_of_a_median_is_a_pair_of_the_values():
    assert estimates.interval([5, 1, 7, 3, 2, 6, 4]) == (1, 7)  # 1 - 2/128 = 98 %
    assert estimates.interval(range(1, 10)) == (2, 8)  # 1 - 2 (1 + 9) / 512 = 96 %
    assert estimates.interval(range(5)) is None and estimates.interval([]) is None
    assert estimates.interval(range(5), confidence=0.9) == (0, 4)


@pytest.mark.parametrize("n", [6, 7, 9, 12, 21])
def test_interval_holds_the_median_as_often_as_it_says(n):
    rng = np.random.default_rng(n)
    rows = rng.lognormal(size=(4000, n))  # skewed, as timings are; its median is 1
    held = np.mean([low <= 1 <= high for low, high in map(estimates.interval, rows)])
    assert held > 0.945


def test_ratio_is_taken_round_by_round():
    ours = np.array([1.0, 4.0, 1.1, 0.9, 1.0, 3.0, 1.0])  # two busy rounds hit both
    found = estimates.ratio(list(1.2 * ours), list(ours))
    assert found["apart"] and found["ratio"] == pytest.approx(1.2)
    assert found["low"] == pytest.approx(1.2) and found["high"] == pytest.approx(1.2)


def test_what_overlaps_or_was_too_short_is_not_apart():
    ours = [1.0, 1.1, 0.9, 1.0, 1.2, 0.8, 1.0]
    assert not estimates.ratio(ours[::-1], ours)["apart"]
    few = estimates.ratio([2.0, 2.0, 2.0], [1.0, 1.0, 1.0])
    assert not few["apart"] and few["low"] is None and few["ratio"] == 2
    with pytest.raises(ValueError, match="3 rounds of the one, 2 of the other"):
        estimates.ratio([1, 1, 1], [1, 1])


def test_fit_finds_the_constants_and_refuses_what_it_does_not_describe():
    n = np.array([1, 8, 32, 128, 512, 2048])
    assert estimates.fit(n, 90 / n + 3) == pytest.approx((90, 3))
    # the four curves of the first edition: t1 above what was measured, or far from some points
    for us in (
        [406.7, 8.4, 7.5, 5.2, 3.6, 3.4],
        [589.5, 30.1, 24.2, 17.8, 14.5, 11.5],
        [614.3, 95.6, 45.1, 20.3, 16.2, 14.1],
        [126.8, 35.0, 15.3, 8.6, 7.3, 5.7],
    ):
        assert estimates.fit(n, us) is None
    assert estimates.fit(n, np.full(6, 5.0) - 1 / n) is None  # t0 below 0


# ------------------------------------------------------------------------------------------ quiet
def stat(folder, pid, fields, name="python"):
    (folder / str(pid)).mkdir(exist_ok=True)
    (folder / str(pid) / "stat").write_text(f"{pid} ({name}) S {' '.join(map(str, fields))}\n")


def test_account_counts_what_is_not_ours(tmp_path):
    tick = os.sysconf("SC_CLK_TCK")
    (tmp_path / "stat").write_text("cpu 100 20 30 9999 777 4 3 8 50 60\ncpu0 1 1\n")
    stat(tmp_path, 7, [*range(10), 40, 5, 9], name="a) S (b")  # utime 40, stime 5
    found = quiet.account([7], tmp_path)
    # without idle, without waiting for a disk; guests are in user already
    assert found.everybody * tick == pytest.approx(100 + 20 + 30 + 4 + 3 + 8)
    assert found.ours * tick == pytest.approx(45)
    before, after = quiet.Account(0, 10, 4), quiet.Account(2, 14, 7)
    assert quiet.others(before, after, cores=2) == pytest.approx((4 - 3) / (2 * 2))
    assert quiet.others(before, quiet.Account(2, 11, 7), cores=2) == 0  # counts of ticks round


def test_without_an_account_nothing_is_known(tmp_path):
    assert quiet.account([1], tmp_path) is None
    assert quiet.others(None, quiet.Account(1, 1, 1), 2) is None


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="no /proc")
def test_a_neighbour_is_noticed_and_an_own_child_is_not():
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    alone, family, used = [os.getpid()], [os.getpid(), child.pid], 0.0
    try:
        before = quiet.account(alone), quiet.account(family)
        while used < 0.5:  # seconds of the processor, which a busy machine gives late
            time.sleep(0.1)
            after = quiet.account(alone), quiet.account(family)
            used = after[1].ours - before[1].ours
    finally:
        child.kill()
        child.wait()
    stranger, own = (
        quiet.others(*pair, cores=1) * (pair[1].clock - pair[0].clock)
        for pair in zip(before, after, strict=True)
    )
    assert stranger - own == pytest.approx(used, rel=0.3)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"repeats": 3}, "3 repeats, fewer than 7"),
        ({"others before": 0.3}, "in 1 of 8 looks.*up to 30%"),
        ({"others": [0.0] * 5 + [0.2, 0.06]}, "in 2 of 8 looks.*up to 20%"),
        ({"others": [None] * 7}, "does not tell"),
    ],
)
def test_a_run_on_a_busy_machine_is_not_stored(change, words):
    part = {"repeats": 7, "others before": 0.01, "others": [0.0, 0.02, 0.01, 0.0, 0.0, 0.03, 0.05]}
    assert quiet.objections(part) == []
    (said,) = quiet.objections(part | change)
    assert re.search(words, said)


# ----------------------------------------------------------------------------------------- figures
def test_time_from_a_key_to_the_frame_holds_the_work_in_between(browser):
    figures = module("figures")
    work = "const end = performance.now() + {}; while (performance.now() < end);"
    slider = f"<input type='range' data-control='x' oninput='{work}'>"
    waited = []
    for ms in (0, 400):
        page = browser.new_page()
        page.set_content(slider.format(ms))
        waited.append(figures.key_to_frame(page, "x", 5))
        page.close()
    assert 16 <= waited[0] < 400 <= waited[1]
