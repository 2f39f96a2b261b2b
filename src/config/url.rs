//! URLs that are checked when they are read.
use std::{fmt, path::Path, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Position, Url};

use super::secret::MASK;

/// An `http` or `https` URL that paths can be appended to: no slash at its end, no query, no fragment, no user.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, title = "http or https URL without user, query and fragment", extend("pattern" = "^[hH][tT][tT][pP][sS]?://"))]
pub struct HttpUrl(String);

/// A database URL: `sqlite:…` or `postgres://…`. Its password is shown by [`DatabaseUrl::as_str`] alone.
#[derive(Clone, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(
    inline,
    title = "URL such as postgres://user:password@host/name or sqlite:///path/to/file?mode=rwc",
    extend("pattern" = "^(sqlite:|postgres(ql)?://)", "writeOnly" = true)
)]
pub struct DatabaseUrl(String);

impl HttpUrl {
    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DatabaseUrl {
    /// The SQLite file at `path`, made when it does not exist.
    pub(super) fn sqlite(path: &Path) -> Self {
        let path = path
            .to_string_lossy()
            .replace('%', "%25")
            .replace('?', "%3F")
            .replace('#', "%23");
        Self(format!("sqlite://{path}?mode=rwc"))
    }

    /// The URL with its password.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL with its password masked. One that is too odd to say where the password is, is masked as a whole.
    fn masked(&self) -> String {
        let Ok(mut url) = Url::parse(&self.0) else {
            return MASK.into();
        };
        // A password with `#`, `?` or `/` in it ends the host early, and its rest lands behind the host, before an `@`.
        let misread = url[Position::BeforePath..].contains(['@', '#']);
        if misread || url.query_pairs().any(|(name, _)| name.contains("password")) {
            return MASK.into();
        }
        if url.password().is_none() {
            return self.0.clone();
        }
        url.set_password(Some(MASK))
            .map_or_else(|()| MASK.into(), |()| url.into())
    }
}

impl FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url =
            Url::parse(text.trim()).map_err(|fault| format!("`{text}` is no URL: {fault}"))?;
        let web = matches!(url.scheme(), "http" | "https");
        let anonymous = url.username().is_empty() && url.password().is_none();
        if web && anonymous && url.query().is_none() && url.fragment().is_none() {
            Ok(Self(url.as_str().trim_end_matches('/').into()))
        } else {
            Err(format!(
                "`{text}` is no http or https URL without user, query and fragment"
            ))
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = ["sqlite:", "postgres://", "postgresql://"]
            .iter()
            .any(|start| text.starts_with(start));
        // The text is not repeated: it may hold a password.
        known
            .then(|| Self(text.into()))
            .ok_or_else(|| "neither sqlite: nor postgres://".into())
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.masked())
    }
}

impl TryFrom<String> for HttpUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<HttpUrl> for String {
    fn from(url: HttpUrl) -> Self {
        url.0
    }
}

impl From<DatabaseUrl> for String {
    /// The masked form: nothing that serialises a configuration reveals the password.
    fn from(url: DatabaseUrl) -> Self {
        url.masked()
    }
}
