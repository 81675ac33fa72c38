"""Search for better values of params.yaml: the space, trials that are short trainings, one study, and its verdict."""
