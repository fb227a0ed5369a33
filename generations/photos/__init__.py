"""Photos of people's own yards: read with distrust, encoded anew, kept privately, forgotten when unused."""

from generations.photos.album import FOLDER, forget_unused, keep, load, own, release
from generations.photos.reading import LARGEST_BYTES, CleanPhoto, PhotoRefused, read

__all__ = [
    "FOLDER",
    "LARGEST_BYTES",
    "CleanPhoto",
    "PhotoRefused",
    "forget_unused",
    "keep",
    "load",
    "own",
    "read",
    "release",
]
