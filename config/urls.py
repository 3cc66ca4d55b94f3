"""The doors of the house. Each room brings its own paths."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config import health

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.urls_api")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("crm.access.urls")),
    path("", include("maturity.executive.urls")),
    path("", include("conversations.channels.urls")),
    path("", include("conversations.inbox.files")),
    path("", include("conversations.inbox.chat")),
    path("", include("conversations.knowledge.help")),
    path("", include("conversations.editorial.links")),
    path("", include("conversations.editorial.feed")),
    path("", include("ambassadors.routing.offer_page")),
    path("", include("ambassadors.desk.urls")),
    path("", include("ambassadors.governance.policy_page")),
    path("", include("ambassadors.communities.pages")),
    path("", include("ambassadors.communities.outside_pages")),
    path("", include("ambassadors.communities.load_page")),
]

handler400 = "config.api.bad_request"
handler404 = "config.api.not_found"
handler500 = "config.api.server_error"
