from django.urls import path

from maturity.executive.api import MaturityView

urlpatterns = [
    path("api/v1/maturity/", MaturityView.as_view(), name="maturity-api"),
]
