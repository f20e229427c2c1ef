"""Every architecture of the registry: shapes, heads, seeds, refusals."""

import pytest
import torch

from cu_core import models
from cu_core.errors import BadRequest
from cu_core.models import architectures

IMAGE = (3, 32, 32)
RESNETS = ("resnet18", "resnet20", "resnet34", "resnet50", "resnet101")
WIDTH = {"mlp": 64, "small-cnn": 64, "resnet20": 64, "resnet18": 512, "resnet34": 512}
WIDTH |= {"vgg16-bn": 1024, "vit-tiny": 512, "resnet50": 2048, "resnet101": 2048}
ONE_HEADED = ("mlp", "small-cnn")


def on_meta(architecture, shape, n_classes=7, head="plain"):
    with torch.device("meta"):  # shapes without the work
        return models.build(architecture, shape, n_classes, head)


def weights(model):
    return sum(p.numel() for p in model.parameters())


def test_the_documented_networks_are_there_small_first():
    ours = ("mlp", "small-cnn", "vit-tiny", "vgg16-bn", *RESNETS)
    assert tuple(name for name in models.names() if name in ours) == ours


@pytest.mark.parametrize("declared", models.info(), ids=lambda a: a.key)
def test_each_declaration_is_complete(declared):
    assert declared.title
    assert len(declared.help) > 20
    assert declared.help.endswith(".")
    assert 0 < declared.lr <= 1
    assert 1 <= declared.epochs_cpu <= declared.epochs_gpu


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (3, 33, 40), (1, 64, 64), (3, 96, 96)])
@pytest.mark.parametrize("architecture", models.names())
@pytest.mark.parametrize("head", ["plain", "normalised"])
def test_forward_gives_logits_and_embedding(architecture, shape, head):
    declared = models.get(architecture)
    if models.supports(architecture, shape, head):  # by what it declares, and for nothing else
        assert head not in declared.heads or declared.refuses(shape)
        return
    model = on_meta(architecture, shape, 7, head)
    logits, z = model(torch.empty(5, *shape, device="meta"))
    assert logits.shape == (5, 7)
    assert z.shape == (5, model.embedding_dim)
    assert model.embedding_dim == 128 if head == "normalised" else model.embedding_dim > 0
    if head == "plain" and architecture in WIDTH:
        assert model.embedding_dim == WIDTH[architecture]
    assert (model.architecture, model.head, model.n_classes) == (architecture, head, 7)
    assert model.shape == shape


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 33, 40), (3, 96, 96)])
@pytest.mark.parametrize("architecture", WIDTH)
def test_ours_take_every_image_and_all_but_the_small_have_both_heads(architecture, shape):
    for head in ("plain", "normalised"):
        refused = bool(models.supports(architecture, shape, head))
        assert refused == (head == "normalised" and architecture in ONE_HEADED)


def test_weights_are_as_many_as_published():
    # pytorch-cifar's table of ResNet-18/34/50/101 on CIFAR-10, and the option-B ResNet-20
    published = {
        "resnet18": 11_173_962,
        "resnet34": 21_282_122,
        "resnet50": 23_520_842,
        "resnet101": 42_512_970,
        "resnet20": 272_474,
    }
    assert {a: weights(on_meta(a, IMAGE, 10)) for a in published} == published
    assert 50_000 < weights(on_meta("small-cnn", IMAGE, 10)) < 120_000


def test_the_convolutions_of_vgg16_are_torchvisions():
    from torchvision.models import vgg16_bn

    ours = on_meta("vgg16-bn", IMAGE, 10)
    with torch.device("meta"):
        theirs = vgg16_bn().features
    shapes = {name: tuple(t.shape) for name, t in theirs.state_dict().items()}
    assert {n: tuple(t.shape) for n, t in ours.body[0].state_dict().items()} == shapes
    # 14,723,136 of the features, one layer 512 -> 1024, ten outputs
    assert weights(ours) == weights(theirs) + 512 * 1024 + 1024 + 1024 * 10 + 10 == 15_258_698
    at_32, small = (on_meta("vgg16-bn", (3, n, n)).body[0] for n in (32, 8))
    for model, side in ((at_32, 32), (small, 8)):
        assert model(torch.empty(2, 3, side, side, device="meta")).shape == (2, 512, 1, 1)


def test_the_vision_transformer_has_the_published_sizes():
    """Patch 4, width 512, 6 blocks, 12 heads of 64, MLP 1024 (CoUn, appendix E.1), counted out."""
    norm = 2 * 512
    attention = norm + 512 * 3 * 12 * 64 + 12 * 64 * 512 + 512
    mlp = norm + 512 * 1024 + 1024 + 1024 * 512 + 512
    embed = 2 * 48 + 48 * 512 + 512 + norm  # a patch has 4 x 4 x 3 numbers
    tokens = (8 * 8 + 1) * 512 + 512
    head = 512 * 10 + 10
    model = on_meta("vit-tiny", IMAGE, 10)
    assert weights(model) == tokens + embed + 6 * (attention + mlp) + norm + head == 15_819_370
    # CoUn negates "indices 0 and 4": the positions and the patch layer
    shapes = [tuple(p.shape) for p in model.parameters()]
    assert shapes[0] == (1, 65, 512) and shapes[4] == (512, 48)


