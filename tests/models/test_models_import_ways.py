"""Weights as other people's code saves them: the same network, the same answers to the digit."""

import argparse
import dataclasses
import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cu_core import models
from cu_core.errors import BadCheckpoint
from cu_core.models.checkpoint import Imported, import_file

IMAGE, CLASSES = (3, 16, 16), 10


@pytest.fixture(scope="module")
def script():
    """The network of a script: torchvision's names, other statistics than those of a fresh one."""
    return lively(models.build("resnet20", IMAGE, CLASSES, seed=4))


def lively(model):
    g = torch.Generator().manual_seed(1)
    for name, buffer in model.named_buffers():
        if "running" in name:
            buffer.copy_(torch.rand(buffer.shape, generator=g) + 0.5)
    return model.eval()


def state(model):
    return {key.removeprefix("body."): value for key, value in model.state_dict().items()}


def answers(model, x):
    with torch.no_grad():
        found = model.eval()(x)
    return found[0] if isinstance(found, tuple) else found


def images(n=4, side=16):
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(2))


def brought(path, content, **kw) -> Imported:
    torch.save(content, path)
    return import_file(path, IMAGE, CLASSES, **kw)


def same(found, model, tolerance=0.0):
    x = images()
    torch.testing.assert_close(
        answers(found.model, x), answers(model, x), atol=tolerance, rtol=tolerance
    )


def put(prefix):
    return lambda s: {prefix + key: value for key, value in s.items()}


def torn(s):
    """Body and last layer saved apart."""
    head = {key.removeprefix("fc."): value for key, value in s.items() if key.startswith("fc.")}
    return {
        "backbone": {k: v for k, v in s.items() if not k.startswith("fc.")},
        "classifier": {f"head.{k}": v for k, v in head.items()},
    }


def renamed(*pairs):
    def rename(s):
        for theirs, other in pairs:
            s = {key.replace(theirs, other): value for key, value in s.items()}
        return s

    return rename


def with_optimizer(s):
    moments = {i: {"exp_avg": v, "exp_avg_sq": v} for i, v in enumerate(s.values())}
    return {"model": s, "optimizer": {"state": moments, "param_groups": [{"lr": 0.1}]}}


def children(s):
    """nn.Sequential(*list(net.children())), as notebooks cut a network."""
    places = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "fc": "9"}
    return {".".join([places[k.split(".")[0]], *k.split(".")[1:]]): v for k, v in s.items()}


def pytorch_cifar100(s):
    """weiaicunzai's names, of a network of three stages."""
    pairs = [("conv1.", "residual_function.0."), ("bn1.", "residual_function.1.")]
    pairs += [("conv2.", "residual_function.3."), ("bn2.", "residual_function.4.")]
    out = {}
    for key, value in s.items():
        if key.startswith("layer"):
            for ours, theirs in pairs:
                key = key.replace(f".{ours}", f".{theirs}")
            key = f"conv{int(key[5]) + 1}_x{key[6:]}"
        elif not key.startswith("fc"):
            key = "conv1.0." + key[6:] if key.startswith("conv1") else "conv1.1." + key[4:]
        out[key.replace("downsample", "shortcut")] = value
    return out


WAYS = {
    "torchvision": lambda s: s,
    "a list around it": lambda s: [s],
    "deep in mappings": lambda s: {"run": {"best": {"checkpoint": {"weights": s}}}},
    "a wrapper's attribute": put("resnet."),
    "an encoder": put("model.encoder."),
    "MoCo's query": put("module.encoder_q."),
    "DDP of a compiled one": put("module._orig_mod."),
    "wrapped inside": renamed(("layer1.", "layer1.module.")),
    "behind a Normalize": lambda s: {f"1.{k}": v for k, v in s.items()},
    "pytorch-cifar": renamed(("downsample", "shortcut"), ("fc.", "linear.")),
    "weiaicunzai": pytorch_cifar100,
    "mmpretrain": lambda s: {
        ("head." if k.startswith("fc.") else "backbone.") + k: v for k, v in s.items()
    },
    "classifier": renamed(("fc.", "classifier.")),
    "Dropout before": renamed(("fc.", "fc.1.")),
    "children": children,
    "body and head apart": torn,
    "with momentum": with_optimizer,
    "a criterion beside": lambda s: {**put("net.")(s), "criterion.centers": torch.zeros(10, 64)},
    "no counters": lambda s: {k: v for k, v in s.items() if "num_batches" not in k},
    "double": lambda s: {k: v.double() for k, v in s.items()},
    "arrays": lambda s: {k: v.numpy() for k, v in s.items()},
    "a Namespace": lambda s: {"opt": argparse.Namespace(lr=0.1), "model": s},
    "inside a Namespace": lambda s: argparse.Namespace(weights=s),
    "parameters": lambda s: {k: nn.Parameter(v, v.is_floating_point()) for k, v in s.items()},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_network_is_found_however_it_was_saved(here, script, way):
    found = brought(here / "m.pth.tar", WAYS[way](state(script)))
    assert found.model.architecture == "resnet20"
    same(found, script)
    assert all(note.endswith(".") for note in found.notes)


@pytest.mark.parametrize("name", ["m.pth.tar", "m", "m.safetensors", "ü (2).pt.zip"])
@pytest.mark.parametrize("container", ["zip", "legacy", "pickle", "safetensors", "npz"])
def test_the_content_decides_and_not_the_name(here, script, name, container):
    path, weights = here / name, state(script)
    if container == "safetensors":
        save_file(weights, path)
    elif container == "npz":
        with path.open("wb") as file:
            np.savez(file, **{k: v.numpy() for k, v in weights.items()})
    elif container == "pickle":
        path.write_bytes(pickle.dumps(weights, 4))
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=container == "zip")
    same(import_file(path, IMAGE, CLASSES), script)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("new", [True, False])
