"""``python -m experiments list | run CARD [--seeds N] [--epochs N] | table | texts``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from experiments import runner, summary, texts
from experiments.card import Card
from experiments.startup import import_tensorflow


def positive(text: str) -> int:
    """Reads a whole number of at least 1."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, received {text!r}")
    return number


def run(cards: Sequence[Card], seeds: int | None, epochs: int | None) -> int:
    """Trains what is not on file yet, card after card, and goes on after a failure.

    Args:
        cards: the cards.
        seeds: how many seeds, None for each card's number.
        epochs: most epochs, None for each card's.

    Returns:
        Exit status: 1 where a card failed, 130 after Ctrl-C, else 0.
    """
    failed = 0
    for card in cards:
        try:
            runner.run(card, seeds, epochs, folder=runner.RESULTS)
        except (RuntimeError, ValueError) as error:
            print(error, file=sys.stderr)
            failed = 1
        except KeyboardInterrupt:
            print(f"{card.name}: interrupted; the same command goes on with this seed", file=sys.stderr)
            return 130
    return failed


def table(cards: Sequence[Card]) -> int:
    """Prints what is on file.

    Args:
        cards: the cards.

    Returns:
        Exit status: 1 where a file is damaged, else 0.
    """
    failed = 0
    for card in cards:
        try:
            found = summary.on_file(card, runner.RESULTS)
        except ValueError as error:
            print(error, file=sys.stderr)
            failed = 1
            continue
        if found:
            print(summary.line(card, found))
    print("± is the standard deviation over the seeds, with n - 1.")
    return failed


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: arguments, None for those of the process (default: None).

    Returns:
        Exit status: 0, 1 where a run failed or a file on disk is damaged, or 130 after Ctrl-C.
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
    import_tensorflow()
    from experiments.cards import all_cards, matching

    if arguments.command == "run":
        try:
            cards = [card for pattern in arguments.card for card in matching(pattern)]
        except ValueError as error:
            parser.error(str(error))
        return run(cards, arguments.seeds, arguments.epochs)
    if arguments.command == "table":
        return table(all_cards())
    if arguments.command == "texts":
        texts.TEXTS.write_text(texts.written(), encoding="utf-8")
    else:
        for card in all_cards():
            print(f"{card.name:36} {card.data:16} {card.seeds} seeds  {card.model['en']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
