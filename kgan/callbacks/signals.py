"""Ctrl-C and SIGTERM, kept until a training can be left without loss."""

import contextlib
import signal
import threading
from types import FrameType
from typing import Any, Self

__all__ = ["Signals"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """A context in which the first of these signals is kept, and the second acts at once.

    Outside of the main thread, which alone gets signals, it does nothing. A signal that is ignored,
    as shells have it for a process in the background, stays ignored.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.announces = True  # Whether to print that the first signal was received.
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self.received = None
        if threading.current_thread() is threading.main_thread():
            heard = [one for one in SIGNALS if signal.getsignal(one) != signal.SIG_IGN]
            self._before = {one: signal.signal(one, self._keep) for one in heard}
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()

    def _restore(self) -> None:
        for one, handler in self._before.items():
            # None: a handler that was not installed by Python, which cannot put it back.
            signal.signal(one, signal.SIG_DFL if handler is None else handler)
        self._before = {}

    def _keep(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        self._restore()
        if not self.announces:
            return
        with contextlib.suppress(RuntimeError):  # It came in the middle of another print.
            name = self.received.name
            again = "Press Ctrl-C again" if self.received == signal.SIGINT else f"Send {name} again"
            print(
                f"\n{name}: finishing this step and backing up. {again} to leave at once.",
                flush=True,
            )

    def raise_received(self) -> None:
        """Does what the signal that was kept asks for.

        Raises:
            KeyboardInterrupt: for SIGINT.
            SystemExit: for SIGTERM, with the code that shells give it.
        """
        if self.received == signal.SIGINT:
            raise KeyboardInterrupt
        if self.received == signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
