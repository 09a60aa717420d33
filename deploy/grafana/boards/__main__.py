"""`python -m deploy.grafana.boards`: writes the boards anew."""

from deploy.grafana.boards.every_board import FOLDER, texts


def main() -> None:
    """Write all boards."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
