//! Errors as this protocol shows them: `message` for people, `extensions.code` for programs, and `extensions.field` for
//! inputs that are wrong, such as `input.name`.
use std::{str::FromStr, sync::Arc};

use async_graphql::{ErrorExtensionValues, Response as Answer, ServerError};
use poem::Response;

use crate::{
    error::{Error, Result},
    protocol,
};

/// The code of operations that are nested deeper than this server follows.
pub(super) const TOO_DEEP: &str = "TOO_DEEP";
/// The code of operations that cost more than this server pays.
pub(super) const TOO_COMPLEX: &str = "TOO_COMPLEX";
/// The code of operations that take longer than this server works for one.
pub(super) const TOO_SLOW: &str = "TOO_SLOW";
/// The code of digests of operations that this server does not know; clients send the text then.
pub(super) const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
/// The code of operations that are not on this server's list.
pub(super) const NOT_LISTED: &str = "NOT_LISTED";
/// The code of subscriptions whose client takes events more slowly than they happen.
pub(super) const FELL_BEHIND: &str = "FELL_BEHIND";
/// The code of what cannot be had at the moment.
pub(super) const UNAVAILABLE: &str = "UNAVAILABLE";
/// The code of inputs, and of operations, that are wrong.
const INVALID: &str = "INVALID";
/// What the library's parser says of operations that are nested too deep for it.
const PARSER_IS_TOO_DEEP: &str = "recursion limit exceeded.";

/// The code of an error.
pub(super) fn code(error: &Error) -> &'static str {
    match error {
        Error::Unauthenticated(_) => "UNAUTHENTICATED",
        Error::Forbidden(_) => "FORBIDDEN",
        Error::NotFound(_) => "NOT_FOUND",
        Error::Conflict(_) => "CONFLICT",
        Error::Invalid { .. } => INVALID,
        Error::OutOfOrder { .. } => "OUT_OF_ORDER",
        Error::TooLarge { .. } => "TOO_LARGE",
        Error::QuotaExceeded(_) => "QUOTA_EXCEEDED",
        Error::StorageFull => "STORAGE_FULL",
        Error::RateLimited { .. } | Error::TooMany { .. } => "RATE_LIMITED",
        Error::Unsupported(_) => "UNSUPPORTED",
        Error::ReadOnly { .. } => "READ_ONLY",
        Error::TermsNotAgreed { .. } => "TERMS_NOT_AGREED",
        Error::Unavailable { .. } => UNAVAILABLE,
        Error::Internal(_) => "INTERNAL",
    }
}

/// An error that carries a code.
pub(super) fn coded(message: impl Into<String>, code: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    extensions(&mut error).set("code", code);
    error
}

fn extensions(error: &mut ServerError) -> &mut ErrorExtensionValues {
    error.extensions.get_or_insert_default()
}

/// Gives every error of an answer its code, and logs what the caller is not told, each once.
///
/// Resolvers return errors of the house; the answer carries them as sources until here. What has no source is the
/// library's refusal of an operation that does not fit the schema.
pub(super) fn render(mut answer: Answer) -> Answer {
    let mut logged = Vec::new();
    for shown in &mut answer.errors {
        if let Some(error) = shown.source::<Error>() {
            protocol::log(error);
        }
        if let Some(shared) = shown.source::<Arc<Error>>()
            && !logged.contains(&Arc::as_ptr(shared))
        {
            protocol::log(shared);
            logged.push(Arc::as_ptr(shared));
        }
        describe(shown);
    }
    answer
}

fn describe(shown: &mut ServerError) {
    let source = shown.source.clone();
    let error = source.as_deref().and_then(|source| {
        let shared = source.downcast_ref::<Arc<Error>>().map(|error| &**error);
        source.downcast_ref::<Error>().or(shared)
    });
    let field = match error {
        Some(Error::Invalid { what, .. }) => Some(what.clone()),
        Some(_) => None,
        None => refused_argument(&shown.message),
    };
    let message = shown.message.clone();
    let extensions = extensions(shown);
    if let Some(field) = field {
        extensions.set("field", field);
    }
    if extensions.get("code").is_none() {
        let refused = match &*message {
            PARSER_IS_TOO_DEEP => TOO_DEEP,
            _ => INVALID,
        };
        extensions.set("code", error.map_or(refused, code));
    }
}

/// The path of the argument that the library refuses before there is a resolver to name it.
fn refused_argument(message: &str) -> Option<String> {
    let quoted = |word: &str| {
        let (_, rest) = message.split_once(&format!("{word} \""))?;
        rest.split_once('"').map(|(name, _)| name)
    };
    match (quoted("argument"), quoted("field")) {
        (Some(path), Some(member)) if message.starts_with("Invalid value") => {
            Some(format!("{path}.{member}"))
        }
        (Some(path), _) => Some(path.to_owned()),
        // What a scalar refuses is told with the type of the input, not with its place.
        (None, _) => message.contains("Input\"").then(|| "input".to_owned()),
    }
}

/// An error of the house where there is no field that it is of.
pub(super) fn refused(error: &Error) -> ServerError {
    let mut shown = coded(error.to_string(), code(error));
    if let Error::Invalid { what, .. } = error {
        extensions(&mut shown).set("field", what.as_str());
    }
    shown
}

/// The answer to a request that holds no operation.
pub(super) fn refusal(error: &Error) -> Response {
    let body = serde_json::json!({"errors": [refused(error)]});
    protocol::failure(error)
        .content_type("application/json; charset=utf-8")
        .body(body.to_string())
}

/// Names of inputs as callers of the graph know them.
pub(super) trait InField {
    /// The same, and an input that is wrong is called `field`.
    fn in_field(self, field: &str) -> Self;
    /// The same, and an input that is wrong is a member of the argument `input`.
    fn in_input(self) -> Self;
    /// The same, and an input that is wrong is a member of `place`, such as `labels.2`.
    fn within(self, place: &str) -> Self;
}

/// Reads each text of the list `field`, in which a wrong one is called by its place, such as `input.names.2`.
pub(super) fn each<T>(field: &str, texts: &[String]) -> Result<Vec<T>>
where
    T: FromStr<Err = Error>,
{
    let read = |(place, text): (usize, &String)| text.parse().in_field(&format!("{field}.{place}"));
    texts.iter().enumerate().map(read).collect()
}

impl<T> InField for Result<T> {
    fn in_field(self, field: &str) -> Self {
        self.map_err(|error| match error {
            Error::Invalid { why, .. } => Error::invalid(field, why),
            other => other,
        })
    }

    fn in_input(self) -> Self {
        self.map_err(|error| match error {
            Error::Invalid { what, why } => {
                let member = if what == "expires" {
                    "expiresAt"
                } else {
                    &what
                };
                Error::invalid(format!("input.{member}"), why)
            }
            other => other,
        })
    }
    fn within(self, place: &str) -> Self {
        self.map_err(|error| match error {
            Error::Invalid { what, why } => Error::invalid(format!("{place}.{what}"), why),
            other => other,
        })
    }
}
