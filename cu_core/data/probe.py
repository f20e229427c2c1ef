"""The probe set: the fixed samples that every snapshot embeds, the same for every run and seed."""

import numpy as np

from cu_core.data.stratify import draw
from cu_core.spec import Dataset, ForgetSet, Probe


def make_probe(
    dataset: Dataset,
    forget: ForgetSet,
    size: int = 2000,
    test_size: int = 1000,
    seed: int = 0,
) -> Probe:
    """At most ``size`` training and ``test_size`` test samples, each stratified by class.

    All training samples if there are no more than ``size``. Otherwise up to half of them from the
    forget set (all of it, if it is smaller), the rest from the retain set. It depends on the data,
    the forget set and ``seed`` alone, never on a run's seed.
    """
    y = dataset.train_y
    chosen = np.zeros(len(y), bool)
    chosen[forget.index] = True
    retain = np.flatnonzero(~chosen)
    n_retain = min(len(retain), size - min(len(forget.index), size // 2))
    rng = np.random.default_rng(seed)
    index = np.sort(
        np.concatenate(
            [
                draw(forget.index, y, size - n_retain, rng),
                draw(retain, y, n_retain, rng),
            ]
        )
    )
    test_index = draw(
        np.arange(len(dataset.test_y)), dataset.test_y, test_size, np.random.default_rng(seed)
    )
    return Probe(
        index=index,
        label=y[index],
        is_forget=chosen[index],
        test_index=test_index,
        test_label=dataset.test_y[test_index],
        true_label=None if dataset.true_y is None else dataset.true_y[index],
        trigger_label=dataset.trigger.label if dataset.trigger else None,
    )
