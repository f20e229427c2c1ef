"""The opcodes of a pickle, carried out on records: no name is looked up and nothing is called.

No step copies what an earlier one made, so that what is held is never more than a small multiple
of the bytes that were read.
"""

import codecs
import pickletools
from collections.abc import Callable
from typing import Any, Protocol

MOST_STEPS = 10_000_000  # opcodes of one pickle: some 20 seconds, and 1 GB at the very most
MOST_PARTS, MOST_LEVELS = 8, 2  # of a tuple that is a key
WIDEST_KEY = 64  # bits of an integer that is a key
PARTIAL = ("copyreg._reconstructor", "copy_reg._reconstructor")
NEW = ("copyreg.__newobj__", "copy_reg.__newobj__")
ENCODE = "_codecs.encode"


class Unreadable(Exception):
    """Why the bytes are no pickle that can be read: a phrase for the caller's own sentence."""


class Stream(Protocol):
    """``io.BytesIO`` or ``mmap.mmap``: never gives more than there is, whatever it is asked for."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self) -> bytes: ...
    def tell(self) -> int: ...


class Inert:
    """What a pickle would have made: its full name and what would have been given to it.

    ``args``: None where the name alone stands there, as a class or a function does; ``keywords``:
    those given by name; ``state``: its attributes; ``items``: what would have been appended;
    ``entries``: (key, value), set in it.
    """

    __slots__ = ("args", "entries", "items", "keywords", "module", "qualname", "state")

    def __init__(self, module: str, qualname: str, args: tuple[Any, ...] | None = None) -> None:
        self.module, self.qualname, self.args = module, qualname, args
        self.keywords: Any = None
        self.state: Any = None
        self.items: list[Any] = []
        self.entries: list[tuple[Any, Any]] = []

    @property
    def name(self) -> str:
        return f"{self.module}.{self.qualname}" if self.module else self.qualname

    def __repr__(self) -> str:
        return f"<{self.name[:200]}>"


class Machine:
    """The stack machine of the pickle protocols. Its methods are the opcodes."""

    def __init__(self, stream: Stream, persistent: Callable[[Any], Any]) -> None:
        self.stream: Any = stream
        self.persistent = persistent
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks under the marks
        self.memo: dict[int, Any] = {}
        self.encoded: dict[int, tuple[str, bytes]] = {}  # so that no text is copied twice

    def run(self) -> Any:
        for _ in range(MOST_STEPS):
            code = self.stream.read(1)
            if not code:
                raise Unreadable("it ends in the middle")
            op = OPCODES.get(code.decode("latin-1"))
            if op is None:
                raise Unreadable(f"byte {self.stream.tell() - 1:,} is no part of a pickle")
            if op.name == "STOP":
                return self.stack.pop()
            read = _text if op.name == "STRING" else op.arg and op.arg.reader
            arg = read(self.stream) if read else None
            if op.name in STEPS:
                STEPS[op.name](self, arg)
            else:
                self.push(arg)
        raise Unreadable(f"it has more than {MOST_STEPS:,} steps")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def marked(self) -> list[Any]:
        """What was pushed since the last mark."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def mark(self, _: None) -> None:
        self.below.append(self.stack)
        self.stack = []

    def pop(self, _: None) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.marked()

    def first(self, n: int) -> None:
        """The topmost ``n`` values become a tuple."""
        if len(self.stack) < n:
            raise IndexError("a tuple of more than there is")
        self.stack[-n:] = [tuple(self.stack[-n:])]

    def keep(self, index: int | None) -> None:
        self.memo[len(self.memo) if index is None else int(index)] = self.stack[-1]

    def mapping(self, _: None) -> None:
        items = self.marked()
        self.push({})
        self.set(items)

    def set(self, items: list[Any]) -> None:
        pairs = list(zip(items[::2], items[1::2], strict=True))
        target = self.stack[-1]
        if isinstance(target, Inert):
            target.entries.extend(pairs)
        elif type(target) is dict:
            target.update((as_key(key), value) for key, value in pairs)
        else:
            raise TypeError(f"a {type(target).__name__} has no entries")

    def add(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, Inert):
            target.items.extend(items)
        elif type(target) is list:
            target.extend(items)
        elif type(target) is set:
            target.update(map(as_key, items))
        else:
            raise TypeError(f"a {type(target).__name__} has no items")

    def named(self, name: Any, module: Any) -> None:
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError("a name that is no text")
        self.push(Inert(module, name))

    def called(self, what: Any, args: Any) -> Any:
        """The record of a call in place of what it would return."""
        if not isinstance(what, Inert) or not isinstance(args, tuple):
            raise TypeError("a call of what is no name")
        if what.args is not None:
            return Inert("", "what a call gave", args)
        name = what.name
        if name in (*PARTIAL, *NEW) and 1 <= len(args) <= 3 and isinstance(args[0], Inert):
            return Inert(args[0].module, args[0].qualname, args[1 if name in NEW else 2 :])
        if name == ENCODE and len(args) == 2 and args[1] in ("latin1", "latin-1"):
            return self.bytes(args[0])
        return Inert(what.module, what.qualname, args)

    def bytes(self, text: Any) -> bytes:
        if id(text) not in self.encoded:
            self.encoded[id(text)] = text, text.encode("latin-1")
        return self.encoded[id(text)][1]

    def reduce(self, _: None) -> None:
        args = self.stack.pop()
        self.push(self.called(self.stack.pop(), args))

    def new_ex(self, _: None) -> None:
        keywords, args = self.stack.pop(), self.stack.pop()
        made = self.called(self.stack.pop(), args)
        if isinstance(made, Inert):
            made.keywords = keywords
        self.push(made)

    def instance(self, name: str | None) -> None:
        """INST with a name; OBJ, whose class is the first value since the mark."""
        items = self.marked()
        if name is None:
            self.push(self.called(items[0], tuple(items[1:])))
        else:
            self.push(Inert(*_split(name), tuple(items)))

    def build(self, _: None) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, Inert):
            raise TypeError(f"a {type(target).__name__} has no state")
        target.state = state

    def foreign(self, key: Any) -> None:
        self.push(self.persistent(self.stack.pop() if key is None else key))

    def buffer(self, _: None) -> None:
        raise Unreadable("its bytes lie in another file")


