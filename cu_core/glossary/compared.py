"""What is compared: the samples, and the three networks."""

from cu_core.glossary._drawing import arrow, diamonds, dots
from cu_core.glossary._term import Term

ORDER = 1

FORGET_SET = Term(
    key="forget-set",
    title="Forget set",
    also=("forget samples",),
    says="The images that the network is to forget: a whole class, or single ones.",
    drawing=dots(16, 20, 7, "k x") + diamonds(38, 20) + dots(58, 20, 6, "k x"),
    see=("retain-set",),
)
RETAIN_SET = Term(
    key="retain-set",
    title="Retain set",
    also=("retain samples",),
    says="All other images it was trained on. What it knows of them is to stay.",
    drawing=dots(16, 20) + diamonds(38, 20, kind="f x") + dots(58, 20, 6),
    see=("forget-set",),
)
ORIGINAL = Term(
    key="original",
    title="Original",
    says="The network before anything was forgotten, trained on all of the data.",
    drawing=dots(16, 14) + diamonds(37, 27) + dots(58, 14),
    see=("unlearned", "retrained"),
)
UNLEARNED = Term(
    key="unlearned",
    title="Unlearned",
    says="The original network after the updates of this run.",
    drawing=dots(14, 14) + dots(58, 14) + diamonds(30, 28, 3) + arrow(38, 29, 10, -5)
    + diamonds(54, 22, 2),
    see=("original", "retrained"),
)  # fmt: skip
RETRAINED = Term(
    key="retrained",
    title="Retrained",
    says="A network trained anew without the forget set. To be like it is the aim, not 0 or 100 %.",
    drawing=dots(16, 14) + diamonds(37, 25, 5, "o", 1.5) + dots(58, 14),
    see=("gap", "outlines", "band"),
)
