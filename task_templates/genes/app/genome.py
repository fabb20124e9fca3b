"""Makes up a genome whose genes are known: contigs as FASTA files, and the place of each gene. The seed decides all."""

import argparse
import random
from pathlib import Path
from typing import List, Tuple

CODONS = {
    "A": "GCG GCC GCA GCT",
    "R": "CGT CGC",
    "N": "AAC AAT",
    "D": "GAT GAC",
    "C": "TGC TGT",
    "Q": "CAG CAA",
    "E": "GAA GAG",
    "G": "GGC GGT",
    "H": "CAT CAC",
    "I": "ATT ATC",
    "L": "CTG TTA",
    "K": "AAA AAG",
    "M": "ATG",
    "F": "TTT TTC",
    "P": "CCG CCA",
    "S": "AGC TCT",
    "T": "ACC ACG",
    "W": "TGG",
    "Y": "TAT TAC",
    "V": "GTG GTT",
}
"""Codons of each amino acid, the usual one first."""
AMINO_ACIDS = "AAAAARRRNNDDDCQQEEEEGGGGHIIIILLLLLLKKKMFFPPSSSSTTTWYYVVVV"
STOPS = ("TAA", "TGA", "TAG")
COMPLEMENT = str.maketrans("ACGT", "TGCA")

Gene = Tuple[int, int, int]
"""First base and last base, from 1, and strand: 1 or -1."""


def gene(source: random.Random) -> str:
    amino_acids = source.choices(AMINO_ACIDS, k=source.randint(120, 400))
    codons = [CODONS[letter].split() for letter in amino_acids]
    return "ATG" + "".join(same[0] if source.random() < 0.7 else source.choice(same) for same in codons)


def contig(source: random.Random, genes: int) -> Tuple[str, List[Gene]]:
    """Return the sequence, and its genes in order: each behind a binding site of ribosomes, on either strand."""
    sequence, places = spacer(source), []
    for _ in range(genes):
        coding = gene(source) + source.choice(STOPS)
        site = "AGGAGG" + "".join(source.choices("AT", k=7))
        strand = source.choice((1, -1))
        piece = site + coding if strand == 1 else (site + coding).translate(COMPLEMENT)[::-1]
        first = len(sequence) + 1 + (len(site) if strand == 1 else 0)
        places.append((first, first + len(coding) - 1, strand))
        sequence += piece + spacer(source)
    return sequence, places


def spacer(source: random.Random) -> str:
    return "".join(source.choices("ACGT", weights=(3, 2, 2, 3), k=source.randint(60, 160)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contigs", type=int, required=True)
    parser.add_argument("--genes", type=int, required=True, help="genes of each contig")
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    source = random.Random(given.seed)
    with Path("truth.tsv").open("w") as truth:
        for number in range(given.contigs):
            name = f"contig-{number:03}"
            sequence, places = contig(source, given.genes)
            Path(f"{name}.fna").write_text(f">{name}\n{sequence}\n")
            truth.writelines(f"{name}\t{first}\t{last}\t{strand}\n" for first, last, strand in places)
