//! Words that things are named after.

/// Given names of accounts.
pub(super) const GIVEN: [&str; 24] = [
    "ada", "alan", "barbara", "chien", "donald", "edsger", "emmy", "frances", "grace", "hedy",
    "ida", "jean", "kathleen", "lise", "margaret", "niklaus", "olga", "peter", "rosalind", "sofia",
    "tim", "ursula", "vera", "yvonne",
];
/// Family names of accounts.
pub(super) const FAMILY: [&str; 24] = [
    "abel", "bauer", "chen", "diaz", "eriksen", "fischer", "garcia", "haddad", "ito", "jansen",
    "kowalski", "lopez", "meyer", "nguyen", "okafor", "petrov", "quinn", "rossi", "sato", "tanaka",
    "ueda", "varga", "weber", "yilmaz",
];
/// What laboratories work on.
pub(super) const FIELD: [&str; 20] = [
    "astro",
    "bioinf",
    "chem",
    "climate",
    "crystal",
    "ecology",
    "fusion",
    "genomics",
    "geo",
    "imaging",
    "materials",
    "micro",
    "neuro",
    "ocean",
    "particle",
    "pharma",
    "plasma",
    "proteomics",
    "robotics",
    "seismic",
];
/// What collections are about.
pub(super) const TOPIC: [&str; 24] = [
    "alignment",
    "annotation",
    "assembly",
    "base",
    "benchmarks",
    "calling",
    "course",
    "dev",
    "docking",
    "figures",
    "gpu",
    "imaging",
    "legacy",
    "mesh",
    "models",
    "paper",
    "pipelines",
    "production",
    "quality",
    "simulation",
    "staging",
    "statistics",
    "tools",
    "training",
];
/// What containers hold.
pub(super) const TOOL: [&str; 40] = [
    "abinit",
    "alphafold",
    "bcftools",
    "bedtools",
    "blast",
    "bowtie2",
    "bwa",
    "cellranger",
    "cp2k",
    "cutadapt",
    "deepvariant",
    "fastqc",
    "freesurfer",
    "gatk",
    "gromacs",
    "hisat2",
    "hmmer",
    "julia",
    "kraken2",
    "lammps",
    "mafft",
    "minimap2",
    "multiqc",
    "namd",
    "nwchem",
    "openfoam",
    "orca",
    "paraview",
    "picard",
    "pytorch",
    "quantum-espresso",
    "rstudio",
    "salmon",
    "samtools",
    "snakemake",
    "spades",
    "star",
    "tensorflow",
    "trimmomatic",
    "wrf",
];
/// What containers are built from.
pub(super) const BASE: [&str; 6] = [
    "almalinux:9",
    "debian:12",
    "fedora:42",
    "rockylinux:9",
    "ubuntu:22.04",
    "ubuntu:24.04",
];
/// What they may be used under.
pub(super) const LICENCE: [&str; 5] = [
    "Apache-2.0",
    "BSD-3-Clause",
    "GPL-3.0-only",
    "LGPL-2.1-only",
    "MIT",
];

/// The `number`th of names made of `words`: each word once, then with a number behind it.
pub(super) fn numbered(words: &[&str], number: usize) -> String {
    let word = words[number % words.len()];
    match number / words.len() {
        0 => word.to_owned(),
        more => format!("{word}-{}", more + 1),
    }
}
