"""API v1: the paths of all rooms. `docs/api.md` says how they behave."""

from django.urls import include, path

from config.schema import Docs, Schema

urlpatterns = [
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(url_name="schema"), name="api-docs"),
    path("", include("crm.access.tokens_api")),
    path("", include("crm.privacy.people_api")),
    path("", include("crm.privacy.api")),
    path("", include("conversations.channels.api")),
    path("", include("conversations.channels.connecting_api")),
    path("", include("conversations.channels.mail_api")),
    path("", include("conversations.inbox.api")),
    path("", include("conversations.inbox.files_api")),
    path("", include("conversations.inbox.undelivered")),
    path("", include("conversations.inbox.company_api")),
    path("", include("conversations.inbox.envelopes")),
    path("", include("conversations.knowledge.api")),
    path("", include("conversations.knowledge.overview_api")),
    path("", include("conversations.knowledge.ready_api")),
    path("", include("conversations.listening.api")),
    path("", include("conversations.editorial.exchange_api")),
    path("", include("conversations.editorial.api")),
    path("", include("ambassadors.live.api")),
    path("", include("ambassadors.routing.api")),
    path("", include("ambassadors.routing.why_api")),
    path("", include("ambassadors.routing.people_api")),
    path("", include("ambassadors.communities.api")),
    path("", include("ambassadors.communities.outside_api")),
    path("", include("ambassadors.communities.load_api")),
    path("", include("ambassadors.governance.api")),
    path("", include("ambassadors.governance.drills_api")),
    path("", include("maturity.executive.api")),
    path("", include("maturity.executive.next_model_api")),
]
