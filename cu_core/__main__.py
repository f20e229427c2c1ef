"""``python -m cu_core``, and the script ``lethe``: see ``cu_core/cli``."""

from cu_core.cli import main
from cu_core.process import keep_memory, leave, prepare

prepare()
keep_memory()


def run() -> None:
    """The command line of this process, to its end."""
    leave(main())


if __name__ == "__main__":
    run()
