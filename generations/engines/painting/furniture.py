"""Things to sit on, eat at, warm oneself at, or walk under."""

import numpy as np

from generations.engines.painting.colours import Floats, along, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.flowers import HUES, heads
from generations.engines.painting.shrubs import ball, shrub
from generations.engines.painting.stones import boulder

TEAK = ramp("#6b4a31", "#9a6f4a", "#c0946a")
WHITE = ramp("#a9adb0", "#e3e2dc", "#fbfaf5")
BAMBOO = ramp("#6f5f35", "#a58f56", "#d3c189")
LACQUER = ramp("#2d1d18", "#543329", "#7a4c3a")
INDIGO = ramp("#26324e", "#3a4a72", "#566a96")
CELADON = ramp("#6f8f80", "#97b5a4", "#c2d8c8")
LINEN = ramp("#b4aa9a", "#d9d0c0", "#f0e9dc")


def bench(easel: Easel, x: float, z: float, height: float) -> None:
    """A slatted garden bench that looks at the viewer."""
    ink = easel.airy(TEAK, z)
    for side in (-0.72, 0.72):
        easel.bar((x + side, 0, z + 0.4), (x + side, 0.9, z + 0.48), 0.06, ink[0])
    for up in (0.56, 0.66, 0.76, 0.86):
        easel.bar((x - 0.75, up, z + 0.44), (x + 0.75, up, z + 0.44), 0.07, ink[1])
    easel.box(x, z, (1.56, 0.05, 0.42), 0.42, np.stack([ink[0], ink[1], ink[2]]))
    for side in (-0.72, 0.72):
        easel.bar((x + side, 0, z), (x + side, 0.62, z), 0.06, ink[1])
        easel.bar((x + side, 0.62, z), (x + side, 0.62, z + 0.44), 0.07, ink[2])


def table(easel: Easel, x: float, z: float, height: float) -> None:
    """A dining table with four chairs."""
    ink = easel.airy(TEAK, z)
    for side in (-0.55, 0.55):
        _chair(easel, x + side, z + 0.95, ink, back=False)
    for side, away in ((-0.95, 0.0), (0.95, 0.0), (-0.95, 0.8), (0.95, 0.8)):
        easel.bar((x + side, 0, z + away), (x + side, 0.72, z + away), 0.07, ink[0])
    easel.box(x, z - 0.1, (2.2, 0.06, 1.0), 0.72, ink)
    for across, tint in ((-0.3, "#e9e5d8"), (0.35, "#8fa6a0")):
        easel.box(x + across, z + 0.3, (0.16, 0.16, 0.12), 0.78, np.stack([rgb(tint)] * 3) * np.float32(0.95))
    heads("#f4efe4", "#e58aa6", size=0.10, count=16)(easel.raised(0.93), x - 0.3, z + 0.3, 0.30)
    for side in (-0.55, 0.55):
        _chair(easel, x + side, z - 0.75, ink, back=True)


def tea(easel: Easel, x: float, z: float, height: float) -> None:
    """A low lacquered table among floor cushions, with a pot and two cups."""
    wood, cloth = easel.airy(LACQUER, z), easel.airy(INDIGO, z)
    easel.box(x, z + 0.75, (0.62, 0.09, 0.5), 0.0, cloth)
    for side in (-1.05, 1.05):
        easel.box(x + side, z, (0.62, 0.09, 0.6), 0.0, cloth)
    for side in (-0.55, 0.55):
        easel.box(x + side, z + 0.04, (0.08, 0.34, 0.55), 0.0, wood)
    easel.box(x, z, (1.4, 0.06, 0.68), 0.34, wood)
    for across, size in ((-0.22, 0.16), (0.14, 0.08), (0.36, 0.08)):
        easel.box(x + across, z + 0.3, (size, size, size), 0.40, easel.airy(CELADON, z))
    easel.box(x - 0.05, z - 0.72, (0.62, 0.09, 0.5), 0.0, cloth)


def _chair(easel: Easel, x: float, z: float, ink: Floats, *, back: bool) -> None:
    seat = np.stack([ink[0], ink[1], LINEN[2]])
    far = z + (0.0 if back else 0.42)
    for side in (-0.22, 0.22):
        easel.bar((x + side, 0, z + 0.42), (x + side, 0.44, z + 0.42), 0.045, ink[0])
        easel.bar((x + side, 0, z), (x + side, 0.44, z), 0.045, ink[1])
        easel.bar((x + side, 0.44, far), (x + side, 0.92, far), 0.045, ink[1])
    easel.box(x, z, (0.5, 0.06, 0.44), 0.42, seat)
    for up in (0.62, 0.74, 0.86):
        easel.bar((x - 0.22, up, far), (x + 0.22, up, far), 0.055, ink[1])


