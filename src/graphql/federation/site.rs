//! The names that a server has among several.
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    str::FromStr,
    sync::LazyLock,
};

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, ServiceDocument, Type, TypeKind, TypeSystemDefinition},
};

use super::{OF_ONE_SERVER, OF_THE_FILE, SHARED};
use crate::error::{Error, Result};

/// The longest name of a site, in bytes.
const NAME_MAX: usize = 32;

/// The name of one of several servers whose graphs are joined, such as `north`. What belongs to it carries the name:
/// `northContainers`, `NorthContainer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::graphql) struct Site(String);

impl FromStr for Site {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let rest = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_name = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            && text.bytes().all(rest)
            && text.len() <= NAME_MAX;
        if is_name {
            return Ok(Self(text.to_owned()));
        }
        let why = format!(
            "{text:?} is no name of a site: use up to {NAME_MAX} lower-case letters and digits, a letter first"
        );
        Err(Error::invalid("site", why))
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Site {
    /// What a type of this server is called among several.
    pub(super) fn kind(&self, name: &str) -> String {
        match NAMES.is_own(name) {
            true => format!("{}{name}", capital(&self.0)),
            false => name.to_owned(),
        }
    }

    /// The type of this server that is called so among several.
    pub(super) fn own_kind<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&capital(&self.0))
            .filter(|own| NAMES.is_own(own))
            .unwrap_or(name)
    }

    /// What a field is called among several.
    pub(super) fn field(&self, kind: &str, name: &str) -> String {
        match is_of_the_site(kind, name) {
            true => format!("{}{}", self.0, capital(name)),
            false => name.to_owned(),
        }
    }

    /// The field of this server that is called so among several.
    pub(super) fn own_field(&self, kind: &str, name: &str) -> Option<String> {
        let rest = name.strip_prefix(&self.0)?;
        let first = rest.chars().next().filter(char::is_ascii_uppercase)?;
        let own = format!("{}{}", first.to_ascii_lowercase(), &rest[1..]);
        (is_of_the_site(kind, &own) && NAMES.field(kind, &own).is_some()).then_some(own)
    }
}

/// Whether a field must carry the name of the site, because the type that it is in does not.
pub(super) fn is_of_the_site(kind: &str, field: &str) -> bool {
    match kind {
        "Query" | "Mutation" | "Subscription" => !field.starts_with('_'),
        SHARED => !OF_THE_FILE.contains(&field),
        _ => false,
    }
}

/// Whether a field is left out among several.
pub(super) fn is_left_out(kind: &str, field: &str) -> bool {
    kind == "Query" && OF_ONE_SERVER.contains(&field)
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The names in this server's schema.
pub(super) static NAMES: LazyLock<Names> = LazyLock::new(Names::read);

/// The names in a schema.
pub(super) struct Names {
    /// The schema.
    pub document: ServiceDocument,
    /// Types with the types of their fields.
    fields: HashMap<String, HashMap<String, String>>,
    /// Types that are the same at every site: values, and what is read from a file.
    common: BTreeSet<String>,
}

impl Names {
    fn read() -> Self {
        let text = crate::graphql::sdl();
        let document = parse_schema(text).expect("the schema that this server makes is one");
        let mut names = Self {
            document,
            fields: HashMap::new(),
            common: BTreeSet::from(["PageInfo", SHARED].map(ToOwned::to_owned)),
        };
        names.fields = names
            .types()
            .map(|(name, kind)| (name.to_owned(), field_types(kind)))
            .collect();
        let scalars = names
            .types()
            .filter(|(_, kind)| matches!(kind, TypeKind::Scalar));
        let scalars: Vec<String> = scalars.map(|(name, _)| name.to_owned()).collect();
        names.common.extend(scalars);
        names
            .common
            .extend(["Query", "Mutation", "Subscription"].map(ToOwned::to_owned));
        for field in OF_THE_FILE {
            let kind = names.field(SHARED, field).unwrap_or_default().to_owned();
            names.add_common(&kind);
        }
        names
    }

    /// Counts a type among the common ones, with all that it refers to.
    fn add_common(&mut self, kind: &str) {
        if !self.fields.contains_key(kind) || !self.common.insert(kind.to_owned()) {
            return;
        }
        let inner: Vec<String> = self.fields[kind].values().cloned().collect();
        for kind in inner {
            self.add_common(&kind);
        }
    }

    fn types(&self) -> impl Iterator<Item = (&str, &TypeKind)> {
        self.document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(kind) => {
                    Some((kind.node.name.node.as_str(), &kind.node.kind))
                }
                _ => None,
            })
    }

    /// Whether a type belongs to the server, and so carries the name of its site.
    fn is_own(&self, kind: &str) -> bool {
        self.fields.contains_key(kind) && !self.common.contains(kind)
    }

    /// Whether a type is a value that is the same whoever tells it.
    pub(super) fn is_common(&self, kind: &str) -> bool {
        self.common.contains(kind)
    }

    /// The type of a field, without lists and `!`.
    pub(super) fn field(&self, kind: &str, field: &str) -> Option<&str> {
        self.fields.get(kind)?.get(field).map(String::as_str)
    }
}

fn field_types(kind: &TypeKind) -> HashMap<String, String> {
    let fields: &[_] = match kind {
        TypeKind::Object(object) => &object.fields,
        TypeKind::Interface(interface) => &interface.fields,
        _ => &[],
    };
    let of = |field: &FieldDefinition| {
        let kind = innermost(&field.ty.node).to_owned();
        (field.name.node.to_string(), kind)
    };
    fields.iter().map(|field| of(&field.node)).collect()
}

/// The name within lists and `!`.
pub(super) fn innermost(kind: &Type) -> &str {
    match &kind.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => innermost(inner),
    }
}
