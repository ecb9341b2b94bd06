"""PNG, JPEG and WebP files without their metadata, which decide only which side of the image is up.

Pillow refuses whole images for odd metadata, and takes some texts in a PNG file for settings of its decoder.

Formats: PNG (https://www.w3.org/TR/png-3), JPEG (ITU-T T.81, annex B), WebP
(https://developers.google.com/speed/webp/docs/riff_container), Exif 2.3 for the orientation.
"""

import re
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

MOST_TEXT = 2**20  # bytes to decompress
ORIENTATION = 0x0112  # the tag in Exif
TURNS = {  # by the orientation that each undoes
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SOURCES = ("exif", "profile", "packed profile", "xmp")  # of the orientation, by priority
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
XMP_IN_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
MARKER_IN_JPEG = re.compile(rb"\xff+([^\x00\xff])")

Pieces = Iterator[tuple[str, bytes | memoryview]]  # each piece with its kind: "kept", or one of SOURCES


def is_image(head: bytes) -> bool:
    """Whether a file whose first 12 bytes or more are given is meant to be PNG, JPEG or WebP.

    Examples
    --------
    >>> is_image(b"RIFF\\x24\\0\\0\\0WEBPVP8 "), is_image(b"GIF89a")
    (True, False)
    """
    return head.startswith((PNG, JPEG)) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")


def without_metadata(data: bytes) -> tuple[bytes, Image.Transpose | None]:
    """A file without its metadata, and the turn that makes its image upright.

    Of an animated PNG the default image remains. Damage to the image itself is left for the decoder to refuse.

    Parameters
    ----------
    data
        The content of a file for which `is_image` is true.

    Returns
    -------
    The content without metadata, and the turn. None: the image is upright.

    Examples
    --------
    >>> without_metadata(JPEG[:2] + b"\\xff\\xfe\\0\\4hi" + b"\\xff\\xd9")  # a comment, and the end of the image
    (b'\\xff\\xd8\\xff\\xd9', None)
    """
    if data.startswith(PNG):
        head, pieces = PNG, list(_png(data))
    elif data.startswith(JPEG):
        head, pieces = data[:2], list(_jpeg(data))
    else:
        pieces = list(_webp(data))
        size = 4 + sum(len(piece) for kind, piece in pieces if kind == "kept")
        head = struct.pack("<4sI4s", b"RIFF", size, b"WEBP")
    joined = {kind: b"".join(piece for other, piece in pieces if other == kind) for kind in SOURCES}
    orientations = (_orientation(kind, text) for kind, text in joined.items() if text)
    turn = TURNS.get(next((found for found in orientations if found), 1))
    return b"".join([head, *(piece for kind, piece in pieces if kind == "kept")]), turn


def _orientation(kind: str, text: bytes) -> int | None:
    """The orientation that metadata tell, 1 to 8; None: they tell none, or cannot be read."""
    try:
        if kind == "xmp":
            found = re.search(rb'tiff:Orientation(?:="|>)([1-8])', text)
            return int(found[1]) if found else None
        if kind == "packed profile":
            text = zlib.decompressobj().decompress(text, MOST_TEXT)
        if kind != "exif":  # three lines, and then hexadecimal digits
            text = bytes.fromhex("".join(text.decode("ascii").split("\n")[3:]))
        exif = Image.Exif()
        exif.load(text)
        orientation = exif.get(ORIENTATION)
        return orientation if orientation in range(1, 9) else None
    except Exception:  # metadata can be wrong in any way
        return None


def _png(data: bytes) -> Pieces:
    view = memoryview(data)
    start = 8
    while start < len(data):
        size, kind = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8]
        end = start + 12 + size
        if not kind.isalpha():  # damaged
            end = len(data)
        if not kind.isalpha() or kind[:1].isupper() or kind == b"tRNS":  # a capital: needed to decode the image
            yield "kept", view[start:end]
        elif kind == b"eXIf":
            yield "exif", view[start + 8 : end - 4]
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            key, _, text = data[start + 8 : end - 4].partition(b"\0")
            if key == b"XML:com.adobe.xmp":
                yield "xmp", text
            elif key == b"Raw profile type exif":
                yield ("packed profile", text[1:]) if kind == b"zTXt" else ("profile", text)
        start = end


def _jpeg(data: bytes) -> Pieces:
    view = memoryview(data)
    start = 2
    # Bytes between segments are skipped, as decoders do.
    while marker := MARKER_IN_JPEG.search(data, start):
        kind, body = marker[1][0], marker.end() + 2
        end = marker.end() + int.from_bytes(data[marker.end() : body])
        if kind == 0x01 or 0xD0 <= kind <= 0xDA or end < body:  # the image itself, or damage
            yield "kept", view[marker.start() :]
            return
        segment = data[body:end]
        names_channels = (kind == 0xE0 and segment.startswith(b"JFIF\0") and len(segment) >= 14) or (
            kind == 0xEE and segment.startswith(b"Adobe") and len(segment) >= 12
        )
        if names_channels or not (0xE0 <= kind <= 0xEF or kind == 0xFE):
            yield "kept", view[marker.start() : end]
        elif kind == 0xE1 and segment.startswith(b"Exif\0\0"):
            yield "exif", segment[6:]
        elif kind == 0xE1 and segment.startswith(XMP_IN_JPEG):
            yield "xmp", segment
        start = end


def _webp(data: bytes) -> Pieces:
    view = memoryview(data)
    start = 12
    while start < len(data):
        kind, size = data[start : start + 4], int.from_bytes(data[start + 4 : start + 8], "little")
        end = start + 8 + size
        if kind == b"VP8X":  # its first byte has a flag for each kind of metadata
            yield "kept", data[start : start + 8] + bytes([view[start + 8] & 0b11010011]) + data[start + 9 : end]
        elif kind in (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"):
            yield "kept", view[start : end + size % 2]
        elif kind in (b"EXIF", b"XMP "):
            yield kind.decode().strip().lower(), view[start + 8 : end]
        start = end + size % 2
