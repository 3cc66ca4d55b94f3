"""API v1: the stage, its criteria, evidence and changes, what-if, exports and gauges.

Every address takes the same three parameters: as_of, reading, unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.errors import Invalid, Missing
from crm.negotiation import ByAcceptAlone, Csv, PlainText
from maturity.appraisals import exemptions
from maturity.appraisals.models import Exemption
from maturity.appraisals.services import (
    PastReading,
    Picture,
    evidence_of,
    remembered_picture,
    said_of,
    unit_of,
)
from maturity.executive import examples, gauges, tables
from maturity.executive import serializers as words
from maturity.executive.asking import Asked, ask, reads_maturity
from maturity.executive.behind import open_ids
from maturity.executive.rows import Subject, company_subject, unit_subject
from maturity.executive.what_if import Outlook, Shift, WhatIf, what_if
from maturity.facts.evidence import Evidence
from maturity.facts.organisation import UnitAt
from maturity.scoring.gates import number_of
from maturity.scoring.stages import Transition

PARAMETERS = [
    OpenApiParameter("as_of", OpenApiTypes.DATE, description="default: today"),
    OpenApiParameter("reading", str, enum=[one.value for one in PastReading]),
    OpenApiParameter(
        "unit", str, description="one unit by its id", extensions={"x-names-a-row": True}
    ),
]
FORM = OpenApiParameter("form", str, enum=["csv", "json"], description="default: json")
GAUGES = "text/plain; version=0.0.4; charset=utf-8"


class ReadsMaturity(BasePermission):
    """Executives and staff; ambassadors have no business with the figures of others."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return reads_maturity(request.user)


@dataclass(frozen=True)
class Found:
    """What was asked for: the picture of that day, and the subject in it."""

    asked: Asked
    picture: Picture
    unit: UnitAt | None

    @property
    def subject(self) -> Subject:
        if self.unit is None:
            return company_subject(self.picture)
        return unit_subject(self.picture, self.unit.unit)

    def said(self) -> dict[str, Any]:
        """The exact appraisal object of the subject."""
        return said_of(self.picture, unit=self.asked.unit)

    def head(self) -> dict[str, Any]:
        return {
            "as_of": self.asked.as_of.isoformat(),
            "reading": self.asked.reading.value,
            "preview": self.picture.derived.is_preview,
            "unit": self.unit.key if self.unit else None,
        }


def found(request: Request, *, also: tuple[str, ...] = ()) -> Found:
    asked = ask(request.query_params, also=also)
    picture = remembered_picture(asked.as_of, reading=asked.reading)
    unit = unit_of(picture.derived, asked.unit) if asked.unit else None
    return Found(asked, picture, unit)


class Readers(APIView):
    permission_classes = (ReadsMaturity,)


class MaturityView(Readers):
    @extend_schema(
        operation_id="maturity",
        summary="The stage of social maturity, and why",
        parameters=PARAMETERS,
        responses=words.AppraisalSerializer,
    )
    def get(self, request: Request) -> Response:
        """Derived from the records as of that day; kept for a short while."""
        return Response(found(request).said())


class StageView(Readers):
    @extend_schema(
        operation_id="maturity_stage",
        parameters=PARAMETERS,
        responses=words.StandSerializer,
        examples=[examples.STAND],
    )
    def get(self, request: Request) -> Response:
        """The stage alone, what blocks the next one, and how many of its gates are open."""
        asked = found(request)
        said, subject = asked.said(), asked.subject
        model, number = asked.picture.derived.model, subject.standing.stage
        gates = model.gates(number + 1) if number else ()
        opened = sum(subject.standing.is_open(gate) for gate in gates)
        kept = {name: said[name] for name in ("model", "stage", "blocking")}
        return Response(asked.head() | kept | {"gates": {"open": opened, "all": len(gates)}})


class CriteriaView(Readers):
    @extend_schema(
        operation_id="maturity_criteria",
        parameters=PARAMETERS,
        responses=words.CriteriaSerializer,
        examples=[examples.CRITERIA],
    )
    def get(self, request: Request) -> Response:
        """k, n, interval, thresholds and outcome of every criterion."""
        asked = found(request)
        return Response(asked.head() | {"criteria": asked.said()["criteria"]})


class TransitionsView(Readers):
    @extend_schema(
        operation_id="maturity_transitions",
        parameters=PARAMETERS,
        responses=words.TransitionsSerializer,
        examples=[examples.TRANSITIONS],
    )
    def get(self, request: Request) -> Response:
        """Every change of stage up to that day, with what caused it."""
        asked = found(request)
        told = {"transitions": asked.said()["transitions"], "unit_changes": unit_changes(asked)}
        return Response(asked.head() | told)


def unit_changes(asked: Found) -> list[dict[str, Any]]:
    """The steps that would not have been made without units that came, and which."""
    units = {str(one.unit): one for one in asked.picture.derived.day.units}
    return [
        {
            "at": step.at,
            "units": [{"id": units[one].key, "name": units[one].name} for one in step.joined],
        }
        for step in asked.subject.standing.transitions
        if step.joined
    ]


class ExemptionsView(Readers):
    @extend_schema(
        operation_id="maturity_exemptions",
        parameters=PARAMETERS,
        responses=words.ExemptionsSerializer,
        examples=[examples.EXEMPTIONS],
    )
    def get(self, request: Request) -> Response:
        """Gates that are set aside on that day, of the company or of the unit asked for."""
        asked = found(request)
        rows = exemptions.in_force(asked.asked.as_of)
        rows = rows.filter(unit=asked.unit.unit if asked.unit else None)
        return Response(asked.head() | {"exemptions": [exemption_of(row) for row in rows]})


