"""The executive page."""

from django.urls import path

from maturity.executive import (
    digest_page,
    exemption_pages,
    next_model_pages,
    share_pages,
    survey_pages,
    views,
    what_if_page,
)

urlpatterns = [
    path("maturity/", views.executive, name="maturity"),
    path("maturity/what-if/", what_if_page.what_if_page, name="maturity-what-if"),
    path("maturity/shares/", share_pages.share_list, name="maturity-shares"),
    path("maturity/shares/<uuid:pk>/revoke/", share_pages.revoke, name="maturity-share-revoke"),
    path("maturity/shared/<str:token>/", share_pages.shared, name="maturity-shared"),
    path("maturity/digest/", digest_page.digest_page, name="maturity-digest"),
    path("maturity/declare/", survey_pages.declare, name="maturity-declare"),
    path("maturity/survey/", survey_pages.ask_or_end, name="maturity-survey"),
    path("maturity/next-model/", next_model_pages.next_model, name="maturity-next-model"),
    path("maturity/next-model/adopt/", next_model_pages.adopt, name="maturity-next-model-adopt"),
    path("maturity/page.pdf", views.as_pdf, name="maturity-pdf"),
    path(
        "maturity/shared/<str:token>/page.pdf", share_pages.shared_pdf, name="maturity-shared-pdf"
    ),
    path("maturity/table.csv", views.table, name="maturity-table"),
    path("maturity/criteria/<str:criterion>/", views.criterion, name="maturity-criterion"),
    path("maturity/criteria/<str:criterion>/owner/", views.pledge, name="maturity-pledge"),
    path(
        "maturity/criteria/<str:criterion>/exemption/",
        exemption_pages.ask,
        name="maturity-exemption",
    ),
    path(
        "maturity/exemptions/<uuid:pk>/approve/",
        exemption_pages.decide,
        {"act": "approve"},
        name="maturity-exemption-approve",
    ),
    path(
        "maturity/exemptions/<uuid:pk>/close/",
        exemption_pages.decide,
        {"act": "close"},
        name="maturity-exemption-close",
    ),
]