def test_every_protocol_of_pickle_is_read(here, script, protocol, new):
    path = here / "m.pt"
    torch.save(
        {"model": state(script), "seen": {1, 2}},
        path,
        pickle_protocol=protocol,
        _use_new_zipfile_serialization=new,
    )
    same(import_file(path, IMAGE, CLASSES), script)


def test_a_whole_network_that_was_pickled_gives_its_weights_and_is_not_run(here, script):
    from torchvision.models import resnet18

    whole = resnet18(num_classes=CLASSES)
    whole.conv1, whole.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    for content in (whole, {"net": nn.DataParallel(whole), "acc": np.float64(93.25)}):
        found = brought(here / "m.pth", content)
        assert found.model.architecture == "resnet18"
        same(found, whole, 1e-5)
        assert any("nothing of it was run" in note for note in found.notes)
    assert found.accuracy == 93.25


# --- stems, shortcuts and what is done to weights ------------------------------------------------


@pytest.mark.parametrize(
    ("conv", "pool", "fits"),
    [
        ((3, 1, 1), False, "resnet18"),
        ((3, 1, 1), True, "resnet18-3x3-pool"),
        ((7, 2, 3), True, "resnet18-7x7-stride-pool"),
        ((7, 2, 3), False, "resnet18-7x7-stride"),
    ],
)
def test_a_stem_is_the_first_of_its_shape_or_a_variant_of_it(here, conv, pool, fits):
    from torchvision.models import resnet18

    net = lively(resnet18(num_classes=CLASSES))
    net.conv1 = nn.Conv2d(3, 64, *conv, bias=False)
    net.maxpool = net.maxpool if pool else nn.Identity()
    found = brought(here / "m.pth", net.state_dict())
    assert fits in (found.model.architecture, *found.variants)
    exact = found if fits == found.model.architecture else None
    exact = exact or import_file(here / "m.pth", IMAGE, CLASSES, fits)
    same(exact, net, 1e-5)


@pytest.mark.parametrize(
    ("name", "layers"), [("resnet20", 3), ("resnet32", 5), ("resnet56", 9), ("resnet20-padded", 3)]
)
def test_the_resnets_of_cifar_are_told_by_depth_and_shortcut(here, name, layers):
    net = models.build(name, IMAGE, CLASSES, seed=2)
    assert len(net.body.layer1) == layers
    assert any("downsample" in k for k in net.state_dict()) != name.endswith("padded")
    assert brought(here / "m.th", put("module.")(state(net))).model.architecture == name


def test_a_shortcut_without_weights_takes_every_second_pixel_and_adds_zeros():
    block = models.build("resnet20-padded", IMAGE, CLASSES).body.layer2[0]
    x = torch.randn(2, 16, 8, 8)
    padded = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 8, 8))
    torch.testing.assert_close(block.shortcut(x), padded)  # akamaster's LambdaLayer


@pytest.mark.parametrize("old", [True, False])
def test_weight_norm_is_folded(here, script, old):
    net = models.build("resnet20", IMAGE, CLASSES, seed=4)
    net.load_state_dict(script.state_dict())
    for layer in (net.fc, net.body.conv1):
        if old:
            nn.utils.weight_norm(layer)
        else:
            nn.utils.parametrizations.weight_norm(layer)
    found = brought(here / "m.pt", state(net))
    same(found, script, 1e-5)
    assert any("weight norm" in note for note in found.notes)