def lounge(easel: Easel, x: float, z: float, height: float) -> None:
    """A low sofa with cushions, and a small table before it."""
    frame, cloth = easel.airy(ramp("#3c3f42", "#54585b", "#6d7174"), z), easel.airy(LINEN, z)
    easel.box(x, z + 0.55, (2.3, 0.50, 0.25), 0.32, np.stack([cloth[0], cloth[1], cloth[2]]))
    easel.box(x, z, (2.3, 0.16, 0.80), 0.14, frame)
    for side in (-0.72, 0.0, 0.72):
        easel.box(x + side, z - 0.02, (0.70, 0.16, 0.72), 0.30, cloth)
    for side, hue in ((-0.8, "#c98a5b"), (0.75, "#7d98a0"), (0.42, "#efe7d8")):
        easel.box(x + side, z + 0.42, (0.40, 0.36, 0.14), 0.46, np.stack([rgb(hue) * 0.8, rgb(hue), rgb(hue) * 1.08]))
    for side in (-1.18, 1.18):
        easel.box(x + side, z, (0.14, 0.50, 0.80), 0.10, frame)
    easel.box(x + 0.1, z - 1.25, (1.0, 0.07, 0.55), 0.34, easel.airy(TEAK, z))
    for side in (-0.3, 0.5):
        easel.bar((x + side, 0, z - 1.2), (x + side, 0.34, z - 1.2), 0.06, frame[0])


def swing(easel: Easel, x: float, z: float, height: float) -> None:
    """A wooden frame with a hanging seat."""
    ink = easel.airy(TEAK, z)
    top = 2.25
    for side in (-1.25, 1.25):
        for away in (-0.6, 0.6):
            easel.bar((x + side * 1.08, 0, z + away), (x + side, top, z), 0.11, ink[0] if away > 0 else ink[1])
    easel.bar((x - 1.4, top, z), (x + 1.4, top, z), 0.13, ink[2])
    for side in (-0.62, 0.62):
        easel.bar((x + side, 0.6, z), (x + side, top, z), 0.022, rgb("#5d5850"))
    for up in (0.70, 0.80, 0.90):
        easel.bar((x - 0.68, up, z + 0.18), (x + 0.68, up, z + 0.18), 0.06, ink[1])
    easel.box(x, z - 0.2, (1.4, 0.06, 0.42), 0.5, ink)


def firepit(easel: Easel, x: float, z: float, height: float) -> None:
    """A ring of stones with a fire."""
    turn = np.linspace(0, 2 * np.pi, 15)[:-1]
    spots = sorted(((float(np.sin(t)) * 0.55, float(np.cos(t)) * 0.75) for t in turn), key=lambda s: -s[0])
    for away, across in [s for s in spots if s[0] >= 0]:
        boulder(easel, x + across, z + away, 0.30)
    _fire(easel, x, z)
    for away, across in [s for s in spots if s[0] < 0]:
        boulder(easel, x + across, z + away, 0.30)


def _fire(easel: Easel, x: float, z: float) -> None:
    rng, scale = easel.rng, easel.camera.scale(z)
    for lean in (-0.3, 0.0, 0.3):
        easel.bar((x + lean, 0.1, z), (x - lean * 0.6, 0.36, z), 0.09, rgb("#4a3324"))
    right, down = easel.camera.point(x, 0.12, z)
    for tongue, code, glow in (
        (1.0, "#d9481c", 150),
        (0.74, "#f58a1f", 190),
        (0.46, "#ffd25a", 230),
        (0.22, "#fff6cf", 250),
    ):
        count = 130
        up = rng.uniform(0, 1, count) ** 1.25
        side = rng.normal(0, 0.30, count) * (1 - up) * tongue + 0.06 * np.sin(up * 9 + tongue * 4)
        px, py = right + side * scale * 0.62, down - up * scale * 0.78 * tongue
        size = np.maximum(2.0, (1.1 - up) * 0.15 * scale * tongue)
        order = np.argsort(-up)
        ink = np.broadcast_to(rgb(code), (count, 3))
        tilt = np.full(count, np.pi / 2, np.float32)
        easel.canvas.dabs(
            px[order].astype(np.float32),
            py[order].astype(np.float32),
            size[order].astype(np.float32),
            ink,
            angle=tilt,
            kind="leaf",
            glow=glow,
        )


