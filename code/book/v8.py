"""V8, a JavaScript engine, inside Python (mini-racer).

All its contexts are opened here, because here they are closed in time. A context that is still open
while the interpreter shuts down never lets a Python 3.13 process end: what frees it waits for a
thread that the shutdown has already stopped. Closed at exit, before that, it ends on every version.
In a fork none of a parent's contexts works, and one that is collected there waits for ever, too: a
fork opens its own and keeps a reference to the others.
"""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py_mini_racer import MiniRacer


def open_context(*sources: str) -> MiniRacer:
    """Open a context of its own that has run some scripts, and close it when the process ends.

    Parameters
    ----------
    *sources : str
        Classic scripts, run in this order; what they declare at top level stays.

    Returns
    -------
    MiniRacer
        The context. ``call("f", ...)`` calls a function of it, with arguments and result as JSON.

    Raises
    ------
    py_mini_racer.JSEvalException
        If a script is no JavaScript, or throws.
    """
    from py_mini_racer import MiniRacer

    context = MiniRacer()
    atexit.register(context.close)
    for source in sources:
        # the value of a script is of no use here, and not each can leave V8
        context.eval(source + "\n;0")
    return context
