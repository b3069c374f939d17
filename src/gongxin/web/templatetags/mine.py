"""Tags of the organisation's own place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import template
from django.utils.translation import gettext_lazy

from gongxin.correspondence import messages
from gongxin.correspondence.models import NOTICE, Kind
from gongxin.identity.models import User
from gongxin.identity.roles import Role

register = template.Library()
KINDS: Final = {
    NOTICE: gettext_lazy("办件通知"),
    Kind.RECORDS: gettext_lazy("新增记录"),
    Kind.CHANGES: gettext_lazy("记录变更、停止公示"),
    Kind.CASES: gettext_lazy("办件进展"),
    Kind.LOOKS: gettext_lazy("有单位查询"),
    Kind.REPORTS: gettext_lazy("出具信用报告"),
}


@register.filter
def message_kind(kind: str) -> str:
    """A kind of messages in the page's language."""
    return str(KINDS.get(kind, kind))


@register.simple_tag(takes_context=True)
def unread_messages(context: Mapping[str, Any]) -> int:
    """How many messages the signed-in representative has not read; 0 for everybody else."""
    user = context["request"].user
    return messages.unread(user) if isinstance(user, User) and user.role == Role.REPRESENTATIVE else 0
