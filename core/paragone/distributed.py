"""Several processes that train one model, by :mod:`torch.distributed`: gloo on CPUs, nccl on GPUs.

No wrapper of networks: torch's does not support the double backward that R1 and R2
need. Gradients are averaged by one flat all-reduce a turn.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime
import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist

from .bulletin import Bulletin, answered
from .errors import ProcessError, UsageError
from .ranks import Ranks, State
from .world import World

PATIENCE = datetime.timedelta(minutes=30)
"""How long to wait for a process that is there but says nothing; one that has ended is noticed at once."""

LOOK_SECONDS = 0.05


class Processes(Ranks):
    """One of several processes; see :class:`Ranks`.

    Every method must be called by all of them in the same order.

    Raises:
        ProcessError: from any method, as soon as another process has ended.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.own = not dist.is_initialized()  # else a program that uses torch.distributed itself has called us
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        with answered():
            base, _, _ = next(dist.rendezvous("env://", timeout=PATIENCE))  # type: ignore[attr-defined]  # a public name all the same
            store = dist.PrefixStore(f"paragone/{world.restarts}/{next(_JOINS)}", base)  # type: ignore[attr-defined]  # as above
            if self.own:
                dist.init_process_group(backend, store=store, rank=world.rank, world_size=world.size, timeout=PATIENCE)
            self.group = dist.group.WORLD if self.own else dist.new_group(backend=backend, timeout=PATIENCE)
        self.bulletin, self.left, self._told = Bulletin(store, world), False, itertools.count()
        atexit.register(self.leave)

    def average(self, tensors: Sequence[torch.Tensor], numbers: Sequence[float] = ()) -> list[float]:
        """See :meth:`Ranks.average`: one all-reduce of everything, in float32."""
        device = tensors[0].device if tensors else torch.device("cpu")
        flat = torch.cat([*(tensor.detach().flatten().float() for tensor in tensors), torch.tensor(numbers, device=device).float()])
        with answered():
            dist.all_reduce(flat, group=self.group)
        flat /= self.size
        parts = torch.split(flat, [*(tensor.numel() for tensor in tensors), len(numbers)])
        with torch.no_grad():
            for tensor, part in zip(tensors, parts, strict=False):
                tensor.copy_(part.view(tensor.shape))
        return parts[-1].tolist()

    def beat(self, led: Sequence[float], votes: Sequence[bool]) -> tuple[list[float], list[bool]]:
        """See :meth:`Ranks.beat`."""
        mine = torch.tensor([*(led if self.first else [0.0] * len(led)), *map(float, votes)], dtype=torch.float64)
        with answered():
            dist.all_reduce(mine, group=self.group)
        sums = mine.tolist()
        return sums[: len(led)], [count > 0 for count in sums[len(led) :]]

    def share(self, tensors: Iterable[torch.Tensor]) -> None:
        """See :meth:`Ranks.share`."""
        for tensor in tensors:
            same = tensor.detach().contiguous()  # channels_last weights go over the wire in plain order
            with answered():
                dist.broadcast(same, 0, group=self.group)
            tensor.detach().copy_(same)

    def read(self, work: Callable[[], State]) -> State:
        """See :meth:`Ranks.read`."""
        tensors: dict[str, torch.Tensor] = {}

        def header() -> list[Any]:
            found, facts = work()
            tensors.update(found)
            return [{name: [str(t.dtype).removeprefix("torch."), list(t.shape)] for name, t in found.items()}, facts]

        kinds, facts = self.tell(header)
        for name, (dtype, shape) in kinds.items():
            tensor = tensors[name].contiguous() if self.first else torch.empty(shape, dtype=getattr(torch, dtype))
            if tensor.numel():
                self.share([tensor.view(-1).view(torch.uint8)])  # bytes: not every type can be sent as itself
            tensors[name] = tensor
        return tensors, facts

    def tell(self, work: Callable[[], Any]) -> Any:
        """See :meth:`Ranks.tell`; rank 0 may take its time."""
        key = f"told-{next(self._told)}"
        if self.first:
            return self.bulletin.put(key, work())
        while not self.bulletin.has(key):
            self.bulletin.check()
            time.sleep(LOOK_SECONDS)
        return self.bulletin.get(key)

    @contextlib.contextmanager
    def after_first(self) -> Iterator[None]:
        """See :meth:`Ranks.after_first`."""
        if not self.first:
            self.tell(lambda: True)
        yield
        if self.first:
            self.tell(lambda: True)

    def pool(self, sums: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """See :meth:`Ranks.pool`."""
        names = self._anywhere(sorted(sums))
        if not names:
            return {}
        rows = torch.stack([sums[name].double().cpu() if name in sums else torch.zeros(2).double() for name in names])
        with answered():
            dist.all_reduce(rows, group=self.group)
        return dict(zip(names, rows / self.size, strict=True))

    def _anywhere(self, names: list[str]) -> list[str]:
        """The names that any process has, sorted; as JSON, for torch's own way to send lists unpickles what it receives."""
        text = json.dumps(names).encode()
        size = torch.tensor(len(text))
        with answered():
            dist.all_reduce(size, dist.ReduceOp.MAX, group=self.group)
            mine = torch.frombuffer(bytearray(text.ljust(int(size))), dtype=torch.uint8)
            theirs = [torch.empty_like(mine) for _ in range(self.size)]
            dist.all_gather(theirs, mine, group=self.group)
        return sorted({name for each in theirs for name in json.loads(each.numpy().tobytes())})

    def check_equal(self, what: Mapping[str, Iterable[bytes]], fix: str) -> None:
        """See :meth:`Ranks.check_equal`: hashes are compared."""
        mine = torch.tensor([_hash(content) for content in what.values()])
        all_of_them = [torch.empty_like(mine) for _ in range(self.size)]
        with answered():
            dist.all_gather(all_of_them, mine, group=self.group)
        for rank, other in enumerate(all_of_them):
            for name, same in zip(what, (other == all_of_them[0]).tolist(), strict=True):
                if not same:
                    raise ProcessError(f"not the same in process {rank} as in process 0", where=name, fix=fix)

    def wait(self) -> None:
        """See :meth:`Ranks.wait`."""
        self.beat([], [])

    def device(self, name: str) -> str:
        """See :meth:`Ranks.device`: each process of a machine has a GPU of its own.

        Raises:
            UsageError: if there are not enough, or the device cannot be shared.
        """
        world, kind = self.world, name.partition(":")[0]
        if kind == "auto":
            kind = name = "cuda" if torch.cuda.is_available() else "cpu"
        if kind not in ("cpu", "cuda"):
            raise UsageError(
                "cannot be used by several processes", where=f"device {name!r}", fix="Use --device cpu or cuda, or one process."
            )
        if name == "cuda":
            count = torch.cuda.device_count()
            if world.local_rank >= count:
                fix = f"Start {count} here, or use --device cpu."
                raise UsageError(f"{world.local_size} processes cannot share {count} GPUs", where="device 'cuda'", fix=fix)
            torch.cuda.set_device(world.local_rank)
            return f"cuda:{world.local_rank}"
        return name

    def leave(self) -> None:
        """See :meth:`Ranks.leave`."""
        if not self.left:
            self.left = True
            with contextlib.suppress(RuntimeError, ValueError, AssertionError):
                dist.destroy_process_group(None if self.own else self.group)

    def settle(self, error: BaseException) -> BaseException:
        """See :meth:`Ranks.settle`; takes no part any more afterwards."""
        if self.left:  # settled already, further inside
            return error
        try:
            return self.bulletin.settle(error)
        finally:
            self.leave()


_JOINS = itertools.count()
_here: list[Ranks] = []


@contextlib.contextmanager
def joined() -> Iterator[Ranks]:
    """The processes that this one belongs to; the first time, wait until all have come.

    When something goes wrong inside, the others are told, and one of all processes
    raises the reason; the rest raise :class:`paragone.errors.ToldElsewhere`.
    """
    world = World.here()
    if world.size > 1 and not (_here and isinstance(_here[0], Processes) and not _here[0].left):
        _here[:] = [Processes(world)]
    ranks = _here[0] if world.size > 1 else Ranks(world)
    try:
        yield ranks
    except GeneratorExit:
        raise
    except BaseException as error:
        settled = ranks.settle(error)
        if settled is error:
            raise
        raise settled from error


def _hash(content: Iterable[bytes]) -> int:
    digest = hashlib.blake2b(digest_size=8)
    for part in content:
        digest.update(part)
    return int.from_bytes(digest.digest(), "little", signed=True)
