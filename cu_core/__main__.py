"""``python -m cu_core``, and the script ``lethe``: see ``cu_core/cli``."""

import sys

from cu_core.cli import main
from cu_core.process import keep_memory, prepare

prepare()
keep_memory()

if __name__ == "__main__":
    sys.exit(main())
