"""How fast things are, and how good: each module prints figures and writes them to reports/benchmarks."""
