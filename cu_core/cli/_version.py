"""What ``--version`` says. Read from metadata: nothing is imported."""

from cu_core.store.config import versions as recorded


def versions() -> str:
    """Lethe's version, and those of Python and torch that its runs would record."""
    known = recorded()
    torch = f"torch {known['torch']}" if "torch" in known else "without torch"
    return f"lethe {known['lethe']} (Python {known['python']}, {torch})"
