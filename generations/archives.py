"""Several pictures as one ZIP, made while it is sent: never more than one picture is in memory."""

from collections.abc import Iterable, Iterator
from typing import Final

import structlog
from zipstream import ZipStream

from generations import pictures
from generations.models import Generation

logger = structlog.get_logger(__name__)

LEFT_OUT: Final = "not-included.txt"


def file_name(generation: Generation) -> str:
    """Return the name a picture is kept under, the same each time: "english-garden-front-yard-1a2b3c4d.png"."""
    return f"{generation.style}-{generation.area}-{str(generation.pk)[:8]}.png"


def zipped(designs: Iterable[Generation]) -> Iterator[bytes]:
    """Yield the bytes of a ZIP with the pictures of `designs`, each as PNG, read when its turn comes.

    A picture that cannot be read is left out, and a text file at the end names it. Raises OSError only when the
    storage is away before the first picture: then nothing was yielded.
    """
    archive = ZipStream()
    left_out: list[str] = []
    for design in designs:
        try:
            archive.add(pictures.as_png(pictures.read(str(design.image))), file_name(design))
        except FileNotFoundError:
            logger.error("picture_missing", generation_id=str(design.pk))
            left_out.append(f"{file_name(design)}: the picture is not there any more")
        except OSError:
            if archive.is_empty():
                raise
            logger.error("picture_not_read", generation_id=str(design.pk))
            left_out.append(f"{file_name(design)}: could not be read just now; download it later by itself")
        yield from archive.all_files()
    if left_out:
        archive.add("These designs are not in this archive.\n\n" + "\n".join(left_out) + "\n", LEFT_OUT)
    yield from archive.finalize()
