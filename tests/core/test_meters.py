from __future__ import annotations

import torch

from paragone.meters import Meters


def test_weighted_means_since_the_last_take() -> None:
    meters = Meters(torch.device("cpu"))
    meters.add("a", torch.tensor(1.0))
    meters.add("a", 4.0, weight=2.0)
    assert meters.take() == {"a": 3.0}
    assert meters.take() == {}


def test_state_goes_on() -> None:
    first, second = Meters(torch.device("cpu")), Meters(torch.device("cpu"))
    first.add("a", 0.1)
    second.restore(first.state())
    for meters in (first, second):
        meters.add("a", 0.7)
    assert first.take() == second.take()


def test_no_float64_where_the_device_has_none() -> None:
    seen = []

    class NoDoubles(torch.overrides.TorchFunctionMode):
        """Stands in for Apple's GPU: it makes tensors on the CPU and refuses float64."""

        def __torch_function__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            kwargs = dict(kwargs or {})
            if "device" in kwargs:
                kwargs["device"] = "cpu"
            result = function(*args, **kwargs)
            seen.append(result.dtype if isinstance(result, torch.Tensor) else None)
            return result

    with NoDoubles():
        meters = Meters(torch.device("mps"))
        meters.add("a", torch.tensor(2.0))
        assert meters.take() == {"a": 2.0}
    assert torch.float64 not in seen
