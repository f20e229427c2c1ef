"""What is in a data set, and which of its samples a forget rule names, before anything runs: by the
names that their owner has for them."""

import base64
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from cu_core import data, forget
from cu_core.data.thumbs import atlas
from cu_core.spec import (
    ClassFacts,
    Dataset,
    DatasetFacts,
    DescribeDataset,
    DescribeForget,
    ForgetSet,
    ForgottenClass,
    ForgottenFacts,
    Ints,
    Origin,
    SampleFacts,
)
from cu_core.store import Store

SAMPLES, PICTURED = 3, 24  # images of a class that a page shows, and of how many classes
TRAINING, TEST = "training", "test"


def describe(store: Store, asked: DescribeDataset) -> DatasetFacts:
    """Classes with their counts, sizes, what was read from where and what reading changed."""
    dataset = data.load(asked.key, store.home, asked.plant, asked.size)
    return DatasetFacts(
        key=dataset.key,
        hash=dataset.hash,
        n_train=len(dataset.train_y),
        n_test=len(dataset.test_y),
        shape=dataset.shape,
        is_image=dataset.is_image,
        classes=tuple(
            ClassFacts(
                id=i,
                name=name,
                train=int((dataset.train_y == i).sum()),
                test=int((dataset.test_y == i).sum()),
                samples=_pictures(dataset, i),
            )
            for i, name in enumerate(dataset.class_names)
        ),
        read=tuple(_read(dataset)),
        notes=dataset.notes,
        rows=tuple(_first(dataset, asked.rows)),
    )


def describe_forget(store: Store, asked: DescribeForget) -> ForgottenFacts:
    """Which samples a rule names: how many of each class, and the first of them."""
    dataset = data.load(asked.key, store.home, asked.plant, asked.size)
    return forgotten(dataset, forget.parse(asked.forget, dataset, asked.seed), asked.rows)


def forgotten(dataset: Dataset, chosen: ForgetSet, rows: int) -> ForgottenFacts:
    """The forget set with its first ``rows`` samples in their owner's order."""
    order = np.argsort(dataset.owned.row[chosen.index], kind="stable")[:rows]
    everything = np.bincount(dataset.train_y, minlength=dataset.n_classes)
    lost = np.bincount(dataset.train_y[chosen.index], minlength=dataset.n_classes)
    return ForgottenFacts(
        rule=chosen.rule,
        kind=chosen.kind,
        n_forget=len(chosen.index),
        n_retain=len(dataset.train_y) - len(chosen.index),
        hash=chosen.hash,
        of=dataset.owned.of,
        classes=tuple(
            ForgottenClass(name=name, forgotten=int(lost[i]), of=int(everything[i]))
            for i, name in enumerate(dataset.class_names)
            if lost[i]
        ),
        rows=tuple(samples_of(dataset, chosen.index[order], TRAINING)),
        notes=chosen.notes,
    )


def _pictures(dataset: Dataset, label: int) -> tuple[str, ...]:
    """The first images of a class as data addresses, for as many classes as a page has room."""
    if not dataset.is_image or label >= PICTURED:
        return ()
    return tuple(_image(dataset, i) for i in np.flatnonzero(dataset.train_y == label)[:SAMPLES])


def _image(dataset: Dataset, index: int) -> str:
    """A training image as a data address; "" where the data are no images."""
    if not dataset.is_image:
        return ""
    image, mime, *_ = atlas(dataset, np.array([index]))
    return f"data:{mime};base64,{base64.b64encode(image).decode('ascii')}"


def _read(dataset: Dataset) -> Iterable[str]:
    """What was read from where, a sentence a part."""
    train, test = dataset.owned, dataset.test_origin
    n, m = len(dataset.train_y), len(dataset.test_y)
    if train.of and dataset.cut:
        yield (
            f"{n + m:,} rows of {train.of}: {n:,} are the training part, {m:,} were set aside as "
            "the test part"
        )
    else:
        for name, count, own in ((TRAINING, n, train), (TEST, m, test)):
            if own and own.of:
                yield f"{name} part: {count:,} samples of {own.of}"
    names = [name for name in ("file", "key", "text") if getattr(train, name)]
    if names:
        yield f"each sample has its {' and '.join(names)}"


def _first(dataset: Dataset, count: int) -> Iterable[SampleFacts]:
    """The first samples by their owner's rows: of both parts, if both were cut from one."""
    train, test = dataset.owned, dataset.test_origin
    shown = [*samples_of(dataset, np.argsort(train.row, kind="stable")[:count], TRAINING)]
    if test is not None and dataset.cut:
        shown += samples_of(dataset, np.argsort(test.row, kind="stable")[:count], TEST)
    return sorted(shown, key=lambda one: one.row)[:count]


def samples_of(dataset: Dataset, index: Ints, part: str) -> Iterable[SampleFacts]:
    """Samples of a part, by what their owner calls them."""
    own, y = dataset.owned, dataset.train_y
    if part == TEST:
        own, y = dataset.test_origin or Origin(np.arange(len(dataset.test_y))), dataset.test_y
        dataset = replace(dataset, train_x=dataset.test_x)  # whose pictures are drawn
    for i in index.tolist():
        names = {
            name: having[i] for name in ("file", "key", "text") if (having := getattr(own, name))
        }
        yield SampleFacts(
            row=int(own.row[i]),
            part=part,
            label=dataset.class_names[int(y[i])],
            image=_image(dataset, i),
            **names,
        )
