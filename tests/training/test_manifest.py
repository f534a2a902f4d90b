from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from melodies import melody_song, tune

from training.data.corpus import Corpus
from training.data.manifest import count_held_out, describe, read_manifest, write_manifest
from training.errors import TrainingError


def _corpus() -> Corpus:
    songs = [melody_song(tune(1), tune(2), name="a.mid", work="w", valid=True), melody_song(tune(3), name="b.mid")]
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("b.mid", "a.mid", "bad.mid")}
    return Corpus(songs, {"bad.mid": "ValueError: no"}, {"CC0": 2}, digests, "work")


def test_an_entry_counts_what_a_corpus_holds() -> None:
    entry = describe(_corpus(), as_duplicates=1)
    assert {key: entry[key] for key in list(entry)[:-2]} == {
        "songs": 2,
        "valid_songs": 1,
        "valid_as_duplicates": 1,
        "works": 2,
        "works_named_by": "work",
        "notes": 120,
        "voices": 3,
        "licences": {"CC0": 2},
        "skipped": {"bad.mid": "ValueError: no"},
    }


def test_every_file_has_its_digest_and_all_have_one_as_sha256sum_would_say() -> None:
    entry = describe(_corpus(), 0)
    full = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("a.mid", "b.mid", "bad.mid")}
    assert list(entry["files"].items()) == [(name, digest[:16]) for name, digest in full.items()]
    listing = "".join(f"{digest}  {name}\n" for name, digest in full.items())
    assert entry["sha256"] == hashlib.sha256(listing.encode()).hexdigest()


def test_entries_come_back_as_they_were_written(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == {}
    manifest = {"c": describe(_corpus(), 0)}
    write_manifest(manifest, tmp_path)
    assert read_manifest(tmp_path) == manifest
    count_held_out(manifest["c"], 1)
    assert (manifest["c"]["valid_songs"], manifest["c"]["valid_as_duplicates"]) == (2, 1)


def test_a_broken_manifest_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match="this is no manifest that prepare wrote"):
        read_manifest(tmp_path)
