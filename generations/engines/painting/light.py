"""The light of the picture: time of day and weather decide sky, tints, shadows and lamps."""

from dataclasses import dataclass, replace

import numpy as np

from generations.engines.painting.colours import Colour, mix, rgb
from generations.engines.painting.wishes import Wishes

# Where the sun stands, seen from a surface: left, above, in front of it.
SUN = np.array([-0.52, -0.66, 0.54], np.float32)
# How far a shadow runs on the ground for each metre of height: to the right, and away from the viewer.
SHADOW_RIGHT, SHADOW_AWAY = 0.62, 0.22


@dataclass(frozen=True, slots=True)
class Light:
    """Colours are as they should look in the end; tints multiply what is painted (1 leaves it alone)."""

    sky_top: Colour
    sky_low: Colour
    cloud_lit: Colour
    cloud_shade: Colour
    haze: Colour
    sun_tint: Colour
    shade_tint: Colour
    shadow: float  # how dark a cast shadow is, 0 to 1
    clouds: float  # how much of the sky is covered, 0 to 1
    lamps: float  # how brightly windows and lamps shine, 0 to 1
    stars: bool = False


def _tint(red: float, green: float, blue: float) -> Colour:
    return np.array([red, green, blue], np.float32)


def _light(skies: str, *, sun: Colour, shade: Colour, numbers: tuple[float, float, float]) -> Light:
    """Skies are top, low, lit cloud, shaded cloud and haze; numbers are shadow, clouds and lamps."""
    top, low, lit, dark, haze = (rgb(code) for code in skies.split())
    return Light(top, low, lit, dark, haze, sun, shade, *numbers)


TIMES = {
    "day": _light(
        "#7fb2d6 #e9f1ee #fffdf6 #c6d3dd #d3e0e2",
        sun=_tint(1.06, 1.02, 0.94),
        shade=_tint(0.90, 0.94, 1.02),
        numbers=(0.50, 0.42, 0.0),
    ),
    "noon": _light(
        "#4b93cf #cfe6f2 #ffffff #cbd8e2 #d2e4ee",
        sun=_tint(1.07, 1.06, 1.0),
        shade=_tint(0.96, 0.98, 1.02),
        numbers=(0.55, 0.30, 0.0),
    ),
    "dawn": _light(
        "#8fa9cf #f9d9c4 #ffe6d4 #c9b3c0 #eed6cf",
        sun=_tint(1.06, 0.96, 0.88),
        shade=_tint(0.84, 0.85, 0.98),
        numbers=(0.36, 0.45, 0.25),
    ),
    "golden": _light(
        "#6d82b4 #ffc98a #ffd9a0 #b98a94 #f3c59b",
        sun=_tint(1.16, 0.95, 0.68),
        shade=_tint(0.80, 0.70, 0.80),
        numbers=(0.52, 0.50, 0.55),
    ),
    "night": _light(
        "#0b1430 #33466f #5a6a90 #1c2949 #2a3a60",
        sun=_tint(0.46, 0.54, 0.80),
        shade=_tint(0.20, 0.26, 0.46),
        numbers=(0.35, 0.30, 1.0),
    ),
}


def light_for(wishes: Wishes) -> Light:
    """Choose the light of the time of day, then let the weather dull it."""
    light = TIMES[wishes.time]
    if wishes.time == "night":
        light = replace(light, stars=wishes.weather in ("fair", "clear"))
    if wishes.weather == "clear":
        return replace(light, clouds=0.08)
    if wishes.weather in ("cloudy", "rain", "snow", "fog"):
        return _dulled(light, wishes.weather)
    if wishes.season == "winter" and wishes.time == "day":
        cold = _tint(0.99, 0.99, 1.01)
        return replace(light, sky_top=rgb("#8fb3d2"), sky_low=rgb("#f1e6dc"), haze=rgb("#dfe4ea"), sun_tint=cold)
    return light


def _dulled(light: Light, weather: str) -> Light:
    night = light.stars or light.lamps > 0.9
    dullness = {"cloudy": 0.55, "rain": 0.8, "snow": 0.7, "fog": 0.75}[weather]
    grey = rgb("#2b3550") if night else rgb({"rain": "#8d9aa6", "fog": "#dfe3e2"}.get(weather, "#b9c3ca"))
    flat = mix(light.sun_tint, light.shade_tint, 0.6)
    if weather == "rain" and not night:
        flat = flat * _tint(0.76, 0.81, 0.89)
    return replace(
        light,
        sky_top=mix(light.sky_top, grey, dullness),
        sky_low=mix(light.sky_low, mix(grey, rgb("#ffffff"), 0.0 if night else 0.35), dullness),
        cloud_lit=mix(light.cloud_lit, grey, dullness * 0.5),
        cloud_shade=mix(light.cloud_shade, grey, dullness),
        haze=mix(light.haze, grey, dullness * 0.7),
        sun_tint=mix(light.sun_tint, flat, dullness),
        shadow=light.shadow * (1 - dullness * 0.8),
        clouds=0.95,
        lamps=max(light.lamps, 0.5 if weather in ("rain", "fog") else 0.0),
    )


def under(light: Light, sky: Colour | None, wishes: Wishes) -> Light:
    """The light under the sky of a photo: on a plain day its tone leads; a wished hour or weather stays as it is."""
    if sky is None or (wishes.time, wishes.weather) != ("day", "fair"):
        return light
    overcast, warm = float(np.ptp(sky)) < 24, sky[0] > sky[2] + 24
    share = 0.95 if warm else 0.7  # a little blue in a warm sky makes it muddy
    pale = mix(sky, rgb("#fff1da" if warm else "#ffffff"), 0.6)
    return replace(
        light,
        sky_top=mix(light.sky_top, sky * np.float32(0.94), share),
        sky_low=mix(light.sky_low, pale, share),
        cloud_lit=mix(light.cloud_lit, pale, 0.5),
        cloud_shade=mix(light.cloud_shade, sky, 0.5),
        haze=mix(light.haze, sky, 0.3),
        sun_tint=mix(light.sun_tint, TIMES["golden"].sun_tint, 0.4 if warm else 0),
        clouds=0.8 if overcast else light.clouds,
        shadow=light.shadow * (0.6 if overcast else 1),
    )
