"""How others name the weights of the networks that we have, and what they do to single weights."""

import re
from collections.abc import Callable

import torch
from torch import Tensor

from cu_core.models._content import NEST

Dialect = Callable[[str], str]  # a name in a file -> in torchvision's way, as ours are

COUNTER = "num_batches_tracked"  # of BatchNorm; files from before PyTorch 0.4.1 lack it
STATISTICS = ("running_mean", "running_var")
WRAPPERS = re.compile(rf"(?:(?<=^)|(?<=[.{NEST}]))(module|_orig_mod|_fsdp_wrapped_module)\.")
BRANCH = {"0": "conv1", "1": "bn1", "3": "conv2", "4": "bn2", "6": "conv3", "7": "bn3"}
NORMED = "parametrizations.weight.original"
FOLDED = (  # what keeps a weight in two parts, and how it calls these
    ("weight norm", "weight_v", "weight_g"),
    ("weight norm", f"{NORMED}1", f"{NORMED}0"),
    ("pruning", "weight_orig", "weight_mask"),
)


def plain(name: str) -> str:
    """torchvision's own, timm's and chenyaofo's; ``shortcut`` is pytorch-cifar's."""
    return re.sub(r"\b(shortcut|skip)\.", "downsample.", name)


def transformers(name: str) -> str:
    """``ResNetForImageClassification``."""
    name = re.sub(r"\bembedder\.embedder\.", "", name)
    name = re.sub(r"\bencoder\.(?=stages\.)", "", name)
    name = re.sub(r"\bstages\.(\d+)\.layers\.", lambda m: f"layer{int(m[1]) + 1}.", name)
    name = re.sub(r"\bencoder\.(?=(layer\d|bn1)\b)", "", name)
    name = re.sub(r"\bshortcut\.convolution\.", "downsample.0.", name)
    name = re.sub(r"\bshortcut\.normalization\.", "downsample.1.", name)
    name = re.sub(
        r"\blayer\.(\d)\.(convolution|normalization)\.",
        lambda m: f"{'conv' if m[2] == 'convolution' else 'bn'}{int(m[1]) + 1}.",
        name,
    )
    name = re.sub(r"\bconvolution\.", "conv1.", name)
    return re.sub(r"\bnormalization\.", "bn1.", name)


def residual_function(name: str) -> str:
    """weiaicunzai's pytorch-cifar100: stages are conv2_x to conv5_x, blocks are Sequentials."""
    name = re.sub(r"\bconv1\.([01])\.", lambda m: f"{BRANCH[m[1]]}.", name)
    name = re.sub(r"\bconv([2-5])_x\.", lambda m: f"layer{int(m[1]) - 1}.", name)
    branch = r"\bresidual_function\.([013467])\."
    return plain(re.sub(branch, lambda m: f"{BRANCH[m[1]]}.", name))


def children(name: str) -> str:
    """``nn.Sequential(*list(resnet.children())[:-1])``: modules have numbers in place of names."""
    if re.search(r"\b[4-7]\.\d+\.", name):
        return re.sub(r"\b([4-7])\.(?=\d+\.)", lambda m: f"layer{int(m[1]) - 3}.", name, count=1)
    name = re.sub(rf"(^|[.{NEST}])0\.weight$", r"\1conv1.weight", name)
    return re.sub(rf"(^|[.{NEST}])1\.(?=[a-z_]+$)", r"\1bn1.", name)


def features(name: str) -> str:
    """VGG's convolutions lie in ``features``; ours are the first part of a Sequential."""
    return re.sub(r"\bfeatures\.(?=\d+\.)", "0.", name)


DIALECTS: tuple[Dialect, ...] = (plain, transformers, residual_function, children, features)


def unwrapped(tensors: dict[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    """Without what DataParallel, ``torch.compile`` and the like put into names, wherever it is."""
    renamed = {WRAPPERS.sub("", key): tensor for key, tensor in tensors.items()}
    if len(renamed) < len(tensors):
        return tensors
    gone = dict.fromkeys(found for key in tensors for found in WRAPPERS.findall(key))
    notes += [f'"{wrapper}." was removed from the names.' for wrapper in gone]
    return renamed


def folded(tensors: dict[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    """Weights that are kept in parts, by weight norm or by a pruning mask, put together."""
    found = dict(tensors)
    for what, whole, other in FOLDED:
        count = 0
        for key in [k for k in found if k.endswith(f".{whole}")]:
            stem = key.removesuffix(whole)
            a, b = found[key], found.get(stem + other)
            if b is None or not (_is_whole(a) and _is_whole(b)):
                continue
            made = a * b if what == "pruning" else _normed(a, b)
            if made is not None and made.shape == a.shape:
                del found[key], found[stem + other]
                found[f"{stem}weight"] = made
                count += 1
        if count:
            notes.append(f"{count} weights were put together of the parts that {what} keeps.")
    return found


def _is_whole(tensor: Tensor) -> bool:
    """Real numbers that are all in the file, and not one that is repeated a billion times."""
    size = tensor.untyped_storage().nbytes()
    return not tensor.is_complex() and tensor.numel() * tensor.element_size() <= size


def _normed(v: Tensor, g: Tensor) -> Tensor | None:
    """v times g over its norm, along all dimensions but those that g has."""
    if g.ndim not in (0, v.ndim) or not v.is_floating_point():
        return None
    along = [i for i in range(v.ndim) if g.ndim == 0 or g.shape[i] == 1]
    norm = torch.linalg.vector_norm(v, dim=along, keepdim=True)
    if g.ndim and norm.shape != g.shape:
        return None
    weight: Tensor = v * (g / norm)
    return weight
