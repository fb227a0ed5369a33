"""What the local painter takes from a photo, and what it says about that."""

import io
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from generations.engines import DesignRequest, EngineError, Painting
from generations.engines.landscape import LandscapePainter
from generations.engines.painting.description import taken
from generations.engines.painting.photo import Yard as Seen
from generations.engines.painting.photo import look
from generations.engines.painting.styles import STYLES
from tests.generations.photos import samples
from tests.generations.photos.yards import BLUE, EVENING, GREY, MEADOW, YARDS, Yard, photograph

pytestmark = pytest.mark.django_db  # the audit of every test wants the database; alone, this file would not make one

SMALL = (256, 192)
NOTE = "Painted by rules on this computer, not by an AI model"
PINK = (212, 64, 168)  # a wall that nothing else in a garden looks like
Pixels = npt.NDArray[np.float64]


@cache
def painted(style: str, yard: Yard | None, prompt: str = "", area: str = "front-yard") -> Painting:
    photo = photograph(yard) if yard else None
    request = DesignRequest(area, style, prompt, photo)
    return LandscapePainter(SMALL).paint(request, timeout_seconds=30, report=lambda words: None)


def pixels(painting: Painting) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(painting.image)).convert("RGB"), dtype=np.float64)


def pink(seen: Pixels) -> npt.NDArray[np.bool_]:
    """Where the picture shows the pink wall, in light or in shadow."""
    red, green, blue = seen[..., 0], seen[..., 1], seen[..., 2]
    mask: npt.NDArray[np.bool_] = (red - green > 50) & (blue - green > 25) & (red > blue)
    return mask


def apart(seen: object, known: object) -> float:
    return float(np.linalg.norm(np.asarray(seen, float) - np.asarray(known, float)))


class TestWhatIsSeen:
    @pytest.mark.parametrize("name", YARDS)
    def test_the_walls_colour(self, name: str) -> None:
        assert apart(look(photograph(YARDS[name])).wall, YARDS[name].wall) < 12

    @pytest.mark.parametrize("name", [name for name in YARDS if YARDS[name].roof])
    def test_the_roofs_colour(self, name: str) -> None:
        assert apart(look(photograph(YARDS[name])).roof, YARDS[name].roof) < 12

    @pytest.mark.parametrize("name", YARDS)
    def test_where_the_ground_begins(self, name: str) -> None:
        assert look(photograph(YARDS[name])).ground_line == pytest.approx(YARDS[name].horizon, abs=0.035)

    @pytest.mark.parametrize("sky", [BLUE, GREY, EVENING])
    def test_the_skys_tone(self, sky: tuple[int, int, int]) -> None:
        middle = np.array(sky) * 0.65 + np.array((244, 244, 240)) * 0.35  # paler towards the horizon
        assert apart(look(photograph(Yard(sky=sky))).sky, middle) < 25

    @pytest.mark.parametrize("horizon", [0.45, 0.5, 0.55, 0.6, 0.65, 0.7])
    def test_a_higher_or_lower_camera(self, horizon: float) -> None:
        seen = look(photograph(Yard(horizon=horizon)))
        assert seen.ground_line == pytest.approx(horizon, abs=0.035)
        assert apart(seen.wall, Yard().wall) < 12

    def test_a_house_at_the_edge_of_the_picture(self) -> None:
        seen = look(photograph(Yard(wall=(150, 120, 160), house=(0.5, 1.2))))
        assert apart(seen.wall, (150, 120, 160)) < 16


class TestWhatIsNotThere:
    def test_a_flat_roof_has_no_colour(self) -> None:
        assert look(photograph(YARDS["flat roof"])).roof is None

    def test_a_meadow_has_a_horizon_and_no_house(self) -> None:
        seen = look(photograph(MEADOW))
        assert (seen.wall, seen.roof) == (None, None)
        assert seen.ground_line == pytest.approx(0.5, abs=0.03)

    def test_a_house_as_green_as_leaves_is_not_told_from_them(self) -> None:
        assert look(photograph(Yard(wall=(84, 122, 62), roof=(70, 104, 58)))).wall is None

    @pytest.mark.parametrize(
        "picture",
        [
            samples.noise(),
            Image.new("RGB", (640, 480), "#888888"),
            Image.new("RGB", (640, 480), "black"),
            Image.new("RGB", (640, 480), "white"),
        ],
        ids=["noise", "grey", "black", "white"],
    )
    def test_in_what_is_no_yard_nothing_is_seen(self, picture: Image.Image) -> None:
        seen = look(samples.encoded("JPEG", picture.convert("RGB")))
        assert (seen.wall, seen.roof, seen.sky, seen.ground_line) == (None, None, None, None)

    @pytest.mark.parametrize("size", [(640, 640), (2048, 512), (512, 2048)])
    def test_any_shape_is_looked_at(self, size: tuple[int, int]) -> None:
        seen = look(photograph(Yard(size=size, trees=False)))
        assert seen.ground_line == pytest.approx(0.58, abs=0.06)


