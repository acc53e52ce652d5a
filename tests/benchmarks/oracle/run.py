"""The contest of likelihood and game on an oracle, from the command line.

    PYTHONPATH=tests python -m benchmarks.oracle.run --minutes 10 --seeds 0,1 --out oracle/

prints a table, and writes into the folder one JSON file for each training and a
picture of all that lie there. ``--oracle FILE`` takes somebody else's oracle.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from paragone.errors import ParagoneError

from .. import knobs
from .contest import ALPHAS, chosen, curve, generated, judged, train, trainer_for
from .data import Halves, write
from .lstm import Oracle
from .measures import Estimate, along
from .picture import plot
from .regret import Regret
from .weights import load

NETWORK: Mapping[str, Any] = {"network.embedding": 256, "network.hidden": 64, "network.dropout": 0.5}
"""One generator for both rows."""
RECIPE: Mapping[str, Any] = {**NETWORK, "train.batch": 64, "generator.learning_rate": 6e-3}
# noise in each of 5000 entries of a row: the preset's penalties, right for hundreds, leave the discriminator no logit but 0
GAME: Mapping[str, Any] = {"tokens.likelihood_after": 0.1, "penalty.fd_r1": 0.0, "penalty.fd_r2": 0.0}
ROWS: Mapping[str, Mapping[str, Any]] = {"mle": {}, "lines": GAME}
"""What is trained: a preset of the text medium each, and what it sets beside :data:`RECIPE`."""
PLACES = (1.0, 1.5, 2.0, 2.5, 3.0)
"""Where the curves are compared: NLL_oracle so many nats above H, which for H near 5.9 is 7 to 9."""


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracle.run", description="Likelihood and game on a synthetic oracle.")
    parser.add_argument(
        "--oracle", type=Path, help="weights of an oracle: .npz, .safetensors, .pkl or a folder of .npy; none: drawn from --oracle-seed"
    )
    parser.add_argument("--oracle-seed", type=int, default=0)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--minutes", type=float, default=10.0, help="of processor time for each training")
    parser.add_argument("--count", type=int, default=2000, help="sequences for each point of a curve")
    parser.add_argument("--out", type=Path, default=Path("oracle"))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for."""
    asked = read_arguments(arguments)
    try:
        oracle = load(asked.oracle) if asked.oracle else Oracle.random(asked.oracle_seed)
    except ParagoneError as error:
        raise SystemExit(str(error)) from error
    asked.out.mkdir(parents=True, exist_ok=True)
    halves, name = write(oracle), str(asked.oracle or f"seed {asked.oracle_seed}")
    floor = Estimate.of(along(halves.test, oracle.logits, oracle.logits).entropy)
    what = f"{oracle.vocabulary} tokens, {halves.test.shape[1]} to a sequence, H {floor}"
    print(f"oracle {name}: {what}; {len(halves.train):,} sequences to learn, {len(halves.test):,} held out", flush=True)
    for seed in map(int, asked.seeds.split(",")):
        for row in asked.rows.split(","):
            facts = contest(row, seed, asked.minutes, oracle, halves, asked.count)
            (asked.out / f"{row}-{seed}.json").write_text(json.dumps({"oracle": name, "entropy": [floor.mean, floor.error], **facts}))
            knobs.record({"benchmark": "oracle", **facts})
            print(table(facts, floor.mean), flush=True)
    draw(asked.out)


def contest(row: str, seed: int, minutes: float, oracle: Oracle, halves: Halves, count: int) -> dict[str, Any]:
    """Train one row and measure it.

    Args:
        row: of :data:`ROWS`.
        seed: of the training.
        minutes: of processor time.
        oracle: the truth.
        halves: what it wrote.
        count: sequences for each point.
    """
    trainer = trainer_for(halves.train, row, RECIPE, ROWS[row], {"train.seed": seed, "train.minutes": minutes})
    looks: list[list[float]] = []

    def look(share: float) -> None:
        held_out = along(halves.test[:500], oracle.logits, generated(trainer).logits)
        looks.append([share, Estimate.of(held_out.other).mean])

    begun = time.perf_counter()
    seconds = train(trainer, look)
    network = generated(trainer)
    facts: dict[str, Any] = {"row": row, "seed": seed, "cpu_seconds": seconds, "wall_seconds": time.perf_counter() - begun}
    facts |= {"steps": trainer.step, "samples": trainer.samples, "nll_test": looks}
    facts |= {"weights": sum(p.numel() for p in network.network.parameters()), "settings": trainer.settings.to_dict()}
    facts["curve"] = curve(network, oracle, halves.fresh[:count], count, ALPHAS)
    facts["chosen"] = [point for alpha in (1.0, 1.4) for point in chosen(trainer, oracle, halves.fresh[:count], alpha)]
    if trainer.settings.tokens.alone < 1:
        facts["regret"] = as_json(judged(trainer, oracle, halves.fresh[:count]))
    return facts