@pytest.mark.parametrize("old", [True, False])
def test_spectral_norm_is_folded(here, script, old):
    net = models.build("resnet20", IMAGE, CLASSES, seed=4)
    net.load_state_dict(script.state_dict())
    kept = nn.utils.spectral_norm if old else nn.utils.parametrizations.spectral_norm
    kept(net.fc), kept(net.body.conv1)
    net.train()(images())  # a step of its power iteration
    same(brought(here / "m.pt", state(net)), net, 1e-5)


def test_a_pruning_mask_is_applied(here, script):
    weights = state(script)
    mask = (torch.rand(10, 64, generator=torch.Generator().manual_seed(3)) > 0.5).float()
    weights |= {"fc.weight_orig": weights.pop("fc.weight"), "fc.weight_mask": mask}
    found = brought(here / "m.pt", weights)
    torch.testing.assert_close(found.model.fc.weight.data, script.fc.weight.data * mask)


def test_a_last_layer_without_bias_gets_zeros_and_says_so(here, script):
    weights = state(script)
    weights.pop("fc.bias")
    found = brought(here / "m.pt", weights)
    assert not found.model.fc.bias.any()
    assert any("no bias" in note for note in found.notes)


def test_vgg_with_one_linear_layer_is_a_network_of_its_own(here):
    from torchvision.models import vgg16_bn

    net = vgg16_bn()
    net.avgpool, net.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(512, CLASSES)
    torch.save(net.state_dict(), here / "m.pt")
    found = import_file(here / "m.pt", (3, 32, 32), CLASSES)
    assert found.model.architecture == "vgg16-bn-short"
    x = images(side=32)
    torch.testing.assert_close(answers(found.model, x), answers(net, x), atol=1e-5, rtol=1e-4)


def test_a_network_with_names_of_its_own_says_which_are_ours(here, script, monkeypatch):
    """As those that come from other packages do."""
    own = dataclasses.replace(
        models.get("resnet20"),
        key="their-net",
        ours=lambda name: name.replace("out.", "fc.") if name[:4] == "out." else f"body.{name}",
    )
    with_it = {**models._registry(), own.key: own}
    monkeypatch.setattr(models, "_registry", lambda: with_it)
    content = {"model": put("net.")(renamed(("fc.", "out."))(state(script))), "n": torch.ones(3)}
    found = brought(here / "m.pt", content, architecture=own.key)
    assert found.model.architecture == own.key
    same(found, script)
    assert any("Left aside" in note for note in found.notes)
    with pytest.raises(BadCheckpoint, match=r"10 classes apart \(model.net.out.weight\)"):
        import_file(here / "m.pt", IMAGE, 7, own.key)


# --- what the file says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "std", "names"),
    [
        ([0.4914, 0.4822, 0.4465], [0.2, 0.21, 0.22], ("normalize.mean", "normalize.std")),
        ([[[125.3]], [[123.0]], [[113.9]]], [[[63.0]], [[62.1]], [[66.7]]], ("0.mean", "0.std")),
        ([[[[0.5]]]], [[[[0.25]]]], ("norm_mean", "norm_std")),
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], ("normalizer.new_mean", "normalizer.new_std")),
        ([0.0], [0.0039], ("mu", "sigma")),
    ],
)
def test_a_normalisation_inside_the_network_is_read(here, script, mean, std, names):
    extra = dict(zip(names, (torch.tensor(mean), torch.tensor(std)), strict=True))
    found = brought(here / "m.pt", {"state_dict": {**extra, **state(script)}})
    unit = 255 if names[0] == "0.mean" else 1
    for told, given in ((found.mean, mean), (found.std, std)):
        expected = torch.tensor(given).flatten().expand(3) / unit
        torch.testing.assert_close(torch.tensor(told), expected)
    assert any("normalisation of its input" in note for note in found.notes)
    assert not any("Left aside" in note for note in found.notes)


def test_numbers_in_the_file_are_its_normalisation_too(here, script):
    config = argparse.Namespace(mean=(0.5, 0.4, 0.3), std=[0.2, 0.2, 0.2], lr=0.1)
    found = brought(here / "m.pt", {"config": config, "model": state(script)})
    assert found.mean == (0.5, 0.4, 0.3) and found.std == (0.2, 0.2, 0.2)
    assert brought(here / "m.pt", state(script)).mean is None


