//! The history of the schema, one file a change. It does not import `entity`: it must replay old shapes.
//!
//! The same statements run on SQLite and PostgreSQL. A file that has been released is never edited.
#![forbid(unsafe_code)]
pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261122_000001_foundation;
mod m20261122_000002_fingerprints;
mod m20261122_000003_manifests;
mod m20261122_000004_scrub;
mod m20261122_000005_teams;
mod m20261122_000006_tags;
mod m20261122_000007_stars;
mod m20261122_000008_usage;
mod m20261122_000009_site;
mod m20261122_000010_events;
mod m20261122_000011_search;
mod m20261127_000012_tree;
mod m20261127_000013_quota;
mod m20261127_000015_search;
mod m20261127_000017_uploads;
mod m20261127_000021_trash;
mod m20261127_000023_revision;
mod m20261127_000024_drift;
mod m20261127_000026_orders;
mod m20261127_000027_pullers;
mod m20261127_000028_config;
mod m20261127_000030_pages;
mod m20261127_000031_jobs;
mod m20261127_000032_open_teams;

/// Runs the migrations in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let steps: Vec<Box<dyn MigrationTrait>> = vec![
            Box::new(m20261122_000001_foundation::Migration),
            Box::new(m20261122_000002_fingerprints::Migration),
            Box::new(m20261122_000003_manifests::Migration),
            Box::new(m20261122_000004_scrub::Migration),
            Box::new(m20261122_000005_teams::Migration),
            Box::new(m20261122_000006_tags::Migration),
            Box::new(m20261122_000007_stars::Migration),
            Box::new(m20261122_000008_usage::Migration),
            Box::new(m20261122_000009_site::Migration),
            Box::new(m20261122_000010_events::Migration),
            Box::new(m20261122_000011_search::Migration),
            Box::new(m20261127_000012_tree::Migration),
            Box::new(m20261127_000013_quota::Migration),
            Box::new(m20261127_000015_search::Migration),
            Box::new(m20261127_000017_uploads::Migration),
            Box::new(m20261127_000021_trash::Migration),
            Box::new(m20261127_000023_revision::Migration),
            Box::new(m20261127_000024_drift::Migration),
            Box::new(m20261127_000026_orders::Migration),
            Box::new(m20261127_000027_pullers::Migration),
            Box::new(m20261127_000028_config::Migration),
            Box::new(m20261127_000030_pages::Migration),
            Box::new(m20261127_000031_jobs::Migration),
            Box::new(m20261127_000032_open_teams::Migration),
        ];
        let whole = |step| Box::new(Whole(step)) as Box<dyn MigrationTrait>;
        steps.into_iter().map(whole).collect()
    }
}

/// A step that happens whole, with the note that it did, or not at all. PostgreSQL's do so anyway; SQLite's would leave a
/// schema that no program knows when they are cut short.
struct Whole(Box<dyn MigrationTrait>);

impl MigrationName for Whole {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Whole {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
