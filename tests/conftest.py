"""One thread a process: two run side by side, and a sum's order must not depend on the machine."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
