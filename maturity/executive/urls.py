"""The executive page."""

from django.urls import path

from maturity.executive import views

urlpatterns = [
    path("maturity/", views.executive, name="maturity"),
    path("maturity/criteria/<str:criterion>/", views.criterion, name="maturity-criterion"),
    path("maturity/criteria/<str:criterion>/owner/", views.pledge, name="maturity-pledge"),
]
