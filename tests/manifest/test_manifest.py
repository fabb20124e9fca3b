"""Manifests as records: JSON, secrets that are kept out, and comparisons."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from shoal.errors import BadInput
from shoal.manifest.differences import compare
from shoal.manifest.kept_forecast import ExpectedRun, KeptForecast
from shoal.manifest.manifest import Commit, StageDigest, from_text, to_text
from shoal.manifest.repository import commit_of
from shoal.manifest.results import checksums, write_beside
from shoal.manifest.secrets import cleaned, is_secret_name, secret_values, without_secrets
from tests.manifest.manifests import manifest


def test_manifest_is_read_as_it_was_written() -> None:
    expected = ExpectedRun(makespan_seconds=9.0, node_hours=0.5, cost=None, currency="USD", course=[(0.0, 0), (9.0, 4)])
    kept = KeptForecast(expected=expected, source="as expected")
    for one in (
        manifest(),
        manifest(git=None, results={"s/t/x": "aa"}),
        manifest(forecast=kept),
        manifest(forecast=KeptForecast(expected=None, source="no durations")),
    ):
        assert from_text(to_text(one), "here") == one


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "m.json is not a manifest of a run"),
        ("[]", "m.json is not a manifest of a run"),
        ('{"format": 1}', "m.json is not a manifest of a run"),
        ('{"format": 2}', "m.json is a manifest of format 2; this shoal reads format 1"),
    ],
)
def test_text_that_is_no_manifest_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        from_text(text, "m.json")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *[(name, True) for name in ("token", "api_token", "DB_PASSWORD", "account_key", "sas", "secrets", "API_KEY")],
        *[(name, False) for name in ("key", "keyword", "tokenizer", "basket", "compass", "seed")],
    ],
)
def test_secret_is_known_by_the_words_of_its_name(name: str, expected: bool) -> None:
    assert is_secret_name(name) is expected


def test_secrets_of_a_job_file_are_the_texts_under_their_names_but_no_templates() -> None:
    content = {
        "parameters": {"token": {"type": "str", "default": "hunter2", "description": "the token"}, "n": {"default": 1}},
        "job": {"environment": {"DB_PASSWORD": "plain99", "LEVEL": "debug", "API_TOKEN": "{{ token }}"}},
        "stages": [{"environment": {"client_secret": "stage77"}}],
    }
    assert sorted(secret_values(content)) == ["hunter2", "plain99", "stage77"]


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("curl -H hunter2 x", "curl -H (removed) x"),
        (
            "from: https://s.blob.core.windows.net/c/x?sv=1&sig=abc%3D",
            "from: https://s.blob.core.windows.net/c/x(removed)",
        ),
        ("git clone https://me:pass@host/x", "git clone https://(removed)@host/x"),
        ("AccountKey=" + "A" * 86 + "==;x", "(removed);x"),
        ("id 00000000-0000-0000-0000-000000000000", "id 00000000-0000-0000-0000-000000000000"),
    ],
)
def test_text_is_kept_without_secrets(text: str, public: str) -> None:
    assert without_secrets(text, {"hunter2"}) == public
    assert cleaned({"a": [text, 1]}, {"hunter2"}) == {"a": [public, 1]}


def test_comparison_names_the_fields_that_differ_and_the_parts_that_do_not() -> None:
    now = manifest(
        run_id="ffffffff",
        submitted="2027-01-01T00:00:00Z",
        packages={"var": {"application": "var", "version": "2"}},
        tasks={"work": StageDigest(tasks=4, digest="33")},
        git=Commit(id="c0ffee", clean=False),
        versions={"python": "3.11.2", "shoal": "1"},
    )
    result = compare(manifest(), now)
    assert [each.sentence for each in result.differences] == [
        "tasks.work.digest: 22 → 33",
        "packages.var.version: 1 → 2",
        "versions.shoal: (none) → 1",
        "git.clean: True → False",
    ]
    assert result.same[:3] == ["job file", "files that it includes", "parameters"]
    assert "packages" not in result.same
    assert result.results is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, (2, [], [], [])),
        ({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"}, (1, ["b"], ["c"], ["d"])),
        ({}, {}, (0, [], [], [])),
    ],
)
def test_results_are_compared_by_their_checksums(one: Any, other: Any, expected: Any) -> None:
    results = compare(manifest(results=one), manifest(results=other)).results
    assert results is not None
    assert (results.same, results.differing, results.only_in_one, results.only_in_other) == expected
    assert results.is_none is (one == other)


def test_checksums_are_of_outputs_in_their_folders_and_of_no_other_files(tmp_path: Path) -> None:
    (tmp_path / "s" / "t").mkdir(parents=True)
    (tmp_path / "s" / "t" / "x").write_bytes(b"abc")
    (tmp_path / "flat").write_bytes(b"")
    assert checksums(tmp_path, ["s/t/x", "flat", "s/t/gone"]) == {
        "s/t/x": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    }


def test_manifest_of_an_earlier_run_is_kept_beside_that_of_the_next(tmp_path: Path) -> None:
    for run_id in ("aaaa", "bbbb", "bbbb"):
        write_beside(tmp_path / "nightly", manifest(run_id=run_id))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nightly-manifest.aaaa.json", "nightly-manifest.json"]
    assert from_text((tmp_path / "nightly-manifest.json").read_text(), "").run_id == "bbbb"


def test_commit_is_clean_until_a_file_that_git_knows_changes(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    (tmp_path / "job.yaml").write_text("a")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "job.yaml"], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    (tmp_path / "results").write_text("new, and unknown to git")
    first = commit_of(tmp_path)
    assert first is not None
    assert (len(first.id), first.clean) == (40, True)
    (tmp_path / "job.yaml").write_text("b")
    assert commit_of(tmp_path) == Commit(id=first.id, clean=False)
