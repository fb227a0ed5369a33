"""The landscape painter: what it promises about its pictures, its time and its words."""

import io
import time
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from generations.engines import DesignEngine, DesignRequest, EngineError, Painting
from generations.engines.landscape import LandscapePainter
from generations.engines.painting.layouts import AREAS
from generations.engines.painting.styles import STYLES
from generations.engines.painting.wishes import read_prompt

SMALL = (256, 192)
Pixels = npt.NDArray[np.float64]


def unheard(words: str) -> None:
    """Nobody listens to how far it is."""


@cache
def painted(area: str, style: str, prompt: str = "", size: tuple[int, int] = SMALL) -> Painting:
    return LandscapePainter(size).paint(DesignRequest(area, style, prompt), timeout_seconds=30, report=unheard)


def pixels(painting: Painting) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(painting.image)).convert("RGB"), dtype=np.float64)


def ground_of(painting: Painting) -> Pixels:
    """The lowest third of the picture, which is always garden floor and plants."""
    return pixels(painting)[-SMALL[1] // 3 :]


def greenness(seen: Pixels) -> float:
    return float((seen[..., 1] - seen[..., 0]).mean())


class TestEveryAreaInEveryStyle:
    @pytest.mark.parametrize("style", STYLES)
    @pytest.mark.parametrize("area", AREAS)
    def test_a_webp_of_the_promised_size_is_painted(self, area: str, style: str) -> None:
        painting = painted(area, style)
        picture = Image.open(io.BytesIO(painting.image))
        assert (picture.format, picture.size) == ("WEBP", SMALL)
        assert (painting.content_type, painting.width, painting.height) == ("image/webp", *SMALL)
        assert pixels(painting).std() > 25  # a picture, not a flat colour

    def test_no_two_of_them_look_alike(self) -> None:
        seen = {painted(area, style).image for area in AREAS for style in STYLES}
        assert len(seen) == len(AREAS) * len(STYLES)


class TestTheUsualSize:
    @pytest.mark.parametrize(
        ("area", "style"),
        [("front-yard", "english-garden"), ("side-yard", "japanese-zen"), ("patio", "modern-minimalist")],
    )
    def test_it_is_1024_by_768(self, area: str, style: str) -> None:
        painting = LandscapePainter().paint(DesignRequest(area, style, ""), timeout_seconds=30, report=unheard)
        assert Image.open(io.BytesIO(painting.image)).size == (1024, 768)
        assert (painting.width, painting.height) == (1024, 768)
        assert 40_000 < len(painting.image) < 400_000  # bytes

    def test_the_painter_is_a_design_engine(self) -> None:
        engine: DesignEngine = LandscapePainter()
        assert engine.name == "landscape"


class TestTheSameRequestAgain:
    def test_it_gives_the_same_bytes(self) -> None:
        request = DesignRequest("walkway", "english-garden", "roses and a fountain in the mist")
        first, second = (LandscapePainter(SMALL).paint(request, timeout_seconds=30, report=unheard) for _ in range(2))
        assert first == second

    def test_another_prompt_gives_another_picture(self) -> None:
        assert painted("patio", "desert-landscape", "calm").image != painted("patio", "desert-landscape", "quiet").image


class TestTheTimeOfDay:
    @pytest.mark.parametrize("style", STYLES)
    def test_night_is_darker_than_noon(self, style: str) -> None:
        night, noon = painted("front-yard", style, "at night"), painted("front-yard", style, "at noon")
        assert pixels(night).mean() < pixels(noon).mean() * 0.6

    def test_sunset_is_warmer_than_noon(self) -> None:
        warmth = [
            (seen[..., 0] - seen[..., 2]).mean()
            for seen in (pixels(painted("back-yard", "english-garden", when)) for when in ("sunset", "noon"))
        ]
        assert warmth[0] > warmth[1] + 15

    def test_windows_shine_at_night(self) -> None:
        night = pixels(painted("front-yard", "english-garden", "night"))
        assert night.max(axis=2).max() > 200
        assert np.median(night) < 80


class TestTheSeasonAndTheWeather:
    @pytest.mark.parametrize("style", ["english-garden", "modern-minimalist", "california-native"])
    def test_winter_whitens_the_ground(self, style: str) -> None:
        summer, winter = (ground_of(painted("front-yard", style, season)) for season in ("summer", "winter"))
        assert winter.mean() > summer.mean() + 40
        assert np.ptp(winter.mean(axis=(0, 1))) < np.ptp(summer.mean(axis=(0, 1)))  # hardly any colour is left

    def test_autumn_reddens_the_leaves(self) -> None:
        summer, autumn = (pixels(painted("back-yard", "english-garden", season)) for season in ("summer", "autumn"))
        assert greenness(autumn) < greenness(summer) - 5

    @pytest.mark.parametrize("style", STYLES)
    def test_fog_takes_the_detail_from_what_is_far(self, style: str) -> None:
        def detail_of_the_house(prompt: str) -> float:
            rows = pixels(painted("front-yard", style, prompt)).mean(axis=2)[40:105]
            return float(np.abs(np.diff(rows, axis=1)).mean())

        assert detail_of_the_house("fog") < detail_of_the_house("summer") * 0.8

    def test_rain_dulls_the_day(self) -> None:
        fair, rain = (ground_of(painted("patio", "california-native", air)) for air in ("noon", "noon in the rain"))
        assert rain.mean() < fair.mean() - 10


class TestWhatThePromptAsksFor:
    @pytest.mark.parametrize(("prompt", "channel"), [("red roses", 0), ("blue roses", 2)])
    def test_flowers_take_the_wished_colour(self, prompt: str, channel: int) -> None:
        wished = ground_of(painted("walkway", "english-garden", prompt))
        white = ground_of(painted("walkway", "english-garden", "white roses"))
        assert (wished[..., channel] - wished.mean(axis=2)).mean() > (
            white[..., channel] - white.mean(axis=2)
        ).mean() + 2

    def test_a_pool_puts_water_into_the_lawn(self) -> None:
        dry, wet = (ground_of(painted("back-yard", "modern-minimalist", wish)) for wish in ("lawn", "a swimming pool"))
        bluish = [((seen[..., 2] > seen[..., 0] + 15) & (seen[..., 2] > 90)).mean() for seen in (dry, wet)]
        assert bluish[1] > bluish[0] + 0.10  # a tenth of the ground more

    @pytest.mark.parametrize(
        ("prompt", "field", "expected"),
        [
            ("Roses, TULIPS and sunflowers!", "plants", ("rose", "tulip", "sunflower")),
            ("two cherries and some birches", "trees", ("blossom", "birch")),
            ("benches round a fire pit", "extras", ("bench", "firepit")),
            ("a koi pond", "water", "pond"),
            ("a winding path of brick", "path", "brick"),
            ("golden hour", "time", "golden"),
            ("falling leaves of October", "season", "autumn"),
            ("misty", "weather", "fog"),
            ("purple and white flowers", "colours", ("purple", "white")),
        ],
    )
    def test_words_are_understood(self, prompt: str, field: str, expected: object) -> None:
        assert getattr(read_prompt(prompt), field) == expected

    @pytest.mark.parametrize("prompt", ["rosemary's starling", "unpooled", "brickyard", "snowdon"])
    def test_only_whole_words_count(self, prompt: str) -> None:
        assert "rose" not in read_prompt(prompt).plants
        assert read_prompt(prompt).water == ""
        assert read_prompt(prompt).path == ""
        assert read_prompt(prompt).season == "summer"

    def test_a_refused_thing_is_left_out(self) -> None:
        wishes = read_prompt("lavender but no roses, without pond")
        assert wishes.plants == ("lavender",)
        assert wishes.water == ""


class TestTheWordsWithThePicture:
    def test_the_description_says_what_is_to_be_seen(self) -> None:
        painting = painted("back-yard", "english-garden", "a pond, roses and a bench on an autumn evening")
        assert painting.description == (
            "An English cottage back yard behind the house in autumn in the light of sunset, "
            "with a pond, roses and a bench."
        )

    def test_the_prompt_itself_is_not_repeated(self) -> None:
        assert "<script>" not in painted("patio", "desert-landscape", "<script>alert(1)</script>").description

    def test_the_note_does_not_claim_to_be_ai(self) -> None:
        assert painted("patio", "japanese-zen").note == "Painted by rules on this computer, not by an AI model."


class TestWhatCannotBePainted:
    def test_an_unknown_area_is_refused_with_a_sentence(self) -> None:
        with pytest.raises(EngineError) as refused:
            painted("roof", "japanese-zen")
        assert refused.value.sentence.startswith("There is no area called “roof”")

    def test_an_unknown_style_is_refused_with_a_sentence(self) -> None:
        with pytest.raises(EngineError) as refused:
            painted("patio", "baroque")
        assert refused.value.sentence.startswith("There is no style called “baroque”")

    def test_no_time_at_all_is_refused_at_once(self) -> None:
        started = time.monotonic()
        with pytest.raises(EngineError) as stopped:
            LandscapePainter().paint(DesignRequest("patio", "japanese-zen", ""), timeout_seconds=0, report=unheard)
        assert stopped.value.sentence == "The painting took too long and was stopped."
        assert time.monotonic() - started < 1.0

    def test_a_deadline_in_the_middle_stops_the_painting(self) -> None:
        request = DesignRequest("walkway", "english-garden", "")
        # Brushes and noise are made once per process.
        LandscapePainter(SMALL).paint(request, timeout_seconds=30, report=unheard)
        with pytest.raises(EngineError):
            LandscapePainter().paint(request, timeout_seconds=0.1, report=unheard)


class TestOddPrompts:
    @pytest.mark.parametrize(
        "prompt",
        [
            "🌹🌵🏡",
            "rose " * 100,
            "a\x00b\x00garden",
            "حديقة يابانية مع بركة",
            "\u202eevod\u202c",
            "\ud800 lone surrogate",
            "Z̸͇̈a̴̙͒l̵͎͝g̷̠̈ő̶͓" * 10,
            "%s %d {0} {{x}} ../../etc/passwd",
            "night noon dawn sunset winter summer rain fog snow pool pond fountain stream brick gravel",
            "bench swing fire pit lantern string lights fence pergola table pots boulders vegetables palms",
        ],
        ids=[
            "emoji",
            "500 characters",
            "nul",
            "right to left",
            "override",
            "surrogate",
            "zalgo",
            "formats",
            "all",
            "full",
        ],
    )
    def test_they_are_painted_all_the_same(self, prompt: str) -> None:
        assert pixels(painted("back-yard", "english-garden", prompt)).std() > 20
