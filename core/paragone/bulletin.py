"""What several processes know of each other's ends: so that one tells the user the reason, and no other does.

It is kept in the key-value store of the launcher, which outlives each of them; where
there is no launcher, in the first process.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

from .errors import ProcessError, ToldElsewhere
from .world import World

FIRST_TELLS, OTHERS_TELL = 1.0, 3.0
"""Seconds that another process has to tell a reason of its own: what rank 0 also knows it tells
itself, and who only notices that someone is gone lets the others speak first."""

GRACE = 1.0
"""Seconds to stay alive while another tells the reason, for torchrun ends everybody as soon as one has
ended; and while others read the board, where this process itself keeps it."""

FAULT = "fault"


class LostError(ProcessError):
    """Another process is gone; why, this one does not know."""

    def __init__(self) -> None:
        super().__init__(
            "another process of this training has ended", fix="What was saved is intact: continue with --resume and the run's folder."
        )


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Inside, torch's error that a process does not answer is a :class:`LostError`."""
    try:
        yield
    except RuntimeError as error:  # torch has classes for some of these, and not for those of gloo
        raise LostError from error


class Bulletin:
    """A board that all processes read and write.

    Args:
        store: the launcher's, of :mod:`torch.distributed`.
        world: this process.
    """

    def __init__(self, store: Any, world: World) -> None:
        self.store, self.world = store, world

    def put(self, key: str, value: Any) -> Any:
        """Write a JSON value; returns it."""
        with answered():
            self.store.set(key, json.dumps(value))
        return value

    def has(self, key: str) -> bool:
        """Whether someone wrote ``key``."""
        with answered():
            return bool(self.store.check([key]))

    def get(self, key: str) -> Any:
        """What was written as ``key``."""
        with answered():
            return json.loads(self.store.get(key))

    def check(self) -> None:
        """Raise if another process has told why it ended.

        Raises:
            ToldElsewhere: with its words.
        """
        if self.has(FAULT):
            rank, text, code = self.get(FAULT)
            raise ToldElsewhere(f"process {rank}: {text}", code)

    def settle(self, error: BaseException) -> BaseException:
        """What to raise for ``error``: itself if this process is to tell it, else :class:`ToldElsewhere`.

        A process other than the first leaves a note on an error that it is to tell.
        """
        if not isinstance(error, ToldElsewhere):
            with contextlib.suppress(ProcessError):  # the board is gone as well: nobody else can tell it
                error = self._mine_or_theirs(error)
        if isinstance(error, ToldElsewhere) or self.world.hosts_store:
            time.sleep(GRACE)
        if self.world.rank and not isinstance(error, ToldElsewhere):
            error.add_note(str(self.world))
        return error

    def _mine_or_theirs(self, error: BaseException) -> BaseException:
        lost = isinstance(error, LostError)
        patience = OTHERS_TELL if lost else FIRST_TELLS if self.world.rank else 0.0
        until = time.monotonic() + patience
        while not self.has(FAULT) and time.monotonic() < until:
            time.sleep(0.05)
        code = int(getattr(error, "exit_code", 130 if isinstance(error, KeyboardInterrupt) else 1))
        words = (str(error) or type(error).__name__).splitlines()[0]
        mine = json.dumps([self.world.rank, words, code])
        with answered():
            known = self.store.compare_set(FAULT, "", mine).decode()
        if known == mine:
            return error
        rank, text, code = json.loads(known)
        return ToldElsewhere(f"process {rank}: {text}", code)
