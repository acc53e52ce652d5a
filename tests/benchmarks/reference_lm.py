"""Make the language model whose states texts are compared by: ``python tests/benchmarks/reference_lm.py``.

It learns from the bundled towns, without those that ``train.hold_out=0.15`` holds out: the
texts that a run is usually judged by are then as new to it as those that are generated.
One core, a few minutes; the same machine gives the same weights. New weights are other
features: scores by the old ones cannot be compared with theirs any more.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

import torch
from torch.nn.functional import dropout

from paragone import weights
from paragone.data import Dataset, hold_out
from paragone.opening import bundled
from paragone.randomness import generator_for
from paragone_text.config import TextData
from paragone_text.dataset import open_dataset
from paragone_text.evaluation.reference_lm import WEIGHTS, ReferenceLM, as_bytes, surprise
from paragone_text.evaluation.texts import decoded

HELD, SEED = 0.15, 0
EPOCHS, BATCH, RATE, DECAY, DROPPED = 30, 128, 3e-3, 0.01, 0.3


def texts(dataset: Dataset) -> list[str]:
    """All of them."""
    return decoded(dataset.batch(torch.arange(len(dataset)), torch.device("cpu"))[0], dataset.spec)


def train(learned: list[str]) -> ReferenceLM:
    """Maximum likelihood by AdamW, with a rate that falls to 0 along a cosine."""
    torch.manual_seed(SEED)
    model = ReferenceLM()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * (len(learned) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: (1 + math.cos(math.pi * step / steps)) / 2)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(learned), generator=generator_for(SEED, "order", epoch))
        for rows in order[: len(order) // BATCH * BATCH].split(BATCH):
            text, lengths = as_bytes([learned[row] for row in rows.tolist()])
            states, _ = model.recurrent(dropout(model.embedding(text), DROPPED))
            loss = surprise(model.output(dropout(states, DROPPED)), text, lengths).sum() / lengths.sum()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {EPOCHS}: {loss.item():.3f} bits a byte", file=sys.stderr)
    return model.eval().requires_grad_(False)


def bits(model: ReferenceLM, judged: list[str]) -> float:
    """Mean surprise of a byte, the end of a text among them."""
    total, count = 0.0, 0
    for start in range(0, len(judged), 512):
        text, lengths = as_bytes(judged[start : start + 512])
        total += float(surprise(model(text)[1], text, lengths).sum())
        count += int(lengths.sum())
    return total / count


def main() -> None:
    """Train it, write it where the plugin looks for it, and say how well it predicts."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as cache:
        config = TextData(tokenizer="characters", length=256)
        kept, held = hold_out(open_dataset(bundled("paragone_text:starter/towns.tsv"), config, Path(cache), print), HELD)
        if held is None:
            raise AssertionError("the towns are many enough to hold some out")
        learned, unseen = texts(kept), texts(held)
    model = train(learned)
    features = model.features(learned)
    model.mean.copy_(features.mean(0)), model.deviation.copy_(features.var(0).mean().sqrt())
    facts = {"bits_learned": round(bits(model, learned), 3), "bits_held_out": round(bits(model, unseen), 3), "texts": len(learned)}
    weights.save(WEIGHTS, {name: tensor.half() for name, tensor in model.state_dict().items()}, facts)
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e6:.2f} MB, {facts}")


if __name__ == "__main__":
    main()
