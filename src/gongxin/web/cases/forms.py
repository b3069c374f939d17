"""Forms of steps: the fields are those the procedure asks for, the same at the desk and for the organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gongxin.policy import packs
from gongxin.policy.casework import Procedure, Transition
from gongxin.records.models import Record
from gongxin.rights import correcting, evidence
from gongxin.rights.cases import MOST_REASONS, Given
from gongxin.rights.models import Draft, Paper

# Corrections that one form takes; more are made one after the other.
CORRECTIONS: Final = 3
FILES: Final = 3
_DAY: Final = {"type": "date"}


class StepForm(forms.Form):
    """What a step asks for: ground, reasons, corrections field by field, the day the cause arose, evidence, the
    commitment. record: None where the case is about an organisation; training: proof of a training may be uploaded;
    draft: what it begins with; files that it holds need not be uploaded again.
    """

    reasons = forms.CharField(
        label=gettext_lazy("理由"),
        required=False,
        max_length=MOST_REASONS,
        widget=forms.Textarea({"rows": 4}),
        help_text=gettext_lazy("会写入办件并通知当事人；不要写自然人的证件号码和联系方式。"),
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        row: Transition,
        record: Record | None,
        procedure: Procedure | None = None,
        asked_for: Mapping[str, str] | None = None,
        draft: Draft | None = None,
        training: bool = False,
    ) -> None:
        super().__init__(data, files, prefix=row.action, initial=draft.filled if draft else None)
        self.row, self.draft = row, draft
        # An application about a record proves that its duties are fulfilled.
        applies = row.action == "apply" and record is not None
        self.proof = Paper.DUTIES if applies else Paper.OTHER
        self.fields["reasons"].required = "reasons" in row.asks
        if procedure is not None and any(entry.enters == row.action for entry in procedure.transitions):
            self.fields["reasons"].label = _("记入信用记录的内容")
            self.fields["reasons"].help_text = _(
                "另一名承办人复核后，这些内容会原样记入信用记录：请去除商业秘密和个人隐私，写岗位，不写姓名。"
            )
        if "ground" in row.asks and procedure is not None and record is not None:
            self._add_ground(procedure, record)
        if record is not None and ("correction" in row.asks or row.action == "file"):
            self._add_corrections(record, asked_for or {}, required="correction" in row.asks)
        if "occurred_on" in row.asks:
            label = _("人民法院裁定的日期") if record is None else _("撤销或者变更的日期")
            self.fields["occurred_on"] = forms.DateField(label=label, widget=forms.DateInput(_DAY, format="%Y-%m-%d"))
        self._add_files()
        if training:
            self.fields["training"] = _file(_("信用修复培训的证明"), required=False)
        if "commitment" in row.asks:
            self.fields["committed"] = forms.BooleanField(
                label=_("承诺所提交的材料真实、完整，自愿接受监督；承诺不实的，愿意承担相应后果。"), required=False
            )

    def _add_ground(self, procedure: Procedure, record: Record) -> None:
        offered = [(ground.id, ground.title) for ground in procedure.grounds_of(record.item)]
        self.fields["ground"] = forms.ChoiceField(label=_("事由"), choices=[("", _("请选择")), *offered])
        self.order_fields(["ground"])

    def _add_corrections(self, record: Record, asked_for: Mapping[str, str], *, required: bool) -> None:
        item = packs.current().item(record.item)
        choices = [("", _("（不更正）")), *((field.name, field.label) for field in correcting.correctable(item))]
        wanted = [*asked_for.items(), *[("", "")] * CORRECTIONS][:CORRECTIONS]
        for number, (name, text) in enumerate(wanted, start=1):
            self.fields[f"field_{number}"] = forms.ChoiceField(
                label=_("更正的字段 %(number)s") % {"number": number},
                choices=choices,
                required=required and number == 1,
                initial=name,
            )
            self.fields[f"text_{number}"] = forms.CharField(
                label=_("应当是 %(number)s") % {"number": number},
                required=False,
                max_length=5000,
                initial=text,
                widget=forms.Textarea({"rows": 2}),
            )

    def _add_files(self) -> None:
        """Evidence may come with every step that gives reasons, and must where the step asks for it."""
        wanted = "evidence" in self.row.asks and not self._has_proof()
        if "evidence" not in self.row.asks and "reasons" not in self.row.asks:
            return
        for number in range(1, FILES + 1):
            label = _("证明材料 %(number)s") % {"number": number}
            told = _("PDF、PNG 或者 JPEG，每份不超过 10 MiB。") if number == 1 else ""
            self.fields[f"file_{number}"] = _file(label, required=wanted and number == 1, told=told)

    def _has_proof(self) -> bool:
        held = self.draft.evidence.all() if self.draft else ()
        return any(entry.paper != Paper.COMMITMENT for entry in held)

    def given(self) -> Given:
        """What was filled in; files are on the disk then. Raises InvalidInput for a file that is not accepted."""
        values = self.cleaned_data
        pairs = [
            (values.get(f"field_{number}"), values.get(f"text_{number}", "")) for number in range(1, CORRECTIONS + 1)
        ]
        proofs = kept_files([values.get(f"file_{number}") for number in range(1, FILES + 1)], self.proof)
        return Given(
            reasons=values.get("reasons", ""),
            correction={name: text for name, text in pairs if name},
            occurred_on=values.get("occurred_on"),
            committed=bool(values.get("committed")),
            files=[*proofs, *kept_files([values.get("training")], Paper.TRAINING)],
            ground=values.get("ground", ""),
        )


class PaperForm(forms.Form):
    """The number under which a written application is kept."""

    paper = forms.CharField(
        label=gettext_lazy("书面材料的收文号"),
        max_length=80,
        help_text=gettext_lazy("书面申请由信用办按收文号保管；平台不登记经办人的姓名和联系方式。"),
    )


def kept_files(files: Sequence[Any], paper: Paper) -> list[tuple[Paper, evidence.Kept]]:
    """The uploaded files, put on the disk."""
    return [
        (paper, evidence.keep(file.file, filename=file.name or ""))
        for file in files
        if isinstance(file, UploadedFile) and file.file is not None
    ]


def _file(label: str, *, required: bool, told: str = "") -> forms.FileField:
    accepted = forms.ClearableFileInput({"accept": evidence.ACCEPTED})
    return forms.FileField(label=label, required=required, help_text=told, widget=accepted)
