"""The pages of one person; everybody who works here has them."""

from __future__ import annotations

from django.urls import path

from ambassadors.desk import approvals, conversation, figures, hours, overview

urlpatterns = [
    path("my/", overview.my_page, name="my"),
    path("my/pulse/", overview.pulse, name="my_pulse"),
    path("my/offers/<uuid:pk>/<slug:act>/", overview.act_on_offer, name="my_offer"),
    path("my/conversations/<uuid:pk>/", conversation.conversation_page, name="my_conversation"),
    path("my/conversations/<uuid:pk>/<slug:name>/", conversation.act, name="my_act"),
    path("my/answers/<uuid:pk>/correct/", conversation.correct, name="my_correction"),
    path("my/hours/", hours.hours_page, name="my_hours"),
    path("my/absences/", hours.add_absence, name="my_absences"),
    path("my/absences/<uuid:pk>/end/", hours.end_absence, name="my_absence_end"),
    path("my/figures/", figures.my_figures, name="my_figures"),
    path("my/people/", figures.my_people, name="my_people"),
    path("my/people/<uuid:pk>/", figures.their_figures, name="their_figures"),
    path("approvals/", approvals.approvals_page, name="own_approvals"),
    path("approvals/<uuid:pk>/<slug:name>/", approvals.act, name="own_approval_act"),
]
