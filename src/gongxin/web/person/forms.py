"""Forms of the personal file: an objection, its decision, an authorisation, a code. Nothing of it is in an address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from gongxin import filekinds
from gongxin.persons import papers
from gongxin.persons.seen import FieldSeen, Lendable, NewPaper, RecordSeen
from gongxin.policy import packs
from gongxin.web.person import showing

# Corrections that one form takes.
CORRECTIONS: Final = 3
_MOST_REASONS: Final = 2000
_MOST_TEXT: Final = 2000
_LONGEST_CODE: Final = 80
_DAY: Final = {"type": "date"}


class _Correcting(forms.Form):
    """Reasons, and up to three fields with the text they should have."""

    reasons = forms.CharField(
        label=gettext_lazy("理由"), max_length=_MOST_REASONS, widget=forms.Textarea({"rows": 5}), help_text=""
    )

    def __init__(self, *args: Any, record: RecordSeen, wanted: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            ("", _("（不更正）")),
            *((field.name, _label(field)) for field in record.fields if field.correctable),
        ]
        begun = [*(wanted or {}).items(), *[("", "")] * CORRECTIONS][:CORRECTIONS]
        for number, (name, text) in enumerate(begun, start=1):
            self.fields[f"field_{number}"] = forms.ChoiceField(
                label=_("更正的字段 %(number)s") % {"number": number}, choices=choices, required=False, initial=name
            )
            self.fields[f"text_{number}"] = forms.CharField(
                label=_("应当是 %(number)s") % {"number": number},
                required=False,
                max_length=_MOST_TEXT,
                initial=text,
                widget=forms.Textarea({"rows": 2}),
            )

    def clean(self) -> dict[str, Any]:
        """A text belongs to a field, and a field is named once."""
        values = super().clean() or self.cleaned_data
        named: set[str] = set()
        for number in range(1, CORRECTIONS + 1):
            name, text = values.get(f"field_{number}", ""), values.get(f"text_{number}", "")
            if text and not name:
                self.add_error(f"field_{number}", _("填写了内容，请选择要更正的字段。"))
            if name and name in named:
                self.add_error(f"field_{number}", _("这个字段已经选过了。"))
            named.add(name)
        return values

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The controls of each correction: which field, and its text."""
        return [(self[f"field_{number}"], self[f"text_{number}"]) for number in range(1, CORRECTIONS + 1)]

    def correction(self) -> dict[str, str]:
        """Field name → text."""
        values = self.cleaned_data
        pairs = ((values[f"field_{number}"], values[f"text_{number}"]) for number in range(1, CORRECTIONS + 1))
        return {name: text for name, text in pairs if name}


class ObjectionForm(_Correcting):
    """What the person says is wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reasons"].label = _("哪里有误，为什么")
        self.fields["reasons"].help_text = _("请写明事实和依据。内容加密保存，只有核查单位看得到。")


class PapersForm(forms.Form):
    """Evidence, brought where the answers are checked: files do not travel from page to page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, papers.MOST_FILES + 1):
            self.fields[f"file_{number}"] = forms.FileField(
                label=_("证明材料 %(number)s（选填）") % {"number": number},
                required=False,
                help_text=_("PDF、PNG 或者 JPEG，每份不超过 5 MiB。加密保存，只有核查单位打得开。")
                if number == 1
                else "",
                widget=forms.ClearableFileInput({"accept": filekinds.ACCEPTED}),
            )

    def papers(self) -> list[NewPaper]:
        """What was uploaded. Of a file that is too large no more is read than shows that it is."""
        given = (self.cleaned_data.get(name) for name in self.fields)
        return [
            NewPaper(file.name or "", file.read(papers.MOST_BYTES + 1))
            for file in given
            if isinstance(file, UploadedFile)
        ]


