"""What `facemotion animate` is made of: people's files in, faces found and followed, motion, frames, a film out."""
