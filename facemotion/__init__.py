"""facemotion: face animation models made from a list of videos, reproducibly, and used."""

__version__ = "0.1.0"
