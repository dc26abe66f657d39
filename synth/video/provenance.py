"""The plain mark that generated media carry in their own metadata.

In: the name of what made the picture. Out: the sentence and the tags that the writers of videos
and PNG files store by default, so that whoever opens the file's properties can tell.
"""

from __future__ import annotations

from PIL.PngImagePlugin import PngInfo

SOFTWARE = "Moodreel"
MARK = "AI-generated synthetic media: the person shown does not exist or did not act this."


def media_tags(made_by: str | None = None) -> dict[str, str]:
    """The container tags of a marked video: `comment`, and `description` with what made it."""
    maker = f"{SOFTWARE}, {made_by}" if made_by else SOFTWARE
    return {"comment": MARK, "description": f"{MARK} Made with {maker}.", "artist": SOFTWARE}


def png_tags(made_by: str | None = None) -> PngInfo:
    """The same mark as PNG text: the registered keywords Software, Source and Comment."""
    info = PngInfo()
    info.add_text("Software", f"{SOFTWARE}, {made_by}" if made_by else SOFTWARE)
    info.add_text("Source", "AI-generated synthetic media")
    info.add_text("Comment", MARK)
    return info
