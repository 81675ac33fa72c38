"""Trained models as ONNX files, for programs without torch."""
