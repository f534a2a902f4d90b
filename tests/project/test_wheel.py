"""What an installed BollyLive consists of."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("build", "hatchling")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    missing = [tool for tool in TOOLS if importlib.util.find_spec(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_the_program_with_its_set_and_nothing_else(contents: set[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "bollylive").rglob("*.py")}
    assert modules | {"bollylive/sets/default.toml"} <= contents
    assert {name.split("/")[0] for name in contents if ".dist-info/" not in name} == {"bollylive"}
    assert not [name for name in contents if "__pycache__" in name or name.endswith(".part")]


def test_each_model_travels_with_its_description_and_its_card(contents: set[str]) -> None:
    there = {f"bollylive/models/{path.name}" for path in (ROOT / "models").glob("*.*")}
    shipped = {name for name in contents if name.startswith("bollylive/models/")}
    models = {name.removesuffix(".onnx") for name in shipped if name.endswith(".onnx")}
    assert models
    assert shipped == {name + suffix for name in models for suffix in (".onnx", ".json", ".md")} == there


def test_the_program_of_the_wheel_finds_its_set_and_its_model(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "from bollylive.model.model_files import find_model\n"
        "from bollylive.sets.setfile import default_set\n"
        "print(find_model(default_set().model))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).parent == tmp_path / "bollylive" / "models"
