from dataclasses import dataclass
from pathlib import Path


@dataclass
class Addresses:
    database_url: str
    redis_url: str
    celery_url: str


def addresses(base: Path) -> Addresses:
    return Addresses(
        "postgres:///relais", "unix:///tmp/x?db=1", "redis+socket:///tmp/x?virtual_host=0"
    )
