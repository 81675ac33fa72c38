"""How well models animate people they never learnt from: protocols, metrics, intervals and pictures."""
