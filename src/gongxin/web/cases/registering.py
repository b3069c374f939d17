"""The form that registers an organisation for a session of a training: by its account, or on paper by the credit
office.

It asks how many people come and in which function. Nobody's name is asked for or kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gongxin import clock
from gongxin.rights import drafts, training
from gongxin.rights.drafts import Place
from gongxin.rights.models import Draft, Position, Registration, Session
from gongxin.rights.training import Coming
from gongxin.subjects import selectors as subjects
from gongxin.subjects.models import Organisation
from gongxin.web.attempts import attempt
from gongxin.web.cases.filling import SAVE, keep
from gongxin.web.cases.forms import PaperForm
from gongxin.web.desk.pages import acting_user


class ComingForm(forms.Form):
    """With how many people an organisation comes, and in which function."""

    people = forms.IntegerField(
        label=gettext_lazy("参加人数"), min_value=1, max_value=training.MOST_PEOPLE, initial=1,
        help_text=gettext_lazy("只填人数和岗位；平台不登记参加人员的姓名。"),
    )  # fmt: skip
    position = forms.ChoiceField(label=gettext_lazy("岗位"), choices=Position.choices)

    def coming(self) -> Coming:
        """As the verb takes it."""
        return Coming(self.cleaned_data["people"], Position(self.cleaned_data["position"]))


class OwnForm(ComingForm):
    """Of the organisations the account represents. own: these."""

    field_order = ("organisation", "people", "position")
    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=gettext_lazy("信用主体"), empty_label=None)

    def __init__(self, *args: Any, own: QuerySet[Organisation], **given: Any) -> None:
        super().__init__(*args, **given)
        field = self.fields["organisation"]
        # mypy: the field was declared so.
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = own


class WrittenForm(ComingForm, PaperForm):
    """Of any organisation, as its written registration says."""

    field_order = ("paper", "organisation", "people", "position")
    organisation = forms.CharField(label=gettext_lazy("统一社会信用代码"), max_length=40)

    def clean_organisation(self) -> Organisation:
        """The organisation of that code."""
        found = subjects.by_code(self.cleaned_data["organisation"])
        if found is None:
            raise ValidationError(_("没有这个代码的信用主体，请核对书面材料上的统一社会信用代码。"))
        return found


def work(
    request: HttpRequest,
    session: Session,
    form_of: Callable[..., ComingForm],
    *,
    page: Mapping[str, Any],
    done: Callable[[Registration], HttpResponseBase],
) -> HttpResponseBase:
    """The page of the form: shown with its draft, kept as one, or sent. page: of which site; done: what follows."""
    place = Place(drafts.TRAINING, drafts.REGISTER, session=session)
    draft, status = drafts.of(acting_user(request), place, day=clock.today()), 200
    form = form_of(request.POST if request.method == "POST" else None, initial=draft.filled if draft else None)
    if SAVE in request.POST:
        keep(request, place, form)
        return redirect(request.path)
    if request.method == "POST":
        made, status = attempt(form, lambda: _registered(request, session, form, draft))
        if made is not None:
            return done(made)
    shown = {"session": session, "form": form, "draft": draft, "rule": training.asked(), **page}
    return render(request, "cases/register.html", shown, status=status)


def _registered(request: HttpRequest, session: Session, form: ComingForm, draft: Draft | None) -> Registration:
    given = form.cleaned_data
    return training.register(
        session.pk,
        given["organisation"].pk,
        form.coming(),
        paper=given.get("paper", ""),
        draft=draft,
        acting_user=acting_user(request),
        at=clock.now(),
    )
