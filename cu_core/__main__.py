"""``python -m cu_core``, and the script ``lethe``: see ``cu_core/cli``."""

import os
import sys

from cu_core.cli import main
from cu_core.service.spawn import PATIENT

os.environ.update(PATIENT)  # before torch is loaded, which reads it once

if __name__ == "__main__":
    sys.exit(main())
