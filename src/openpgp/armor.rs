//! Armored text, RFC 9580 section 6.2.
use data_encoding::BASE64;

use super::packets::MAX_CERTIFICATES;
use super::refusal::{at_most, invalid, private_key};
use crate::error::Result;

/// The line before a key.
pub(super) const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

/// The decoded armored blocks of a text. What stands between the blocks is a comment.
pub(super) fn blocks(text: &str) -> Result<Vec<Vec<u8>>> {
    if text
        .lines()
        .any(|line| line.trim_start().starts_with("-----BEGIN ") && line.contains("PRIVATE KEY"))
    {
        return Err(private_key());
    }
    let starts: Vec<usize> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
    at_most(starts.len(), MAX_CERTIFICATES, "blocks")?;
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| dearmor(&text[start..end]))
        .collect()
}

/// Decodes one armored block taking lightly what mail programs do to lines. Not with the parser
/// of `pgp`: it searches the whole rest of the block for each header line, so that a megabyte of headers takes minutes.
/// The checksum is not looked at, as section 6.1 has it; the signatures tell more.
fn dearmor(block: &str) -> Result<Vec<u8>> {
    let digits = block.split_once(END).map(|(content, _)| {
        let lines = content
            .lines()
            .skip(1)
            .map(str::trim)
            .skip_while(|line| line.contains(':'));
        lines
            .take_while(|line| !line.starts_with('='))
            .collect::<String>()
    });
    digits
        .and_then(|digits| BASE64.decode(digits.as_bytes()).ok())
        .ok_or_else(|| {
            invalid(
                "the armor is damaged; send the whole block, from its BEGIN line to its END line",
            )
        })
}