@pytest.mark.parametrize(
    ("said", "accuracy"),
    [
        ({"acc": 95.2}, 95.2),
        ({"best_acc1": torch.tensor(93.0)}, 93.0),
        ({"best_prec1": np.float32(92.5)}, 92.5),
        ({"best_acc": 0.952}, 95.2),
        ({"val_acc": 80.0, "test_acc": 70.0}, 70.0),
        ({"hparams": {"Test Accuracy": 88.0}}, 88.0),
        ({"best_sa": 94}, 94.0),
        ({"acc": "high", "loss": 0.3, "epoch": 7}, None),
        ({"acc": -1.0}, None),
        ({"acc": True}, None),
    ],
)
def test_the_accuracy_that_the_file_claims_is_told_in_percent(here, script, said, accuracy):
    found = brought(here / "m.pt", {"net": state(script), **said})
    assert found.accuracy == (pytest.approx(accuracy) if accuracy else None)
    assert any("The file says" in note for note in found.notes) == (accuracy is not None)
    share = accuracy == 95.2 and "best_acc" in said
    assert any("a share" in note for note in found.notes) == share


NAMES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@pytest.mark.parametrize(
    "said",
    [
        {"classes": list(NAMES)},
        {"class_names": NAMES},
        {"class_to_idx": {name: i for i, name in enumerate(NAMES)}},
        {"config": {"id2label": {str(i): name for i, name in enumerate(NAMES)}}},
        {"opt": argparse.Namespace(label_names=list(NAMES))},
    ],
)
def test_the_order_of_the_classes_is_read(here, script, said):
    assert brought(here / "m.pt", {"net": state(script), **said}).classes == NAMES


def test_a_list_of_another_length_is_no_list_of_classes(here, script):
    unnamed = {i: f"LABEL_{i}" for i in range(10)}
    content = {"net": state(script), "classes": ["a", "b"], "labels": list(range(10))}
    content["id2label"] = unnamed
    assert brought(here / "m.pt", content).classes is None


