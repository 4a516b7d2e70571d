"""The command `dtn`: find the verb, run it, say in one line what went wrong."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from dense_transformer import __version__
from dense_transformer.cli import (
    evaluate,
    info,
    inspect,
    models,
    predict,
    sample,
    teach,
    train,
)
from dense_transformer.errors import DTNError, StoppedError

VERBS = (train, predict, inspect, teach, evaluate, models, sample, info)
USER_ERROR, INTERRUPTED = 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        0: done; 2: what was asked can't be done; 130, 143: stopped by Ctrl-C or
        SIGTERM with everything saved.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr, in any locale
    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, StoppedError):
        sys.stderr.write("dtn: interrupted\n")
        return INTERRUPTED
    except (DTNError, OSError) as error:
        if arguments.debug:
            raise
        sys.stderr.write(f"dtn: error: {' '.join(str(error).split())}\n")
        return USER_ERROR
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    parser = argparse.ArgumentParser(
        prog="dtn",
        description="Dense Transformer Networks: train, predict and judge boundaries.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dtn {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True, dest="verb")
    for verb in VERBS:
        child = verbs.add_parser(
            verb.NAME,
            help=verb.HELP,
            description=f"{verb.HELP}\n\n{verb.DETAILS}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        verb.add_arguments(child)
        child.add_argument(
            "--debug", action="store_true", help="Show the traceback of errors."
        )
        child.set_defaults(run=verb.run)
    return parser
