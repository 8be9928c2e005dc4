"""The card of a scorer: how good it is on labels that it never saw."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from latentwalk.cli.console import number, say, say_table

if TYPE_CHECKING:
    from latentwalk.scorers.classifier import Classifier


def say_card(scorer: "Classifier") -> None:
    rows = scorer.card.get("held_out", [])
    if not rows:
        say("no card: this scorer was not judged on held-out labels")
        return
    say("on labels that no step of the training saw:")
    there = [row for row in rows if "r2" not in row]
    say_table(("attribute", ">labels", ">have it", ">AUC", "95%", ">AP", ">ECE"), [_cells(row) for row in there])
    say("AUC: with its 95% interval; AP: average precision; ECE: expected calibration error", "dim")
    degrees = [(str(row["attribute"]), str(row["labels"]), number(row["r2"])) for row in rows if "r2" in row]
    if degrees:
        say()
        say_table(("attribute with a degree", ">labels", ">R2"), degrees)
        say("R2: share of the variance of the degree, which is the probability, that is told", "dim")


def describe_card(scorer: "Classifier") -> dict[str, Any]:
    """A scorer and its card as plain data."""
    return {
        "attributes": list(scorer.attributes),
        "architecture": scorer.architecture,
        "width": scorer.width,
        "parameters": sum(weight.numel() for weight in scorer.parameters()),
        "fingerprint": scorer.fingerprint,
        "card": scorer.card,
    }


def _cells(row: Mapping[str, Any]) -> list[str]:
    interval = f"{number(row.get('auc_low'))}-{number(row.get('auc_high'))}"
    figures = (number(row.get(name)) for name in ("average_precision", "calibration_error"))
    return [str(row["attribute"]), str(row["labels"]), str(row["positive"]), number(row.get("auc")), interval, *figures]
