//! The schema as routers compose it: with the keys of what others may refer to, and with the names of a site if there are
//! several.
use std::fmt::Write;

use async_graphql::parser::types::{
    BaseType, ConstDirective, EnumType, FieldDefinition, InputValueDefinition, Type,
    TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};

use super::{
    KEYS, SHARED, SHARED_KEY,
    site::{NAMES, Site, innermost, is_left_out, is_of_the_site},
};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\", \"@shareable\"])\n";
/// What federation itself knows.
const OF_FEDERATION: &[&str] = &["_Any", "_Entity", "_Service"];

/// The text for a router; with the names of a site, if there are several.
pub(in crate::graphql) fn sdl(site: Option<&Site>) -> String {
    let mut text = Text {
        site,
        out: LINK.to_owned(),
    };
    for definition in &NAMES.document.definitions {
        if let TypeSystemDefinition::Type(kind) = definition {
            text.definition(&kind.node);
        }
    }
    text.out
}

struct Text<'a> {
    site: Option<&'a Site>,
    out: String,
}

impl Text<'_> {
    fn definition(&mut self, definition: &TypeDefinition) {
        let name = definition.name.node.as_str();
        let of_one_server = self.site.is_some() && name == "Node";
        // Who subscribes asks the server itself: gateways pass on queries and mutations alone.
        if OF_FEDERATION.contains(&name) || of_one_server || name == "Subscription" {
            return;
        }
        self.out.push('\n');
        self.description("", definition.description.as_ref());
        let shown = self.kind(name);
        match &definition.kind {
            TypeKind::Scalar => self.scalar(&shown, &definition.directives),
            TypeKind::Object(object) => {
                let head = format!(
                    "type {shown}{}{}",
                    self.implements(&object.implements),
                    self.object_directives(name)
                );
                self.fields(&head, name, &object.fields);
            }
            TypeKind::Interface(interface) => {
                let head = format!(
                    "interface {shown}{}",
                    self.implements(&interface.implements)
                );
                self.fields(&head, name, &interface.fields);
            }
            TypeKind::Union(union) => {
                let members = union.members.iter().map(|member| self.kind(&member.node));
                let members: Vec<String> = members.collect();
                self.line(&format!("union {shown} = {}", members.join(" | ")));
            }
            TypeKind::Enum(values) => self.values(&shown, values),
            TypeKind::InputObject(input) => {
                let one_of = directives(&definition.directives);
                self.line(&format!("input {shown}{one_of} {{"));
                for field in &input.fields {
                    self.argument("  ", &field.node);
                }
                self.line("}");
            }
        }
    }

    fn scalar(&mut self, name: &str, given: &[Positioned<ConstDirective>]) {
        if !["Boolean", "Float", "ID", "Int", "String"].contains(&name) {
            self.line(&format!("scalar {name}{}", directives(given)));
        }
    }

    fn object_directives(&self, name: &str) -> String {
        if NAMES.is_common(name) && !["Query", "Mutation", "Subscription", SHARED].contains(&name) {
            return " @shareable".into();
        }
        let keys = KEYS.iter().find(|(kind, _)| *kind == name);
        let of_all_sites = self.site.is_some() && name == SHARED;
        let keys = keys.into_iter().flat_map(|(_, keys)| keys.iter());
        let keys = keys.filter(|key| !of_all_sites || **key == SHARED_KEY);
        keys.map(|key| format!(" @key(fields: \"{key}\")"))
            .collect()
    }

    fn implements(&self, interfaces: &[Positioned<Name>]) -> String {
        let names = interfaces.iter().map(|interface| interface.node.as_str());
        let names = names.filter(|name| self.site.is_none() || *name != "Node");
        let names: Vec<String> = names.map(|name| self.kind(name)).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!(" implements {}", names.join(" & ")),
        }
    }

    fn fields(&mut self, head: &str, kind: &str, fields: &[Positioned<FieldDefinition>]) {
        self.line(&format!("{head} {{"));
        for field in fields {
            self.field(kind, &field.node);
        }
        self.line("}");
    }

    fn field(&mut self, kind: &str, field: &FieldDefinition) {
        let name = field.name.node.as_str();
        // An image is the same at all sites, so it is a node of none.
        let of_one_server = is_left_out(kind, name) || innermost(&field.ty.node) == "Node";
        let left_out = self.site.is_some() && of_one_server;
        if name.starts_with('_') || left_out {
            return;
        }
        self.description("  ", field.description.as_ref());
        let shown = self
            .site
            .map_or_else(|| name.to_owned(), |site| site.field(kind, name));
        let mut given = directives(&field.directives);
        let mut of = field.ty.node.clone();
        if self.site.is_some() && kind == SHARED {
            // What one site does not have is absent there, not a fault of all.
            match is_of_the_site(kind, name) {
                true => of.nullable = true,
                false if name != SHARED_KEY => given.push_str(" @shareable"),
                false => {}
            }
        }
        let of = self.reference(&of);
        if field.arguments.is_empty() {
            self.line(&format!("  {shown}: {of}{given}"));
            return;
        }
        self.line(&format!("  {shown}("));
        for argument in &field.arguments {
            self.argument("    ", &argument.node);
        }
        self.line(&format!("  ): {of}{given}"));
    }

    fn argument(&mut self, indent: &str, argument: &InputValueDefinition) {
        self.description(indent, argument.description.as_ref());
        let default = argument.default_value.as_ref();
        let default = default.map_or_else(String::new, |value| format!(" = {}", value.node));
        let line = format!(
            "{indent}{}: {}{default}{}",
            argument.name.node,
            self.reference(&argument.ty.node),
            directives(&argument.directives)
        );
        self.line(&line);
    }

    fn values(&mut self, name: &str, values: &EnumType) {
        self.line(&format!("enum {name} {{"));
        for value in &values.values {
            self.description("  ", value.node.description.as_ref());
            let given = directives(&value.node.directives);
            self.line(&format!("  {}{given}", value.node.value.node));
        }
        self.line("}");
    }

    fn kind(&self, name: &str) -> String {
        self.site
            .map_or_else(|| name.to_owned(), |site| site.kind(name))
    }

    fn reference(&self, kind: &Type) -> String {
        let base = match &kind.base {
            BaseType::Named(name) => self.kind(name),
            BaseType::List(inner) => format!("[{}]", self.reference(inner)),
        };
        if kind.nullable {
            base
        } else {
            format!("{base}!")
        }
    }

    fn description(&mut self, indent: &str, text: Option<&Positioned<String>>) {
        if let Some(text) = text {
            let lines = text
                .node
                .replace("\"\"\"", "\\\"\"\"")
                .replace('\n', &format!("\n{indent}"));
            self.line(&format!("{indent}\"\"\"\n{indent}{lines}\n{indent}\"\"\""));
        }
    }

    fn line(&mut self, line: &str) {
        writeln!(self.out, "{line}").expect("text takes more text");
    }
}

fn directives(given: &[Positioned<ConstDirective>]) -> String {
    let directive = |directive: &ConstDirective| {
        let arguments = directive.arguments.iter();
        let arguments: Vec<String> = arguments
            .map(|(name, value)| format!("{}: {}", name.node, value.node))
            .collect();
        match arguments.is_empty() {
            true => format!(" @{}", directive.name.node),
            false => format!(" @{}({})", directive.name.node, arguments.join(", ")),
        }
    };
    given.iter().map(|given| directive(&given.node)).collect()
}
