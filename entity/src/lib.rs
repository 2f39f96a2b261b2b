//! Tables, typed ids and column enums. Nothing here asks a question, decides anything or knows a protocol.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    reason = "sea-orm's derives use the finders that the house bans elsewhere"
)]
pub mod about;
pub mod access_grant;
pub mod blob;
pub mod blob_chunk;
pub mod blob_upload;
pub mod blob_use;
pub mod collection;
pub mod collection_redirect;
pub mod container;
pub mod container_blob;
pub mod container_redirect;
pub mod container_topic;
pub mod delivery;
pub mod download_day;
pub mod download_user;
pub mod event;
pub mod id;
pub mod image;
pub mod image_label;
pub mod image_unlabelled;
pub mod invitation;
pub mod job;
pub mod key;
pub mod key_id;
pub mod key_uid;
pub mod kind;
pub mod manifest;
pub mod manifest_config;
pub mod manifest_content;
pub mod manifest_part;
pub mod manifest_tag;
pub mod namespace;
pub mod namespace_redirect;
pub mod protection;
pub mod readme;
pub mod revision;
pub mod search_document;
pub mod search_facet;
pub mod search_mark;
pub mod search_vocabulary;
pub mod search_word;
pub mod session;
pub mod share_link;
pub mod share_use;
pub mod sif;
pub mod site;
pub mod star;
pub mod tag;
pub mod tag_move;
pub mod team;
pub mod team_member;
pub mod terms;
pub mod terms_agreement;
pub mod token;
pub mod trash;
pub mod upload;
pub mod upload_part;
pub mod usage;
pub mod usage_day;
pub mod user;
pub mod webhook;
