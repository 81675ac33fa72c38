"""The command line's commands, a file for each group of them; facemotion/cli.py puts them together."""
