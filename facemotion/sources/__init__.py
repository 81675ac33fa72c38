"""Clip lists and footage: what there is to fetch, as one plan table whatever the list's format."""
