from __future__ import annotations

import pytest
import torch

from paragone_image.networks.materials import Materials


@pytest.mark.parametrize(("channels", "alpha"), [(4, True), (3, False), (1, False)])
def test_colours_by_hand(channels: int, alpha: bool) -> None:
    materials = Materials(channels, alpha, 3, 5, 2.0)
    maps, style = torch.randn(2, materials.maps, 4, 6), torch.randn(2, 5)
    colours = channels - alpha
    ramps = materials.read(style).detach().view(2, 2, 3, colours)
    expected = torch.empty(2, channels, 4, 6)
    for picture, y, x in torch.cartesian_prod(torch.arange(2), torch.arange(4), torch.arange(6)).tolist():
        chosen, light = (2 * maps[picture, :3, y, x]).exp(), maps[picture, 3, y, x]
        share = chosen / chosen.sum()
        for colour in range(colours):
            mixed = sum(share[k] * (ramps[picture, 0, k, colour] + ramps[picture, 1, k, colour] * light) for k in range(3))
            expected[picture, colour, y, x] = mixed
        if alpha:
            expected[picture, -1, y, x] = maps[picture, 4, y, x]
    torch.testing.assert_close(materials(maps, style).detach(), expected, rtol=1e-4, atol=1e-5)


def test_one_material_has_one_hue() -> None:
    """Whatever the maps say, the colours of a picture of one material lie on a line."""
    materials = Materials(3, False, 1, 5, 1.0)
    colours = materials(torch.randn(1, 2, 8, 8), torch.randn(1, 5)).flatten(2)[0].T.detach()  # (64, 3)
    spread = torch.linalg.svdvals(colours - colours.mean(0))
    assert spread[1] < 1e-5 * spread[0]


def test_a_sharp_choice_paints_even_areas() -> None:
    """With one light, neighbours that choose the same material have the same colour, as near as one likes."""
    torch.manual_seed(0)
    maps, style = torch.randn(1, 5, 16, 16), torch.randn(1, 7)
    maps[:, 3:] = 0.0
    chosen = maps[0, :3].argmax(0)

    def unevenness(sharpness: float) -> float:
        torch.manual_seed(0)
        colours = Materials(4, True, 3, 7, sharpness)(maps, style)[0, :3].detach()
        return max(float(colours[:, chosen == kind].std(1).max()) for kind in range(3))

    assert unevenness(1e4) < 0.1 * unevenness(1.0)


def test_colours_are_never_rounded_to_bf16() -> None:
    materials = Materials(4, True, 3, 5, 1.0)
    with torch.autocast("cpu", torch.bfloat16):
        assert materials(torch.randn(2, 5, 4, 4, dtype=torch.bfloat16), torch.randn(2, 5)).dtype == torch.float32
