//! Architectures, by their names in Go and their codes in SIF.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The processor architecture that an image runs on, written as Go names it (`GOARCH`): `amd64`, `arm64`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Arch {
    /// Intel, 32 bits.
    I386,
    /// AMD and Intel, 64 bits.
    Amd64,
    /// ARM, 32 bits.
    Arm,
    /// ARM, 64 bits.
    Arm64,
    /// POWER, big-endian.
    Ppc64,
    /// POWER, little-endian.
    Ppc64le,
    /// MIPS, 32 bits, big-endian.
    Mips,
    /// MIPS, 32 bits, little-endian.
    Mipsle,
    /// MIPS, 64 bits, big-endian.
    Mips64,
    /// MIPS, 64 bits, little-endian.
    Mips64le,
    /// IBM Z.
    S390x,
    /// RISC-V, 64 bits.
    Riscv64,
    /// LoongArch, 64 bits.
    Loong64,
}

/// Name and code of each, in the order of the enum; code `00` means unknown.
const TABLE: [(Arch, &str, &[u8; 2]); 13] = [
    (Arch::I386, "386", b"01"),
    (Arch::Amd64, "amd64", b"02"),
    (Arch::Arm, "arm", b"03"),
    (Arch::Arm64, "arm64", b"04"),
    (Arch::Ppc64, "ppc64", b"05"),
    (Arch::Ppc64le, "ppc64le", b"06"),
    (Arch::Mips, "mips", b"07"),
    (Arch::Mipsle, "mipsle", b"08"),
    (Arch::Mips64, "mips64", b"09"),
    (Arch::Mips64le, "mips64le", b"10"),
    (Arch::S390x, "s390x", b"11"),
    (Arch::Riscv64, "riscv64", b"12"),
    (Arch::Loong64, "loong64", b"13"),
];

impl Arch {
    /// All architectures that SIF has a code for, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(arch, ..)| *arch)
    }

    /// Reads the code of the global header or of a partition: two ASCII digits and a NUL. `None` if it is unknown.
    pub fn from_code(code: [u8; 3]) -> Option<Self> {
        TABLE
            .iter()
            .find(|(_, _, digits)| code[..2] == digits[..] && code[2] == 0)
            .map(|(arch, ..)| *arch)
    }

    /// The name in Go.
    pub fn as_str(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The code in SIF: two ASCII digits and a NUL.
    pub fn code(self) -> [u8; 3] {
        let [tens, ones] = *TABLE[self as usize].2;
        [tens, ones, 0]
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// There is no architecture of that name in SIF.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an architecture; use the name that Go has for it, such as amd64 or arm64")]
pub struct UnknownArch(String);

impl FromStr for Arch {
    type Err = UnknownArch;

    fn from_str(name: &str) -> Result<Self, UnknownArch> {
        let row = TABLE.iter().find(|(_, known, _)| *known == name);
        row.map(|(arch, ..)| *arch)
            .ok_or_else(|| UnknownArch(name.to_owned()))
    }
}

impl TryFrom<String> for Arch {
    type Error = UnknownArch;

    fn try_from(name: String) -> Result<Self, UnknownArch> {
        name.parse()
    }
}

impl From<Arch> for String {
    fn from(arch: Arch) -> Self {
        arch.as_str().to_owned()
    }
}
