"""That a video is synthetic, and how it was made: said on the picture, in the file, beside it, and signed."""
