"""What drives the DAG from outside, and what keeps its description true."""
