"""The page that shows what was reached: one folder, opened from disk, the same bytes from the same inputs."""
