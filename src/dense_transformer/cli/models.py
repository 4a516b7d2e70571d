"""`dtn models`: what models there are, and the card of one."""

from __future__ import annotations

import argparse
import textwrap

from dense_transformer.cli.console import say
from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings

NAME = "models"
HELP = "List the models, check one and show its card, or add one."
DETAILS = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("model", nargs="?", help="Name of a model or a model file.")
    parser.add_argument(
        "--add",
        action="store_true",
        help="Copy the model file to your own models, to be found by its name.",
    )
    parser.add_argument("--name", help="Name to add it by; its card's by default.")


def run(arguments: argparse.Namespace) -> int:
    """Print the list, or the card of the one that was named."""
    from dense_transformer.zoo import add_model, list_models, load_model

    if arguments.add or arguments.name:
        if not (arguments.add and arguments.model):
            raise ConfigError("give the model file to add: dtn models FILE --add")
        say(str(add_model(arguments.model, arguments.name)))
        return 0
    if arguments.model is None:
        for entry in list_models():
            about = entry.card.title if entry.card else f"unreadable: {entry.problem}"
            say(f"{entry.name:<24} {entry.source:<8} {about}")
        return 0
    model = load_model(arguments.model)
    say(f"file: {model.path}")
    say(f"sha256: {model.sha256} (checked)")
    for line in card_lines(model.card):
        say(line)
    return 0


def card_lines(card: Settings) -> list[str]:
    """Return the card as lines for people; what it leaves open is left out."""
    lines = []
    for name, value in card.to_dict().items():
        if value in ("", None, []):
            continue
        if name == "scores":
            lines += ["scores:", *(f"  {key}: {_figure(v)}" for key, v in value)]
        elif name == "health":
            for level in value:
                lines.append(f"warps of level {level['level']}:")
                lines += [
                    f"  {key}: {_figure(v)}"
                    for key, v in level.items()
                    if key != "level"
                ]
        elif name == "versions":
            lines.append("versions: " + ", ".join(f"{key} {v}" for key, v in value))
        elif isinstance(value, list):
            lines.append(f"{name}: {', '.join(map(_figure, value))}")
        else:
            text = f"{name}: {_figure(value)}"
            lines += textwrap.wrap(text, 88, subsequent_indent="  ")
    return lines


def _figure(value: object) -> str:
    if value is None:
        return "unknown"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
