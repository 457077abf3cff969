"""Running two pieces of code at the same moment on two connections."""

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run the callables in threads that start at one barrier; each result or raised exception, in order."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(position: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            results[position] = work()
        except Exception as error:  # the test looks at it
            results[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def errors(results: Sequence[Any]) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]


class Meeting:
    """Makes two callers of a function meet once both have come back from it, each in its first call.

    Two who read the same rows without a lock meet, and then both act on what they read. With a lock the second does not
    come back before the first has committed: nobody comes to the meeting, and the first goes on alone.
    """

    def __init__(self, wait: float = 0.4) -> None:
        self.wait = wait
        self.barrier = threading.Barrier(2)
        self.seen = threading.local()
        self.met = False

    def after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            found = function(*args, **kwargs)
            if not getattr(self.seen, "yes", False):
                self.seen.yes = True
                try:
                    self.barrier.wait(timeout=self.wait)
                    self.met = True
                except threading.BrokenBarrierError:
                    pass  # the other one waits for our lock, or has been refused already
            return found

        return wrapped
