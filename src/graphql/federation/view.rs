//! Operations and answers, between the names that a site has among several and the names of its own schema.
use async_graphql::Positioned;
use async_graphql::{
    Name, Value,
    parser::types::{
        BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
        Selection, SelectionSet, Type, TypeCondition,
    },
};

use super::{Site, site::NAMES};

/// An operation in the names of this server. Answers keep the names that were asked for, as aliases do.
pub(in crate::graphql) fn hide(
    site: &Site,
    mut document: ExecutableDocument,
) -> ExecutableDocument {
    match &mut document.operations {
        DocumentOperations::Single(operation) => hide_operation(site, &mut operation.node),
        DocumentOperations::Multiple(operations) => operations
            .values_mut()
            .for_each(|operation| hide_operation(site, &mut operation.node)),
    }
    for fragment in document.fragments.values_mut() {
        let fragment = &mut fragment.node;
        let kind = hide_condition(site, &mut fragment.type_condition);
        hide_fields(site, &mut fragment.selection_set.node, &kind);
    }
    document
}

fn hide_operation(site: &Site, operation: &mut OperationDefinition) {
    for variable in &mut operation.variable_definitions {
        hide_type(site, &mut variable.node.var_type.node);
    }
    let root = match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    hide_fields(site, &mut operation.selection_set.node, root);
}

fn hide_type(site: &Site, kind: &mut Type) {
    match &mut kind.base {
        BaseType::Named(name) => *name = Name::new(site.own_kind(name)),
        BaseType::List(inner) => hide_type(site, inner),
    }
}

fn hide_condition(site: &Site, condition: &mut Positioned<TypeCondition>) -> String {
    let name = &mut condition.node.on.node;
    *name = Name::new(site.own_kind(name));
    name.to_string()
}

fn hide_fields(site: &Site, set: &mut SelectionSet, kind: &str) {
    for item in &mut set.items {
        match &mut item.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                if let Some(own) = site.own_field(kind, &field.name.node) {
                    let asked = field.name.clone();
                    field.alias.get_or_insert(asked);
                    field.name.node = Name::new(own);
                }
                let inner = NAMES.field(kind, &field.name.node).unwrap_or_default();
                hide_fields(site, &mut field.selection_set.node, inner);
            }
            Selection::InlineFragment(inline) => {
                let inline = &mut inline.node;
                let narrowed = inline.type_condition.as_mut();
                let narrowed = narrowed.map(|condition| hide_condition(site, condition));
                let kind = narrowed.as_deref().unwrap_or(kind);
                hide_fields(site, &mut inline.selection_set.node, kind);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// An answer in the names of the site. Names that begin with `__` are kept for what the schema says of itself: of an
/// answer to a router, that is the names of types.
pub(in crate::graphql) fn show(site: &Site, answer: Value) -> Value {
    match answer {
        Value::List(items) => items.into_iter().map(|item| show(site, item)).collect(),
        Value::Object(members) => {
            let member = |(name, value): (Name, Value)| match value {
                Value::String(kind) if name.starts_with("__") => {
                    (name, Value::String(site.kind(&kind)))
                }
                value => (name, show(site, value)),
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        other => other,
    }
}
