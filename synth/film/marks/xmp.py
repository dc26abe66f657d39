"""The IPTC word for how a picture came about, as XMP within the file.

In: a finished PNG, JPEG, GIF, MP4 or MOV, and what is to be said. Out: its bytes with an XMP packet
(ISO 16684-1) in the place that part 3 of the XMP specification has for the format. Pixels and all
other bytes stay as they are; a packet that is there already is left alone and nothing added.
"""

from __future__ import annotations

import shutil
import struct
import uuid
import zlib
from collections.abc import Callable
from html import escape
from pathlib import Path

from synth.storage.atomic import write_atomically

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATED, OF_A_PERSON = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
_BOX = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes
_JPEG_NAME = b"http://ns.adobe.com/xap/1.0/\x00"
#: GIF readers that do not know XMP must be able to skip it as sub-blocks: from any byte of the
#: packet they land somewhere in this run of falling lengths, and so on its end.
_GIF_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"


def make_packet(source_type: str, software: str) -> bytes:
    """An XMP packet with the digital source type and the name of the software."""
    kind, tool = escape(SOURCE_TYPES + source_type), escape(software)
    text = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '<rdf:Description rdf:about=""\n'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"\n'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"\n'
        f' Iptc4xmpExt:DigitalSourceType="{kind}"\n'
        f' xmp:CreatorTool="{tool}"/>\n'
        "</rdf:RDF>\n</x:xmpmeta>\n"
        '<?xpacket end="r"?>'
    )
    return text.encode()


def insert_xmp(content: bytes, suffix: str, packet: bytes) -> bytes:
    """The file's bytes with the packet in them. suffix: .png, .jpg, .gif, .mp4 ..., lower case.

    Raises ValueError for another kind of file, and for bytes that are not of that kind.
    """
    insert = _INSERTERS.get(suffix)
    if insert is None:
        raise ValueError(f"needs a file ending in {', '.join(_INSERTERS)}; got {suffix}")
    return content if b"<x:xmpmeta" in content else insert(content, packet)


def add_xmp(path: Path, packet: bytes) -> None:
    """Give the file at `path` a packet, whole or not at all. Films of any size are copied, not read
    into memory. Raises as `insert_xmp`."""
    if _INSERTERS.get(path.suffix.lower()) is not _insert_box:
        content = insert_xmp(path.read_bytes(), path.suffix.lower(), packet)
        with write_atomically(path) as temporary:
            temporary.write_bytes(content)
        return
    with write_atomically(path) as temporary, open(path, "rb") as source:
        head = source.read(8)
        with open(temporary, "wb") as target:
            target.write(_insert_box(head, b"")[:8])
            shutil.copyfileobj(source, target)
            target.write(_make_box(packet))


def _insert_png(content: bytes, packet: bytes) -> bytes:
    # Behind the header, which has a fixed size: 8 bytes of signature, 25 of IHDR.
    _need(content[:8] == b"\x89PNG\r\n\x1a\n", "PNG")
    data = b"iTXt" + b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + packet
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return content[:33] + chunk + content[33:]


def _insert_jpeg(content: bytes, packet: bytes) -> bytes:
    _need(content[:2] == b"\xff\xd8", "JPEG")
    start = 2
    while content[start : start + 2] in (b"\xff\xe0", b"\xff\xe1"):  # JFIF and Exif come first
        start += 2 + struct.unpack(">H", content[start + 2 : start + 4])[0]
    data = _JPEG_NAME + packet
    segment = b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data
    return content[:start] + segment + content[start:]


def _insert_gif(content: bytes, packet: bytes) -> bytes:
    _need(content[:3] == b"GIF", "GIF")
    flags = content[10]
    start = 13 + (3 << (flags % 8 + 1) if flags & 0x80 else 0)
    block = b"\x21\xff\x0bXMP DataXMP" + packet + _GIF_TRAILER
    return b"GIF89a" + content[6:start] + block + content[start:]


def _insert_box(content: bytes, packet: bytes) -> bytes:
    # At the end no offset into the file changes.
    _need(content[4:8] == b"ftyp", "MP4")
    return content + _make_box(packet)


def _make_box(packet: bytes) -> bytes:
    return struct.pack(">I", len(packet) + 24) + b"uuid" + _BOX + packet


def _need(is_so: bool, kind: str) -> None:
    if not is_so:
        raise ValueError(f"needs a {kind} file; got something else under its name")


_INSERTERS: dict[str, Callable[[bytes, bytes], bytes]] = {
    ".png": _insert_png,
    ".jpg": _insert_jpeg,
    ".jpeg": _insert_jpeg,
    ".gif": _insert_gif,
    ".mp4": _insert_box,
    ".mov": _insert_box,
    ".m4v": _insert_box,
}
