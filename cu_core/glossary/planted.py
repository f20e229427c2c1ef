"""What is planted: spoilt samples, of which it is known what they are."""

from cu_core.glossary._drawing import arrow, box, diamond, dots, letters
from cu_core.glossary._term import Term

ORDER = 5

TRIGGER = Term(
    key="planted-trigger",
    title="Planted trigger",
    also=("trigger success",),
    says="A small mark that the network learnt to take for a class. Once forgotten, it should mean "
    "nothing.",
    drawing=box(6, 6, 28, 28) + letters(14, 27, "3") + '<rect class="f" x="26" y="26" width="6" '
    'height="6"/>' + arrow(38, 20, 10, 0) + letters(54, 27, "7"),
    metric="planted_trigger",
)  # fmt: skip
MISLABELLED = Term(
    key="mislabelled",
    title="Mislabelled",
    says="Images that were taught under a wrong name. Once that is forgotten, they should lie "
    "among their own kind.",
    drawing=dots(14, 20, 5, "k x") + diamond(25, 20, "f x") + arrow(30, 20, 12, 0) + diamond(50, 20)
    + dots(60, 20, 5),
    metric="planted_home",
)  # fmt: skip
