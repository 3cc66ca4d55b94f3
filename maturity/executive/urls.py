"""The executive page."""

from django.urls import path

from maturity.executive import views, what_if_page

urlpatterns = [
    path("maturity/", views.executive, name="maturity"),
    path("maturity/what-if/", what_if_page.what_if_page, name="maturity-what-if"),
    path("maturity/table.csv", views.table, name="maturity-table"),
    path("maturity/criteria/<str:criterion>/", views.criterion, name="maturity-criterion"),
    path("maturity/criteria/<str:criterion>/owner/", views.pledge, name="maturity-pledge"),
]
