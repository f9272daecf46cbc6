"""A record is written whole, by as many as like, or not at all."""

import errno
import json
from pathlib import Path

import pytest

from evoke_core.record import write_record


def test_what_was_written_is_read_and_nothing_else_is_left(tmp_path):
    record = tmp_path / "record.json"
    write_record(record, {"a": 1}, without="counted again")
    write_record(record, {"a": 2}, without="counted again")
    assert json.loads(record.read_text()) == {"a": 2}
    assert list(tmp_path.iterdir()) == [record]


def test_two_that_write_at_once_do_not_disturb_each_other(
    tmp_path, monkeypatch, caplog
):
    record, plain = tmp_path / "record.json", Path.write_text

    def overtaken(path, text, **options):
        monkeypatch.setattr(Path, "write_text", plain)
        written = plain(path, text, **options)
        write_record(record, {"by": "another"}, without="counted again")
        return written

    monkeypatch.setattr(Path, "write_text", overtaken)
    write_record(record, {"by": "the slower"}, without="counted again")

    assert json.loads(record.read_text()) == {"by": "the slower"}
    assert list(tmp_path.iterdir()) == [record]
    assert caplog.text == ""


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_where_nothing_can_be_written_a_warning_says_what_happens_instead(
    tmp_path, monkeypatch, caplog, number
):
    def denied(*_, **__):
        raise OSError(number, "no")

    monkeypatch.setattr(Path, "replace", denied)
    write_record(tmp_path / "record.json", {}, without="counted again")

    assert "record.json can't be written" in caplog.text
    assert "counted again" in caplog.text
    assert list(tmp_path.iterdir()) == []
