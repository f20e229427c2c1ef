"""What is measured: figures, each beside those of the original and the retrained network."""

from cu_core.glossary._drawing import (
    arrow,
    bars,
    box,
    diamond,
    diamonds,
    dot,
    dots,
    letters,
    line,
)  # fmt: skip
from cu_core.glossary._term import Term

ORDER = 3

ACCURACY = Term(
    key="accuracy",
    title="Accuracy",
    says="Of 100 images, how many the network calls by their right name.",
    drawing=bars(((0.8, "k"),)) + letters(6, 34, "8 of 10"),
    see=("accuracy-forget", "accuracy-retain", "accuracy-test"),
)
ACCURACY_FORGET = Term(
    key="accuracy-forget",
    title="Accuracy on forget",
    says="How often it still gives the answer that it is to forget, on images it never trained on.",
    drawing=bars(((0.95, "k"), (0.05, "f"))) + diamonds(58, 30, 1),
    see=("forget-set", "probe"),
    metric="forget_acc_test",
)
ACCURACY_RETAIN = Term(
    key="accuracy-retain",
    title="Accuracy on retain",
    says="How often it is right on what it was trained on and is to keep.",
    drawing=bars(((0.98, "k"), (0.94, "k"))),
    see=("retain-set",),
    metric="ra",
)
ACCURACY_TEST = Term(
    key="accuracy-test",
    title="Accuracy on test",
    says="How often it is right on new images of what it is to keep. If this falls, forgetting did "
    "damage.",
    drawing=bars(((0.9, "k"), (0.86, "k"))) + dot(60, 33, "o"),
    see=("accuracy",),
    metric="ta",
)
PROBE = Term(
    key="probe",
    title="Probe",
    also=("neighbours", "15-neighbour probe"),
    says="Asks what lies around each forgotten image. It finds what the network can still tell "
    "apart, whatever it answers.",
    drawing='<circle class="o" cx="36" cy="20" r="16"/>' + diamond(36, 20)
    + "".join(diamond(x, y, "f x") for x, y in ((28, 14), (44, 13), (46, 25)))
    + dot(27, 26) + dots(8, 20, 3, "k x") + dots(64, 20, 3, "k x"),
    see=("embedding", "recoverability"),
    metric="knn_probe_forget",
)  # fmt: skip
RECOVERABILITY = Term(
    key="recoverability",
    title="Recoverability",
    also=("rho",),
    says="How much a probe gets back: 1 is all that the original could tell apart, 0 no more than "
    "the retrained one can.",
    drawing=line("M8 24L64 24M8 20L8 28M64 20L64 28") + diamond(46, 24) + letters(6, 16, "0")
    + letters(60, 16, "1"),
    see=("probe",),
    metric="rho_knn",
)  # fmt: skip
GAP = Term(
    key="gap",
    title="Gap to retrained",
    also=("gap",),
    says="The unlearned network's value less the retrained one's. The nearer to 0, the more alike "
    "they are.",
    drawing=bars(((0.85, "f"), (0.6, "k"))) + line("M42 33L57 33M42 30L42 36M57 30L57 36"),
    see=("retrained", "band"),
)
BAND = Term(
    key="band",
    title="Band",
    also=("seed",),
    says="Networks trained alike from other seeds differ by chance. The band is their lowest to "
    "highest: inside it, no difference.",
    drawing='<rect class="k x" x="28" y="6" width="20" height="28" rx="3"/>'
    + dot(31, 12) + dot(45, 20) + dot(37, 28) + diamond(41, 20),
    see=("gap", "retrained"),
)  # fmt: skip
MEMBERSHIP = Term(
    key="membership-inference",
    title="Membership inference",
    also=("loss attack",),
    says="An attack: was this image trained on? At 0.5 the attacker can only toss a coin.",
    drawing=box(6, 8, 24, 24) + letters(14, 26, "?") + arrow(34, 15, 12, -4) + arrow(34, 25, 12, 4)
    + diamond(56, 10) + dot(56, 30),
    metric="mia_loss_auc",
)  # fmt: skip
RELEARN = Term(
    key="relearn-time",
    title="Relearn time",
    says="How soon it all comes back when taught again. Soon means that something was left.",
    drawing=line("M6 34L66 34M6 34L6 6") + line("M6 32C16 8 24 8 64 8", "l a")
    + line("M6 32C30 30 44 14 64 10"),
    metric="relearn_time",
)  # fmt: skip
