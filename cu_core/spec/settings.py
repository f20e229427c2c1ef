"""What a knob is called, and its value in words: read by pages, tables and what is handed out."""

from typing import Any

WORDS = {"lr": "learning rate", "ce": "cross-entropy", "kl": "KL", "relu": "ReLU"}


def words(name: str) -> str:
    """ "ce_weight" -> "cross-entropy weight"."""
    return " ".join(WORDS.get(word, word) for word in name.split("_"))


def title(name: str) -> str:
    """ "ce_weight" -> "Cross-entropy weight"."""
    text = words(name)
    return text[0].upper() + text[1:]


def value_text(value: Any) -> str:
    """A knob's value as a person reads it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}".replace("e-0", "e-") if isinstance(value, float) else str(value)
