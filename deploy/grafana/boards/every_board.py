"""The boards and the files they are kept in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.grafana.boards.board import Board
from deploy.grafana.boards.discrepancies import DISCREPANCIES
from deploy.grafana.boards.ledgers import LEDGERS
from deploy.grafana.boards.overview import OVERVIEW
from deploy.grafana.boards.pipeline import PIPELINE

FOLDER: Final = Path(__file__).resolve().parents[1] / "dashboards"
BOARDS: Final[tuple[Board, ...]] = (OVERVIEW, PIPELINE, LEDGERS, DISCREPANCIES)


def texts() -> Mapping[str, str]:
    """File name -> content, for every board."""
    return {f"{board.name}.json": board.text() for board in BOARDS}
