"""The long side of a house, running away along the left of a side yard."""

from generations.engines.painting import openings
from generations.engines.painting.colours import Colour, mix, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.foliage import SNOW
from generations.engines.painting.styles import Style
from generations.engines.painting.walls import Wall, coat

SIDE, NEAR, FAR, HEIGHT = -2.95, 3.0, 20.0, 3.05  # metres


def side_wall(easel: Easel, style: Style) -> None:
    """Wall, windows, and the eave above."""
    wall = Wall(easel, (SIDE, NEAR, SIDE, FAR), HEIGHT)
    wall.cover((0, wall.length, 0, HEIGHT), coat(easel, style.wall), 0.93)
    frame = rgb(style.frame)
    if style.wall == "plaster":
        wall.cover((0, wall.length, 0, 0.8), coat(easel, "dark timber"))
    for left in (3.4, 7.4, 12.0):
        openings.window(easel, wall, (left, left + 1.5, 1.0, 2.25), frame, (2, 2))
    openings.door(easel, wall, 10.6, mix(frame, rgb("#7b5b45"), 0.4), frame, style="planks")
    if style.wall == "plaster":
        for post in range(0, 18, 2):
            easel.canvas.fill(wall.quad(post, post + 0.14, 0, HEIGHT), frame)
    wall.shadow(0, wall.length, HEIGHT - 0.5, HEIGHT, 0.42)
    _eave(easel, wall, easel.trim(rgb(style.roof_edge)))


def _eave(easel: Easel, wall: Wall, edge: Colour) -> None:
    out, board = 0.42, 0.26
    length = wall.length
    under = [wall.at(0, HEIGHT), wall.at(length, HEIGHT), wall.at(length, HEIGHT, out), wall.at(0, HEIGHT, out)]
    easel.canvas.fill(under, mix(edge, rgb("#1c1a1c"), 0.62))
    easel.canvas.fill(wall.quad(0, length, HEIGHT, HEIGHT + board, out), edge)
    easel.canvas.fill(wall.quad(0, length, HEIGHT, HEIGHT + 0.05, out), mix(edge, rgb("#1c1a1c"), 0.35))
    if easel.wishes.snow:
        easel.canvas.fill(wall.quad(0, length, HEIGHT + board, HEIGHT + board + 0.18, out), SNOW[3])
