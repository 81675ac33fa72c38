"""The 68 + 2 point layout, temporal smoothing, and scores of landmark sequences."""
