"""From raw videos to square face clips: shots, tubes, crops."""