class DecisionForm(_Correcting):
    """What the unit decides."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("处理结果"),
        widget=forms.RadioSelect,
        choices=[
            ("corrected", gettext_lazy("异议成立，更正记录")),
            ("withdrawn", gettext_lazy("异议成立，撤下记录")),
            ("refused", gettext_lazy("异议不成立")),
            ("erased", gettext_lazy("依法不应收录，删除记录（须由本单位另一名工作人员复核）")),
        ],
    )
    field_order = ("outcome", "reasons")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)
        self.fields["reasons"].help_text = _("写明核查的事实和依据，会告知本人。")

    def clean(self) -> dict[str, Any]:
        """A correction says what is corrected."""
        values = super().clean()
        if values.get("outcome") == "corrected" and not any(
            values.get(f"field_{n}") for n in range(1, CORRECTIONS + 1)
        ):
            self.add_error("field_1", _("更正记录的，请选择字段并填写更正后的内容。"))
        return values


class LendingForm(forms.Form):
    """What is lent, for what and until when."""

    items = forms.MultipleChoiceField(
        label=gettext_lazy("可以看到的内容"), widget=forms.CheckboxSelectMultiple, choices=[]
    )
    purpose = forms.ChoiceField(label=gettext_lazy("用途"), choices=[])
    until = forms.DateField(label=gettext_lazy("最后一天"), widget=forms.DateInput(_DAY, format="%Y-%m-%d"))

    def __init__(self, *args: Any, offered: Lendable, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.offered = today, offered
        _choose(self.fields["items"], [(code, showing.item(code, title)) for code, title in offered.items])
        purposes = [(code, showing.purpose(code, title)) for code, title in offered.purposes]
        _choose(self.fields["purpose"], [("", "—"), *purposes])
        until = self.fields["until"]
        until.help_text = _("含当天，最迟 %(day)s。到期自动失效，也可以随时收回。") % {
            "day": offered.longest.isoformat()
        }
        until.widget.attrs |= {"min": today.isoformat(), "max": offered.longest.isoformat()}

    def chosen(self) -> tuple[list[str], str]:
        """Titles of the items and of the purpose, of a valid form."""
        given = self.cleaned_data
        items = [showing.item(code, title) for code, title in self.offered.items if code in given["items"]]
        return items, showing.purpose(given["purpose"], dict(self.offered.purposes)[given["purpose"]])

    def clean_until(self) -> date:
        """A day from today on, no later than the rules allow."""
        until: date = self.cleaned_data["until"]
        longest = self.offered.longest
        if not self.today <= until <= longest:
            raise forms.ValidationError(
                _("请填写 %(first)s 至 %(last)s 之间的日期。")
                % {"first": self.today.isoformat(), "last": longest.isoformat()}
            )
        return until


class UnitForm(forms.Form):
    """To which unit."""

    unit = forms.ChoiceField(label=gettext_lazy("授权给哪个单位"), choices=[])

    def __init__(self, *args: Any, offered: Lendable, purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = [(str(unit.id), unit.name) for unit in offered.units_of.get(purpose, ())]
        _choose(self.fields["unit"], [("", "—"), *units])

    def clean_unit(self) -> UUID:
        """The unit's id."""
        return UUID(self.cleaned_data["unit"])


class CodeForm(forms.Form):
    """The code a person handed over, and for what it is used."""

    code = forms.CharField(
        label=gettext_lazy("授权查询码"),
        max_length=_LONGEST_CODE,
        help_text=gettext_lazy("由本人提供。不区分大小写，可以不输入分隔符。"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("查询用途"), choices=[], help_text=gettext_lazy("与授权的用途不一致的，不予提供。")
    )

    def __init__(self, *args: Any, purposes: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = [
            (code, showing.purpose(code, entry.title))
            for code, entry in packs.current().purposes.items()
            if code in purposes
        ]
        _choose(self.fields["purpose"], [("", "—"), *titles])


class ErasureForm(forms.Form):
    """The second official's decision on erasing a record."""

    reasons = forms.CharField(
        label=gettext_lazy("复核理由"),
        max_length=_MOST_REASONS,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("写明依据，同意删除的会告知本人。"),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        # Beside the form of the objection, which asks for reasons too.
        super().__init__(data, auto_id="erasure_%s")


class AddressForm(forms.Form):
    """Where e-mails go."""

    address = forms.CharField(
        label=gettext_lazy("电子邮箱"),
        max_length=200,
        help_text=gettext_lazy("只有您本人看得到，加密保存，可以随时删除。确认以前只发一封带验证码的邮件。"),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )


class MailCodeForm(forms.Form):
    """The code that was sent to the address."""

    code = forms.CharField(
        label=gettext_lazy("验证码"),
        max_length=20,
        help_text=gettext_lazy("八位数字，在刚才发出的邮件里。"),
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class EndForm(forms.Form):
    """That it is meant."""

    understood = forms.BooleanField(
        label=gettext_lazy("我知道销毁以后不能恢复"),
        error_messages={"required": gettext_lazy("请确认您知道销毁以后不能恢复。")},
    )


def _choose(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


def _label(field: FieldSeen) -> str:
    return str(field.label_en if _english() and field.label_en else field.label)


def _english() -> bool:
    return (get_language() or "").startswith("en")
