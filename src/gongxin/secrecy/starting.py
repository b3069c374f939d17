"""Whether this node may start: a production node never runs on what everybody knows."""

from __future__ import annotations

import sys
from typing import Final

from django.conf import settings

from gongxin.errors import GongxinError, Unavailable
from gongxin.secrecy import sources, suites
from gongxin.secrecy.keyring import Purpose, State

# How secrets of the session begin that demonstrations and Django's own examples make.
_KNOWN: Final = ("demo-", "django-insecure-")
_SHORTEST: Final = 32


def judge() -> None:
    """Raises Unavailable if a production node has no keys, demonstration keys, keys of another suite than
    GONGXIN_SUITE asks for, or a secret of sessions that is short or known. A demonstration node may start.
    """
    ring = sources.current()
    if settings.DEMO:
        return
    if any(key.demo and key.state != State.RETIRED for key in ring.keys):
        raise Unavailable(
            "keys-of-demonstration",
            "生产节点正在使用演示密钥。",
            remedy="请运行 gongxin keys rotate 换成本节点自己的密钥后再启动。Demonstration keys in production.",
        )
    wrong = [purpose for purpose in Purpose if ring.active(purpose).suite != suites.chosen()]
    if wrong:
        raise Unavailable(
            "keys-of-other-suite",
            f"现用密钥不属于 GONGXIN_SUITE 指定的密码套件（{suites.chosen()}）：{'、'.join(wrong)}。",
            remedy="请运行 gongxin keys rotate 后再启动，或者改回原来的套件。",
        )
    if len(settings.SECRET_KEY) < _SHORTEST or settings.SECRET_KEY.startswith(_KNOWN):
        raise Unavailable(
            "secret-key-of-demonstration",
            "生产节点的会话密钥过短，或者来自演示环境。",
            remedy="请把 GONGXIN_SECRET_KEY 设为至少 32 个随机字符，或者删除 GONGXIN_VAR 下的 secret-key 后重新启动。",
        )


def or_exit() -> None:
    """`judge` for a server process: the reason in one line instead of a traceback, exit code 1."""
    try:
        judge()
    except GongxinError as error:
        sys.stderr.write(f"{error.code} {error.title}{error.remedy}\n")
        sys.stderr.flush()
        raise SystemExit(1) from None
