//! Scalars: values that JSON has no type for.
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;

/// What the library's scalar for times is called in the schema.
pub(super) const DATE_TIME: &str = "A moment in UTC, exact to a millisecond, as RFC 3339 writes it: \
                                    `2026-01-31T12:00:00.000+00:00`.";

/// What the library's scalar for ids is called in the schema.
pub(super) const ID: &str = "The global id of a thing: a noun, a colon and what tells it from others of its kind, such as \
                             `collection:0000000000a1b2c3d4e5f607`. Take it as it is; it stays when the thing is renamed.";

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date(pub NaiveDate);

/// A day in UTC: `2026-01-31`.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let day = match &value {
            Value::String(text) if text.len() == 10 => text.parse().ok(),
            _ => None,
        };
        day.map(Self)
            .ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bytes(pub u64);

/// A number of bytes, 0 to 2^64-1, as a string of decimal digits: `"1073741824"`. A string, because JavaScript and other
/// readers of JSON lose the last digits of large numbers; in JavaScript, `BigInt(text)` reads it.
#[Scalar]
impl ScalarType for Bytes {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(text.parse()?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A digest in the text form. As an input it is read by its resolver, which can name the argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest(pub String);

/// The digest of a file, which names its content: `sha256:` and 64 lower-case hexadecimal digits, or `sha512:` and 128, which
/// some clients of OCI registries push.
#[Scalar(
    specified_by_url = "https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests"
)]
impl ScalarType for Digest {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// The path of a container in the text form. As an input it is read by its resolver, which can name the argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContainerPath(pub String);

/// The path of a container, `namespace/collection/container`, each part of lower-case letters and digits joined by single
/// `.`, `_` or `-`, up to 128 bytes.
#[Scalar]
impl ScalarType for ContainerPath {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
