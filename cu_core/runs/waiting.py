"""What a run does while the disk is full: nothing, until there is room or a person has had enough.

It stands where it is, with a row in its hands that had no room, so that nothing of it is lost and
it ends with the weights of a run that never waited.
"""

import logging
import time
from contextlib import suppress

from cu_core.errors import Cancelled, DiskFull
from cu_core.runs.commands import POLL_S
from cu_core.store import Store
from cu_core.store.patience import ADVICE, STOP, waiting_words

log = logging.getLogger(__name__)
AGAIN_S = 0.5  # between two tries
TELL_S = 60.0  # after which a wait is a new one, of which the log has a line


class GivenUp(Cancelled):
    """A person stopped a run that waited for room: nothing more of it can be kept now."""


class Waiting:
    """``store.patience.wait`` of the process that has the run. Of all commands it hears Stop alone;
    the others stay in their place until the run goes on."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.store, self.run_id = store, run_id
        self._told_at = -TELL_S  # when it last waited

    def __call__(self, full: DiskFull) -> None:
        now = time.monotonic()
        if now - self._told_at >= TELL_S:
            log.warning("%s %s (%s)", waiting_words(self.store.home), ADVICE, full)
        self._told_at = now
        while True:
            if self._is_stopped():
                raise GivenUp("Stopped by you, while the disk was full.")
            if time.monotonic() - now >= AGAIN_S:
                return
            time.sleep(POLL_S)

    def _is_stopped(self) -> bool:
        if (self.store.paths.run(self.run_id) / STOP).exists():
            return True
        with suppress(DiskFull):  # an index in WAL wants room even of those who only look
            return any(command.verb == "stop" for command in self.store.pending(self.run_id))
        return False
