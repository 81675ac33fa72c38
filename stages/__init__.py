"""The stages of dvc.yaml: `python -m stages.NAME` reads params, calls the library, writes the stage's outs."""

import os

# Before torch, numba and OpenMP are loaded: spinning threads starve their neighbours, and the number of threads
# changes the order of sums, thereby bytes.
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("DVC_NO_ANALYTICS", "1")
