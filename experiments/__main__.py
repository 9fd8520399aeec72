"""``python -m experiments list | run CARD [--seeds N] [--epochs N] | table | texts``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence


def positive(text: str) -> int:
    """Reads a number from 1."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, received {text!r}")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: arguments, None for those of the process (default: None).

    Returns:
        Exit status: 0, or 1 where a run failed or a file on disk is damaged.
    """
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list the cards")
    running = commands.add_parser("run", help="train the seeds of cards that are not on file yet")
    running.add_argument("card", nargs="+", help="names, with * for any text")
    running.add_argument("--seeds", type=positive, help="how many (default: the card's)")
    running.add_argument("--epochs", type=positive, help="most epochs (default: the card's)")
    commands.add_parser("table", help="print what is on file")
    commands.add_parser("texts", help="write the cards' words for the site")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    from experiments import runner, texts
    from experiments.cards import all_cards, matching

    failed = 0
    if arguments.command == "texts":
        texts.TEXTS.write_text(texts.written(), encoding="utf-8")
    elif arguments.command == "list":
        for card in all_cards():
            print(f"{card.name:36} {card.data:16} {card.seeds} seeds  {card.model['en']}")
    elif arguments.command == "run":
        try:
            cards = [card for pattern in arguments.card for card in matching(pattern)]
        except ValueError as error:
            parser.error(str(error))
        for card in cards:
            try:
                runner.run(card, arguments.seeds, arguments.epochs, folder=runner.RESULTS)
            except (RuntimeError, ValueError) as error:
                print(error, file=sys.stderr)
                failed = 1
    else:
        for card in all_cards():
            try:
                found = runner.summary(card, folder=runner.RESULTS)
            except ValueError as error:
                print(error, file=sys.stderr)
                failed = 1
                continue
            if not found:
                continue
            figures = []
            for metric in card.metrics:
                mean, spread = found[metric]
                theirs = card.references[0].values.get(metric) if card.references else None
                figures.append(
                    f"{metric} {mean:.4f}"
                    + (f" ± {spread:.4f}" if spread is not None else "")
                    + (f" (held against {theirs})" if theirs is not None else "")
                )
            notes = [f"{found['seeds']} seeds", f"{found['minutes']:.1f} min each"]
            if "verdict" in found:
                apart = found["relative"]
                notes.append(found["verdict"] + (f" ({apart:+.1%})" if apart is not None else ""))
            notes += [] if found["current"] else ["made with other settings than the card has now"]
            print(f"{card.name:24} {', '.join(figures)}; {'; '.join(notes)}")
        print("± is the standard deviation over the seeds, with n - 1.")
    return failed


if __name__ == "__main__":
    sys.exit(main())
