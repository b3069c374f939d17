"""A form and the verb it stands for: what the verb refuses is said on the form, with the next step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.forms import BaseForm

from gongxin.errors import GongxinError

Done = TypeVar("Done")


def attempt(form: BaseForm, verb: Callable[[], Done], *, field: str | None = None) -> tuple[Done | None, int]:
    """What the verb did, and 200. Where the form is not valid or the verb refuses: None and the status of the answer,
    and the refusal stands on the form, at `field` or on top of it.
    """
    if not form.is_valid():
        return None, 422
    try:
        return verb(), 200
    except GongxinError as error:
        refuse(form, error, field=field)
        return None, error.status


def refuse(form: BaseForm, error: GongxinError, *, field: str | None = None) -> None:
    """Say on a form what was refused and what to do next."""
    form.add_error(field, f"{error.title}{error.remedy}")
