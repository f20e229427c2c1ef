"""Runs at the command line: begun here, taken up, or followed while another process has them."""

import sys
from argparse import Namespace

from cu_core.cli._print import print_run
from cu_core.errors import Cancelled, LetheError
from cu_core.spec import Request
from cu_core.store import ClaimedRun, Store


def run(options: Namespace, request: Request) -> int:
    """Runs a request here, to its end; the exit code."""
    from cu_core.runs.execute import check

    store = Store(options.home)
    check(store, request)  # a request that cannot run leaves no run behind
    run_id = store.enqueue(request, name=getattr(options, "name", None))
    return finish(options, store, store.claim_run(run_id))


def finish(options: Namespace, store: Store, claimed: ClaimedRun) -> int:
    """Runs what this process holds to its end, and prints it; the exit code."""
    from cu_core.runs.execute import execute

    run_id = claimed.run_id
    try:
        execute(store, claimed)
    except (Cancelled, KeyboardInterrupt):
        print(f"Stopped. Resume with: python -m cu_core resume {run_id}", file=sys.stderr)
    except LetheError as failure:
        print(failure, file=sys.stderr)
        return 1
    print_run(options, store.run(run_id))
    return 0
