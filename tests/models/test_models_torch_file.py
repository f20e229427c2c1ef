"""What ``torch.save`` writes, damaged or made by hand: a view of the file, or a sentence."""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from typing import ClassVar

import numpy as np
import pytest
import torch

from cu_core.errors import BadCheckpoint
from cu_core.inert import Inert, Unreadable
from cu_core.models import _torch_file
from cu_core.models.checkpoint import import_file


class Called:
    """Pickled as a call of a name, whatever it is."""

    def __init__(self, name, *args):
        self.name, self.args = name, args


class Pickler(pickle._Pickler):
    """Writes names that need not exist, and storages as PyTorch does."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_called(self, called):
        module, _, name = called.name.rpartition(".")
        self.write(b"c" + f"{module}\n{name}\n".encode())
        self.save(called.args)
        self.write(b"R")

    dispatch[Called] = save_called

    def persistent_id(self, value):
        return value.key if isinstance(value, Stored) else None


class Stored:
    def __init__(self, key="0", kind=torch.FloatStorage, elements=6):
        self.key = ("storage", kind, key, "cpu", elements)


def made(path, value, storage=bytes(24), name="data/0"):
    """An archive with one storage, whose pickle says ``value``."""
    stream = io.BytesIO()
    Pickler(stream, 2).dump(value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", stream.getvalue())
        archive.writestr(f"archive/{name}", storage)
    return path


def tensor(storage, offset=0, size=(2, 3), stride=(3, 1)):
    return Called(
        "torch._utils._rebuild_tensor_v2", storage, offset, size, stride, False, OrderedDict()
    )


def test_a_tensor_is_a_view_of_the_file(tmp_path):
    content = torch.arange(6.0).numpy().tobytes()
    found = _torch_file.load(made(tmp_path / "m.pt", {"w": tensor(Stored())}, content))
    assert found["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "value",
    [
        tensor(Stored(), size=(2, 4)),
        tensor(Stored(), offset=1),
        tensor(Stored(), offset=-1),
        tensor(Stored(), stride=(10**12, 1)),
        tensor(Stored(), size=(2**62, 2**62)),
        tensor(Stored(elements=7)),
        tensor(Stored(elements=-7)),
        tensor(Stored(elements=10**15)),
        tensor(Stored(key="1")),
        tensor(Stored(key="../../../etc/passwd")),
        tensor(Stored(kind=dict)),
        tensor("no storage"),
        tensor(Stored(), size="ab"),
        Called("torch._utils._rebuild_tensor_v2"),
        Called("torch.storage._load_from_bytes", b"cos\nsystem\n(S'true'\ntR."),
        Called("torch.storage._load_from_bytes", "text"),
        Called("torch.storage._load_from_bytes", b"PK\x03\x04 no archive"),
        Called("torch.storage._load_from_bytes", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_a_tensor_that_its_storage_does_not_hold_is_unreadable(tmp_path, value):
    path = made(tmp_path / "m.pt", {"w": value})
    with pytest.raises(BadCheckpoint) as caught:
        import_file(path, (4,), 3)
    assert str(caught.value).startswith("m.pt ")


def test_what_is_called_beside_a_tensor_is_a_record(tmp_path):
    value = {"w": tensor(Stored()), "x": Called("os.system", "true")}
    found = _torch_file.load(made(tmp_path / "m.pt", value))
    assert isinstance(found["x"], Inert) and found["x"].name == "os.system"
    assert found["x"].args == ("true",)


def test_a_compressed_record_is_unreadable(tmp_path):
    path = made(tmp_path / "m.pt", {"w": tensor(Stored())})
    with zipfile.ZipFile(path) as a, zipfile.ZipFile(tmp_path / "n.pt", "w") as b:
        for info in a.infolist():
            b.writestr(info.filename, a.read(info), compress_type=zipfile.ZIP_DEFLATED)
    with pytest.raises(Unreadable, match="compressed"):
        _torch_file.load(tmp_path / "n.pt")


def test_torch_files_inside_torch_files_end_somewhere(tmp_path):
    content = pickle.dumps(1)
    for _ in range(9):
        stream = io.BytesIO()
        Pickler(stream, 4).dump(Called("torch.storage._load_from_bytes", content))
        content = stream.getvalue()
    (tmp_path / "m.pt").write_bytes(content)
    with pytest.raises(Unreadable):
        _torch_file.load(tmp_path / "m.pt")


@pytest.mark.parametrize("new", [True, False])
def test_views_and_every_type_of_number_come_back(tmp_path, new):
    whole = torch.arange(24.0).view(4, 6)
    given = {
        "whole": whole, "view": whole[1:, ::2], "turned": whole.t(), "one": torch.tensor(3.5),
        "none": torch.zeros(0, 3), "half": whole.half(), "brain": whole.bfloat16(),
        "long": whole.long(), "yes": whole > 3, "byte": whole.byte(), "pair": whole.cfloat(),
    }  # fmt: skip
    torch.save(given, tmp_path / "m.pt", _use_new_zipfile_serialization=new)
    found = _torch_file.load(tmp_path / "m.pt")
    for key, value in given.items():
        assert torch.equal(found[key], value) and found[key].dtype == value.dtype, key


def test_arrays_that_would_fill_memory_are_refused_by_their_table_of_contents(tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, **{"fc.weight": np.zeros((2, 3), np.float32)})
    data = bytearray(path.read_bytes())
    size = data.rindex(b"PK\1\2") + 24
    data[size : size + 4] = struct.pack("<I", 3_000_000_000)
    path.write_bytes(data)
    with pytest.raises(BadCheckpoint, match=r"would unpack to 3\.0 GB, .* times as much"):
        import_file(path, (1, 8, 8), 10)
