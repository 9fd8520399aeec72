"""``python -m experiments list | run CARD [--seeds N] [--epochs N] | table``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: arguments, None for those of the process (default: None).

    Returns:
        Exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list the cards")
    running = commands.add_parser("run", help="train the seeds of cards that are not on file yet")
    running.add_argument("card", nargs="+", help="names, with * for any text")
    running.add_argument("--seeds", type=int, help="how many (default: the card's)")
    running.add_argument("--epochs", type=int, help="most epochs (default: the card's)")
    commands.add_parser("table", help="print what is on file")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    from experiments import runner
    from experiments.cards import all_cards, matching

    if arguments.command == "list":
        for card in all_cards():
            print(f"{card.name:24} {card.model:16} {card.data:16} {card.seeds} seeds")
    elif arguments.command == "run":
        try:
            cards = [card for pattern in arguments.card for card in matching(pattern)]
        except ValueError as error:
            parser.error(str(error))
        for card in cards:
            runner.run(card, arguments.seeds, arguments.epochs)
    else:
        for card in all_cards():
            if found := runner.summary(card):
                figures = []
                for metric in card.metrics:
                    mean, spread = found[metric]
                    theirs = card.references[0].values.get(metric) if card.references else None
                    figures.append(
                        f"{metric} {mean:.4f}"
                        + (f" ± {spread:.4f}" if spread is not None else "")
                        + (f" (held against {theirs})" if theirs is not None else "")
                    )
                print(
                    f"{card.name:24} {', '.join(figures)}; {found['seeds']} seeds, "
                    f"{found['minutes']:.1f} min each; "
                    f"{found.get('verdict', '')}"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
