"""Names, departments and products of the sample company, an outdoor maker of Annecy."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from random import Random

COMPANY = "Bivouac"
DOMAIN = "bivouac.example"
HEADCOUNT = 210


@dataclass(frozen=True, slots=True)
class Product:
    kind: str
    fr: str
    my_fr: str
    en: str


PRODUCTS = (
    Product("tent", "la tente Lynx 2", "ma tente Lynx 2", "the Lynx 2 tent"),
    Product("tent", "la tente Abri 3", "ma tente Abri 3", "the Abri 3 tent"),
    Product("pack", "le sac à dos Crête 45", "mon sac à dos Crête 45", "the Crête 45 pack"),
    Product("pack", "le sac à dos Combe 28", "mon sac à dos Combe 28", "the Combe 28 pack"),
    Product("sleep", "le duvet Névé", "mon duvet Névé", "the Névé sleeping bag"),
    Product("sleep", "le matelas Nimbe", "mon matelas Nimbe", "the Nimbe mat"),
    Product("wear", "la veste Bise", "ma veste Bise", "the Bise jacket"),
    Product("wear", "le poncho Averse", "mon poncho Averse", "the Averse poncho"),
)
CITIES = ("Annecy", "Grenoble", "Lyon", "Chambéry", "Nantes", "Toulouse", "Strasbourg", "Lille")
SIZES = ("S", "M", "L", "XL")


@dataclass(frozen=True, slots=True)
class Department:
    """people: how many, first to last; voices: how many of them answer in public."""

    id: str
    name: str
    unit: str
    people: int
    voices: int


DEPARTMENTS = (
    Department("d-clients", "Service client", "bivouac-fr", 11, 9),
    Department("d-com", "Communication", "bivouac-fr", 5, 4),
    Department("d-atelier", "Atelier et réparation", "bivouac-fr", 12, 5),
    Department("d-magasins", "Magasins", "bivouac-fr", 11, 4),
    Department("d-produit", "Produit", "bivouac-fr", 6, 3),
    Department("d-direction", "Direction", "bivouac-fr", 4, 1),
    Department("d-pro", "Ventes aux professionnels", "bivouac-pro", 6, 4),
    Department("d-logistique", "Logistique", "bivouac-pro", 5, 2),
)

NAMES: dict[str, list[str]] = tomllib.loads(
    Path(__file__).with_name("names.toml").read_text(encoding="utf-8")
)


def plain(name: str) -> str:
    """As it stands in an address: lower case, no accents, dots for spaces."""
    folded = unicodedata.normalize("NFKD", name.lower())
    ascii_only = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return ascii_only.replace(" ", ".").replace("'", "")


def client_name(chance: Random, language: str) -> str:
    if language == "en":
        return chance.choice(NAMES["english"])
    return f"{chance.choice(NAMES['client_first'])} {chance.choice(NAMES['client_last'])}"
