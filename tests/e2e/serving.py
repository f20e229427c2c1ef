"""The app as a server of its own, for tests in a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[2]
LONG_MS = 300_000  # a shared machine trains the first model, and compiles umap, in minutes


class App:
    """A running server, its address and its home."""

    def __init__(self, folder: Path, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url, self.store = f"http://127.0.0.1:{self.port}", Store(home)
        self.folder, self.log = folder, home / "server.log"
        self.process = self._serve()

    def _serve(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        return subprocess.Popen(
            [*command, f"--server.port={self.port}"],
            cwd=self.folder,
            env=os.environ | {"LETHE_HOME": str(self.store.home)},
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
        )

    def begin_anew(self) -> None:
        """As after kill -9: another server at the same address, which knows of no session."""
        self.process.kill()
        self.process.wait(20)
        self.process = self._serve()
        self.wait()

    def __enter__(self) -> "App":
        try:
            self.wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1)
                return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"The server did not start:\n{self.log.read_text()}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        for worker in self.store.workers():
            if psutil.pid_exists(worker.pid):
                psutil.Process(worker.pid).kill()
