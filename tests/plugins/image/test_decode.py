"""Every mode against closed forms, and every kind of broken file."""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from paragone_image.decode import MAX_PIXELS, Unreadable, header, pixels, quiet

from .pictures import encoded, noise, sprite


def png(width: int, height: int, depth: int, colours: int, values: bytes, clear: bytes | None = None) -> bytes:
    """A PNG from its parts: colour type 0 is grey, 3 a palette (which is missing), 6 RGBA."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    between = b"" if clear is None else chunk(b"tRNS", clear)
    return b"\x89PNG\r\n\x1a\n" + head + between + chunk(b"IDAT", zlib.compress(values)) + chunk(b"IEND", b"")


def bomb(width: int, height: int) -> bytes:
    """A PNG header that promises so many pixels, and nothing behind it."""
    return png(width, height, 8, 6, b"\0" * 100)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_of_few_bits_keeps_its_transparent_value(depth: int) -> None:
    most = 2**depth - 1
    row = sum(value << (8 - depth) - depth * place for place, value in enumerate([most, 0][: 8 // depth]))
    line = bytes([0, row, 0 if depth == 8 else row])  # 16 values, or 2 of 8 bits
    found = pixels(png(16 // depth, 2, depth, 0, 2 * line, most.to_bytes(2, "big")))
    assert found[0, :2].tolist() == [[0, 0, 0, 0], [0, 0, 0, 255]]


def test_a_palette_that_is_missing_is_told() -> None:
    for read in (header, pixels):
        with pytest.raises(Unreadable, match="is damaged"):
            read(png(4, 4, 8, 3, bytes(20)))


@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 3)])
@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_opaque_pictures_come_back_exactly(shape: tuple[int, ...], kind: str) -> None:
    picture = noise(shape)
    np.testing.assert_array_equal(pixels(encoded(picture, kind)), picture)
    found = header(encoded(picture, kind))
    assert (found.width, found.height, found.grey, found.opaque) == (12, 9, len(shape) == 2, True)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_exact_and_hidden_colour_becomes_zero(kind: str) -> None:
    picture = noise((9, 12, 4))
    picture[:4, :, 3] = 0
    expected = picture.copy()
    expected[picture[..., 3] == 0] = 0
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(pixels(encoded(picture, kind, **options)), expected)
    assert not header(encoded(picture, kind, **options)).opaque


def test_sixteen_bits_are_scaled_not_cut() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    got = pixels(encoded(Image.fromarray(values)))
    np.testing.assert_array_equal(got, np.rint(values / 257).astype(np.uint8))


def test_sixteen_bits_with_a_transparent_value() -> None:
    values = np.array([[0, 1000], [1000, 65535]], np.uint16)
    data = encoded(Image.fromarray(values))
    # tRNS, which Pillow does not write for this mode, goes right before the pixels
    body = b"tRNS" + struct.pack(">H", 1000)
    chunk = struct.pack(">I", 2) + body + struct.pack(">I", zlib.crc32(body))
    at = data.index(b"IDAT") - 4
    got = pixels(data[:at] + chunk + data[at:])
    np.testing.assert_array_equal(got[..., 3], [[255, 0], [0, 255]])
    np.testing.assert_array_equal(got[1, 1], [255] * 4)


def test_one_bit_palette_and_grey_with_alpha() -> None:
    bits = noise((8, 8)) > 127
    np.testing.assert_array_equal(pixels(encoded(Image.fromarray(bits))), bits * np.uint8(255))
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 8, 7]], np.uint8)
    index = noise((8, 8)) % 4
    palette = Image.fromarray(index, "L").convert("P")
    palette.putpalette(colours.tobytes())
    np.testing.assert_array_equal(pixels(encoded(palette)), colours[index])
    clear = pixels(encoded(palette, transparency=bytes([0, 128, 255, 255])))
    alpha = np.array([0, 128, 255, 255])[index]
    np.testing.assert_array_equal(clear[..., 3], alpha)
    np.testing.assert_array_equal(clear[..., :3], np.where(alpha[..., None] == 0, 0, colours[index]))
    grey = np.dstack([noise((8, 8)), np.full((8, 8), 77, np.uint8)])
    got = pixels(encoded(Image.fromarray(grey, "LA")))
    np.testing.assert_array_equal(got[..., [0, 3]], grey)


def test_cmyk_is_converted_and_gif_gives_its_first_frame() -> None:
    white = Image.new("CMYK", (8, 8), (0, 0, 0, 0))
    assert pixels(encoded(white, "JPEG")).min() >= 250
    first, second = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    got = pixels(encoded(first, "GIF", save_all=True, append_images=[second]))
    assert got[0, 0, :3].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    picture = noise((6, 10, 3))
    exif = Image.Exif()
    exif[0x112] = orientation
    # by the definition of the tag: where row 0 and column 0 of the file belong
    upright = {
        1: picture, 2: picture[:, ::-1], 3: picture[::-1, ::-1], 4: picture[::-1], 5: picture.swapaxes(0, 1),
        6: np.rot90(picture, -1), 7: picture[::-1, ::-1].swapaxes(0, 1), 8: np.rot90(picture),
    }[orientation]  # fmt: skip
    data = encoded(picture, exif=exif.tobytes())
    np.testing.assert_array_equal(pixels(data), upright)
    assert (header(data).height, header(data).width) == upright.shape[:2]


def test_an_orientation_in_xmp_alone_is_applied_by_both() -> None:
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    data = encoded(noise((6, 10, 3)), "JPEG", xmp=packet)
    assert (header(data).height, header(data).width) == pixels(data).shape[:2] == (10, 6)


def test_a_large_jpeg_may_be_decoded_smaller_but_not_too_small() -> None:
    data = encoded(Image.new("RGB", (800, 400), "teal"), "JPEG")
    assert pixels(data).shape[:2] == (400, 800)
    assert pixels(data, enough=100).shape[:2] == (100, 200)
    assert pixels(data, enough=101).shape[:2] == (200, 400)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"not a picture", "no PNG"),
        (encoded(noise((32, 32, 3)))[:700], "damaged"),
        (encoded(noise((32, 32, 3)), "JPEG")[:900], "damaged"),
        (encoded(noise((1, 1, 3))), "only 1x1"),
        (bomb(40000, 40000), "megapixels"),
        (bomb(9000, 8000), "9000x8000"),
    ],
)
def test_bad_bytes_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        pixels(data)


def test_flipped_bytes_never_raise_anything_else() -> None:
    random = np.random.default_rng(0)
    files = [bomb(9, 9), *(encoded(sprite(1), kind) for kind in ("PNG", "WEBP"))]
    files += [encoded(noise((9, 9)), kind) for kind in ("JPEG", "GIF")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quiet():
            for trial in range(600):
                data = bytearray(files[trial % len(files)])
                data[random.integers(min(len(data), 200))] = random.integers(256)
                with contextlib.suppress(Unreadable):
                    assert pixels(bytes(data)).dtype == np.uint8


def test_pillow_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    with quiet(), pytest.raises(Unreadable):
        pixels(bomb(12000, 8000))  # above Pillow's own limit for a warning
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before
    assert before[1] is False
    assert MAX_PIXELS == 64_000_000


def test_an_odd_exif_entry_costs_nothing() -> None:
    """Resolution as text: what cannot be written again must not keep a picture from being turned."""
    entry = struct.pack("<HHI4s", 0x011A, 2, 4, b"72\0\0"), struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\0\0" + struct.pack("<2sHIH", b"II", 42, 8, 2) + entry[1] + entry[0] + bytes(4)
    picture = noise((10, 14, 3))
    np.testing.assert_array_equal(pixels(encoded(picture, exif=exif)), np.rot90(picture, -1))


def test_a_profile_that_is_too_large_to_unpack_is_left_out() -> None:
    picture = noise((10, 14, 3))
    data = encoded(picture, icc_profile=bytes(2**21))
    assert header(data).width == 14
    np.testing.assert_array_equal(pixels(data), picture)


def test_colours_with_a_profile_become_those_of_a_usual_screen() -> None:
    """What says that it is sRGB stays as it is, bit for bit, and so does a PNG."""
    picture = noise((10, 14, 4))
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture[..., 3] = 255
    picture[0, 0, 3] = 0
    expected = picture * (picture[..., 3:] > 0)
    for kind, profile in (("WEBP", usual), ("WEBP", b"no profile"), ("PNG", usual)):
        np.testing.assert_array_equal(pixels(encoded(picture, kind, icc_profile=profile, lossless=True)), expected)
    swapped = bytearray(usual)  # red and green change places: their tags point at each other's colours
    red, green = swapped.index(b"rXYZ"), swapped.index(b"gXYZ")
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    name = swapped.find("sRGB".encode("utf-16-be"))
    swapped[name : name + 8] = "GRBx".encode("utf-16-be")
    all_red = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    for kind, seen in (("WEBP", (0, 255, 0)), ("JPEG", (0, 255, 0)), ("PNG", (255, 0, 0))):
        found = pixels(encoded(all_red, kind, icc_profile=bytes(swapped), lossless=True, quality=100))
        np.testing.assert_allclose(found[0, 0], seen, atol=4, err_msg=kind)
    turned = Image.Exif()
    turned[0x112] = 6
    upright = pixels(encoded(all_red, "JPEG", icc_profile=bytes(swapped), quality=100, exif=turned.tobytes()))
    np.testing.assert_allclose(upright[0, 0], (0, 255, 0), atol=4)
