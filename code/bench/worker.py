"""One contestant in a process of its own: ``python worker.py NAME``.

For each line it reads (JSON: sizes, batch_size, samples, judge) it trains one epoch from the
initial weights and answers with the seconds; with the loss afterwards, too, if it is to be judged.
"""

import importlib.metadata
import json
import sys
import time

from contestants import CONTESTANTS
from problem import make_problem

contestant, present = None, None
answers = sys.stdout
sys.stdout = sys.stderr  # whatever a library prints, the driver reads answers only
for line in sys.stdin:
    task = json.loads(line)
    judge = task.pop("judge")
    if contestant is None or task != present:
        contestant = CONTESTANTS[sys.argv[1]](make_problem(**task))
        present = task
    contestant.reset()
    time.sleep(0.5)  # idle threads of the one before spin for a while before they sleep
    start = time.perf_counter()
    contestant.epoch()
    seconds = (time.perf_counter() - start) / contestant.share
    weights = contestant.weights() if judge else None
    answer = {
        "seconds": seconds,
        "loss": None if weights is None else contestant.problem.loss(weights),
        "version": f"{contestant.library} {importlib.metadata.version(contestant.library)}",
    }
    print(json.dumps(answer), file=answers, flush=True)
