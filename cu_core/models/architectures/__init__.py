"""One file per family. Each declares ``ARCHITECTURES``; the parent package finds it by a scan."""
