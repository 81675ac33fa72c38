"""Files and tables appear whole or not at all."""

from pathlib import Path

import polars as pl
import pytest

from facemotion import schemas
from facemotion.errors import FacemotionError
from facemotion.files import replacing, write_json, write_text


def test_an_interrupted_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    write_json(path, {"a": 1})

    def half() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert [file.name for file in tmp_path.iterdir()] == ["table.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FacemotionError, match="cannot write"):
        write_text(tmp_path / "file" / "deeper.txt", "x")


def ledger_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(schemas.LEDGER.columns)
    return row | {"video_id": "a", "status": "ok", "reason": "", "path": "data/videos/a.mp4"} | changes


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    table = schemas.LEDGER.frame([ledger_row(), ledger_row(video_id="b", status="corrupt", frames=7)])
    schemas.LEDGER.write(table, tmp_path / "t.parquet")
    assert schemas.LEDGER.read(tmp_path / "t.parquet").equals(table)


def test_an_empty_table_keeps_its_types(tmp_path: Path) -> None:
    schemas.SHOTS.write(schemas.SHOTS.frame([]), tmp_path / "t.parquet")
    assert schemas.SHOTS.read(tmp_path / "t.parquet").schema["start_frame"] == pl.Int64


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (lambda t: t.drop("fps_num"), "column 'fps_num' is missing"),
        (lambda t: t.with_columns(extra=pl.lit(1)), "column 'extra' is not known"),
        (lambda t: t.with_columns(pl.col("frames").cast(pl.Float64)), "column 'frames' holds Float64, not Int64"),
        (lambda t: t.with_columns(path=pl.lit(None, pl.String)), "column 'path' has empty rows"),
        (lambda t: pl.concat([t, t]), "two rows share the same video_id"),
    ],
)
def test_a_wrong_table_is_refused_with_what_is_wrong(tmp_path: Path, table: object, said: str) -> None:
    assert callable(table)
    wrong = table(schemas.LEDGER.frame([ledger_row()]))
    with pytest.raises(FacemotionError, match=said):
        schemas.LEDGER.write(wrong, tmp_path / "t.parquet")
    assert not (tmp_path / "t.parquet").exists()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\0" * 5000])
def test_a_broken_table_says_which_file_and_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shots.parquet"
    path.write_bytes(content)
    with pytest.raises(FacemotionError, match=r"shots\.parquet.*dvc repro"):
        schemas.SHOTS.read(path)
    with pytest.raises(FacemotionError, match=r"does not exist"):
        schemas.SHOTS.read(tmp_path / "other.parquet")
