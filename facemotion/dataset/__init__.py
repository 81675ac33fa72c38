"""Packed frames: written once, read at random by training on any machine."""