def test_what_timm_and_transformers_write_beside_their_file_is_read(here, script):
    told = {"pretrained_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2], "crop_pct": 1}}
    (here / "config.json").write_text(json.dumps(told | {"label_names": list(NAMES)}))
    save_file(state(script), here / "model.safetensors")
    found = import_file(here / "model.safetensors", IMAGE, CLASSES)
    assert (found.mean, found.std, found.classes) == ((0.5,) * 3, (0.2,) * 3, NAMES)
    assert any("config.json beside it" in note for note in found.notes)
    (here / "config.json").write_text("not JSON")
    found = import_file(here / "model.safetensors", IMAGE, CLASSES)
    assert found.mean is None
    assert any("config.json beside it says could not be read" in note for note in found.notes)


# --- several sets of weights --------------------------------------------------------------------


@pytest.fixture(scope="module")
def averaged():
    return lively(models.build("resnet20", IMAGE, CLASSES, seed=9))


@pytest.mark.parametrize(
    ("plain", "ema"),
    [
        ("state_dict", "state_dict_ema"),
        ("model", "ema"),
        ("model", "model_ema"),
        ("net", "ema_state_dict"),
        ("student", "teacher"),
        ("online", "averaged_model"),
    ],
)
def test_the_plain_weights_are_taken_and_the_averaged_ones_offered(
    here, script, averaged, plain, ema
):
    content = {ema: {"module": state(averaged)}, plain: state(script)}
    found = brought(here / "m.pt", content)
    same(found, script)
    assert found.choices == (ema,)
    assert any(f"--weights {ema}" in note for note in found.notes)
    for asked in (ema, "ema"):
        other = import_file(here / "m.pt", IMAGE, CLASSES, weights=asked)
        same(other, averaged)
        assert other.choices == (plain,)
    with pytest.raises(BadCheckpoint, match=f"'swa'; it holds .*{plain}"):
        import_file(here / "m.pt", IMAGE, CLASSES, weights="swa")


def test_averaged_weights_alone_are_taken_and_said(here, averaged):
    found = brought(here / "m.pt", {"ema": state(averaged), "step": 3})
    same(found, averaged)
    assert found.choices == ()
    assert any("averaged" in note for note in found.notes)


def test_the_average_of_torch_says_that_it_is_one(here, averaged):
    content = torch.optim.swa_utils.AveragedModel(averaged).state_dict()
    found = brought(here / "m.pt", content)
    same(found, averaged)
    assert any("an average of several, as n_averaged" in note for note in found.notes)


def test_networks_of_one_object_are_told_apart_by_their_prefix(here, script, averaged):
    both = {**put("online_model.")(state(script)), **put("ema_model.")(state(averaged))}
    found = brought(here / "m.pt", {**both, "initted": torch.tensor(True)})
    same(found, script)
    assert found.choices == ("ema_model",)


def test_one_object_under_two_names_is_two_sets(here, script):
    weights = state(script)
    found = brought(here / "m.pt", {"model": weights, "ema": weights})
    assert found.choices == ("ema",)
    loop = {"weights": weights}
    loop["self"] = loop
    same(brought(here / "m.pt", loop), script)


def test_two_sets_that_nothing_tells_apart_are_a_question_and_equal_ones_are_not(
    here, script, averaged
):
    with pytest.raises(BadCheckpoint, match=r'2 sets of weights .*"0", "1".*--weights 0'):
        brought(here / "m.pt", [state(script), state(averaged)])
    same(import_file(here / "m.pt", IMAGE, CLASSES, weights="1"), averaged)
    same(brought(here / "m.pt", [state(script), dict(state(script))]), script)


# --- what is left aside, and what is refused ----------------------------------------------------


def test_what_is_no_part_of_the_network_is_named(here, script):
    content = {
        "state_dict": {**state(script), "n_averaged": torch.tensor(3), "aux.weight": torch.ones(2)},
        "optimizer": {"state": {0: {"momentum_buffer": torch.zeros(3)}, 1: torch.zeros(2)}},
        "opt": argparse.Namespace(lr=0.1),
    }
    notes = " ".join(brought(here / "m.pt", content).notes)
    for words in ("n_averaged", "aux", "optimizer (2 tensors)", "argparse.Namespace"):
        assert words in notes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda s: {
                **{k: v for k, v in s.items() if not k.startswith("fc.")},
                "fc.0.weight": torch.zeros(32, 64),
                "fc.2.weight": torch.zeros(10, 32),
            },
            ["net.fc.0.weight (32, 64), net.fc.2.weight (10, 32)", "python:module.callable"],
        ),
        (
            lambda s: {
                **{k: v for k, v in s.items() if not k.startswith("fc.")},
                "conv_out.weight": torch.zeros(10, 64, 1, 1),
            },
            ["is a convolution, net.conv_out.weight (10, 64, 1, 1)", "timm:NAME"],
        ),
        (
            lambda s: {k: v for k, v in s.items() if not k.startswith("fc.")},
            ["up to the last layer", "no linear layer of it reads the 64 features"],
        ),
        (
            lambda s: {k: v for k, v in s.items() if "running" not in k},
            ["running means and variances", "model.state_dict()"],
        ),
        (
            lambda s: {**s, "layer1.0.se.fc1.weight": torch.zeros(4, 16)},
            ["nearest is resnet20", "layer1.0.se.fc1.weight is unknown", "tells 10 classes apart"],
        ),
        (
            lambda s: {
                **{f"encoder.{k}": v for k, v in s.items() if not k.startswith("fc.")},
                **{"head.0.weight": torch.ones(64, 64), "head.0.bias": torch.ones(64)},
                **{"head.2.weight": torch.ones(128, 64), "head.2.bias": torch.ones(128)},
            },
            ["a projection head follows, net.head.0.weight and net.head.2.weight"],
        ),
        (
            lambda s: {**s, "conv1.weight": torch.zeros(16, 1, 3, 3)},
            ["resnet20 for images of 1 channels", "have 3"],
        ),
        (lambda s: list(s.values()), ["arrays without names", "model.state_dict()"]),
        (
            lambda s: {f"features.{k}.weight": torch.zeros(3, 3) for k in range(4)},
            ["no network that Lethe has", "net.features.0.weight (3, 3)", "python:module.callable"],
        ),
    ],
)
def test_a_refusal_says_what_was_found_and_what_would_do(here, script, change, words):
    torch.save({"net": change(state(script))}, here / "mine.pth")
    with pytest.raises(BadCheckpoint) as caught:
        import_file(here / "mine.pth", IMAGE, CLASSES)
    sentence = str(caught.value)
    assert sentence.startswith("mine.pth ") and sentence.endswith(".")
    for word in words:
        assert word in sentence


def test_a_quantised_network_is_named_as_such(here):
    weight = torch.quantize_per_tensor(torch.ones(4, 4), 0.1, 0, torch.qint8)
    torch.save({"fc.weight": weight}, here / "m.pt")
    with pytest.raises(BadCheckpoint, match="quantised"):
        import_file(here / "m.pt", (4,), 4)


def test_a_file_is_called_as_the_user_calls_it(here):
    (here / "3f2a.pt").write_bytes(b"")
    with pytest.raises(BadCheckpoint, match=r"^My model \(2\)\.pth is empty"):
        import_file(here / "3f2a.pt", IMAGE, CLASSES, name="My model (2).pth")
