"""A photo made small: upright, bounded, nothing with it but its pixels; whatever bytes are sent."""

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image

from collector.thumbnail import FORMATS, MAX_BYTES, SIDE, BadPicture, thumbnail
from tests.collector.services.reports.camera import SECRET, TOLD, encoded, taken

SUITE = 600
WAYS: dict[int, Callable[[Image.Image], Image.Image]] = {
    1: lambda image: image,
    2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda image: image.rotate(180, expand=True),
    4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda image: image.rotate(90, expand=True).transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    6: lambda image: image.rotate(90, expand=True),
    7: lambda image: image.rotate(90, expand=True).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    8: lambda image: image.rotate(-90, expand=True),
}
"""Orientation of Exif → how such a camera keeps an upright picture."""


def small(content: bytes) -> Image.Image:
    """Return the thumbnail of a photo, read back."""
    made = thumbnail(content)
    assert len(made) <= MAX_BYTES
    picture = Image.open(BytesIO(made))
    picture.load()
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    assert max(picture.size) <= SIDE
    return picture


def corners() -> Image.Image:
    """Return a picture that looks different however it is turned: red, green, blue and black in its corners."""
    picture = Image.new("RGB", (600, 400))
    for colour, place in (("red", (0, 0)), ("lime", (300, 0)), ("blue", (0, 200))):
        picture.paste(colour, (*place, place[0] + 300, place[1] + 200))
    return picture


def seen_in(picture: Image.Image) -> list[str]:
    """Return the colours in the corners, line by line."""
    names = {(255, 0, 0): "red", (0, 255, 0): "lime", (0, 0, 255): "blue", (0, 0, 0): "black"}
    found = []
    for y in (20, picture.height - 20):
        for x in (20, picture.width - 20):
            pixel = picture.getpixel((x, y))
            assert isinstance(pixel, tuple)
            found.append(names[(255 * (pixel[0] > 128), 255 * (pixel[1] > 128), 255 * (pixel[2] > 128))])
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_a_camera_writes_beside_the_pixels_goes_on(form: str) -> None:
    photo = taken(form)
    assert all(each in photo for each in TOLD[form])
    made = thumbnail(photo)
    assert SECRET not in made
    assert b"Exif" not in made
    with Image.open(BytesIO(made)) as picture:
        assert dict(picture.getexif()) == {}
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_stands_upright_however_the_camera_was_held(way: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = way
    picture = small(encoded(WAYS[way](corners()), "JPEG", exif=exif, quality=95))
    assert picture.size == (SIDE, SIDE * 2 // 3)
    assert seen_in(picture) == ["red", "lime", "blue", "black"]


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("I;16", "PNG"), ("L", "JPEG"),
        ("CMYK", "JPEG"), ("YCbCr", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP"),
    ],
)  # fmt: skip
def test_colours_of_every_kind_become_the_same_kind_of_picture(mode: str, form: str) -> None:
    assert small(encoded(Image.new(mode, (600, 400)), form)).size == (480, 320)


def test_what_is_clear_is_white_on_paper() -> None:
    assert small(encoded(Image.new("RGBA", (40, 40), (255, 0, 0, 0)), "PNG")).getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("size", "becomes"), [((4000, 3000), (480, 360)), ((1, 50_000), (1, 480)), ((9000, 2), (480, 1)), ((1, 1), (1, 1))]
)
def test_a_picture_of_any_shape_fits(size: tuple[int, int], becomes: tuple[int, int]) -> None:
    assert small(encoded(Image.new("L", size), "PNG")).size == becomes


def test_a_picture_of_nothing_but_noise_is_small_too() -> None:
    chance = random.Random(1)
    noise = Image.frombytes("RGB", (SIDE, SIDE), chance.randbytes(SIDE * SIDE * 3))
    assert small(encoded(noise, "PNG")).size == (SIDE, SIDE)


@pytest.mark.parametrize("size", [(7_100, 7_100), (14_000, 14_000)])
def test_a_small_file_that_unfolds_into_very_many_pixels_is_not_opened(size: tuple[int, int]) -> None:
    bomb = encoded(Image.new("1", size), "PNG")
    assert len(bomb) < 150_000
    with pytest.raises(BadPicture):
        thumbnail(bomb)


@pytest.mark.parametrize("form", ["GIF", "TIFF", "BMP", "PPM"])
def test_other_formats_are_not_even_tried(form: str) -> None:
    with pytest.raises(BadPicture):
        thumbnail(encoded(corners(), form))


def damaged(chance: random.Random, photo: bytes) -> bytes:
    """Return a photo cut short, or with some of its bytes changed, mostly where it says what it is."""
    if chance.random() < 0.2:
        return photo[: chance.randrange(len(photo))]
    data = bytearray(photo)
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(min(len(data), chance.choice((64, 700, 1 << 30))))] = chance.randrange(256)
    return bytes(data)


def test_whatever_is_sent_becomes_a_small_picture_or_the_one_declared_error(request: pytest.FixtureRequest) -> None:
    rounds, chance, refused = int(request.config.getoption("--campaign") or SUITE), random.Random(20_261_128), 0
    photos = [taken(form) for form in FORMATS]
    for number in range(rounds):
        try:
            small(damaged(chance, photos[number % len(photos)]))
        except BadPicture:
            refused += 1
    assert 0 < refused < rounds