def _text(stream: Any) -> str:
    """A string of Python 2, whose bytes are the characters of the same numbers."""
    raw = pickletools.read_stringnl(stream, decode=False)
    raw = raw if isinstance(raw, bytes) else raw.encode("latin-1")
    return str(codecs.escape_decode(raw)[0], "latin-1")


def _split(name: str) -> tuple[str, str]:
    """The module and the name in it, as GLOBAL and INST give them."""
    module, _, name = name.partition(" ")
    return module, name


def as_key(value: Any, levels: int = MOST_LEVELS) -> Any:
    """The value, if it can be a key at no great cost: hashing walks over all parts of a tuple, and
    integers that are far apart can have one hash."""
    if isinstance(value, int):
        fine = value.bit_length() <= WIDEST_KEY
    elif isinstance(value, tuple):
        fine = levels > 0 and len(value) <= MOST_PARTS
        for part in value if fine else ():
            as_key(part, levels - 1)
    else:
        fine = value is None or isinstance(value, str | bytes | float | Inert)
    if not fine:
        raise TypeError(f"a key that is a {type(value).__name__}")
    return value


OPCODES = {op.code: op for op in pickletools.opcodes}
STEPS: dict[str, Callable[[Machine, Any], None]] = {  # of all that is no plain value
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_SET": lambda m, _: m.push(set()),
    "LIST": lambda m, _: m.push(m.marked()),
    "TUPLE": lambda m, _: m.push(tuple(m.marked())),
    "FROZENSET": lambda m, _: m.push(frozenset(map(as_key, m.marked()))),
    "TUPLE1": lambda m, _: m.first(1),
    "TUPLE2": lambda m, _: m.first(2),
    "TUPLE3": lambda m, _: m.first(3),
    "DICT": Machine.mapping,
    "APPEND": lambda m, _: m.add([m.stack.pop()]),
    "APPENDS": lambda m, _: m.add(m.marked()),
    "ADDITEMS": lambda m, _: m.add(m.marked()),
    "SETITEM": lambda m, _: m.set([m.stack.pop(), m.stack.pop()][::-1]),
    "SETITEMS": lambda m, _: m.set(m.marked()),
    "MARK": Machine.mark,
    "POP": Machine.pop,
    "POP_MARK": lambda m, _: m.marked().clear(),
    "DUP": lambda m, _: m.push(m.stack[-1]),
    "GET": lambda m, i: m.push(m.memo[i]),
    "BINGET": lambda m, i: m.push(m.memo[i]),
    "LONG_BINGET": lambda m, i: m.push(m.memo[i]),
    "PUT": Machine.keep,
    "BINPUT": Machine.keep,
    "LONG_BINPUT": Machine.keep,
    "MEMOIZE": Machine.keep,
    "GLOBAL": lambda m, name: m.push(Inert(*_split(name))),
    "STACK_GLOBAL": lambda m, _: m.named(m.stack.pop(), m.stack.pop()),
    "EXT1": lambda m, code: m.push(Inert("", f"extension {code}")),
    "EXT2": lambda m, code: m.push(Inert("", f"extension {code}")),
    "EXT4": lambda m, code: m.push(Inert("", f"extension {code}")),
    "REDUCE": Machine.reduce,
    "NEWOBJ": Machine.reduce,
    "NEWOBJ_EX": Machine.new_ex,
    "INST": Machine.instance,
    "OBJ": Machine.instance,
    "BUILD": Machine.build,
    "PERSID": Machine.foreign,
    "BINPERSID": Machine.foreign,
    "PROTO": lambda m, _: None,
    "FRAME": lambda m, _: None,
    "NEXT_BUFFER": Machine.buffer,
    "READONLY_BUFFER": lambda m, _: None,
}