PERGOLAS = {"teak": TEAK, "white": WHITE, "charcoal": ramp("#26282a", "#3b3e41", "#565a5e"), "bamboo": BAMBOO}
PERGOLA_WIDE, PERGOLA_DEEP, PERGOLA_TOP = 4.6, 3.0, 2.5  # metres


def pergola_back(easel: Easel, look: str, x: float, z: float) -> None:
    """The far posts and beam of a pergola whose near side is at z."""
    ink, far = easel.airy(PERGOLAS[look], z), z + PERGOLA_DEEP
    left, right = x - PERGOLA_WIDE / 2, x + PERGOLA_WIDE / 2
    for side in (left, right):
        easel.bar((side, 0, far), (side, PERGOLA_TOP, far), 0.14, ink[0])
    easel.bar((left - 0.4, PERGOLA_TOP, far), (right + 0.4, PERGOLA_TOP, far), 0.16, ink[0])


def pergola_front(easel: Easel, look: str, x: float, z: float) -> None:
    """The rafters, near posts and near beam: painted after what stands below."""
    ink, top = easel.airy(PERGOLAS[look], z), PERGOLA_TOP
    left, right = x - PERGOLA_WIDE / 2, x + PERGOLA_WIDE / 2
    for across in np.linspace(left - 0.1, right + 0.1, 11):
        easel.bar(
            (float(across), top + 0.12, z + PERGOLA_DEEP + 0.4), (float(across), top + 0.12, z - 0.4), 0.075, ink[1]
        )
    for side in (left, right):
        easel.bar((side, 0, z), (side, top, z), 0.15, ink[1])
        easel.bar((side - 0.045, 0, z), (side - 0.045, top, z), 0.05, ink[2])
    easel.bar((left - 0.4, top, z), (right + 0.4, top, z), 0.17, ink[1])
    easel.bar((left - 0.4, top + 0.05, z), (right + 0.4, top + 0.05, z), 0.05, ink[2])


def _pot(easel: Easel, x: float, z: float, height: float, ink: Floats) -> None:
    """A tapered pot, round in its shading."""
    at, wide = easel.camera.point, height * 0.46
    middle, _ = at(x, 0, z)
    reach = wide * easel.camera.scale(z)

    def side(px: Floats, py: Floats) -> Floats:
        return along(ink, np.clip(0.52 - 0.45 * (px - middle) / reach, 0, 1))

    body = [at(x - wide * 0.62, 0, z), at(x + wide * 0.62, 0, z), at(x + wide, height, z), at(x - wide, height, z)]
    easel.canvas.texture(body, side)
    rim = [at(x - wide * 1.1, height * 0.84, z), at(x + wide * 1.1, height * 0.84, z)]
    easel.canvas.texture([*rim, at(x + wide * 1.1, height, z), at(x - wide * 1.1, height, z)], side)


def flower_pot(easel: Easel, x: float, z: float, height: float) -> None:
    """A terracotta pot full of flowers."""
    _pot(easel, x, z, 0.46, easel.airy(ramp("#8a4b30", "#b4694a", "#d08a66", "#e6ab88"), z))
    hue = easel.wishes.colours[0] if easel.wishes.colours else ("pink", "white", "red")[int(easel.rng.integers(3))]
    heads(HUES[hue], size=0.085, count=22)(easel.raised(0.40), x, z, height * 0.62)


def box_pot(easel: Easel, x: float, z: float, height: float) -> None:
    """A tall charcoal planter with a box ball."""
    ink = easel.airy(ramp("#2f3235", "#474b4e", "#62666a", "#7d8185"), z)
    _pot(easel, x, z, 0.62, ink)
    ball(easel.raised(0.54), x, z, height * 0.72)


def green_pot(easel: Easel, x: float, z: float, height: float) -> None:
    """A glazed pot with a shrub."""
    _pot(easel, x, z, 0.5, easel.airy(ramp("#23404a", "#37606b", "#558591", "#86b0b6"), z))
    shrub("sage")(easel.raised(0.42), x, z, height * 0.7)
