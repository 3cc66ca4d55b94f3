"""An outside to listen to, and an ear."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from conversations.listening import places, reading, watches
from conversations.listening.models import Place, Watch
from crm.access.models import Role
from crm.organisation.models import Unit
from tests import house
from tests.conversations.listening.server import Outside, outside


@dataclass
class Ear:
    """ada listens for the unit."""

    ada: house.Somebody
    unit: Unit
    watch: Watch

    def at(self, url: str, **fields: Any) -> Place:
        said = {"kind": "feed", "name": "News", "unit": self.unit, **fields}
        return places.add_place(url=url, by=self.ada.acting, **said)

    def reads(self, place: Place) -> Place:
        """Once, whether it is due or not."""
        Place.objects.filter(pk=place.pk).update(due_at="2020-01-01T00:00:00Z", claimed_at=None)
        claimed = reading.claim(at=house.timezone.now())
        assert claimed is not None
        reading.read(claimed)
        place.refresh_from_db()
        return place

    def hears(self, url: str, **fields: Any) -> Place:
        return self.reads(self.at(url, **fields))


@pytest.fixture(name="ear")
def _ear(db: None) -> Ear:
    home = house.unit()
    ada = house.somebody(house.department(home), Role.STAFF)
    watch = watches.begin_watch(
        name="Us", unit=home, terms=["brand"], competitors=["Rival"], by=ada.acting
    )
    return Ear(ada, home, watch)


@pytest.fixture(name="far")
def _far(settings: Any) -> Iterator[Outside]:
    settings.LISTENING_LOOPBACK = True
    with outside() as place:
        yield place
