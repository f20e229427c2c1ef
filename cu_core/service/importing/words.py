"""What an import says of how the model is asked, in sentences."""

from collections.abc import Sequence

from cu_core.service.importing import orders
from cu_core.service.importing.search import Tried
from cu_core.spec import AGREES, DIFFERS, SAME, SPREADS, ModelContract, Normalisation, spread

SELECTED = "It was chosen on training samples alone; the test part was only measured."


def taken(chosen: Tried, first: Tried, level: Sequence[Tried], tried: int) -> list[str]:
    """What was taken without anybody's word, and what it was taken from."""
    n, n_classes = len(chosen.right), chosen.seen.logits.shape[1]
    of, said = f"of {n:,} training samples", list[str]()
    chance = 100 / n_classes
    if tried and chosen.accuracy <= chance + SPREADS * spread(chance, n):
        return [
            f"Not understood: of {tried} usual ways to normalise, with every usual order of the "
            f"classes, none gives more than {chosen.accuracy:.1f} % {of}, which is no more than "
            "chance. Say how its script normalises (--normalise) and orders its classes "
            "(--classes), and that it is of this data."
        ]
    if chosen is not first:
        said.append(
            f"Taken: {_way(chosen, first)}, {chosen.accuracy:.1f} % {of}; {_way(first, chosen)} "
            f"gave {first.accuracy:.1f} %. {SELECTED}"
        )
    elif tried:
        said.append(
            f"Of {tried} usual ways to normalise, {_plain(first)} fits as well as any: "
            f"{first.accuracy:.1f} % {of}. {SELECTED}"
        )
    if level and tried:
        others = ", ".join(
            f"{one.way.normalisation.title} ({one.way.normalisation.key}, {one.accuracy:.1f} %)"
            for one in level[:3]
        )
        said.append(
            f"These fit about as well: {others}. If the script uses one of them, say so with "
            "--normalise; or say the accuracy that it has there, which may tell."
        )
    return said


def by_number(one: Tried) -> str:
    """Why one of several that fit equally well was taken."""
    return (
        f"Of the ways that fit the training samples equally well, {_plain(one)} was taken: on the "
        "test part it gives the number of its script."
    )


def beside(said: Tried, better: Tried) -> str:
    """What the owner says is obeyed; what fits clearly better is said."""
    options = []
    if better.way.normalisation != said.way.normalisation:
        options.append(f"--normalise {better.way.normalisation.key}")
    if better.title != said.title and better.title != orders.ANSWERED:
        options.append(f"--classes {better.title}")
    try_it = f" Try {' '.join(options)}." if options else ""
    return (
        f"Asked as you say, it has {said.accuracy:.1f} % of {len(said.right):,} training samples; "
        f"{_way(better, said)} fits better, {better.accuracy:.1f} %.{try_it}"
    )


def _way(one: Tried, other: Tried) -> str:
    """What tells a way from another."""
    parts = []
    if one.way.normalisation != other.way.normalisation:
        parts.append(one.way.normalisation.title)
    if one.way.turned != other.way.turned:
        parts.append(f"colours in the order {'BGR' if one.way.turned else 'RGB'}")
    if one.way.network != other.way.network:
        parts.append(f"the network {one.way.network}")
    if one.title != other.title:
        parts.append(f"classes {one.title}")
    return ", ".join(parts) or one.way.normalisation.title


def _plain(one: Tried) -> str:
    return one.way.normalisation.title


def order(names: Sequence[str], title: str) -> str:
    """The order of the outputs, where it is not that of the data."""
    return f"Its outputs stand for the classes {title}: {orders.few(names)}."


def strange_classes(given: Sequence[str], names: Sequence[str]) -> str:
    return (
        f"The file names its classes {orders.few(given)}, and these are not the data's "
        f"({orders.few(names)}); they were left aside."
    )


def strange_numbers(mean: Sequence[float], n: int) -> str:
    return (
        f"The file says how {len(mean)} channels are normalised, and the data has {n}; its "
        "numbers were left aside."
    )


def measured(contract: ModelContract, way: Normalisation) -> str:
    """The measured accuracy beside the owner's."""
    text = f"It has {contract.measured_words}, normalised by {way.title}"
    if contract.claimed is None:
        return f"{text}."
    verdict = {
        SAME: "the same, to the sample",
        AGREES: "the same, within what so many samples can tell",
        DIFFERS: "another number",
    }[contract.agreement()]
    return f"{text}; it should have {contract.claimed:.2f} %: {verdict}."


def sampled(contract: ModelContract, whole: int) -> str:
    return (
        f"Measured on {contract.n:,} of the {whole:,} {contract.part} samples, each class with its "
        "share."
    )
