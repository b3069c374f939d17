"""Tags of the organisation's own place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from gongxin.correspondence import messages
from gongxin.identity.models import User
from gongxin.identity.roles import Role

register = template.Library()


@register.simple_tag(takes_context=True)
def unread_messages(context: Mapping[str, Any]) -> int:
    """How many messages the signed-in representative has not read; 0 for everybody else."""
    user = context["request"].user
    return messages.unread(user) if isinstance(user, User) and user.role == Role.REPRESENTATIVE else 0