def exemption_of(row: Exemption) -> dict[str, Any]:
    return {
        "criterion": row.criterion,
        "reason": row.reason,
        "until": row.until,
        "asked_at": row.asked_at,
        "asked_by": row.asked_by.name if row.asked_by else "",
        "approved_at": row.approved_at,
        "approved_by": row.approved_by.name if row.approved_by else "",
    }


class EvidenceView(Readers):
    @extend_schema(
        operation_id="maturity_evidence",
        parameters=PARAMETERS,
        responses=words.EvidenceSerializer,
        examples=[examples.EVIDENCE],
    )
    def get(self, request: Request, criterion: str) -> Response:
        """The records behind one criterion, by id where you may open them, and its trend."""
        asked = found(request)
        if criterion not in asked.picture.derived.model.by_id:
            raise Missing("there is no such criterion", code="unknown_criterion")
        hidden = criterion in asked.subject.withheld
        evidence = None if hidden else evidence_behind(asked, criterion)
        figures = () if hidden else asked.subject.series.get(criterion, ())
        weeks = [{"on": on, "k": k, "n": n, "value": number_of(k, n)} for on, k, n in figures]
        told = {"criterion": criterion, "withheld": hidden, "weeks": weeks}
        return Response(asked.head() | told | records_of(request, evidence))


def evidence_behind(asked: Found, criterion: str) -> Evidence:
    if asked.unit is None and criterion in asked.picture.evidence:
        return asked.picture.evidence[criterion]
    day, reading = asked.asked.as_of, asked.asked.reading
    unit = asked.unit.unit if asked.unit else None
    return evidence_of(day, reading=reading, unit=unit, criterion=criterion)


def records_of(request: Request, evidence: Evidence | None) -> dict[str, Any]:
    if evidence is None:
        return {"count": 0, "oldest": None, "newest": None, "sha256": "", "records": []}
    may_open = open_ids(request.user, evidence)
    return {
        "count": evidence.count,
        "oldest": evidence.oldest,
        "newest": evidence.newest,
        "sha256": evidence.digest,
        "records": [
            {"kind": trace.kind, "at": trace.at, "id": trace.id if trace.id in may_open else None}
            for trace in evidence.records
        ],
    }


class WhatIfView(Readers):
    @extend_schema(
        operation_id="maturity_what_if",
        parameters=PARAMETERS,
        request=words.WhatIfBody,
        responses=words.WhatIfSerializer,
        examples=[examples.SHIFTS, examples.WHAT_IF],
    )
    def post(self, request: Request) -> Response:
        """The stage with other numbers or thresholds, held for 26 Mondays. Nothing is stored."""
        asked = found(request)
        body = words.WhatIfBody(data=request.data)
        body.is_valid(raise_exception=True)
        shifts = [Shift(**one) for one in body.validated_data["changes"]]
        said = what_if(asked.picture.derived, asked.subject, shifts)
        return Response(asked.head() | outlooks(said))


def outlooks(said: WhatIf) -> dict[str, Any]:
    return {
        "now": said.now,
        "without": outlook(said.without),
        "then": outlook(said.then),
        "criteria": [
            {
                "id": one.criterion.id,
                "outcome": one.outcome.value,
                "k": one.measured.k,
                "n": one.measured.n,
                "value": one.verdict.value,
                "lower": one.verdict.lower,
                "upper": one.verdict.upper,
                "enter": one.measured.enter,
                "stay": one.measured.stay,
            }
            for one in said.judged
        ],
    }


def outlook(said: Outlook) -> dict[str, Any]:
    steps = [step_of(one) for one in said.steps]
    return {"number": said.stage, "transitions": steps, "blocking": list(said.blocking)}


def step_of(change: Transition) -> dict[str, Any]:
    return {
        "at": change.at.isoformat(),
        "from": change.came_from,
        "to": change.to,
        "causes": list(change.causes),
    }


class ExportView(Readers):
    renderer_classes = [JSONRenderer, Csv]
    content_negotiation_class = ByAcceptAlone

    @extend_schema(
        operation_id="maturity_export",
        parameters=[*PARAMETERS, FORM],
        responses={
            (200, "application/json"): words.ExportSerializer,
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, examples=[examples.CSV]),
        },
        examples=[examples.EXPORT],
    )
    def get(self, request: Request) -> Response | HttpResponse:
        """A line a criterion, of the company and of each unit: CSV for a spreadsheet, or JSON."""
        asked = found(request, also=("form",))
        form = request.query_params.get("form", "json")
        if form not in {"csv", "json"} or len(request.query_params.getlist("form")) > 1:
            raise Invalid("form is csv or json")
        if form == "csv":
            return tables.answer(asked.picture, asked.asked, asked.unit)
        return Response({"lines": list(tables.lines(asked.picture, asked.asked, asked.unit))})


class GaugesView(Readers):
    renderer_classes = [JSONRenderer, PlainText]
    content_negotiation_class = ByAcceptAlone

    @extend_schema(
        operation_id="maturity_metrics",
        responses={
            (200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, examples=[examples.GAUGES])
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Today's figures as Prometheus gauges; a scraper brings a token of the scope maturity."""
        asked = found(request)
        return HttpResponse(gauges.text(asked.picture), content_type=GAUGES)


urlpatterns = [
    path("maturity/", MaturityView.as_view(), name="maturity-api"),
    path("maturity/stage/", StageView.as_view()),
    path("maturity/criteria/", CriteriaView.as_view()),
    path("maturity/criteria/<str:criterion>/evidence/", EvidenceView.as_view()),
    path("maturity/exemptions/", ExemptionsView.as_view()),
    path("maturity/transitions/", TransitionsView.as_view()),
    path("maturity/what-if/", WhatIfView.as_view()),
    path("maturity/export/", ExportView.as_view()),
    path("maturity/metrics/", GaugesView.as_view()),
]