class TestThePicture:
    @pytest.mark.parametrize("style", STYLES)
    def test_the_house_has_the_photos_colour(self, style: str) -> None:
        assert pink(pixels(painted(style, Yard(wall=PINK)))).mean() > 0.01
        assert pink(pixels(painted(style, Yard()))).mean() < 0.004  # flowers at most

    @pytest.mark.parametrize("style", STYLES)
    def test_so_has_the_long_wall_of_a_side_yard(self, style: str) -> None:
        assert pink(pixels(painted(style, Yard(wall=PINK), area="side-yard"))).mean() > 0.03

    @pytest.mark.parametrize("style", ["california-native", "japanese-zen", "english-garden"])
    def test_the_roof_has_it_too(self, style: str) -> None:
        assert pink(pixels(painted(style, Yard(roof=PINK)))).mean() > 0.02

    @pytest.mark.parametrize("style", STYLES)
    def test_the_horizon_is_where_it_is_in_the_photo(self, style: str) -> None:
        high, low = (
            float(np.median(np.nonzero(pink(pixels(painted(style, Yard(wall=PINK, horizon=line)))))[0]))
            for line in (0.56, 0.66)
        )
        assert low - high == pytest.approx(0.10 * SMALL[1], abs=0.035 * SMALL[1])

    def test_a_horizon_near_an_edge_is_brought_within_bounds(self) -> None:
        for line, at in ((0.4, 0.38), (0.8, 0.49)):
            photo = photograph(Yard(horizon=line))
            painter = LandscapePainter(SMALL)
            easel = painter._easel(DesignRequest("front-yard", "english-garden", "", photo), look(photo))
            assert easel.camera.horizon_at == pytest.approx(at)

    def test_the_sky_follows_the_photo(self) -> None:
        warmth = [
            float((seen[:20, ..., 0] - seen[:20, ..., 2]).mean())
            for seen in (pixels(painted("english-garden", Yard(sky=sky))) for sky in (EVENING, GREY, BLUE))
        ]
        assert warmth[0] > warmth[1] + 30 > warmth[2] + 40

    def test_a_wished_night_stays_a_night(self) -> None:
        by_day, at_night = (painted("english-garden", Yard(), prompt) for prompt in ("", "at night"))
        assert pixels(at_night).mean() < pixels(by_day).mean() * 0.6

    def test_the_same_request_gives_the_same_picture(self) -> None:
        photo = photograph(Yard())
        request = DesignRequest("patio", "english-garden", "roses", photo)
        first, second = (
            LandscapePainter(SMALL).paint(request, timeout_seconds=30, report=lambda words: None) for _ in range(2)
        )
        assert first == second

    def test_another_photo_or_none_gives_another_picture(self) -> None:
        pictures = {painted("english-garden", yard).image for yard in (None, Yard(), replace(Yard(), seed=4))}
        assert len(pictures) == 3


class TestTheNote:
    @pytest.mark.parametrize(
        ("yard", "said"),
        [
            (Yard(), "the colours of the house, the horizon and the tone of the sky were taken from your photo."),
            (
                YARDS["flat roof"],
                "the colour of the house's walls, the horizon and the tone of the sky were taken from your photo.",
            ),
            (
                MEADOW,
                "the horizon and the tone of the sky were taken from your photo; a house was not recognised in it.",
            ),
        ],
        ids=["house", "flat roof", "meadow"],
    )
    def test_it_says_what_was_taken_and_what_was_not(self, yard: Yard, said: str) -> None:
        assert painted("english-garden", yard).note == f"{NOTE}; {said}"

    def test_of_a_photo_without_anything_it_says_so(self) -> None:
        request = DesignRequest("patio", "japanese-zen", "", samples.encoded("JPEG", samples.noise()))
        painting = LandscapePainter(SMALL).paint(request, timeout_seconds=30, report=lambda words: None)
        assert painting.note == (
            f"{NOTE}; neither a house nor a horizon was recognised in your photo, so nothing was taken from it."
        )

    def test_without_a_photo_it_does_not_speak_of_one(self) -> None:
        assert painted("english-garden", None).note == f"{NOTE}."

    @pytest.mark.parametrize("wall", [None, np.zeros(3)])
    @pytest.mark.parametrize("roof", [None, np.zeros(3)])
    @pytest.mark.parametrize("sky", [None, np.zeros(3)])
    @pytest.mark.parametrize("line", [None, 0.5])
    def test_it_never_claims_what_was_not_found(
        self, wall: Pixels | None, roof: Pixels | None, sky: Pixels | None, line: float | None
    ) -> None:
        if roof is not None and wall is None:
            return  # a roof is only looked for above a wall
        said = taken(Seen(wall=wall, roof=roof, sky=sky, ground_line=line))
        claimed = said.split("from your photo")[0] if "nothing was taken" not in said else ""
        assert ("house" in claimed) == (wall is not None)
        assert ("horizon" in claimed) == (line is not None)
        assert ("sky" in claimed) == (sky is not None)
        assert ("a house" in said.removeprefix(claimed)) == (wall is None)
        assert len(f"{NOTE}; {said}.") <= 300


class TestAPhotoThatIsNone:
    @pytest.mark.parametrize("photo", [b"no picture", samples.encoded("PNG"), samples.encoded("JPEG")[:2000]])
    def test_it_is_refused_with_a_sentence(self, photo: bytes) -> None:
        with pytest.raises(EngineError) as refused:
            LandscapePainter(SMALL).paint(
                DesignRequest("patio", "japanese-zen", "", photo), timeout_seconds=30, report=lambda words: None
            )
        assert refused.value.sentence == "The photo could not be read."


class TestProgress:
    def test_the_photo_is_looked_at_first(self) -> None:
        heard: list[str] = []
        for photo in (photograph(Yard()), None):
            request = DesignRequest("patio", "japanese-zen", "", photo)
            LandscapePainter(SMALL).paint(request, timeout_seconds=30, report=heard.append)
        assert heard[0] == "Looking at your photo"
        assert heard.count("Looking at your photo") == 1
