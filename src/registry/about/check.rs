//! What may be said.
use url::Url;

use super::Description;
use crate::{
    error::{Error, Result},
    registry::path::plain,
};

/// The longest README, in bytes.
pub const README_MAX: usize = 512 << 10;
/// The longest licence, in bytes.
pub const LICENCE_MAX: usize = 256;
/// The longest address of a source, in bytes.
pub const SOURCE_MAX: usize = 2048;
/// The longest citation, in bytes.
pub const CITATION_MAX: usize = 4096;

/// A description without blanks around its parts.
///
/// # Errors
/// [`Error::Invalid`], naming the part.
pub(super) fn description(new: Description) -> Result<Description> {
    if let Some(readme) = &new.readme {
        plain("readme", readme, README_MAX)?;
    }
    Ok(Description {
        readme: new.readme,
        licence: new.licence.map(licence).transpose()?,
        source: new.source.map(source).transpose()?,
        citation: new.citation.map(citation).transpose()?,
    })
}

fn licence(text: String) -> Result<String> {
    plain("licence", &text, LICENCE_MAX)?;
    let text = text.trim();
    if !text.is_empty() && spdx::Expression::parse(text).is_err() {
        let why = "is not an SPDX expression such as Apache-2.0 or \"MIT OR GPL-3.0-or-later\"; call a licence of your own LicenseRef-<name>";
        return Err(Error::invalid("licence", format!("{text:?} {why}")));
    }
    Ok(text.to_owned())
}

fn source(text: String) -> Result<String> {
    plain("source", &text, SOURCE_MAX)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let open = |url: &Url| url.username().is_empty() && url.password().is_none();
    let url = Url::parse(text).ok().filter(web).filter(open);
    let url = url.map(String::from).filter(|url| url.len() <= SOURCE_MAX);
    url.ok_or_else(|| {
        let why = "is not an address such as https://git.example.org/tool, without a password";
        Error::invalid("source", format!("{text:?} {why}"))
    })
}

fn citation(text: String) -> Result<String> {
    plain("citation", &text, CITATION_MAX)?;
    Ok(text.trim().to_owned())
}

/// The DOI that a citation is, if it is nothing else: `10.5281/zenodo.1`, also behind `doi:` or `https://doi.org/`.
pub fn doi(citation: &str) -> Option<&str> {
    let fronts = [
        "https://doi.org/",
        "http://doi.org/",
        "https://dx.doi.org/",
        "doi:",
        "DOI:",
    ];
    let bare = fronts.iter().find_map(|front| citation.strip_prefix(front));
    let doi = bare.unwrap_or(citation).trim();
    let (registrant, suffix) = doi.strip_prefix("10.")?.split_once('/')?;
    let digits =
        registrant.len() >= 4 && registrant.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let graphic = !suffix.is_empty() && suffix.bytes().all(|c| c.is_ascii_graphic());
    (digits && graphic).then_some(doi)
}

#[cfg(test)]
mod tests {
    use super::doi;

    #[test]
    fn a_doi_is_found_in_the_ways_that_people_write_it() {
        for text in [
            "10.5281/zenodo.1234",
            "doi:10.5281/zenodo.1234",
            "https://doi.org/10.5281/zenodo.1234",
            "DOI: 10.5281/zenodo.1234",
        ] {
            assert_eq!(doi(text), Some("10.5281/zenodo.1234"), "{text}");
        }
        for text in [
            "",
            "10.",
            "10.1/x",
            "10.5281/",
            "Kurtzer et al. 2017",
            "see 10.5281/zenodo.1",
            "10.5281/a b",
            "https://e.org/10.5281/x",
        ] {
            assert_eq!(doi(text), None, "{text}");
        }
    }
}
