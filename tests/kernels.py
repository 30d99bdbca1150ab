"""A notebook whose kernel dies fails at once. A pytest plugin, loaded by conftest.py.

nbval waits for the answer to a cell as long as a cell may take, whether or not there is still
somebody to answer. The kernel here is nbval's; it looks every second whether its process lives.
"""

from __future__ import annotations

import signal
import time
from queue import Empty

import nbval.plugin

GLANCE = 1.0  # seconds


class KernelDied(RuntimeError):
    """The process that ran the cells has ended by itself."""


class WatchedKernel(nbval.plugin.RunningKernel):
    """nbval's kernel, not waited for once it is dead."""

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Wait for the answer to a message.

        Parameters
        ----------
        msg_id : str
            The message.
        timeout : float, optional
            Seconds to wait for it at most; without it, as long as the kernel lives.

        Raises
        ------
        KernelDied
            If the process ends before it answers.
        queue.Empty
            If the time is over.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = GLANCE if end is None else min(GLANCE, end - time.monotonic())
            try:
                return super().await_reply(msg_id, timeout=max(left, 0))
            except Empty:
                if not self.is_alive():
                    raise KernelDied(f"the kernel died in this cell: {self.last_words()}") from None
                if left < GLANCE:
                    raise

    def last_words(self) -> str:
        """How the process ended: the name of the signal that killed it, or its exit status."""
        code = self.km.provisioner.process.returncode
        return (
            f"killed by {signal.Signals(-code).name}"
            if code < 0
            else f"it ended with status {code}"
        )


def pytest_configure(config):
    nbval.plugin.RunningKernel = WatchedKernel