def test_patches_are_cut_row_by_row_and_grow_with_the_image():
    body = models.build("vit-tiny", (1, 8, 12), 3).body.eval()
    x = torch.zeros(1, 1, 8, 12)
    x[0, 0, 4:, 8:] = torch.arange(16.0).view(4, 4)  # the last of 2 x 3 patches
    seen = []
    hook = body.embed[0].register_forward_hook(lambda _, given, __: seen.append(given[0]))
    body(x)
    hook.remove()
    assert seen[0].shape == (1, 6, 16)
    assert torch.equal(seen[0][0, 5], torch.arange(16.0)) and not seen[0][0, :5].any()
    sides = {n: on_meta("vit-tiny", (3, n, n)).body.patch for n in (8, 32, 33, 64, 96)}
    assert sides == {8: 4, 32: 4, 33: 5, 64: 8, 96: 12}


def test_attention_is_that_of_torch():
    """The first half of a block against nn.MultiheadAttention's formula, head by head."""
    block = models.build("vit-tiny", (1, 8, 8), 3).body.attentions[0].eval()
    x = torch.randn(2, 5, 512)
    q, k, v = block.qkv(block.norm(x)).split(12 * 64, dim=2)
    heads = []
    for h in range(12):
        a, b, c = (t[:, :, 64 * h : 64 * (h + 1)] for t in (q, k, v))
        heads.append((a @ b.transpose(1, 2) / 8).softmax(2) @ c)
    torch.testing.assert_close(block(x), block.out(torch.cat(heads, 2)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "architecture", ["mlp", "small-cnn", "resnet20", "resnet18", "vgg16-bn", "vit-tiny"]
)
def test_plain_embedding_is_the_input_of_the_last_layer(architecture):
    model = models.build(architecture, (1, 8, 8), 3).eval()
    logits, z = model(torch.randn(4, 1, 8, 8))
    assert torch.equal(logits, model.fc(z))
    assert (z >= 0).all() or architecture == "vit-tiny"  # which ends in a norm


def test_normalised_embedding_is_taken_before_the_relu():
    model = models.build("resnet20", (1, 8, 8), 3, head="normalised").eval()
    logits, z = model(torch.randn(4, 1, 8, 8))
    torch.testing.assert_close(z.norm(dim=1), torch.ones(4))
    assert (z < 0).any(), "a ReLU has worked in place"
    assert torch.equal(logits, model.fc(z.clamp(min=0)))


@pytest.mark.parametrize("architecture", ["mlp", "small-cnn", "resnet20", "resnet18", "vit-tiny"])
def test_same_seed_same_weights_and_the_random_stream_is_untouched(architecture):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    a = models.build(architecture, (1, 8, 8), 4, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(9)
    b = models.build(architecture, (1, 8, 8), 4, seed=3)
    c = models.build(architecture, (1, 8, 8), 4, seed=4)
    same = [torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True)]
    assert all(same)
    assert not torch.equal(a.fc.weight, c.fc.weight)
    # methods flatten weights with .view(-1)
    assert all(p.is_contiguous() for p in a.parameters())


def test_the_stem_follows_the_size_of_the_image():
    small, large = on_meta("resnet18", (3, 64, 64)).body, on_meta("resnet18", (1, 65, 32)).body
    assert (small.conv1.kernel_size, small.conv1.stride) == ((3, 3), (1, 1))
    assert isinstance(small.maxpool, torch.nn.Identity)
    assert (large.conv1.kernel_size, large.conv1.stride) == ((7, 7), (2, 2))
    assert isinstance(large.maxpool, torch.nn.MaxPool2d)


def test_memory_format_is_a_matter_of_speed_alone():
    model = models.build("resnet20", (3, 16, 16), 3).double().eval()
    x = torch.randn(4, 3, 16, 16, dtype=torch.float64)
    plain = model.fc(model.body(x))
    torch.testing.assert_close(model(x)[0], plain)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("resnet19", IMAGE, 10), ["'resnet19'", "small-cnn", "resnet101"]),
        (("mlp", (12,), 10, "normalised"), ["mlp has no normalised head", "resnet20"]),
        (("small-cnn", IMAGE, 10, "normalised"), ["small-cnn has no normalised head"]),
        (("resnet20", IMAGE, 10, "cosine"), ["cosine", "plain and normalised"]),
        (("small-cnn", (12,), 10), ["(12,)", "mlp"]),
        (("resnet18", (3, 4, 32), 10), ["8 x 8", "4 x 32"]),
        (("mlp", (2, 3), 10), ["(2, 3)"]),
        (("mlp", (4,), 1), ["two classes", "1"]),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(args, words):
    with pytest.raises(BadRequest) as caught:
        models.build(*args)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    for word in words:
        assert word in sentence


FAMILY = """
from torch import nn
from cu_core.models._base import Architecture

def body(shape):
    return nn.Flatten(), shape[0]

ARCHITECTURES = (Architecture("{key}", "T", "A linear one.", body, lambda s: None, 0.1, 1, 1),)
"""


@pytest.mark.parametrize(("key", "clash"), [("linear-probe", False), ("mlp", True)])
def test_a_new_file_is_a_new_architecture_and_a_clash_is_loud(tmp_path, monkeypatch, key, clash):
    file = f"extra_{'clash' if clash else 'one'}"
    (tmp_path / f"{file}.py").write_text(FAMILY.format(key=key))
    monkeypatch.setattr(architectures, "__path__", [*architectures.__path__, str(tmp_path)])
    models._registry.cache_clear()
    try:
        if clash:
            with pytest.raises(ImportError, match="mlp"):
                models.names()
        else:
            assert key in models.names()
            assert models.build(key, (5,), 2)(torch.zeros(1, 5))[0].shape == (1, 2)
    finally:
        monkeypatch.undo()
        models._registry.cache_clear()
    assert key not in models.names() or clash
