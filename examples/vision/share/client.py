"""Requests to the example's own services."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from share.errors import VisionError


class UnreachableError(VisionError):
    """A service cannot be reached, or does not answer in time."""


class RefusedError(VisionError):
    """A service was reached and refused."""


def post(url: str, body: bytes, *, key: str, timeout: float, kind: str = "application/json") -> Any:
    """Send a body and return the JSON that comes back.

    Raises:
        UnreachableError: Nobody answers.
        RefusedError: The answer is an error.
    """
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - http or https, by the schema
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - as above
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise RefusedError(f"{url} answered {error.code}: {_reason(error.read())}") from error
    except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UnreachableError(f"{url} cannot be reached: {reason}") from error
    except ValueError as error:
        raise RefusedError(f"{url} answered no JSON: {error}") from error


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode("utf-8", "replace")
