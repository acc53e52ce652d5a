from __future__ import annotations

import json

import pytest
import torch

from paragone.errors import DataError
from paragone.json_files import JsonFiles
from paragone.spec import Axis, SampleSpec

FLOATS = SampleSpec((Axis("a", 3, "features"), Axis("b", 2, "features")), low=-10.0, high=10.0)
TOKENS = SampleSpec((Axis("position", 4, "tokens", vocabulary=9),), dtype="int64", low=0.0, high=8.0)


@pytest.mark.parametrize(("spec", "sample"), [(FLOATS, torch.randn(3, 2) / 3), (TOKENS, torch.tensor([0, 8, 3, 1]))])
def test_every_number_comes_back_as_it_was(spec: SampleSpec, sample: torch.Tensor) -> None:
    files = JsonFiles(spec, None)
    back, facts = files.decode(files.encode(sample, {"label": "ü", "seed": 3}))
    assert torch.equal(back, sample)
    assert back.dtype == sample.dtype
    assert facts == {"label": "ü", "seed": 3}


def test_a_sheet_holds_all_of_them() -> None:
    sheet = json.loads(JsonFiles(FLOATS, None).sheet(torch.zeros(5, 3, 2), 2, ["x"], {"seed": 1}))
    assert torch.tensor(sheet["samples"]).shape == (5, 3, 2)
    assert (sheet["columns"], sheet["captions"], sheet["provenance"]) == (2, ["x"], {"seed": 1})


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b'{"sample": [1, 2]}', b'{"sample": [[1, 2], [3, 4], [5, 99]], "provenance": {}}', b"\xff", b"[" * 9999]
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(DataError, match="is no sample"):
        JsonFiles(FLOATS, None).decode(data)
