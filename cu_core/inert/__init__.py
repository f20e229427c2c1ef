"""Reads a pickle without executing any of it: a thing to be looked at, not a program to be run.

Every opcode of the protocols 0 to 5 is understood, and none imports or calls anything: where a
pickle names a class or a function, or says that one is to be called, an ``Inert`` record of that
name, with its arguments and state, takes the place of the object. Plain containers, numbers and
texts become what they are, and so does what a few names are known to stand for: ordered and
default dictionaries, sets, bytes, numpy's arrays and scalars, whatever ``known`` adds. These are
made here, of the record; what the file names is never looked up.

Time and memory are bounded by the length of the pickle: there is no recursion, nothing is copied
that stands there once, and what makes hashing slow is refused as a key.
"""

from collections.abc import Callable, Mapping
from typing import Any

from cu_core.inert._machine import Inert, Machine, Stream, Unreadable
from cu_core.inert._plain import Maker, Plain

__all__ = ["Inert", "Maker", "Stream", "Unreadable", "load"]


def load(
    stream: Stream,
    known: Mapping[str, Maker] | None = None,
    persistent: Callable[[Any], Any] | None = None,
) -> Any:
    """The value of the pickle that begins here; the stream is left behind its end.

    ``known``: full name -> what makes a value of a record of this name, or gives the record back;
    ``persistent``: makes a value of a persistent id. Both may raise Unreadable, as this does for
    everything that is no pickle. Arrays are read-only where they lie in the pickle's own bytes.
    """
    machine = Machine(stream, persistent or (lambda key: Inert("", "persistent id", (key,))))
    try:
        return Plain(known or {}).value_of(machine.run())
    except Unreadable:
        raise
    except (ValueError, TypeError, LookupError, OverflowError, AttributeError) as error:
        at = stream.tell()
        if not stream.read(1):
            raise Unreadable("it ends in the middle") from None
        raise Unreadable(f"at byte {at:,}: {str(error)[:120]}") from None
