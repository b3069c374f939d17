"""Words of this place that make no password: whoever guesses for a credit platform tries them first."""

from __future__ import annotations

import re
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError

WORDS: Final = (
    "gongxin", "公信", "xinyong", "信用", "credit", "pingtai", "平台", "zhengwu", "政务", "shuju", "数据",
    "admin", "guanliyuan", "管理员", "password", "mima", "密码", "qwerty", "welcome", "huanying",
    "china", "zhongguo", "中国", "shandong", "山东", "jinan", "济南", "wenshang", "汶上",
)  # fmt: skip
_WORDS: Final = re.compile("|".join(map(re.escape, sorted(WORDS, key=len, reverse=True))))
# So many letters of one's own must be left when these words, digits and signs are taken away.
OWN_LETTERS: Final = 4


class PlaceWordsValidator:
    """A password validator of Django's kind: refuses what is little more than words of this place with digits."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError."""
        own = re.sub(r"[\W\d_]", "", _WORDS.sub("", password.lower()))
        if _WORDS.search(password.lower()) and len(own) < OWN_LETTERS:
            raise ValidationError("密码不能只由“公信”“credit”“admin”等常用词加数字组成。", code="place-words")

    def get_help_text(self) -> str:
        """For pages that list the rules."""
        return "不能只由平台、地名、职务等常用词加数字组成。"
