"""``lethe app``: the app in a browser, from any folder.

Streamlit is run in this process, as ``streamlit run`` would be, so that Ctrl-C and a signal reach
it; its settings are those of ``.streamlit`` beside ``app.py``, whatever lies in the folder.
"""

import os
import runpy
import signal
import socket
import sys
from argparse import ArgumentParser, Namespace

from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest
from cu_core.files import ROOT
from cu_core.store.paths import home_folder

FIRST = 8501  # where Streamlit begins to look for a free port


def _options(parser: ArgumentParser) -> None:
    port = f"port on this machine (default: {FIRST}, or the next one that is free)"
    parser.add_argument("--port", type=int, help=port)


def _act(options: Namespace) -> None:
    sys.argv = ["streamlit", "run", str(ROOT / "app.py")]
    if options.port is not None:
        _refuse_taken(options.port)
        sys.argv += ["--server.port", str(options.port)]
    if options.home:
        os.environ["LETHE_HOME"] = str(home_folder(options.home))
    # The server closes on Ctrl-C and then hands the signal on: to this, so that it is no failure.
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _refuse_taken(port: int) -> None:
    if not 0 < port < 1 << 16:
        raise BadRequest(f"--port takes a number from 1 to 65535, got {port}.")
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere this would let two programs share it
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BadRequest(
                f"Port {port} cannot be used ({error.strerror}). Choose another, or leave --port "
                f"out for the first free one from {FIRST} on."
            ) from None


VERB = Verb("app", "Open the app in a browser.", _act, _options)