def as_json(regret: Regret) -> dict[str, Any]:
    """Means and errors, and what has none."""
    return {name: [value.mean, value.error] if isinstance(value, Estimate) else value for name, value in vars(regret).items()}


def at(points: Sequence[Mapping[str, Any]], nll_oracle: float) -> float | None:
    """NLL_test where a curve passes ``nll_oracle``, on a straight line between two points; ``None`` if it does not get there."""
    places: list[tuple[float, float]] = sorted((point["nll_oracle"][0], point["nll_test"][0]) for point in points)
    for (left, low), (right, high) in pairwise(places):
        if left <= nll_oracle <= right:
            return low + (high - low) * (nll_oracle - left) / (right - left)
    return None


def table(facts: Mapping[str, Any], entropy: float) -> str:
    """What one training came to, a line a point."""
    done = f"{facts['cpu_seconds'] / 60:.1f} min of processor time, {facts['steps']:,} steps, {facts['weights']:,} weights"
    head = f"\n{facts['row']}, seed {facts['seed']}: {done}"
    lines = [head, f"{'α':>5}{'NLL_oracle':>16}{'NLL_test':>16}{'sum':>8}{'H(G)':>8}{'KL(P‖G)':>9}{'KL(G‖P)':>9}"]
    for point in facts["curve"]:
        mean = {name: value[0] for name, value in point.items() if name != "alpha"}
        lines.append(
            f"{point['alpha']:5.2f}{Estimate(*point['nll_oracle'])!s:>16}{Estimate(*point['nll_test'])!s:>16}"
            f"{mean['nll_oracle'] + mean['nll_test']:8.3f}{mean['entropy_generator']:8.3f}"
            f"{mean['kl_oracle_generator']:9.3f}{mean['kl_generator_oracle']:9.3f}"
        )
    found = [(place, at(facts["curve"], entropy + place)) for place in PLACES]
    lines.append(
        "NLL_test at NLL_oracle: " + ", ".join(f"{test:.3f} at {entropy + place:.2f}" for place, test in found if test is not None)
    )
    for point in facts["chosen"]:
        test = at(facts["curve"], point["nll_oracle"])
        ahead = "" if test is None else f", {test - point['nll_test']:+.3f} ahead of the curve"
        what = f"α {point['alpha']:g}, best of {point['k']} by {point['by']}"
        lines.append(f"{what}: NLL_oracle {point['nll_oracle']:.3f}, NLL_test {point['nll_test']:.3f}{ahead}")
    if "regret" in facts:
        lines.append(
            "discriminator: "
            + ", ".join(
                f"{name} {Estimate(*value) if isinstance(value, list) else round(value, 3)}" for name, value in facts["regret"].items()
            )
        )
    return "\n".join(lines)


def draw(folder: Path) -> None:
    """``curves.png`` of all the trainings in ``folder``."""
    every = [json.loads(path.read_text()) for path in sorted(folder.glob("*-*.json"))]
    curves = {f"{facts['row']}, seed {facts['seed']}": [(p["nll_oracle"][0], p["nll_test"][0]) for p in facts["curve"]] for facts in every}
    floor = every[0]["entropy"][0]
    ranges = (floor, floor + 4), (floor + 1, floor + 4.5)
    (folder / "curves.png").write_bytes(plot(curves, "NLL_oracle, nats a token", "NLL_test, nats a token", *ranges))


if __name__ == "__main__":
    main()
