"""What people write, and what nobody would: the texts and values that the doors are given."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

KEYS = (
    "digits", "digits ", "signs", "cifar10", "npz:rows.csv", "csv:rows.csv", "csv:", "folder:.",
    "folder:nowhere", "parquet:.", "npz:~nobody-at-all/x", f"folder:{'x' * 256}", "npz:a\0b",
    "digits:5", "DIGITS", "npz", "ünï côdé 数据", "csv:ünï côdé/数据.csv", "small-cnn", "mlp",
    "timm:resnet18", "torchvision:nothing", "hf:.", "python:os.getcwd", "python:rows.csv:f",
    "contrastive", "random_labels", "salun", "retrain",
)  # fmt: skip
RULES = (
    "class:5", "class:3,5", "class:", "class:99", "class:-1", "class:5,5", "class:²", "class:٣",
    "random:0.1", "random:1", "random:-0.5", "random:nan", "random:1e-9", "random:1e400",
    "indices:rows.csv", "indices:rows.csv#row", "indices:nowhere", "indices:#", "indices:", ":",
    "indices:~nobody-at-all/x", "indices:a\0b", "planted", "per-class:10", "per_class:0.5",
    "class:0,1,2,3,4,5,6,7,8,9", "wrong-labels:0.1", "trigger:0.05", "trigger:9", "none",
)  # fmt: skip
PAIRS = (
    "temperature=0.5", "temperature=nan", "temperature=", "=5", "lr=1e-3", "lr=Infinity",
    "lr=[1]", 'lr={"a": 1}', "epochs=1.5", "epochs=true", "batch_size=99999999999999999999",
    "variant=paper", "no_such=1", "lr=0x10", 'first={"until": 3}', "step=3 view=map pin=1",
)  # fmt: skip
ODD = (
    "", " ", "\t\n", "nan", "NaN", "inf", "-inf", "1e999", "-1", "0", "99999999999999999999",
    "1_000", "٣", "½", "%s%n", "{}", "{0}", "%", "null", "true", "[]", "../..", "..\\..",
    "<script>alert(1)</script>", "*b* [x](y)", "=1+1", "'; DROP TABLE runs; --", "a\0b",
    "ünï côdé 数据", "\u202eabc", "\ufeffx", "x" * 5000, "--", "-", "~nobody-at-all",
    "20261121-141523-042-9f3a1c", "a" * 64, "\ud800", "\udcff",
)  # fmt: skip


def texts(inside: bool = False) -> SearchStrategy[str]:
    """``inside``: none that, taken for a path, leads out of the folder."""
    drawn = st.one_of(
        st.sampled_from(ODD),
        st.text(max_size=30),
        st.from_regex(r"[a-z_]{1,12}[:=,]?[-0-9a-z.,:/#]{0,12}", fullmatch=True),
    )
    return drawn.filter(_stays) if inside else drawn


def _stays(text: str) -> bool:
    return not text.startswith(("/", "~")) and ".." not in text and "=/" not in text


def values(inside: bool = False) -> SearchStrategy[Any]:
    """What JSON can hold, and some of what it cannot."""
    plain = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), texts(inside),
        st.integers(min_value=-2, max_value=70), st.sampled_from((10**30, -(10**30), 1e308)),
    )  # fmt: skip
    return st.recursive(
        plain,
        lambda of: st.one_of(
            st.lists(of, max_size=3), st.dictionaries(st.text(max_size=8), of, max_size=3)
        ),
        max_leaves=5,
    )
