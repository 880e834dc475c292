"""A picture with a white strip of texts below it, as JPEG, in this process.

The strip stands outside of the picture: nothing is written over what the device drew.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from gdtbridge.report_page.texts import page_text
from gdtbridge.report_page.type_faces import FONTS, face

QUALITY: Final = 95
LONGEST: Final = 300
"""Characters of a line; what is longer has ``…`` for its middle."""
_SHARE: Final = 45
"""The letters are one of so many parts of the picture's width high, within bounds."""
_LEAST, _MOST = 11, 40
_INK: Final = (20, 20, 24)
_PAPER: Final = (255, 255, 255)


def with_strip(path: Path, lines: tuple[str, ...]) -> bytes:
    """Return the picture in ``path`` (JPEG or PNG) above the lines, compressed anew."""
    with Image.open(path, formats=("JPEG", "PNG")) as opened:
        picture = opened.convert("RGB")
    size = min(max(picture.width // _SHARE, _LEAST), _MOST)
    margin = size // 2
    wrapped = [
        row
        for line in lines
        for row in face().wrapped(page_text(line, LONGEST), picture.width - 2 * margin, size)
    ]
    lead = round(size * 1.3)
    whole = Image.new(
        "RGB", (picture.width, picture.height + 2 * margin + lead * len(wrapped)), _PAPER
    )
    whole.paste(picture, (0, 0))
    drawing = ImageDraw.Draw(whole)
    y = picture.height + margin
    for row in wrapped:
        x = float(margin)
        for font, run in face().runs(row):
            letters = ImageFont.truetype(str(FONTS[font]), size)
            drawing.text((x, y), run, _INK, font=letters)
            x += letters.getlength(run)
        y += lead
    file = io.BytesIO()
    whole.save(file, "JPEG", quality=QUALITY, subsampling=0)
    return file.getvalue()
