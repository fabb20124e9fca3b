"""The genes: the job finds those that one process finds, and nearly all that are known."""

import random
from collections.abc import Callable
from pathlib import Path

from find import find, train
from genome import COMPLEMENT, STOPS, contig


def test_genes_of_the_made_up_genome_begin_and_end_as_genes_do() -> None:
    sequence, places = contig(random.Random(3), 10)
    assert {strand for _, _, strand in places} == {1, -1}
    for first, last, strand in places:
        coding = sequence[first - 1 : last]
        coding = coding if strand == 1 else coding.translate(COMPLEMENT)[::-1]
        codons = [coding[start : start + 3] for start in range(0, len(coding), 3)]
        assert codons[0] == "ATG"
        assert [number for number, codon in enumerate(codons) if codon in STOPS] == [len(codons) - 1]


def test_job_finds_what_one_process_finds_and_nearly_all_known_genes(shoal: Callable[..., str], tmp_path: Path) -> None:
    given = ("-p", "contigs=3", "-p", "genes=25", "--out", str(tmp_path))
    shoal("run", "task_templates/genes.yaml", "-s", "local", *given)
    lines = (tmp_path / "merge/merge/genes.tsv").read_text().splitlines(keepends=True)
    contigs = sorted((tmp_path / "genome/genome").glob("*.fna"))
    training = train(contigs)
    assert lines == [line for path in contigs for line in find(path, training)]
    known = {tuple(line.split("\t")) for line in (tmp_path / "genome/genome/truth.tsv").read_text().splitlines()}
    found = {tuple(line.split("\t")[:4]) for line in lines}
    assert len(known) == 75
    assert len(known & found) >= 0.9 * len(known)
