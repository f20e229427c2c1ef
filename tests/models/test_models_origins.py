"""Networks made elsewhere: the same logits, to the digit, as their makers' own, or a sentence."""

import json
import socket
import sys

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from cu_core import models
from cu_core.errors import BadData, BadRequest
from cu_core.files import CONFINED
from cu_core.models import checkpoint
from cu_core.models._adapter import classifier, declared_last_layer, ours
from cu_core.models.evaluate import block_outputs
from cu_core.service.weights import import_weights
from cu_core.spec import ImportWeights
from cu_core.store import Store

CLASSES = 5
SHAPE = (3, 32, 32)


def timm_net(family, n):
    import timm.models as made

    if family == "vit":
        return made.VisionTransformer(
            img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=2, num_classes=n
        )
    if family == "resnet":
        return made.ResNet(made.resnet.BasicBlock, [1, 1, 1, 1], n, channels=(8, 16, 24, 32))
    if family == "convnext":
        return made.ConvNeXt(depths=(1,) * 4, dims=(8, 12, 16, 24), num_classes=n)
    if family == "mobilenet":
        return made.create_model("mobilenetv3_small_050", num_classes=n)
    return made.SwinTransformer(
        img_size=32, patch_size=2, embed_dim=8, depths=(1, 1), num_heads=(2, 2), num_classes=n
    )


def torchvision_net(family, n):
    from torchvision import models as made

    if family == "resnet":
        return made.ResNet(made.resnet.BasicBlock, [1, 1, 1, 1], num_classes=n)
    if family == "convnext":
        blocks = [made.convnext.CNBlockConfig(8, 16, 1), made.convnext.CNBlockConfig(16, None, 1)]
        return made.ConvNeXt(blocks, num_classes=n)
    return made.VisionTransformer(32, 8, 2, 2, 24, 32, num_classes=n)


def transformers_net(family, n):
    import transformers as made

    tower = {"image_size": 32, "patch_size": 8, "hidden_size": 24, "num_hidden_layers": 2}
    tower |= {"num_attention_heads": 2, "intermediate_size": 32}
    if family == "vit":
        return made.ViTForImageClassification(made.ViTConfig(**tower, num_labels=n))
    if family == "dinov2":
        return made.Dinov2ForImageClassification(made.Dinov2Config(**tower, num_labels=n))
    text = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 9}
    text |= {"intermediate_size": 8, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    return made.CLIPForImageClassification(
        made.CLIPConfig(vision_config=tower, text_config=text, projection_dim=8, num_labels=n)
    )


FAMILIES = [
    *((timm_net, f) for f in ("vit", "resnet", "convnext", "mobilenet", "swin")),
    *((torchvision_net, f) for f in ("resnet", "convnext", "vit")),
    *((transformers_net, f) for f in ("vit", "dinov2", "clip")),
]
ids = [f"{make.__name__}-{family}" for make, family in FAMILIES]


def drawn(net):
    """With weights of its own in every layer: a last layer may start at zero."""
    stream = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=stream))
    return net.eval()


def images(n=6):
    return torch.randn(n, *SHAPE, generator=torch.Generator().manual_seed(3))


def logits(net, x):
    with torch.no_grad():
        found = net(x)
    return getattr(found, "logits", found)


def imported(here, net, maker):
    """The weights of ``net`` as a file with our names, read back by the ordinary loader."""
    ours_of = ours(net)
    model = classifier("made", maker, SHAPE, CLASSES)
    model.load_state_dict({ours_of(name): value for name, value in net.state_dict().items()})
    return model.eval()


@pytest.mark.parametrize(("make", "family"), FAMILIES, ids=ids)
def test_a_networks_weights_give_its_own_logits(here, make, family):
    net = drawn(make(family, CLASSES))
    model = imported(here, net, lambda shape, n: make(family, n))
    x, wanted = images(), logits(net, images())
    got, z = logits(model, x)
    assert torch.allclose(got, wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()))
    assert torch.equal(got.argmax(1), wanted.argmax(1))
    assert z.shape == (len(x), model.embedding_dim) and torch.equal(model.fc(z), got)
    with block_outputs(model) as blocks:
        logits(model, x)
    assert len(blocks) >= 2 and all(rows[0].ndim == 2 for rows in blocks.values())


@pytest.mark.parametrize(("make", "family"), [FAMILIES[1], FAMILIES[7], FAMILIES[8]])
def test_the_last_layer_is_found_where_it_stands(make, family):
    named = {timm_net: "fc", torchvision_net: "heads.head", transformers_net: "classifier"}
    assert declared_last_layer(make(family, 3)) == named[make]


