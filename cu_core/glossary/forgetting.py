"""How it forgets: updates, and what they are made by."""

from cu_core.glossary._drawing import arrow, box, diamond, diamonds, dot, dots, letters, line
from cu_core.glossary._term import Term

ORDER = 4

STEP = Term(
    key="step",
    title="Step",
    says="One update of the network's weights, each from a batch of images.",
    drawing=line("M8 32h14v-8h14v-8h14v-8h14"),
    see=("epoch", "snapshot"),
)
EPOCH = Term(
    key="epoch",
    title="Epoch",
    says="One pass over a set of images.",
    drawing='<path class="l" d="M48 12A14 14 0 1 0 50 24"/>' + arrow(46, 9, 3, 5) + dots(36, 20, 3),
    see=("step",),
)
CONTRASTIVE = Term(
    key="contrastive-loss",
    title="Contrastive loss",
    also=("contrastive",),
    says="Pushes each forgotten image away from its own class and pulls it among the others.",
    drawing=diamond(34, 20) + diamonds(12, 20, 3, "f x") + arrow(42, 20, 10, 0) + dots(62, 20, 5)
    + line("M24 14l-4 0M24 20l-4 0M24 26l-4 0"),
    see=("temperature",),
)  # fmt: skip
TEMPERATURE = Term(
    key="temperature",
    title="Temperature",
    says="How sharply near and far are told apart: the lower, the more the nearest alone count.",
    drawing=line("M6 33C24 33 26 30 31 14C35 2 37 2 41 14C46 30 48 33 66 33")
    + line("M6 31C24 28 24 20 36 20C48 20 48 28 66 31", "l x"),
    see=("contrastive-loss",),
)
LOGIT_MASK = Term(
    key="logit-mask",
    title="Logit mask",
    says="Bars one answer and changes nothing else: 0 % right, and nothing is forgotten.",
    drawing=box(6, 6, 26, 28) + diamonds(19, 21, 3) + arrow(36, 20, 10, 0)
    + letters(53, 26, "8", "t x") + line("M50 30L68 10", "l a"),
    see=("probe",),
)  # fmt: skip
SWEEP = Term(
    key="sweep",
    title="Sweep",
    says="Many runs of one request with other settings, to see what each setting does.",
    drawing="".join(
        box(8 + 20 * i, 5 + 16 * j, 16, 13)
        + diamond(16 + 20 * i, 11.5 + 16 * j, r=2 + (i + j) * 0.5)
        for i in range(3)
        for j in range(2)
    ),
    see=("front",),
)
FRONT = Term(
    key="front",
    title="Front",
    says="Of a sweep, the runs that no other run beats in every aim at once.",
    drawing=line("M10 6C12 24 26 32 64 34") + dot(11, 10) + dot(17, 23) + dot(34, 31)
    + "".join(dot(x, y, "k x") for x, y in ((30, 15), (46, 22), (52, 10), (36, 8))),
    see=("sweep",),
)  # fmt: skip
