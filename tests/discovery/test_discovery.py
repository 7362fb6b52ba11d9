"""Which runs the user's words name, on real folders."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.discovery import DiscoveredRun, RunSpec, find, group
from tests.support.followed_log import unprivileged

Runs = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Discovery:
    """What the words mean where every file is taken for a log."""

    runs: tuple[DiscoveredRun, ...]
    unmatched: tuple[str, ...]
    problems: tuple[str, ...]


def discover(specs: Sequence[RunSpec], followed: Sequence[DiscoveredRun] = ()) -> Discovery:
    found = find(specs)
    grouping = group(found.files, specs, followed)
    return Discovery(grouping.runs, found.unmatched, found.problems + grouping.problems)


def make(folder: Path, *files: str) -> None:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def runs_of(found: Discovery, folder: Path) -> Runs:
    return {run.name: tuple(str(Path(source).relative_to(folder)) for source in run.sources) for run in found.runs}


def found_in(folder: Path, *patterns: str, run: str | None = None) -> Runs:
    found = discover([RunSpec(pattern=str(folder / pattern), run=run) for pattern in patterns])
    assert found.problems == ()
    return runs_of(found, folder)


# Which files.


@pytest.mark.parametrize(
    ("files", "pattern", "runs"),
    [
        pytest.param(["exp/lr1.txt"], "exp/lr1.txt", {"lr1": ("exp/lr1.txt",)}, id="a file"),
        pytest.param([], "exp/lr1.txt", {"lr1": ("exp/lr1.txt",)}, id="a file that appears later"),
        pytest.param(["exp/run.dat"], "exp/run.dat", {"run.dat": ("exp/run.dat",)}, id="any file that is named"),
        pytest.param(["x/lr[1].txt"], "x/lr[1].txt", {"lr[1]": ("x/lr[1].txt",)}, id="a file called like a glob"),
        pytest.param(["a/x.log", "b/y.log"], "*/*.log", {"x": ("a/x.log",), "y": ("b/y.log",)}, id="a glob"),
        pytest.param(["a/x.log", "a/b/c/y.log"], "**/y.log", {"y": ("a/b/c/y.log",)}, id="a deep glob"),
        pytest.param(["a/x.log", "a/b/model.pth"], "a/**", {"x": ("a/x.log",)}, id="a glob of no names takes logs"),
        pytest.param(["a/x.dat", "a/y.log"], "a/*.dat", {"x.dat": ("a/x.dat",)}, id="a glob of names takes any"),
        pytest.param(
            ["a/x.log", "b/y.log", "b/z.pth"], "*", {"x": ("a/x.log",), "y": ("b/y.log",)}, id="a glob of folders"
        ),
        pytest.param(["a/x.log", "a/sub/y.log"], "a", {"x": ("a/x.log",)}, id="a folder is not deep"),
        pytest.param(["a/x.log"], "a/", {"x": ("a/x.log",)}, id="a folder with its slash"),
    ],
)
def test_a_word_names_files(tmp_path: Path, files: list[str], pattern: str, runs: Runs) -> None:
    make(tmp_path, *files)
    assert runs_of(discover([RunSpec(pattern=f"{tmp_path}/{pattern}")]), tmp_path) == runs


def test_a_folder_stands_for_what_is_named_like_a_log(tmp_path: Path) -> None:
    logs = ["a.err", "a.out", "a.txt", "a.log", "a.json", "a.jsonl", "a.csv", "A.LOG", "events.out.tfevents.1.host.2.0"]
    make(tmp_path, *logs, ".hidden.log", "model.pth", "config.yaml", "log.txt.gz", "log.1", "README", "sub.log/x.txt")
    found = discover([RunSpec(pattern=str(tmp_path))])
    assert sorted(Path(source).name for run in found.runs for source in run.sources) == sorted(logs)


def test_paths_are_absolute_and_relative_to_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "exp/log.txt", "exp/sub/x.txt")
    monkeypatch.chdir(tmp_path / "exp")
    for pattern in ("log.txt", "./log.txt", "../exp/log.txt", "*.txt", "."):
        assert runs_of(discover([RunSpec(pattern=pattern)]), tmp_path) == {"exp": ("exp/log.txt",)}


def test_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    make(tmp_path, "exp/log.txt")
    assert runs_of(discover([RunSpec(pattern="~/*/log.txt")]), tmp_path) == {"exp": ("exp/log.txt",)}
    assert discover([RunSpec(pattern="~nobody-of-that-name/*.log")]).unmatched == ("~nobody-of-that-name/*.log",)


def test_a_file_named_twice_is_followed_once_for_the_first_word(tmp_path: Path) -> None:
    make(tmp_path, "exp/lr1.txt", "exp/lr2.txt")
    found = discover([RunSpec(pattern=f"{tmp_path}/exp/lr1.txt", run="first"), RunSpec(pattern=f"{tmp_path}/exp")])
    assert runs_of(found, tmp_path) == {"first": ("exp/lr1.txt",), "lr2": ("exp/lr2.txt",)}
    assert [run.spec_index for run in found.runs] == [0, 1]


def test_a_link_to_a_run_is_not_another_run(tmp_path: Path) -> None:
    make(tmp_path, "run5/log.txt")
    (tmp_path / "latest").symlink_to("run5")
    assert found_in(tmp_path, "*/log.txt") == {"run5": ("run5/log.txt",)}
    assert found_in(tmp_path, "latest/log.txt") == {"latest": ("latest/log.txt",)}


# What matches nothing.


def test_a_folder_of_folders_with_logs_says_how_to_name_them(tmp_path: Path) -> None:
    make(tmp_path, "logs/exp1/log.txt")
    (problem,) = discover([RunSpec(pattern=f"{tmp_path}/logs")]).problems
    assert problem.endswith(f"folders in it do: give '{tmp_path}/logs/*/log.txt', in quotes")


def test_what_matches_nothing_is_said_and_may_match_later(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    specs = [RunSpec(pattern=f"{tmp_path}/{word}") for word in ("*/*.log", "empty", "missing/")]
    found = discover(specs)
    assert found.runs == ()
    assert found.unmatched == tuple(spec.pattern for spec in specs)
    assert [problem.removeprefix(f"{tmp_path}/") for problem in found.problems] == [
        "*/*.log: matches no file yet",
        "empty: the folder holds no log yet (*.log, *.txt, *.json, …)",
        "missing/: matches no file yet",
    ]
    make(tmp_path, "empty/x.log")
    assert discover(specs).unmatched == (f"{tmp_path}/missing/",)


def test_a_folder_that_cannot_be_listed_is_said() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o111)
        with unprivileged():
            found = discover([RunSpec(pattern=folder)])
        assert found.problems == (f"{folder}: cannot be listed: permission denied",)
        Path(folder).chmod(0o700)


def test_a_scan_without_descriptors_does_not_say_that_there_is_no_file(tmp_path: Path) -> None:
    make(tmp_path, "exp/log.txt")
    words = [f"{tmp_path}/*/log.txt", f"{tmp_path}/exp"]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        found = find([RunSpec(pattern=word) for word in words])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    advice = "too many open files: raise the limit (ulimit -n, LimitNOFILE=) or follow fewer logs"
    assert found.problems == tuple(f"{word}: cannot be listed: {advice}" for word in words)


# Which files are one run.


def test_a_text_and_a_json_log_of_two_frameworks_are_two_runs(tmp_path: Path) -> None:
    make(tmp_path, "exp/resnet.log", "exp/x.json", "exp/events.out.tfevents.1")
    specs = [RunSpec(pattern=f"{tmp_path}/exp")]
    frameworks = {"resnet.log": "darknet", "x.json": "detectron2", "events.out.tfevents.1": "tensorboard"}
    files = find(specs).files
    one = [replace(file, framework=frameworks[file.path.name].replace("darknet", "detectron2")) for file in files]
    two = [replace(file, framework=frameworks[file.path.name]) for file in files]
    assert len(group(one, specs).runs) == 1
    assert [run.name for run in group(two, specs).runs] == ["exp", "resnet", "x"]


def test_a_file_is_named_by_its_path_alone(tmp_path: Path) -> None:
    make(tmp_path, "exp/a.log", "exp/b.log", "exp/c.log")
    words = [f"{tmp_path}/exp/a.log", f"{tmp_path}/exp", f"{tmp_path}/exp/b.log", f"{tmp_path}/exp/?.log"]
    found = find([RunSpec(pattern=word) for word in words])
    assert {file.path.name: file.is_named for file in found.files} == {"a.log": True, "b.log": True, "c.log": False}


@pytest.mark.parametrize(
    ("files", "runs"),
    [
        pytest.param(["metrics.json", "log.txt"], {"exp": ("log.txt", "metrics.json")}, id="text and JSON"),
        pytest.param(
            ["events.out.tfevents.1", "events.out.tfevents.2", "results.csv", "train.log", "x.jsonl"],
            {"exp": ("train.log", "x.jsonl", "results.csv", "events.out.tfevents.1", "events.out.tfevents.2")},
            id="one of each and many event files",
        ),
        pytest.param(["lr1.txt", "lr2.log"], {"lr1": ("lr1.txt",), "lr2": ("lr2.log",)}, id="two text logs"),
        pytest.param(
            ["a.json", "b.jsonl", "c.txt"], {"a": ("a.json",), "b": ("b.jsonl",), "c": ("c.txt",)}, id="two JSON logs"
        ),
        pytest.param(["a.csv", "b.csv"], {"a": ("a.csv",), "b": ("b.csv",)}, id="two CSV logs"),
        pytest.param(
            ["log.txt", "metrics.json", "old.txt"],
            {"exp/log.txt": ("log.txt",), "exp/metrics.json": ("metrics.json",), "old": ("old.txt",)},
            id="names that are generic in one folder",
        ),
        pytest.param(
            ["1.log", "1.log.json", "2.log"],
            {"1.log": ("1.log",), "1.log.json": ("1.log.json",), "2": ("2.log",)},
            id="equal stems in one folder",
        ),
    ],
)
def test_the_files_of_a_folder_are_one_run_where_they_are_of_one_sort_each(
    tmp_path: Path, files: list[str], runs: Runs
) -> None:
    folder = tmp_path / "exp"
    make(folder, *files)
    assert found_in(folder, "") == runs
    assert found_in(folder, *files) == runs


def test_words_with_other_settings_are_other_runs(tmp_path: Path) -> None:
    make(tmp_path, "exp/log.txt", "exp/metrics.json")
    specs = [
        RunSpec(pattern=f"{tmp_path}/exp/{file}", settings=budget)
        for file, budget in (("log.txt", 1), ("metrics.json", 2))
    ]
    assert runs_of(discover(specs), tmp_path) == {
        "exp/log.txt": ("exp/log.txt",),
        "exp/metrics.json": ("exp/metrics.json",),
    }


# What a run is called.


@pytest.mark.parametrize(
    ("files", "run", "names"),
    [
        pytest.param(["exp/lr0.01.txt"], None, ["lr0.01"], id="a file's stem"),
        pytest.param(["exp/x.log.json"], None, ["x"], id="without all suffixes of a log"),
        pytest.param(["exp/LOG.txt"], None, ["exp"], id="a generic stem"),
        pytest.param(["exp/stdout"], None, ["exp"], id="a generic stem without suffix"),
        pytest.param(["exp/events.out.tfevents.1.h.2"], None, ["exp"], id="an event file"),
        pytest.param(["a/exp/log.txt", "b/exp/log.txt"], None, ["a/exp", "b/exp"], id="equal folders"),
        pytest.param(["a/lr1.txt", "b/lr1.txt"], None, ["a/lr1", "b/lr1"], id="equal stems"),
        pytest.param(
            ["a/1/x/log.txt", "a/2/x/log.txt", "c/log.txt"], None, ["1/x", "2/x", "c"], id="no more than needed"
        ),
        pytest.param(["a/1/x/log.txt", "b/1/x/log.txt", "a/2/x/log.txt"], None, ["a/1/x", "b/1/x", "a/2/x"], id="deep"),
        pytest.param(["a/exp/log.txt"], "{parent}", ["exp"], id="parent"),
        pytest.param(["a/exp/lr1.txt"], "{stem}", ["lr1"], id="stem"),
        pytest.param(["a/exp/lr1.txt"], "{name}", ["lr1.txt"], id="name"),
        pytest.param(["a/exp/lr1.txt"], "my-{parent}-{stem}", ["my-exp-lr1"], id="a mixed template"),
        pytest.param(["a/e/log.txt", "b/e/log.txt"], "{parent}", ["a/e", "b/e"], id="equal by template"),
        pytest.param(["a/e/1.txt", "a/e/2.txt"], "{parent}", ["e/1.txt", "e/2.txt"], id="equal in one folder"),
        pytest.param(["a/e1-b/log.txt"], r"/e(?P<run>\d+)-", ["1"], id="a regex"),
        pytest.param(["a/e1/log.txt", "b/e1/log.txt"], r"e(?P<run>\d)", ["a/e1/1", "b/e1/1"], id="equal by regex"),
        pytest.param(["a/log.txt"], "baseline", ["baseline"], id="a given name"),
        pytest.param(["caf\udce9/log.txt"], None, ["caf\ufffd"], id="a name that is not UTF-8"),
    ],
)
def test_a_run_is_called_by_its_path_or_by_the_users_word(
    tmp_path: Path, files: list[str], run: str | None, names: list[str]
) -> None:
    make(tmp_path, *files)
    assert sorted(found_in(tmp_path, *files, run=run)) == sorted(names)


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (
            "{folder}",
            "run: {folder}: knows {parent}, {stem} and {name}, not {folder}; its files are named by their path",
        ),
        ("(?P<run>", "run: (?P<run>: is no regex: REASON; its files are named by their path"),
        ("x(?P<run>y)", "run: x(?P<run>y): finds no name in PATH, which is named by its path"),
        ("", "run: : gives no name to PATH, which is named by its path"),
    ],
)
def test_a_word_that_names_nothing_is_said_and_the_path_names_the_run(tmp_path: Path, run: str, problem: str) -> None:
    path = tmp_path / "exp" / "log.txt"
    found = discover([RunSpec(pattern=str(path), run=run)])
    expected = re.escape(problem.replace("PATH", str(path))).replace("REASON", ".+")
    assert len(found.problems) == 1
    assert re.fullmatch(expected, found.problems[0])
    assert runs_of(found, tmp_path) == {"exp": ("exp/log.txt",)}


def test_a_name_given_to_two_runs_is_refused_to_the_second(tmp_path: Path) -> None:
    make(tmp_path, "a/log.txt", "b/log.txt")
    found = discover([RunSpec(pattern=f"{tmp_path}/*/log.txt", run="mine")])
    assert runs_of(found, tmp_path) == {"mine": ("a/log.txt",)}
    assert found.problems == (
        f"{tmp_path}/b/log.txt: another run is called 'mine': give each its own name, or `run: \"{{stem}}\"`",
    )


def test_a_name_from_a_path_makes_way_for_a_given_one(tmp_path: Path) -> None:
    make(tmp_path, "a/exp/log.txt", "b/lr1.txt")
    specs = [RunSpec(pattern=f"{tmp_path}/a/exp"), RunSpec(pattern=f"{tmp_path}/b/lr1.txt", run="exp")]
    assert runs_of(discover(specs), tmp_path) == {"a/exp": ("a/exp/log.txt",), "exp": ("b/lr1.txt",)}


# Again.


def test_a_followed_run_keeps_its_name_when_another_one_gets_it(tmp_path: Path) -> None:
    make(tmp_path, "a/exp/log.txt")
    specs = [RunSpec(pattern=f"{tmp_path}/*/*/log.txt")]
    first = discover(specs)
    make(tmp_path, "b/exp/log.txt")
    assert runs_of(discover(specs, first.runs), tmp_path) == {"exp": ("a/exp/log.txt",), "b/exp": ("b/exp/log.txt",)}


def test_a_followed_run_gains_the_sources_that_join_it(tmp_path: Path) -> None:
    make(tmp_path, "exp/lr1.txt")
    specs = [RunSpec(pattern=f"{tmp_path}/exp")]
    first = discover(specs)
    make(tmp_path, "exp/metrics.json")
    assert runs_of(discover(specs, first.runs), tmp_path) == {"lr1": ("exp/lr1.txt", "exp/metrics.json")}


def test_a_followed_run_stays_one_when_a_second_log_appears_beside_it(tmp_path: Path) -> None:
    make(tmp_path, "exp/log.txt", "exp/metrics.json")
    specs = [RunSpec(pattern=f"{tmp_path}/exp")]
    first = discover(specs)
    make(tmp_path, "exp/eval.txt")
    second = discover(specs, first.runs)
    assert runs_of(second, tmp_path) == {"exp": ("exp/log.txt", "exp/metrics.json"), "eval": ("exp/eval.txt",)}
    assert discover(specs, second.runs) == second


def test_a_followed_run_that_is_being_rotated_is_missing_until_its_file_is_back(tmp_path: Path) -> None:
    make(tmp_path, "exp/log.txt")
    specs = [RunSpec(pattern=f"{tmp_path}/*/log.txt")]
    first = discover(specs)
    (tmp_path / "exp/log.txt").rename(tmp_path / "exp/log.txt.1")
    assert discover(specs, first.runs).runs == ()
    make(tmp_path, "exp/log.txt")
    assert discover(specs, first.runs) == first


PATHS = st.lists(
    st.builds(
        "{}/{}/{}".format, st.sampled_from("ab"), st.sampled_from("cd"), st.sampled_from(["log.txt", "x.log", "x.json"])
    ),
    unique=True,
    max_size=8,
)


@given(paths=PATHS, run=st.sampled_from([None, "{parent}", "{stem}", "{name}"]), data=st.data())
def test_each_file_is_in_one_run_of_its_own_name_whatever_the_order(
    paths: list[str], run: str | None, data: st.DataObject
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, *paths)
        runs = found_in(folder, *paths, run=run)
        assert sorted(source for sources in runs.values() for source in sources) == sorted(paths)
        assert runs == found_in(folder, *data.draw(st.permutations(paths)), run=run)
