"""Detectors and landmarkers behind one small interface each."""
