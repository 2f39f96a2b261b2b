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

/// `bytes=<first>-<last>`, `bytes=<first>-` or `bytes=-<length of the end>`; `None` for anything else. A last byte before
/// the first is refused, as RFC 9110 (14.2) allows and clients of registries expect.
fn parse(text: &str, size: u64) -> Option<Wanted> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |text: &str| {
        let digits = text.bytes().all(|c| c.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten()
    };
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

#[cfg(test)]
mod tests {
    use super::*;

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
