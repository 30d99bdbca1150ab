"""One contestant in a process of its own: ``python worker.py NAME BATCH_SIZE``. Trains one epoch for each line it reads."""
import importlib.metadata
import json
import sys
import time

from contestants import CONTESTANTS
from problem import make_problem

name, batch_size = sys.argv[1], int(sys.argv[2])
answers, sys.stdout = sys.stdout, sys.stderr                 # whatever a library prints, the driver reads answers only
contestant = CONTESTANTS[name](make_problem(batch_size))
for line in sys.stdin:
    contestant.reset()
    start = time.perf_counter()
    contestant.epoch()
    seconds = (time.perf_counter() - start) / contestant.share
    weights = contestant.weights() if line.strip() == "judge" else None
    answer = {"seconds": seconds, "loss": weights and contestant.problem.loss(weights),
              "version": f"{contestant.library} {importlib.metadata.version(contestant.library)}"}
    print(json.dumps(answer), file=answers, flush=True)
