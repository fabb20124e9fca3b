"""Finds genes with Prodigal: `train` learns from all contigs below a folder, `find` writes the genes of one contig."""

import argparse
from pathlib import Path
from typing import Iterator, List, Tuple

from pyrodigal import GeneFinder, TrainingInfo


def records(text: str) -> Iterator[Tuple[str, str]]:
    """Yield the name and the sequence of each record of a FASTA file."""
    for record in text.split(">")[1:]:
        header, _, lines = record.partition("\n")
        yield header.split()[0], lines.replace("\n", "")


def train(paths: List[Path]) -> TrainingInfo:
    sequences = [sequence for path in sorted(paths) for _, sequence in records(path.read_text())]
    return GeneFinder().train(*sequences)


def find(contig: Path, training: TrainingInfo) -> List[str]:
    """Return a line for each gene: contig, first base, last base, strand, protein."""
    finder = GeneFinder(training)
    return [
        f"{name}\t{gene.begin}\t{gene.end}\t{gene.strand}\t{gene.translate()}\n"
        for name, sequence in records(contig.read_text())
        for gene in finder.find_genes(sequence)
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["train", "find"])
    parser.add_argument("source", type=Path, help="the folder of the contigs, or one contig")
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.step == "train":
        with given.training.open("wb") as file:
            train(list(given.source.rglob("*.fna"))).dump(file)
    else:
        with given.training.open("rb") as file:
            given.out.write_text("".join(find(given.source, TrainingInfo.load(file))))
