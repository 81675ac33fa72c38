"""Training: losses, one loop for every stage, complete checkpoints. Needs torch, accelerate, safetensors and numpy."""
