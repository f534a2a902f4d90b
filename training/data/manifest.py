"""`manifest.json`: what every prepared corpus was made from, how much it holds, and what was left out and why.

It has no dates and no paths, so that the same music always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeAlias

from training.data.corpus import Corpus
from training.errors import TrainingError
from training.writing import write_json

_DIGITS = 16

Manifest: TypeAlias = dict[str, dict[str, Any]]


def read_manifest(folder: Path) -> Manifest:
    """The entries of the corpora in a folder by name; empty where nothing was prepared yet."""
    path = folder / "manifest.json"
    try:
        manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise TrainingError(f"{path}: this is no manifest that prepare wrote ({error}); delete it.") from error
    if not (isinstance(manifest, dict) and all(isinstance(entry, dict) for entry in manifest.values())):
        raise TrainingError(f"{path}: this is no manifest that prepare wrote; delete it.")
    return manifest


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the entries, whole or not at all."""
    write_json(folder / "manifest.json", manifest)


def describe(corpus: Corpus, as_duplicates: int) -> dict[str, Any]:
    """The entry of a corpus, of which `as_duplicates` songs are held out only for what they resemble.

    `files` has the first 16 digits of every source file's SHA-256; `sha256` is that of the lines `DIGEST  FILE` that
    sha256sum writes of all of them, sorted by file.
    """
    lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(corpus.sha256.items()))
    return {
        "songs": len(corpus.songs),
        "valid_songs": sum(song.valid for song in corpus.songs),
        "valid_as_duplicates": as_duplicates,
        "works": len({song.work for song in corpus.songs}),
        "works_named_by": corpus.named_by,
        "notes": sum(len(song.notes) for song in corpus.songs),
        "voices": sum(len(song.instruments) for song in corpus.songs),
        "licences": corpus.licences,
        "skipped": corpus.skipped,
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
        "files": {file: digest[:_DIGITS] for file, digest in sorted(corpus.sha256.items())},
    }


def count_held_out(entry: dict[str, Any], more: int) -> None:
    """Note in an entry that so many more of its songs are held out for what they resemble."""
    entry["valid_songs"] += more
    entry["valid_as_duplicates"] = entry.get("valid_as_duplicates", 0) + more
