"""What a record stands for, where that is known: containers, bytes, numpy's arrays and scalars."""

import re
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.inert._machine import Inert, Unreadable, as_key

Maker = Callable[[Inert], Any]

# Numbers and fixed texts; numpy reads more than these in a text, whole structures for instance.
NUMBERS = re.compile(r"[<>=|]?(\?|b1|[iu][1248]|f[248]|c8|c16|[SU]\d{1,6})")
MOST_DIMENSIONS = 64
MOST_COPIED = 2_000_000  # values that a pickle says are to be copied
CONTAINERS = (dict, list, tuple, Inert)


class Plain:
    """Puts values in the place of the records whose names are known, all over a graph of them.

    There is no recursion, and every part is seen once, in however many places it stands.
    """

    def __init__(self, known: Mapping[str, Maker]) -> None:
        self.known = {**self._own(), **known}
        self.done: dict[int, tuple[Any, Any]] = {}  # id -> a part, which it keeps alive, its value
        self.copied = 0
        self.encoded: dict[int, tuple[str, bytes]] = {}

    def value_of(self, root: Any) -> Any:
        begun: set[int] = set()
        todo = [(root, False)]
        while todo:
            part, parts_are_done = todo.pop()
            if parts_are_done:
                self.done[id(part)] = part, self._finished(part)
            elif isinstance(part, CONTAINERS) and id(part) not in begun:
                begun.add(id(part))
                todo.append((part, True))
                todo.extend((p, False) for p in _parts(part) if isinstance(p, CONTAINERS))
        return self._now(root)

    def _now(self, part: Any) -> Any:
        """A part, or what it has become; one that contains itself is still a record."""
        return self.done[id(part)][1] if id(part) in self.done else part

    def _finished(self, part: Any) -> Any:
        if isinstance(part, dict):
            for key in part:
                part[key] = self._now(part[key])
        elif isinstance(part, list):
            part[:] = map(self._now, part)
        elif isinstance(part, tuple):
            return tuple(map(self._now, part))
        else:
            return self._made(part)
        return part

    def _made(self, record: Inert) -> Any:
        if record.args is None:  # a name alone
            return record
        record.args, record.state = self._now(record.args), self._now(record.state)
        record.keywords = self._now(record.keywords)
        record.items = list(map(self._now, record.items))
        record.entries = [(key, self._now(value)) for key, value in record.entries]
        make = self.known.get(record.name)
        return make(record) if make else record

    def _own(self) -> dict[str, Maker]:
        builtins: dict[str, Maker] = {
            "set": lambda r: set(map(as_key, self._copy(r))),
            "frozenset": lambda r: frozenset(map(as_key, self._copy(r))),
            "list": lambda r: [*self._copy(r), *r.items],
            "dict": self._dict,
            "bytes": lambda r: r if r.args else b"",
            "bytearray": self._bytearray,
            "complex": _complex,
        }
        arrays: dict[str, Maker] = {
            "multiarray._reconstruct": self._array,
            "multiarray.scalar": self._scalar,
            "numeric._frombuffer": self._from_buffer,
        }
        own = {
            f"{room}.{n}": f for room in ("builtins", "__builtin__") for n, f in builtins.items()
        }
        own |= {f"numpy.{room}.{n}": f for room in ("core", "_core") for n, f in arrays.items()}
        own |= {f"collections.{n}": self._dict for n in ("OrderedDict", "Counter", "defaultdict")}
        return own | {"numpy.dtype": _dtype}

    def _copy(self, record: Inert) -> list[Any]:
        """The items in a record's last argument; copies are counted, since one list can be named in
        any number of places."""
        given = record.args[-1] if record.args else ()
        if not isinstance(given, list | tuple | dict | set | frozenset):
            raise TypeError(f"{record.name} of a {type(given).__name__}")
        self._count(len(given))
        return list(given.items() if isinstance(given, dict) else given)

    def _count(self, copied: int) -> None:
        self.copied += copied
        if self.copied > MOST_COPIED:
            raise Unreadable(f"it copies more than {MOST_COPIED:,} values")

    def _dict(self, record: Inert) -> dict[Any, Any]:
        """Of pairs, and of what is set afterwards. A default factory is a name, and left out."""
        last = record.args[-1] if record.args else None
        pairs = [] if isinstance(last, Inert) or last is None else self._copy(record)
        return {as_key(key): value for key, value in [*pairs, *record.entries]}

    def _bytes(self, given: Any) -> Any:
        """Bytes; those of Python 2 are a text. No text is copied twice."""
        if not isinstance(given, str):
            return given
        if id(given) not in self.encoded:
            self.encoded[id(given)] = given, given.encode("latin-1")
        return self.encoded[id(given)][1]

    def _bytearray(self, record: Inert) -> Any:
        given = self._bytes(record.args[0]) if record.args else b""
        if not isinstance(given, bytes):
            return record
        self._count(len(given) // 8)  # as many as pointers would take
        return bytearray(given)

    def _array(self, record: Inert) -> Any:
        """``numpy.ndarray.__reduce__``: its state is (version, shape, type, by columns, bytes)."""
        state = record.state
        if not isinstance(state, tuple) or len(state) < 4:
            return record
        shape, dtype, by_columns, raw = state[-4:]
        return _of_bytes(record, self._bytes(raw), dtype, shape, bool(by_columns))

    def _from_buffer(self, record: Inert) -> Any:
        """numpy's way since protocol 5: (bytes, type, shape, order)."""
        if not record.args or len(record.args) != 4:
            return record
        raw, dtype, shape, order = record.args
        return _of_bytes(record, raw, dtype, shape, order == "F")

    def _scalar(self, record: Inert) -> Any:
        if not record.args or len(record.args) != 2:
            return record
        dtype, raw = record.args
        found = _of_bytes(record, self._bytes(raw), dtype, (1,), False)
        return found[0].item() if isinstance(found, np.ndarray) else found


def _parts(part: Any) -> Iterator[Any]:
    if isinstance(part, Inert):
        yield from (part.args, part.state, part.keywords)
        yield from part.items
        yield from (value for _, value in part.entries)
    else:
        yield from part.values() if isinstance(part, dict) else part


def _complex(record: Inert) -> Any:
    parts = record.args or ()
    return complex(*parts) if all(type(p) in (int, float) for p in parts) else record


def _dtype(record: Inert) -> Any:
    """A type of plain numbers or texts; one of objects or of fields stays a record."""
    name, state = record.args[0] if record.args else None, record.state
    if not isinstance(name, str) or not NUMBERS.fullmatch(name):
        return record
    order = state[1] if isinstance(state, tuple) and len(state) > 1 else "="
    found = np.dtype(name)
    return np.dtype(f"{order}{found.str[1:]}") if order in ("<", ">") else found


def _of_bytes(
    record: Inert, raw: Any, dtype: Any, shape: Any, by_columns: bool
) -> NDArray[Any] | Inert:
    """An array upon the pickle's own bytes; the record where these are no numbers."""
    if not isinstance(dtype, np.dtype) or not isinstance(raw, bytes | bytearray):
        return record
    if not isinstance(shape, tuple) or len(shape) > MOST_DIMENSIONS:
        raise TypeError("an array without a shape")
    if not all(type(n) is int and 0 <= n < 2**63 for n in shape):
        raise TypeError("an array whose shape is no list of sizes")
    if prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"an array of shape {shape} in {len(raw):,} bytes")
    flat = np.frombuffer(raw, dtype) if raw else np.zeros(0, dtype)
    return flat.reshape(shape, order="F" if by_columns else "C")
