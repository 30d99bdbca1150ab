"""Exercises that ask for an experiment: judged is how it was made, and what it allows to be said.

Nobody knows which numbers a reader will get. What can be judged is whether they can carry a
conclusion: both competitors tuned with the same effort, over a grid whose best value is not at its
edge, from at least five starts, measured on what chose nothing, and no difference claimed inside
its error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .registry import Exercise

NEITHER = "neither"


class Misformed(ValueError):
    """The results have another form than asked for; the message is a sentence for the reader."""


@dataclass
class Comparison:
    """The rubric of an experiment with two competitors that are tuned; the lower loss is better.

    The reader's results are ``{name: {"tuning": {rate: [losses]}, "test": [losses]}, ...,
    "better": name}``: a loss for each start, infinite where a run diverged; "better" is one of the
    two names, or "neither".

    Attributes
    ----------
    competitors : pair of str
        Their names.
    rates : int
        The least number of rates of each.
    starts : int
        The least number of starts.
    widest : float
        How many times as large as its neighbour below a rate of the grid may be.
    """

    competitors: tuple[str, str]
    rates: int = 5
    starts: int = 5
    widest: float = 5.0

    def lines(self, results: Any) -> list[tuple[bool, str]]:
        """What is asked for, one line each, and whether it is there.

        Raises Misformed where the results have not the form that is asked for.
        """
        tuned, tests = self.read(results)
        best = {name: min(means, key=means.__getitem__) for name, means in means_of(tuned).items()}
        better = results["better"]
        claim, supported = self.conclusion(tests, better)
        return [
            (all(len(grid) >= self.rates for grid in tuned.values()), self.grid_line(tuned)),
            self.effort(tuned, tests),
            self.spread(tuned, tests),
            self.neighbours(tuned),
            *(self.inside(name, tuned[name], best[name]) for name in self.competitors),
            self.apart(tuned, tests, best),
            (supported, claim),
        ]

    def verdict(self, results: Any) -> tuple[bool, str]:
        """Whether all is there, and what to say: the rubric, a line each."""
        try:
            lines = self.lines(results)
        except Misformed as error:
            return False, f"Not yet: {error}"
        except Exception:  # whatever a reader's objects do when they are asked for numbers
            return False, "Not yet: your results hold something that is no dictionary of losses."
        kept = all(there for there, _ in lines)
        head = "Right." if kept else "Not yet: an experiment needs all of these."
        return kept, "\n".join(
            [head, *(f"{'✓' if there else '✗'} {said}" for there, said in lines)]
        )

    def example(self, **changes: Any) -> dict[str, Any]:
        """Results that pass, made up; for tests, and to change in one way each for `mistakes`.

        Parameters
        ----------
        **changes : object
            "rates", a list of those tried; "best", the one with the lowest loss; "starts"; "noise",
            how far the starts lie apart; "gap", by how much the second is better; "better".
        """
        given: dict[str, Any] = {
            "rates": [0.01, 0.03, 0.1, 0.3, 1.0],
            "best": 0.1,
            "starts": 5,
            "noise": 0.01,
            "gap": 0.1,
            "better": self.competitors[1],
        } | changes
        results: dict[str, Any] = {}
        for name, shift in zip(self.competitors, (given["gap"], 0.0)):
            wobble = given["noise"] * np.sin(np.arange(given["starts"]) + 7 * shift)
            bowl = {r: 0.3 + shift + abs(math.log(r / given["best"])) for r in given["rates"]}
            results[name] = {
                "tuning": {r: (value + wobble).tolist() for r, value in bowl.items()},
                "test": (0.35 + shift + wobble[::-1]).tolist(),
            }
        return results | {"better": given["better"]}

    def mistakes(self) -> dict[str, Any]:
        """What to say of an experiment that was made carelessly, with results made so."""
        first, second = self.competitors

        def changed(change: Any) -> Any:
            def results() -> dict[str, Any]:
                made = self.example()
                change(made)
                return made

            return results

        def more(made: dict) -> None:
            made[first]["tuning"][3.0] = made[first]["tuning"][1.0]

        def same(made: dict) -> None:
            tuning = made[first]["tuning"]
            made[first]["test"] = tuning[min(tuning, key=lambda rate: sum(tuning[rate]))]

        return {
            "lies at the edge of": lambda: self.example(best=1.0),
            "at least 5 rates each: yours are 3": lambda: self.example(rates=[0.03, 0.1, 0.3]),
            "from at least 5 starts: rates 5, starts 3": lambda: self.example(starts=3),
            "the same effort for both": changed(more),
            "does the seed arrive?": lambda: self.example(noise=0.0),
            "times its neighbour: yours are up to 10": lambda: self.example(
                rates=[0.001, 0.01, 0.1, 1.0, 10.0]
            ),
            "which the choice has flattered": changed(same),
            f'your numbers do not show "{second}"': lambda: self.example(gap=0.0),
            f'your numbers do not show "{NEITHER}"': lambda: self.example(better=NEITHER),
            f'your results lack "{first}"': changed(lambda made: made.pop(first)),
            "a run that diverged": changed(lambda made: made[first]["test"].append(math.inf)),
        }

    # ------------------------------------------------------------------------------ the form
    def read(self, results: Any) -> tuple[dict[str, dict[float, np.ndarray]], dict]:
        """The losses of the tuning, by name and rate, and of the test, by name."""
        both = " and ".join(f'"{name}"' for name in self.competitors)
        if not isinstance(results, dict):
            raise Misformed(
                f"a dictionary with {both} is wanted, this is {type(results).__name__}."
            )
        wanted = {*self.competitors, "better"}
        if missing := [name for name in (*self.competitors, "better") if name not in results]:
            raise Misformed(f'your results lack "{missing[0]}"; they have {named(results)}.')
        if unknown := [name for name in results if name not in wanted]:
            raise Misformed(f'nothing is asked for {unknown[0]!r}; there are {both} and "better".')
        if not isinstance(results["better"], str) or results["better"] not in (
            *self.competitors,
            NEITHER,
        ):
            raise Misformed(f'"better" is {both.replace(" and ", ", ")} or "{NEITHER}".')
        tuned, tests = {}, {}
        for name in self.competitors:
            part = results[name]
            if not isinstance(part, dict) or set(part) != {"tuning", "test"}:
                raise Misformed(f'"{name}" needs "tuning" and "test", and nothing else.')
            if not isinstance(part["tuning"], dict) or not part["tuning"]:
                raise Misformed(f'the "tuning" of "{name}" must be {{rate: [losses], ...}}.')
            grid = {
                rate_of(name, rate): losses_of(f'rate {rate!r} of "{name}"', row)
                for rate, row in part["tuning"].items()
            }
            tuned[name] = dict(sorted(grid.items()))
            tests[name] = losses_of(f'the "test" of "{name}"', part["test"])
            if not np.isfinite(tests[name]).all():
                raise Misformed(
                    f'the "test" of "{name}" holds a run that diverged: its best rate is none.'
                )
            if not any(np.isfinite(row).all() for row in tuned[name].values()):
                raise Misformed(f'"{name}" has no rate at which all runs ended: try smaller ones.')
        return tuned, tests

    # ---------------------------------------------------------------------------- the rubric
    def grid_line(self, tuned: dict) -> str:
        counts = " and ".join(str(len(grid)) for grid in tuned.values())
        return f"at least {self.rates} rates each: yours are {counts}"

    def effort(self, tuned: dict, tests: dict) -> tuple[bool, str]:
        """Both got the same number of rates and starts, and enough starts."""
        rates = {len(grid) for grid in tuned.values()}
        starts = {len(row) for grid in tuned.values() for row in grid.values()}
        last = {len(row) for row in tests.values()}
        kept = len(rates) == len(starts) == len(last) == 1
        kept = kept and min(starts | last) >= self.starts
        return kept, (
            f"the same effort for both, from at least {self.starts} starts: "
            f"rates {listed(rates)}, starts {listed(starts)}, in the test {listed(last)}"
        )

    def spread(self, tuned: dict, tests: dict) -> tuple[bool, str]:
        """The starts were different ones."""
        rows = [row for grid in tuned.values() for row in grid.values()] + [*tests.values()]
        finite = [row for row in rows if np.isfinite(row).all() and len(row) > 1]
        kept = all(np.ptp(row) > 0 for row in finite)
        said = "" if kept else ": some lists hold one number again and again; does the seed arrive?"
        return kept, f"each start gives a loss of its own{said}"

    def neighbours(self, tuned: dict) -> tuple[bool, str]:
        """The grid is fine enough for its best value to mean something."""
        widest = max(
            float(np.max(np.array([*grid][1:]) / [*grid][:-1], initial=1.0))
            for grid in tuned.values()
        )
        return widest <= self.widest * (1 + 1e-9), (
            f"no rate is more than {self.widest:g} times its neighbour: yours are up to "
            f"{widest:.3g} times"
        )

    def inside(self, name: str, grid: dict, best: float) -> tuple[bool, str]:
        """The best rate is not at the edge of the grid."""
        kept = min(grid) < best < max(grid)
        ends = f"{min(grid):g} .. {max(grid):g}"
        if kept:
            return True, f"{name}: the best rate, {best:g}, lies inside {ends}"
        return False, (
            f"{name}: the best rate, {best:g}, lies at the edge of {ends}: a better one may lie "
            "beyond"
        )

    def apart(self, tuned: dict, tests: dict, best: dict) -> tuple[bool, str]:
        """The test was made with numbers that chose nothing."""
        kept = not any(
            np.isin(tests[name], tuned[name][best[name]]).any() for name in self.competitors
        )
        said = "" if kept else ": yours are those of the tuning, which the choice has flattered"
        return kept, f"the test has numbers that chose nothing{said}"

    def conclusion(self, tests: dict, better: str) -> tuple[str, bool]:
        """What the test allows to be said, and whether it is what the reader says."""
        first, second = self.competitors
        a, b = tests[first], tests[second]
        if len(a) != len(b) or len(a) < 2:
            return "a conclusion needs as many starts for the one as for the other", False
        difference = a - b  # the same start, once with each
        mean = float(difference.mean())
        error = float(difference.std(ddof=1)) / math.sqrt(len(difference))
        limit = student(len(difference) - 1)
        found = NEITHER if abs(mean) <= limit * error else first if mean < 0 else second
        measured = f"{first} minus {second} is {mean:.2g}, give or take {limit * error:.2g}"
        shown = f"{first} and {second} cannot be told apart"
        if found != NEITHER:
            shown = f"{found} is better here"
        if better == found:
            return f"your numbers show what you say, {shown}: {measured} ({len(a)} starts)", True
        return f'your numbers do not show "{better}": {measured} ({len(a)} starts)', False


def named(results: dict) -> str:
    """The names that a reader gave."""
    return ", ".join(f"{name!r}" for name in results) or "nothing"


def listed(numbers: set[int]) -> str:
    """A few whole numbers as text."""
    return " and ".join(map(str, sorted(numbers)))


def rate_of(name: str, rate: Any) -> float:
    """A learning rate as a float, or Misformed."""
    try:
        value = float(rate)
        if isinstance(rate, (str, bytes, bool)) or not 0 < value < math.inf:
            raise ValueError
    except Exception:
        raise Misformed(
            f'a rate of "{name}" must be a positive number, not {rate!r:.30}.'
        ) from None
    return value


def losses_of(what: str, row: Any) -> np.ndarray:
    """Losses as an array, one for each start; a run that diverged (NaN, too) is infinite."""
    try:
        entries = np.ravel(list(row))  # a column, too
        if entries.dtype.kind not in "iufO":
            raise TypeError
        losses = entries.astype(float)
    except Exception:
        raise Misformed(f"{what} needs a list of losses, one for each start.") from None
    if not losses.size:
        raise Misformed(f"{what} has no losses.")
    return np.where(np.isnan(losses), np.inf, losses)


def means_of(tuned: dict) -> dict[str, dict[float, float]]:
    """The mean loss of each rate."""
    return {
        name: {rate: float(row.mean()) for rate, row in grid.items()}
        for name, grid in tuned.items()
    }


def student(degrees: int) -> float:
    """What 95 of 100 values of Student's t with so many degrees of freedom stay within.

    An expansion about the normal distribution's 1.96 (Abramowitz and Stegun, 26.7.5), good to 1 %
    from four degrees on.
    """
    z, n = 1.959964, float(degrees)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / n**k for k, term in enumerate(terms, 1))


def experiment(name: str, competitors: tuple[str, str]) -> Exercise:
    """The exercise of this name that asks which of two competitors ends with the lower loss."""
    rubric = Comparison(competitors)
    return Exercise(name, rubric.example, level="think", rubric=rubric, mistakes=rubric.mistakes())
