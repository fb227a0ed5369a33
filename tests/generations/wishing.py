"""What somebody sends with the form for designs."""

from io import BytesIO
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from generations.models import Generation

YARD: Final = ["front-yard", "walkway", "patio"]


def form(**changes: Any) -> dict[str, Any]:
    """A form that can be sent: one place, no words, no photo, a key of its own; `changes` differ."""
    return {"area": ["patio"], "style": "japanese-zen", "prompt": "", "key": str(uuid4()), **changes}


def order(client: Client, **changes: Any) -> Any:
    """Send the form."""
    return client.post("/generate/", form(**changes))


def photo_file(colour: str = "#a05030") -> SimpleUploadedFile:
    """A photo as a browser uploads it."""
    sheet = BytesIO()
    Image.new("RGB", (640, 480), colour).save(sheet, "JPEG")
    return SimpleUploadedFile("yard.jpg", sheet.getvalue(), content_type="image/jpeg")


def order_address(order_id: UUID | None, name: str = "order") -> str:
    """A page about one order."""
    return reverse(f"generations:{name}", args=[order_id])


def designs_of(order_id: UUID | None) -> list[Generation]:
    """The designs of an order in the order of their jobs."""
    return list(Generation.objects.filter(order_id=order_id).order_by("job_id"))


def kinds(queries: CaptureQueriesContext) -> list[str]:
    """The first word of each statement."""
    return [query["sql"].split()[0] for query in queries.captured_queries]
