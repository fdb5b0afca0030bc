"""The inference compiler: a graph with weights becomes one table of steps on packed memory (program.py)."""
