"""Fuzzing: whatever is read, built and run ends well or with a ProtonetError, and in no more memory than it may take.

    python -m tests.fuzz TARGET FOLDER SECONDS SEED

__main__.py runs a target.  A target is a module here: `target(folder)` makes what it needs in a folder and returns
(what to try: a strategy, attempt(case)).  An attempt leaves its case in FOLDER/case before it begins, since nobody else
can tell what ended the process.  Wrong numbers are an AssertionError.
"""
