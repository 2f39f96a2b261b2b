//! `sifhub gc`.
use clap::Args;
use serde_json::json;

use super::open_existing;
use crate::{
    config::{ByteSize, Config, Duration},
    error::Result,
    registry::{
        Caller, JobKind,
        blob::{Decision, Hold, Reason, What, collect, explain},
        job::{self, NewJob},
    },
};

#[derive(Args)]
pub(super) struct Gc {
    /// Remove nothing, and tell of each blob and each staged object whether it would go, and why
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: one JSON object a line
    #[arg(long, requires = "dry_run")]
    json: bool,
    /// Leave alone what is younger (storage.staging_retention, 1d unless configured). Less than a push takes makes pushes fail
    /// that are under way, to be tried again; what was acknowledged stays in any case
    #[arg(long, value_name = "TIME")]
    grace: Option<Duration>,
}

impl Gc {
    pub(super) async fn run(self, config: Config) -> Result<()> {
        let grace = self.grace.unwrap_or(config.storage.staging_retention);
        let operator = open_existing(config).await?.operator();
        match self.dry_run {
            true => tell(&operator, grace, self.json).await,
            false => sweep(&operator, grace).await,
        }
    }
}

async fn sweep(operator: &Caller, grace: Duration) -> Result<()> {
    let new = NewJob {
        kind: JobKind::Collect,
        before: operator.ago(grace.get()),
        rate: None,
        mend: false,
    };
    let work = async |operator: &Caller| collect(operator, grace.get(), false).await;
    let collected = job::run(operator, new, work).await?;
    for (digest, size) in &collected.blobs {
        println!("blob {digest} {size}");
    }
    for key in &collected.staged {
        println!("staged {key}");
    }
    for digest in &collected.aside {
        println!("quarantined {digest}");
    }
    eprintln!(
        "removed {} blobs ({}), {} staged leftovers, {} uploads, {} quarantined blobs",
        collected.blobs.len(),
        ByteSize::from_bytes(collected.bytes()),
        collected.staged.len(),
        collected.uploads,
        collected.aside.len()
    );
    Ok(())
}

async fn tell(operator: &Caller, grace: Duration, json: bool) -> Result<()> {
    let (mut kept, mut gone, mut bytes) = (0, 0, 0);
    explain(operator, grace.get(), |decision| {
        match decision.goes() {
            true => (gone, bytes) = (gone + 1, bytes + decision.size.unwrap_or_default()),
            false => kept += 1,
        }
        println!(
            "{}",
            if json {
                record(&decision)
            } else {
                line(&decision)
            }
        );
    })
    .await?;
    let bytes = ByteSize::from_bytes(bytes);
    eprintln!("would remove {gone} ({bytes}) and keep {kept}");
    Ok(())
}

/// A decision for people: what happens, to what, and why.
fn line(decision: &Decision) -> String {
    let Decision {
        what, name, size, ..
    } = decision;
    let verb = if decision.goes() { "remove" } else { "keep" };
    let size = size.map(|size| format!(" {size}")).unwrap_or_default();
    let why = match (decision.goes(), what) {
        (false, _) => decision
            .holds
            .iter()
            .map(words)
            .collect::<Vec<_>>()
            .join("; "),
        (true, What::Blob) => "nothing refers to it".into(),
        (true, What::Orphan) => "the database does not know it".into(),
        (true, What::Staged) => "no upload needs it".into(),
    };
    format!("{verb} {} {name}{size}: {why}", noun(*what))
}

fn words(hold: &Hold) -> String {
    let reason = match hold.reason {
        Reason::Image => "image",
        Reason::Manifest => "named by the manifest",
        Reason::Index => "named by the index",
        Reason::Trash => "in the trash:",
        Reason::Upload => "of an upload under way",
        Reason::Brought => "brought to",
        Reason::Young => "young",
    };
    let more = match hold.count {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let space = if hold.example.is_empty() { "" } else { " " };
    let until = hold.until.map(|until| format!(", until {until}"));
    format!(
        "{reason}{space}{}{more}{}",
        hold.example,
        until.unwrap_or_default()
    )
}

fn noun(what: What) -> &'static str {
    match what {
        What::Blob => "blob",
        What::Orphan => "orphan",
        What::Staged => "staged",
    }
}

/// A decision for programs.
fn record(decision: &Decision) -> String {
    let holds: Vec<_> = decision
        .holds
        .iter()
        .map(|hold| {
            json!({
                "reason": format!("{:?}", hold.reason).to_lowercase(),
                "count": hold.count,
                "example": hold.example,
                "until": hold.until,
            })
        })
        .collect();
    let record = json!({
        "action": if decision.goes() { "remove" } else { "keep" },
        "what": noun(decision.what),
        "name": decision.name,
        "size": decision.size,
        "holds": holds,
    });
    record.to_string()
}
