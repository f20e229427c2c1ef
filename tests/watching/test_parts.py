"""What a person hands over: read by row without a trace, named as theirs, refused in a sentence."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
)

from cu_core.errors import BadRequest
from cu_core.watching import watch
from cu_core.watching.parts import part
from cu_core.watching.pictures import sheet
from cu_core.watching.samples import gather
from tests.watching.loops import blobs, network, split


class Augmented(Dataset):
    """Draws from every stream for a sample, and from one of its own."""

    def __init__(self, data):
        self.data, self.classes = data, ["north", "south", "east", "west"]
        self.transform = Jitter()

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        x, y = self.data[i]
        return self.transform(x) + torch.rand(()) + np.random.rand() + random.random(), int(y)


class Jitter:
    """A transform with generators of its own."""

    def __init__(self):
        self.rng, self.other = np.random.default_rng(0), [random.Random(0), torch.Generator()]

    def __call__(self, x):
        of_torch = torch.rand((), generator=self.other[1])
        return x + self.rng.random() + self.other[0].random() + of_torch

    def state(self):
        state = self.rng.bit_generator.state, self.other[0].getstate()
        return *state, self.other[1].get_state().tolist()


class Endless(IterableDataset):
    def __iter__(self):
        yield torch.zeros(1, 8, 8), 0


class Odd(Dataset):
    """Whatever it is told to give."""

    def __init__(self, sample, n=40):
        self.sample, self.n = sample, n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        if isinstance(self.sample, Exception):
            raise self.sample
        return self.sample


def test_reading_draws_nothing_and_starts_no_workers(tmp_path):
    forget, retain = split(blobs())
    own = torch.Generator().manual_seed(3)
    before = own.get_state()
    model, sides = network(), [Augmented(side) for side in (forget, retain)]
    loaders = [DataLoader(side, 8, shuffle=True, generator=own, num_workers=2) for side in sides]
    states = [side.transform.state() for side in sides]
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    expected = torch.rand(2), np.random.rand(), random.random()
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    w = watch(model, forget=loaders[0], retain=loaders[1], home=tmp_path)
    drawn = torch.rand(2), np.random.rand(), random.random()
    w.close()
    assert torch.equal(drawn[0], expected[0]) and drawn[1:] == expected[1:]
    assert torch.equal(own.get_state(), before)
    assert [side.transform.state() for side in sides] == states
    assert w.recorder.class_names == ("north", "south", "east", "west")


@pytest.mark.parametrize("way", ["sampler", "batch sampler", "loader", "nested"])
def test_rows_are_followed_to_the_bottom(way):
    data, rows = blobs(), list(range(2, 160, 4))
    sampler = SubsetRandomSampler(rows)
    given = {
        "sampler": lambda: DataLoader(data, 16, sampler=sampler),
        "batch sampler": lambda: DataLoader(data, batch_sampler=BatchSampler(sampler, 16, False)),
        "loader": lambda: DataLoader(Subset(data, rows), 16, shuffle=True),
        "nested": lambda: Subset(Subset(data, list(range(2, 160))), [r - 2 for r in rows]),
    }[way]()
    found = part("forget", given)
    assert found.root is data and found.row.tolist() == rows
    assert found.label_guess().tolist() == [2] * 40


def test_files_are_named_and_sets_apart_by_the_set(tmp_path):
    class Folder(TensorDataset):
        root = tmp_path

        @property
        def samples(self):
            return [(str(tmp_path / f"a/{i}.png"), 0) for i in range(len(self))]

    data = Folder(*blobs().tensors)
    one = gather(*(part(*each) for each in zip("fr", split(data), strict=True)), None, 40).origin
    assert one.of == "Folder" and one.file == tuple(f"a/{i}.png" for i in one.row)
    x, y = data.tensors
    apart = part("forget", (x[:9], y[:9])), part("retain", (x[9:], y[9:]))
    found = gather(*apart, None, 20)
    key = found.origin.key
    assert key[:2] == ("forget 0", "forget 1") and key[9].startswith("retain ")
    assert len(key) == len({*found.probe.index.tolist()}) == 20


def test_classes_keep_their_shares_and_half_of_the_points_are_to_be_forgotten():
    data = blobs(400)
    forget, retain = (
        part("forget", Subset(data, range(200))),
        part("retain", Subset(data, range(200, 400))),
    )
    probe = gather(forget, retain, None, 80).probe
    assert probe.is_forget.sum() == 40 and len(probe.index) == 80
    assert np.bincount(probe.label[probe.is_forget]).tolist() == [10] * 4
    again = gather(forget, retain, None, 80).probe
    assert probe.hash == again.hash
    small = gather(part("forget", Subset(data, range(8))), retain, None, 80).probe
    assert small.is_forget.sum() == 8 and len(small.index) == 80


X, Y = blobs().tensors
REFUSED = [
    (Endless(), "must have rows that can be asked for one by one"),
    ((X, Y[:10]), "160 samples and 10 labels"),
    ((X, "five"), r"a pair \(x, y\) of tensors"),
    (3, "got int"),
    (TensorDataset(X[:0], Y[:0]), "forget is empty"),
    (TensorDataset(X), "have no label"),
    (TensorDataset(X, Y.float()), "one whole number a sample"),
    (TensorDataset(X, nn.functional.one_hot(Y)), r"from 0 on; got int64 of shape \(1, 4\)"),
    (TensorDataset(X, Y + 7), "gives 4 logits: labels must be 0 to 3"),
    (TensorDataset(X.repeat(1, 3, 1, 1), Y), "Sequential could not be asked"),
    (Odd({"image": X[0]}), "have no label"),
    (Odd(KeyError("gone.png")), r"rows 0.* could not be read .*KeyError: 'gone.png'"),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSED)
def test_what_cannot_be_used_is_refused_before_the_loop(given, sentence, tmp_path):
    _, retain = split(blobs())
    with pytest.raises(BadRequest, match=sentence):
        watch(network(), forget=given, retain=retain, home=tmp_path)


def test_samples_in_both_sets_are_named(tmp_path):
    data = blobs()
    forget, _ = split(data)
    with pytest.raises(BadRequest, match=r"40 samples are in forget and in retain, .* row 2 of"):
        watch(network(), forget=forget, retain=data, home=tmp_path)


class Softened(nn.Module):
    def __init__(self, last):
        super().__init__()
        self.net, self.last = network(), last

    def forward(self, x):
        return self.last(self.net(x))


@pytest.mark.parametrize("last", [nn.LogSoftmax(1), nn.Softmax(1), nn.Identity()])
def test_logits_are_those_before_a_softmax(last, tmp_path):
    forget, retain = split(blobs())
    model = Softened(last)
    w = watch(model, forget=forget, retain=retain, home=tmp_path)
    w.close()
    assert w.problem == "" and w.looker.head.name == "net.7"


MODELS = [
    (Softened(nn.Softplus()), {}, "Softened are not the output of a linear layer .'net.7' was"),
    (nn.Flatten(), {}, "passes no nn.Linear"),
    (nn.Sequential(nn.Flatten(), nn.LazyLinear(4)), {}, "has lazy layers without weights yet"),
    ("resnet", {}, "must be a torch.nn.Module; got str"),
    (network(), {"classes": ["a", "b"]}, "names 2 classes, and the model gives 4 logits"),
    (network(), {"reference": nn.Sequential(nn.Flatten(), nn.Linear(64, 3))}, "gives 3 logits"),
    (network(), {"every": 0}, "every must be a whole number"),
    (network(), {"points": 3}, "points must be in"),
]


@pytest.mark.parametrize(("model", "settings", "sentence"), MODELS)
def test_a_model_that_cannot_be_looked_at_is_refused(model, settings, sentence, tmp_path):
    forget, retain = split(blobs())
    with pytest.raises(BadRequest, match=sentence):
        watch(model, forget=forget, retain=retain, home=tmp_path, **settings)


def test_a_function_says_what_the_embedding_is_where_no_layer_does(tmp_path):
    def embed(model, x):
        z = model.net[:7](x)
        return model.last(model.net[7](z)), z

    forget, retain = split(blobs())
    model = Softened(nn.Softplus())
    w = watch(model, forget=forget, retain=retain, home=tmp_path, embed=embed)
    w.close()
    assert w.problem == "" and w.looker.sizes == (4, 16)


class Normalised(Augmented):
    """A data set whose transforms end in a Normalize, as torchvision's have it."""

    class Normalize:
        mean, std = (0.5,), (0.25,)

    class Compose:
        def __init__(self, transforms):
            self.transforms = transforms

    transform = Compose([str, Normalize()])


def test_a_normalisation_is_undone_for_the_pictures():
    x = torch.linspace(0, 1, 64).reshape(1, 1, 8, 8)
    data = Normalised(blobs())
    undone, facts = sheet([((x - 0.5) / 0.25, 1)], data)
    plain, _ = sheet([(x, 1)], blobs())
    assert facts.tile == 8 and undone.tobytes() == plain.tobytes()
    stretched, _ = sheet([((x - 0.5) / 0.25, 1)], blobs())
    assert stretched.tobytes() == plain.tobytes()
    assert sheet([(torch.zeros(2, 64), 2)], blobs()) is None
    assert sheet([(torch.zeros(2, 4, 8, 8), 2)], blobs()) is None
