"""Calls that prove the shape comments of `recnotes`: one file a topic, each `case_*` is run by the tracer.

A case declares the size of each symbol. Sizes are pairwise distinct, and distinct from the integers in the
comments. A symbol that differs between the functions a case reaches has several sizes.
"""

from collections.abc import Callable


def sizes(**declared: int | tuple[int, ...]) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Declare what the symbols of a case are."""

    def decorate(case: Callable[[], None]) -> Callable[[], None]:
        case.sizes = {  # type: ignore[attr-defined]
            symbol: size if isinstance(size, tuple) else (size,) for symbol, size in declared.items()
        }
        return case

    return decorate
