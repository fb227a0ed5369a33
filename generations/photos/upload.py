"""Where an upload goes while it arrives: into memory, as much of it as a photo may have, and never to the disk."""

from io import BytesIO
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from generations.photos.reading import LARGEST_BYTES

# Up to here a request that is too large is read to its end and thrown away, because a browser shows an answer only
# once it has sent everything. Beyond, it is answered unread.
MOST_BYTES_READ: Final = 100 * 1024 * 1024


class PhotoUploadHandler(FileUploadHandler):
    """Hold at most LARGEST_BYTES of one request's files; of more, only count.

    A file that is too large reaches the form without content but with its real size, so that the form can say so
    and keep what else was typed. Raises RequestDataTooBig, unread, when the request is over MOST_BYTES_READ.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - its name in Django
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if content_length > MOST_BYTES_READ:
            raise RequestDataTooBig("The request is larger than any form of this site.")
        self._received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._held = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._received += len(raw_data)
        if self._received <= LARGEST_BYTES:
            self._held.write(raw_data)
        else:
            self._held = BytesIO()

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        self._held.seek(0)
        return InMemoryUploadedFile(
            file=self._held,
            field_name=self.field_name,
            name=self.file_name or "",
            content_type=self.content_type,
            size=max(file_size, self._received),
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
