"""XMP packets: mark an image as enhanced by an algorithm, and correct the sizes it states.

The packet is edited as text: what is not understood in it stays as its author wrote it.
"""

from __future__ import annotations

import re

ENHANCED = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
"""IPTC's digital source type for an image that an algorithm has enhanced."""
_EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)
_RDF = re.compile(r"<(?P<prefix>\w+):RDF\b[^>]*>")
_OLD_MARK = re.compile(
    r"""\s+[\w-]+:DigitalSourceType\s*=\s*("[^"]*"|'[^']*')"""
    r"""|<(?P<name>[\w-]+:DigitalSourceType)\b[^>]*?(/>|>.*?</(?P=name)>)""",
    re.DOTALL,
)
_SIZES = {
    "tiff:ImageWidth": 0,
    "exif:PixelXDimension": 0,
    "tiff:ImageLength": 1,
    "exif:PixelYDimension": 1,
}
_SIZE = re.compile(rf"""({"|".join(_SIZES)})(\s*=\s*["']|>)\s*\d+""")


def marked(packet: bytes, width: int, height: int) -> bytes:
    """Return ``packet`` with the mark and the sizes in pixels; a new packet when it cannot be read."""
    text = _decoded(packet)
    head = _RDF.search(text)
    if head is None:
        text = _EMPTY
        head = _RDF.search(text)
        assert head is not None
    rdf = head["prefix"]
    about = re.search(rf"""{rdf}:about\s*=\s*["']([^"'<>]*)["']""", text)
    mark = (
        f'<{rdf}:Description {rdf}:about="{about[1] if about else ""}" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{ENHANCED}</Iptc4xmpExt:DigitalSourceType></{rdf}:Description>"
    )
    start = head.end()
    rest = _OLD_MARK.sub("", text[start:])
    rest = _SIZE.sub(lambda found: f"{found[1]}{found[2]}{(width, height)[_SIZES[found[1]]]}", rest)
    rest = re.sub(r"\s+(<\?xpacket end)", r"\n\1", rest)  # the room that editors leave
    return (text[:start] + mark + rest).encode()


def _decoded(packet: bytes) -> str:
    try:
        return packet.decode()
    except UnicodeDecodeError:
        return ""
