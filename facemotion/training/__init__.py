"""Training: losses, one loop for every stage, complete checkpoints. Needs torch, accelerate, safetensors,
pydantic and numpy, pyarrow to read shards, OpenCV to caption its pictures."""
