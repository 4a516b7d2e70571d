"""The verbs of the command `dtn`; each imports what it runs when it runs."""

from dense_transformer.cli.main import main

__all__ = ["main"]
