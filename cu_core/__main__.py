"""``python -m cu_core``: see ``cu_core/cli.py``."""

import sys

from cu_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
