"""``python -m paragone_cli``: the same as ``create``, for launchers that want a module."""

from .main import run

if __name__ == "__main__":
    run()
