"""Everything of a run, to verify: its record, its weights, its tables, and hashes of all of it."""

import io
import json

import cu_core
from cu_core.errors import StoreError
from cu_core.files import sources_hash
from cu_core.spec import RunRecord
from cu_core.stage import manifest
from cu_core.stage.export import csv, parquet, samples
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.stage.manifest import RECORD, TABLES, WEIGHTS
from cu_core.store import Store, title
from cu_core.store import sealed as seal

README = """{title}
{underline}

{verdict}

What lies here
--------------
MANIFEST    every file with its SHA-256, whole and in blocks of 64 KiB
record/     what was asked (config.yaml), all that was measured (run.db, SQLite), the samples
            of the map (probe.safetensors), a file a picture (snapshots/), and the end's
            figures (summary.json)
weights/    the network after it was made to forget, if the run came to its end
tables/     curves, metrics and samples for a spreadsheet or pandas

How to check it
---------------
    lethe verify FILE             every byte is as it was written
    lethe verify FILE --replay    runs the request anew and compares the weights

The command of the run:

    {command}

What it does not show
---------------------
MANIFEST is not signed: it tells damage, not forgery. That the record is sound does not say that
anything was forgotten: Lethe measures, and does not attest deletion. Pictures of single samples and
what their owner calls them are in record/.

The run's folder is written as <record>, a person's own folder as ~ and Lethe's as <lethe>. Any
other path in config.yaml is how somebody called their data.
"""


def everything(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """The zip. StoreError when the run has no frame, or a part that its record names is gone."""
    reader = store.reader(record.run_id)
    if not reader.snapshot_count():
        raise StoreError(f"Run {record.run_id} has no frame, so there is nothing to verify.")
    parts, weights = seal.sealed(store, record.run_id)
    rename = seal.leaving(store, record.run_id)
    files = {"README.txt": rename(_readme(store, record)).encode()}
    files |= {f"{RECORD}{name}": data for name, data in parts.items()}
    summary = seal.renamed(record.summary.model_dump(mode="json", exclude_unset=True), rename)
    files[f"{RECORD}summary.json"] = (json.dumps(summary, indent=1) + "\n").encode()
    if weights is not None:
        files[f"{WEIGHTS}{seal.WEIGHTS}"] = weights
    if reader.metrics():
        files[f"{TABLES}curves.csv"] = csv.table(store, record)
        files[f"{TABLES}metrics.parquet"] = parquet.table(store, record)
    files[f"{TABLES}samples.csv"] = samples.table(store, record)
    return _packed(files, record, rename, order)


def _packed(files: dict[str, bytes], record: RunRecord, rename: seal.Rename, order: Order) -> bytes:
    """In the order of their names, what is said of them first."""
    listed = []
    for done, name in enumerate(sorted(files), start=1):
        listed.append(manifest.listed(name, files[name]))
        order.tick(done, len(files))
    said = manifest.Manifest(
        lethe=cu_core.__version__,
        sources=sources_hash(),
        run=record.run_id,
        command=rename(record.command),
        weights_sha256=record.summary.weights_sha256,
        versions=record.summary.versions,
        files=tuple(listed),
    )
    out = io.BytesIO()
    members = [(manifest.NAME, manifest.written(said))]
    manifest.pack([*members, *((one.name, files[one.name]) for one in listed)], out)
    return out.getvalue()


def _readme(store: Store, record: RunRecord) -> str:
    called = title(record, store.progress(record))
    return README.format(
        title=called,
        underline="=" * len(called),
        verdict=record.summary.verdict or record.message or f"The run is {record.state}.",
        command=record.command or "none: a loop of somebody's own was watched",
    )


ZIP = ExportFormat(
    key="zip",
    title="everything, to verify",
    noun="zip",
    ending=".zip",
    mime="application/zip",
    help="Record, weights and tables with a hash of every file; lethe verify checks it.",
    make=everything,
    slow=True,
    counts="file",
)
