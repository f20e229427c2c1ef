"""What columns, arrays and lists are called that say which samples are meant."""

import re

from cu_core.forget._table import norm

_ROW = (
    "index idx indices indexes inds ids row rows row_index row_idx row_id row_number row_nr "
    "sample_index sample_idx data_index data_idx image_index image_idx "
    "forget_index forget_indices forget_idx forget_rows forget_ids indices_to_forget forget id i "
    "sample samples sample_id unlearn unlearn_indices forget_set"
)
_FILE = (
    "file files filename filenames file_name filepath file_path path paths image images img imgs "
    "image_path img_path image_file image_name img_name image_filename name relpath forget "
    "relative_path sample samples"
)
_KEY = "id ids key keys uid uuid guid image_id img_id sample_id name image forget sample samples"
_MASK = (
    "mask forget is_forget in_forget forget_mask is_forgotten to_forget selected select remove "
    "to_remove unlearn to_unlearn delete flag"
)
_OTHER = (
    "label labels class classes class_id class_name target targets y category categories score "
    "loss prob probability weight count width height size split part seed true_label pred "
    "prediction confidence retain keep"
)


def _set(words: str) -> frozenset[str]:
    return frozenset(norm(word) for word in words.split())


ROWS, FILES, KEYS, MASKS, OTHERS = map(_set, (_ROW, _FILE, _KEY, _MASK, _OTHER))
NAMES = {"rows": ROWS, "files": FILES, "keys": KEYS, "mask": MASKS}
KNOWN = ROWS | FILES | KEYS | MASKS | OTHERS
NOT_MEANT = ("retain", "remain", "keep", "kept", "train", "test", "val", "class", "label")


def other(name: str) -> bool:
    """Whether a column or list is called so that it cannot say what is to be forgotten."""
    first = re.split(r"[\W_]+", name.casefold())[0]
    return norm(name) in OTHERS or (norm(name) not in KNOWN and first in NOT_MEANT)


SETS = _set(  # lists in a file of several, of which one is the forget set
    "forget forget_set forget_index forget_indices forget_idx forget_rows forget_ids forget_files "
    "indices_to_forget unlearn unlearn_indices to_forget forget_mask index indices idx rows mask"
)
FORGET = {**dict.fromkeys(_set("forget unlearn remove delete forgotten"), True)} | dict.fromkeys(
    _set("retain keep remain kept retained rest"), False
)
