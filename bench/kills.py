"""kill -9 at every moment of a run: what had been seen of it is still there, and it goes on.

    python -m bench kills --each 20 --power 5
    python -m bench kills --each 3 --moments steps training

A worker is killed in the first second of a run, while a model is trained, between updates, in the
last measures, or while it answers a question; at "power" the app and all its workers are killed at
once and, where this is root, the page cache is dropped (what the system had not written yet stays:
this is no power cut). Until then a reader in another process, this one, reads the run again and
again; what it has seen is acknowledged. Afterwards each row and each snapshot that it saw is there
with the same value, the run is taken up by ``lethe resume`` and ends with the weights of a run that
nobody killed, and a question that is asked again is answered or refused in a sentence.
"""

import argparse
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from bench import report
from bench.kills_place import Missed, Outcome, Place, Witness, gone, until
from bench.runs import asked, say
from bench.serving import serving
from cu_core.errors import LetheError
from cu_core.service import spawn
from cu_core.spec import FINAL, ExactMap
from cu_core.spec.phases import MEASURING, TRAINING
from cu_core.store import Store
from cu_core.store.mailbox import WORKER_GONE

TRIES = 5  # of a kill
TAKEN_S = 120.0  # in which somebody takes a question that is asked again
OVER = ("answered", "failed")
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
SHORT = asked(max_steps=40, every=2, reference=False)
TRAINED = asked(max_steps=6, every=1, model_seed=7, train_epochs=3, reference=False)


def main(argv: list[str]) -> int:
    options = report.Options("kills", __doc__)
    options.add_argument("--each", type=int, default=20, help="kills of a worker a moment (20)")
    options.add_argument("--power", type=int, default=5, help="kills of everything at once (5)")
    options.add_argument("--moments", nargs="+", choices=MOMENTS, default=list(MOMENTS), help="all")
    options.add_argument("--seed", type=int, default=0, help="of when exactly a kill comes")
    return report.run("kills", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    chance, unbroken = random.Random(options.seed), dict[str, str]()
    rows, faults = list[report.Found](), list[str]()
    for moment in options.moments:
        place = Place(home / moment.replace(" ", "-"), chance, unbroken)
        kills = options.power if moment == "power" else options.each
        found: list[Outcome] = []
        for k in range(kills):
            try:
                found.append(_tried(MOMENTS[moment], place))
                say(f"{moment} {k + 1}: {found[-1]}")
            except (RuntimeError, LetheError, OSError, subprocess.SubprocessError) as fault:
                faults.append(f"{moment}, kill {k + 1}: {fault}")
                say(faults[-1])
            finally:
                place.quiet()
        faults += [f"{moment}: {one.fault}" for one in found if one.fault]
        rows.append(tally(moment, found))
    return {"rows": rows, "faults": faults}


def _tried(moment: Callable[[Place], Outcome], place: Place) -> Outcome:
    """A moment that was over between two looks is waited for in another run."""
    for _ in range(TRIES - 1):
        with suppress(Missed):
            return moment(place)
        place.quiet()
    return moment(place)


def first_second(place: Place) -> Outcome:
    at = place.chance.uniform(0, 1)
    return place.killed(SHORT, lambda seen, s: s >= at)


def training(place: Place) -> Outcome:
    """Of an original model that no cache has: each time in a home of its own."""
    place.weights(TRAINED)
    place.anew()
    done = place.chance.randint(1, 40)

    def at_it(seen: Witness, _: float) -> bool:
        progress = seen.store.reader(seen.run_id).progress()
        return progress.phase == TRAINING.key and (progress.phase_done or 0) >= done

    return place.killed(TRAINED, at_it)


def steps(place: Place) -> Outcome:
    step = place.chance.randint(1, (SHORT.max_steps or 0) - 8)
    return place.killed(SHORT, lambda seen, _: seen.store.run(seen.run_id).step >= step)


def final_measures(place: Place) -> Outcome:
    def measured(seen: Witness, _: float) -> bool:
        return seen.store.reader(seen.run_id).progress().phase == MEASURING.key

    return place.killed(SHORT, measured)


def map_question(place: Place) -> Outcome:
    """The exact map of a picture; the worker that makes it is killed, and another one asked."""
    store = place.store
    made = [record.run_id for record in store.runs() if record.state == "done"]
    run_id = made[0] if made else store.enqueue(SHORT)
    if not made:
        place.taken_up(run_id)
    seen = Witness(store, run_id)
    seen.look()
    shutil.rmtree(store.paths.run(run_id) / "views", ignore_errors=True)  # exact maps are kept
    place.warm()
    question = ExactMap(run=run_id, step=place.chance.choice(sorted(seen.snapshots)))
    asked_first = store.ask(question)
    until(lambda: state(store, asked_first) != "waiting", "nobody takes the question")
    time.sleep(place.chance.uniform(0, 0.3))
    gone([worker.pid for worker in store.workers()])
    found = Outcome(len(seen.rows), 0, len(seen.snapshots))
    told = store.answer(asked_first)
    if told is None or (told.state != "answered" and told.error != WORKER_GONE):
        found.fault = f"the question of {run_id} is {told} after the kill"
    again = store.ask(question)
    spawn.ensure_worker(store)
    until(lambda: state(store, again) != "waiting", "nobody takes it when asked again", TAKEN_S)
    until(lambda: state(store, again) in OVER, "the question asked again is being answered")
    found.note = f"asked again: {state(store, again)}"
    found.rows_lost, found.snapshots_lost = seen.lost()
    return found


def state(store: Store, question: int) -> str:
    told = store.answer(question)
    return "unknown" if told is None else told.state


def power(place: Place) -> Outcome:
    """The app and every worker at once, in the middle of a run."""
    place.weights(SHORT)
    step = place.chance.randint(1, (SHORT.max_steps or 0) - 8)
    with serving(place.home) as (server, _):
        place.warm(server)
        seen, store = Witness(place.store, place.store.enqueue(SHORT)), place.store
        while store.run(seen.run_id).step < step:
            seen.look()
            if store.run(seen.run_id).state in FINAL:
                raise Missed(f"the run ended before its moment ({seen.run_id})")
        gone([server, *(worker.pid for worker in store.workers())])
    dropped = "page cache dropped"
    try:
        DROP_CACHES.write_text("1")
    except OSError:
        dropped = "page cache kept"  # not root, or no Linux
    found = place.after(seen, SHORT)
    found.note = f"{found.note}, {dropped}"
    return found


MOMENTS: dict[str, Callable[[Place], Outcome]] = {
    "first second": first_second,
    "training": training,
    "steps": steps,
    "final measures": final_measures,
    "map question": map_question,
    "power": power,
}


def tally(moment: str, found: Sequence[Outcome]) -> report.Found:
    sums = ("rows", "rows_lost", "snapshots", "snapshots_lost")
    notes = sorted({one.note for one in found})
    return {
        "moment": moment,
        "kills": len(found),
        **{name: sum(getattr(one, name) for one in found) for name in sums},
        "well": sum(not one.fault for one in found),
        "after": "; ".join(f"{sum(o.note == note for o in found)} {note}" for note in notes),
    }


def text(found: report.Row) -> str:
    heads = ["moment", "kills", "rows seen", "lost", "snapshots seen", "lost", "went on", "after"]
    lines = [heads] + [[str(value) for value in row.values()] for row in found["rows"]]
    told = [f"Fault: {fault}." for fault in found["faults"]] or ["No fault."]
    return "\n".join([*report.table(lines), "", *told, "", report.circumstances(found)])
