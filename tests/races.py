"""Running two pieces of code at the same moment on two connections."""

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
