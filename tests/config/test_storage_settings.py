"""Where pictures are kept follows from the environment, and from nothing else."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.whole_shop import ROOT

SHOW = "import json; from config import settings; print(json.dumps(settings.STORAGES['default']))"


def storage(**environment: str) -> Any:
    """What the settings say in a process with this environment."""
    offline = {"DATABASE_URL": "postgres://localhost/none", "LOCAL_DIR": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        env={**os.environ, **offline, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_without_a_bucket_it_is_a_folder() -> None:
    assert storage(MEDIA_ROOT="/srv/media") == {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": "/srv/media"},
    }


def test_with_a_bucket_it_is_the_bucket() -> None:
    named = storage(
        S3_BUCKET="pictures",
        S3_ENDPOINT_URL="https://s3.example.com",
        S3_REGION="eu-1",
        S3_ACCESS_KEY_ID="key",
        S3_SECRET_ACCESS_KEY="secret",
    )
    assert named == {
        "BACKEND": "config.object_storage.PrivateS3Storage",
        "OPTIONS": {
            "bucket_name": "pictures",
            "endpoint_url": "https://s3.example.com",
            "region_name": "eu-1",
            "access_key": "key",
            "secret_key": "secret",
        },
    }


def test_with_nothing_but_a_bucket_the_machine_itself_is_asked_for_the_rest() -> None:
    options = storage(S3_BUCKET="pictures")["OPTIONS"]
    assert [options[name] for name in ("endpoint_url", "region_name", "access_key", "secret_key")] == [None] * 4
