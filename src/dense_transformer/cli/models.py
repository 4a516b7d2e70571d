"""`dtn models`: what models there are, and the card of one."""

from __future__ import annotations

import argparse

from dense_transformer.cli.console import say

NAME = "models"
HELP = "List the models, or check one and show its card."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("model", nargs="?", help="Name of a model or a model file.")


def run(arguments: argparse.Namespace) -> int:
    """Print the list, or the card of the one that was named."""
    from dense_transformer.zoo import list_models, load_model

    if arguments.model is None:
        for entry in list_models():
            say(f"{entry.name:<24} {entry.title}")
        return 0
    model = load_model(arguments.model)
    for name, value in model.card.to_dict().items():
        say(f"{name:<14} {value}")
    say(f"{'sha256':<14} {model.sha256} (checked)")
    return 0
