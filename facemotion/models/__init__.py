"""The animation model: keypoint motion, its refinement, the generator; tensors only, no files but the weights'."""
