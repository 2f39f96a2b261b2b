//! Which bytes of a body that never changes a client wants: RFC 9110, conditional requests (13) and ranges (14).
use std::ops::Range;

use poem::{
    Request, Response, ResponseBuilder,
    http::{Method, StatusCode, header},
    web::headers::{ETag, HeaderMapExt, IfNoneMatch, IfRange},
};

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes, which are there.
    Part(Range<u64>),
    /// Nothing: it has the body already.
    Unchanged,
    /// Bytes behind the end.
    Beyond,
}

impl Wanted {
    /// Reads the headers of a request for a body of `size` bytes. Ranges count for `GET` alone; several at once, and
    /// what is no range, are answered with the whole, as the RFC allows.
    pub fn of(request: &Request, etag: &ETag, size: u64) -> Self {
        let headers = request.headers();
        if let Some(condition) = headers.typed_get::<IfNoneMatch>()
            && !condition.precondition_passes(etag)
        {
            return Self::Unchanged;
        }
        let outdated = headers
            .typed_get::<IfRange>()
            .is_some_and(|condition| condition.is_modified(Some(etag), None));
        let mut ranges = headers.get_all(header::RANGE).iter();
        match (ranges.next(), ranges.next()) {
            (Some(range), None) if request.method() == Method::GET && !outdated => {
                let range = range.to_str().unwrap_or_default();
                parse(range, size).unwrap_or(Self::Whole)
            }
            _ => Self::Whole,
        }
    }

    /// The bytes to send, if any.
    pub fn bytes(&self, size: u64) -> Option<Range<u64>> {
        match self {
            Self::Whole => Some(0..size),
            Self::Part(range) => Some(range.clone()),
            Self::Unchanged | Self::Beyond => None,
        }
    }

    /// Begins the answer: its status and the headers that tell about the bytes.
    pub fn answer(&self, etag: ETag, size: u64) -> ResponseBuilder {
        let mut response = Response::builder()
            .header(header::ACCEPT_RANGES, "bytes")
            .typed_header(etag);
        if let Some(range) = self.bytes(size) {
            response = response.header(header::CONTENT_LENGTH, range.end - range.start);
        }
        match self {
            Self::Whole => response,
            Self::Unchanged => response.status(StatusCode::NOT_MODIFIED),
            Self::Part(range) => response.status(StatusCode::PARTIAL_CONTENT).header(
                header::CONTENT_RANGE,
                format!("bytes {}-{}/{size}", range.start, range.end - 1),
            ),
            Self::Beyond => response
                .status(StatusCode::RANGE_NOT_SATISFIABLE)
                .header(header::CONTENT_RANGE, format!("bytes */{size}")),
        }
    }
}

/// What a `Range` wants of a body of `size` bytes: `bytes=<first>-<last>`, `bytes=<first>-` or `bytes=-<length of the end>`;
/// `None` for anything else. A last byte before the first is refused, as RFC 9110 (14.2) allows and clients of registries expect.
pub fn parse(text: &str, size: u64) -> Option<Wanted> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let range = match (first, last) {
        ("", length) => size.saturating_sub(number(length)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            first..size.min(last.saturating_add(1))
        }
    };
    Some(if range.is_empty() {
        Wanted::Beyond
    } else {
        Wanted::Part(range)
    })
}

/// The bytes of a `Content-Range` of a chunk: `<first>-<last>`, as the distribution-spec writes it; also with the unit before
/// and the size behind, as HTTP does.
pub fn content(text: &str) -> Option<Range<u64>> {
    let text = text.trim();
    let text = match text.split_at_checked(5) {
        Some((unit, rest)) if unit.eq_ignore_ascii_case("bytes") => rest,
        _ => text,
    };
    let text = text.trim_start_matches(['=', ' ']);
    let (range, _) = text.split_once('/').unwrap_or((text, ""));
    let (first, last) = range.split_once('-')?;
    let (first, end) = (number(first)?, number(last)?.checked_add(1)?);
    (first < end).then_some(first..end)
}

/// Digits alone: numbers of Rust may have a sign.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_the_readers_of_ranges_panic(text in "\\PC*", size: u64) {
            parse(&text, size);
            content(&text);
        }

        #[test]
        fn what_nearly_is_a_range_is_read_within_the_body(
            text in "(bytes|Bytes|rows)?[= ]{0,2}[+0-9]{0,21}-[0-9]{0,21}(/[0-9*]{0,3})?",
            size: u64,
        ) {
            if let Some(Wanted::Part(range)) = parse(&text, size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
            if let Some(range) = content(&text) {
                prop_assert!(range.start < range.end);
            }
        }

        #[test]
        fn a_part_that_is_there_is_read_as_it_was_written(first: u64, more: u64, behind: u64) {
            let last = first.saturating_add(more).min(u64::MAX - 1);
            let size = last.saturating_add(behind).saturating_add(1);
            let part = first.min(last)..last + 1;
            let text = format!("bytes={}-{last}", part.start);
            prop_assert_eq!(parse(&text, size), Some(Wanted::Part(part.clone())));
        }

        #[test]
        fn a_chunk_is_read_however_its_place_is_written(first: u64, more: u64) {
            let last = first.saturating_add(more).min(u64::MAX - 1);
            let first = first.min(last);
            for text in [
                format!("{first}-{last}"),
                format!("bytes {first}-{last}/*"),
                format!("bytes={first}-{last}"),
                format!("Bytes {first}-{last}/{}", last + 1),
            ] {
                prop_assert_eq!(content(&text), Some(first..last + 1), "{}", text);
            }
        }
    }

    #[test]
    fn what_is_no_place_of_a_chunk_is_none() {
        for text in [
            "",
            "5",
            "-",
            "5-",
            "-5",
            "+0-5",
            "0-+5",
            "6-5",
            "a-b",
            "0-18446744073709551615",
            "rows 0-5",
        ] {
            assert_eq!(content(text), None, "{text}");
        }
    }

    #[test]
    fn one_range_is_cut_to_what_is_there() {
        let part = |range| Some(Wanted::Part(range));
        assert_eq!(parse("bytes=0-0", 10), part(0..1));
        assert_eq!(parse("bytes=2-5", 10), part(2..6));
        assert_eq!(parse("bytes=2-500", 10), part(2..10));
        assert_eq!(parse("Bytes=7-", 10), part(7..10));
        assert_eq!(parse("bytes=-3", 10), part(7..10));
        assert_eq!(parse("bytes=-30", 10), part(0..10));
        assert_eq!(parse("bytes=0-18446744073709551615", 10), part(0..10));
    }

    #[test]
    fn a_range_behind_the_end_cannot_be_satisfied() {
        for range in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=99-100",
            "bytes=5-2",
        ] {
            assert_eq!(parse(range, 10), Some(Wanted::Beyond), "{range}");
        }
    }

    #[test]
    fn what_is_no_single_range_is_ignored() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=0-1,3-4",
            "bytes=a-b",
            "rows=0-1",
            "bytes=+1-2",
        ] {
            assert_eq!(parse(range, 10), None, "{range}");
        }
    }
}