def test_a_network_trained_elsewhere_is_imported_to_the_digit(here):
    """Through a folder as transformers saves one: its configuration, its weights, its classes."""
    net = transformers_net("vit", 3).train()
    net.config.id2label = {0: "cat", 1: "dog", 2: "owl"}
    x, y = images(12), torch.arange(12) % 3
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(25):
        optimizer.zero_grad()
        cross_entropy(net(x).logits, y).backward()
        optimizer.step()
    net.eval().save_pretrained(here / "vit")
    (here / "vit" / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6], "size": 32})
    )
    declared = models.get(f"hf:{here / 'vit'}")
    assert declared.classes == ("cat", "dog", "owl") and declared.size == 32
    assert (declared.mean, declared.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    file, key = models.saved_in(here / "vit")
    found = checkpoint.import_file(file, SHAPE, 3, key)
    assert (found.classes, found.mean) == (declared.classes, declared.mean)
    # In Lethe's layout, in which a convolution adds in another order on some processors
    net.to(memory_format=torch.channels_last)
    got, wanted = logits(found.model.eval(), x)[0], logits(net, x)
    assert torch.equal(got, wanted) and (got.argmax(1) == y).float().mean() > 0.9


@pytest.mark.parametrize(
    "key",
    [
        "timm:test_vit",
        "timm:test_resnet",
        "python:tests.contract.tiny.swin",
        "python:tests.contract.tiny:Unbiased",
    ],
)
def test_lethes_own_file_of_it_comes_back_bit_for_bit(here, key):
    shape = (3, 64, 64)
    model = models.build(key, shape, 4, seed=2)
    checkpoint.save(here / "m.safetensors", model, {})
    back, header = checkpoint.load(here / "m.safetensors")
    assert header["architecture"] == key and not any(p.is_meta for p in back.parameters())
    assert not any(b.is_meta for b in back.buffers())
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    assert torch.equal(logits(model.eval(), x)[0], logits(back.eval(), x)[0])


def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_stream(here):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    a, b, c = (models.build("timm:test_vit", (3, 32, 32), 4, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    state = [checkpoint.weights_sha256(m) for m in (a, b, c)]
    assert state[0] == state[1] != state[2]


# --- what is refused ------------------------------------------------------------------------------


class Head(nn.Module):
    def __init__(self, after, n=CLASSES):
        super().__init__()
        self.flat, self.fc, self.other = nn.Flatten(), nn.Linear(3072, n), nn.Linear(3072, n)
        self.after = after

    def forward(self, x):
        return self.after(self, self.flat(x))


def refused(after, n=CLASSES):
    with pytest.raises(BadRequest) as refusal:
        classifier("python:mine.net", lambda shape, classes: Head(after, n), SHAPE, CLASSES)
    sentence = str(refusal.value)
    assert "python:mine.net" in sentence and sentence.endswith(".") and "\n" not in sentence
    return sentence


def test_what_is_no_linear_layer_of_z_is_refused_by_the_layers_name():
    assert "softmax follows it" in refused(lambda m, z: m.fc(z).softmax(1))
    assert "log_softmax follows it" in refused(lambda m, z: m.fc(z).log_softmax(1))
    sentence = refused(lambda m, z: (m.fc(z) + m.other(z)) / 2)  # two heads, averaged
    assert "layer fc" in sentence and "more than that" in sentence
    assert "layer fc" in refused(lambda m, z: m.fc(z) / 0.07)
    assert "No Linear layer" in refused(lambda m, z: z[:, :CLASSES])
    assert "has 9 outputs, and the data have 5 classes" in refused(lambda m, z: m.fc(z), n=9)
    assert "output of shape (2, 3072, 1)" in refused(lambda m, z: z[..., None])
    assert "its output is a str" in refused(lambda m, z: "nothing")
    assert "cannot compute samples of shape (3, 32, 32): boom" in refused(lambda m, z: 1 / _boom())


def _boom():
    raise ValueError("boom\nand more")


def test_outputs_with_company_give_their_logits():
    for output in (
        lambda m, z: (m.fc(z), m.other(z)),
        lambda m, z: {"loss": z, "logits": m.fc(z)},
        lambda m, z: [m.fc(z)],
    ):
        model = classifier("made", lambda s, n, output=output: Head(output, n), SHAPE, CLASSES)
        got, z = logits(model.eval(), images())
        assert torch.equal(got, model.fc(z))


def test_a_last_layer_that_starts_at_zero_is_not_mistaken():
    """Every layer would agree with logits that are all 0."""

    class Zero(Head):
        def __init__(self, after, n):
            super().__init__(after, n)
            nn.init.zeros_(self.other.weight), nn.init.zeros_(self.other.bias)
            nn.init.zeros_(self.fc.weight), nn.init.zeros_(self.fc.bias)

    def after(m, z):
        m.fc(z)
        return m.other(z)

    model = classifier("made", lambda s, n: Zero(after, n), SHAPE, CLASSES)
    assert model.fc.weight.abs().max() == 0  # as it was
    with torch.no_grad():
        model.fc.weight.normal_()
    got, z = logits(model.eval(), images())
    assert torch.equal(got, model.fc(z)) and isinstance(model.body.net.fc, nn.Linear)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("timm:resnt18", "near it: resnet18"),
        ("torchvision:resnet19", "resnet18"),
        ("torchvision:maskrcnn_resnet50_fpn", "torchvision has no classifier called"),
        ("timm:", "needs a name, for instance timm:"),
        ("hf:nowhere", "has no config.json"),
        ("python:json", "names no module and callable"),
        ("python:no_such_module.net", "cannot be imported"),
        ("python:json.nothing", "json has no callable 'nothing'; it has"),
        ("keras:resnet", "No model is called 'keras:resnet'"),
    ],
)
def test_an_unknown_name_is_refused_with_what_is_near(key, words):
    with pytest.raises(BadRequest) as refusal:
        models.get(key)
    assert words in str(refusal.value) and str(refusal.value).endswith(".")


def test_an_extra_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("cu_core.models.origins._origin.find_spec", lambda name: None)
    with pytest.raises(BadRequest, match="pip install timm"):
        models.get("timm:resnet18")


def test_ones_own_function_is_called_with_the_classes_if_it_takes_them(here, monkeypatch):
    (here / "own_networks.py").write_text(
        "from torch import nn\n"
        "def rows(n_classes): return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), "
        "nn.Linear(8, n_classes))\n"
        "def fixed(): return nn.Sequential(nn.Linear(6, 3))\n"
        "def broken(n): raise RuntimeError('no such width')\n"
        "def text(n): return 'a network'\n"
    )
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.delitem(sys.modules, "own_networks", raising=False)
    model = models.build("python:own_networks.rows", (6,), 4)
    assert model(torch.zeros(2, 6))[0].shape == (2, 4) and model.embedding_dim == 8
    assert models.build("python:own_networks:fixed", (6,), 3).n_classes == 3
    with pytest.raises(BadRequest, match="has 3 outputs, and the data have 4 classes"):
        models.build("python:own_networks.fixed", (6,), 4)
    with pytest.raises(BadRequest, match="fails when it is called: no such width"):
        models.build("python:own_networks.broken", (6,), 4)
    with pytest.raises(BadRequest, match="gives a str"):
        models.build("python:own_networks.text", (6,), 4)
    assert models.get("python:own_networks.rows").fingerprint


def test_code_in_a_transformers_folder_is_not_run(here):
    folder = here / "theirs"
    folder.mkdir()
    (folder / "bad.py").write_text("raise SystemExit('run')")
    told = {"model_type": "theirs", "auto_map": {"AutoConfig": "bad.Config"}}
    (folder / "config.json").write_text(json.dumps(told))
    with pytest.raises(BadRequest, match="transformers makes no image classifier"):
        models.get(f"hf:{folder}")


def test_a_folder_is_imported_by_the_weights_in_it(here):
    """safetensors before .bin; a folder of several parts, or of none, is refused in words."""
    assert models.saved_in(here) == (here, None)  # a folder that nobody saved
    (here / "config.json").write_text("{}")
    with pytest.raises(BadRequest, match="it holds no weights"):
        models.saved_in(here)
    (here / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(BadRequest, match=r"several files \(model\.safetensors\.index\.json\)"):
        models.saved_in(here)
    for name in ("pytorch_model.bin", "model.safetensors"):
        (here / name).write_bytes(b"")
        assert models.saved_in(here) == (here / name, f"hf:{here}")
    assert models.saved_in(here, "timm:resnet18")[1] == "timm:resnet18"
    assert models.saved_in(here / "config.json")[0] == here / "config.json"


def test_nothing_is_fetched(here, monkeypatch):
    """Neither to know a network nor to make it; a timm name with a Hub in it is no name."""

    def refuse(*args, **kwargs):
        raise AssertionError("a connection was opened")

    for name in ("connect", "connect_ex", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    transformers_net("vit", 3).config.save_pretrained(here)
    for key in ("timm:test_efficientnet", "torchvision:shufflenet_v2_x0_5", f"hf:{here}"):
        assert models.build(key, SHAPE, 3).embedding_dim > 0
    for key in ("timm:hf-hub:timm/resnet18.a1_in1k", "timm:resnet18.a1_in1k_of_nobody"):
        with pytest.raises(BadRequest, match="timm has no classifier called"):
            models.get(key)
    assert models.get("timm:resnet18.a1_in1k").ours


def test_where_paths_are_confined_no_file_outside_is_looked_at(monkeypatch, tmp_path):
    monkeypatch.setenv(CONFINED, str(tmp_path / "inside"))
    (tmp_path / "secret").write_bytes(b"a line of it")
    for name in ("secret", "nothing"):
        with pytest.raises(BadData, match="lies outside") as refusal:
            import_weights(
                Store(tmp_path / "home", bundled=None),
                ImportWeights(path=str(tmp_path / name), dataset="digits"),
            )
        assert "a line of it" not in str(refusal.value)


def test_where_paths_are_confined_no_code_of_this_machine_is_run(monkeypatch, tmp_path):
    monkeypatch.setenv(CONFINED, str(tmp_path))
    for name in ("python:tests.contract.tiny.swin", "python:os:abort"):
        with pytest.raises(BadRequest, match=r"runs code of this machine.*LETHE_DATA"):
            models.get(name)
