"""Procedural talking people, filmed: raw footage with the truth beside it."""
