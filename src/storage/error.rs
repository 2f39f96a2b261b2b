use std::io;

use opendal::ErrorKind;

use crate::error::Error;

/// What servers that speak S3 answer when they are full; OpenDAL has no kind for it and keeps the answer's text.
const FULL: [&str; 3] = ["InsufficientStorage", "StorageFull", "QuotaExceeded"];

/// The only place where a failure of the backend becomes one of ours.
pub(super) fn from_opendal(failure: opendal::Error) -> Error {
    match failure.kind() {
        ErrorKind::NotFound => Error::NotFound("blob"),
        // Ranges are checked before they come here, so the object is shorter than it was.
        ErrorKind::RangeNotSatisfied => Error::Internal(failure.into()),
        _ if is_full(&failure) => Error::StorageFull,
        _ => unavailable(failure),
    }
}

/// The same for a failure to write: a path that is missing there is a fault of the backend.
pub(super) fn from_writing(failure: opendal::Error) -> Error {
    if failure.kind() == ErrorKind::NotFound {
        unavailable(failure)
    } else {
        from_opendal(failure)
    }
}

/// The same where what is missing is no blob but an upload.
pub(super) fn gone(failure: Error) -> Error {
    match failure {
        Error::NotFound(_) => Error::NotFound("upload"),
        other => other,
    }
}

/// The same for a failure that reached us as an I/O error, ours or one with OpenDAL's inside.
pub(super) fn from_io(failure: io::Error) -> Error {
    match failure.downcast::<opendal::Error>() {
        Ok(failure) => from_opendal(failure),
        Err(failure) if is_full_disk(&failure) => Error::StorageFull,
        Err(failure) => unavailable(failure),
    }
}

/// A backend that does not do its work.
pub(super) fn unavailable(failure: impl Into<anyhow::Error>) -> Error {
    Error::Unavailable {
        what: "storage",
        source: failure.into(),
    }
}

fn is_full(failure: &opendal::Error) -> bool {
    let mut source = std::error::Error::source(failure);
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some_and(is_full_disk) {
            return true;
        }
        source = error.source();
    }
    // The message is the server's answer, the rest may hold names that somebody chose.
    FULL.iter().any(|code| failure.message().contains(code))
}

fn is_full_disk(failure: &io::Error) -> bool {
    matches!(
        failure.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
