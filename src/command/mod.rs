//! The commands of the program. Each file is a command; each is a few lines around the registry.
//!
//! Owns what is printed to a terminal and what `--help` teaches. Must not hold rules.
mod config;
mod gc;
mod log;
mod migrate;
mod recount;
mod reindex;
mod schema;
mod scrub;
mod seed;
mod serve;
mod token;
mod user;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    app::App,
    config::{Config, Duration, Flag, Loaded, Sources},
    error::{Error, Result},
    registry::{
        Caller, sqlite_file,
        user::{User as Account, find},
    },
};

/// A registry for Singularity and Apptainer images.
///
/// Started without any configuration, `sifhub serve` listens on 127.0.0.1:8080 and keeps everything below ./data.
/// Settings come from sifhub.toml, then from environment variables such as SIFHUB__HTTP__LISTEN, then from flags;
/// `sifhub config print` shows what is in force and where each value comes from.
#[derive(Parser)]
#[command(name = "sifhub", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Settings {
    /// The configuration file; without it $SIFHUB_CONFIG, then ./sifhub.toml if there is one
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set any key of the configuration, such as `--set http.listen=0.0.0.0:80`; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    ///
    /// On the very first start the log shows a link to make the first administrator. SIGTERM stops it: no new work is
    /// taken, and running transfers finish (as long as http.drain_timeout allows).
    Serve(serve::Serve),
    /// Bring the database schema up to date, and stop
    ///
    /// `serve` does this by itself; use it where the server may not change the schema.
    Migrate,
    /// Print the GraphQL schema
    Schema(schema::Schema),
    /// Make, list, disable and enable accounts; change passwords
    #[command(subcommand)]
    User(user::User),
    /// Make, list and revoke tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Show, check and describe the configuration
    #[command(subcommand)]
    Config(config::Config),
    /// Remove blobs that no image refers to, and leftovers of uploads
    ///
    /// The server does this by itself once an hour. It may run beside a working server.
    Gc(gc::Gc),
    /// Read stored blobs again, and put aside those that are damaged
    ///
    /// Goes on where it was stopped, since every blob's row tells when it was last read. What is damaged or missing is
    /// printed, shown to administrators in GraphQL (`storage`), and comes back with the next push of the same bytes. It may
    /// run beside a working server.
    Scrub(scrub::Scrub),
    /// Count again what there is, and name sums that say something else
    ///
    /// The server does this by itself, bit by bit, and reports what it finds in its log, as events, and to administrators in
    /// GraphQL (`storage`). Ends with a failure when something is wrong and --mend was not given. It may run beside a working
    /// server.
    Recount(recount::Recount),
    /// Fill an empty database with synthetic data, to try or to measure a registry of any size
    ///
    /// There are no bytes behind it, so images cannot be pulled; everything else works. The same numbers make the same data.
    /// A million images take minutes.
    Seed(seed::Seed),
    /// Write anew what is searched, and stop when that is done
    ///
    /// The server keeps it up to date by itself; use this after rows were changed behind its back. The old stays in use
    /// meanwhile. Goes on where it was stopped, then or by the server. It may run beside a working server.
    Reindex,
    /// Print the version
    Version,
}

/// What a thread may need for the deepest query, in builds without optimisation, too; only what is touched takes memory.
const STACK: usize = 8 << 20;

/// Writes a long text to standard output. Whoever reads only its beginning, as `head` does, has what they want.
fn print(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.map_err(anyhow::Error::from)?),
    }
}

impl Cli {
    /// Runs the command. What it is asked for goes to standard output; what went wrong, to standard error.
    pub fn run(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_stack_size(STACK)
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return failed(&anyhow::Error::from(error).into()),
        };
        match runtime.block_on(self.dispatch()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        }
    }

    async fn dispatch(self) -> Result<()> {
        let settings = self.settings;
        match self.command {
            Command::Serve(serve) => serve.run(settings).await,
            Command::Migrate => migrate::run(settings.load()?.config).await,
            Command::Schema(schema) => schema.run(),
            Command::User(user) => user.run(settings.load()?.config).await,
            Command::Token(token) => token.run(settings.load()?.config).await,
            Command::Config(config) => config.run(settings),
            Command::Gc(gc) => gc.run(settings.load()?.config).await,
            Command::Scrub(scrub) => scrub.run(settings.load()?.config).await,
            Command::Recount(recount) => recount.run(settings.load()?.config).await,
            Command::Seed(seed) => seed.run(settings.load()?.config).await,
            Command::Reindex => reindex::run(settings.load()?.config).await,
            Command::Version => {
                println!("sifhub {}", env!("CARGO_PKG_VERSION"));
                Ok(())
            }
        }
    }
}

impl Settings {
    fn load(self) -> Result<Loaded> {
        self.load_with(Vec::new())
    }

    /// The configuration; `flags` count most.
    fn load_with(self, flags: Vec<Flag>) -> Result<Loaded> {
        let set = self
            .set
            .iter()
            .map(|text| {
                text.parse()
                    .map_err(|why: String| Error::invalid("--set", why))
            })
            .collect::<Result<Vec<Flag>>>()?;
        Config::load(&Sources::of_process(
            self.config,
            set.into_iter().chain(flags).collect(),
        )?)
    }
}

/// How long a command waits at least for whoever else writes to SQLite. A client asks a server again; a script that runs a command
/// does not.
const PATIENCE: Duration = Duration::from_secs(60);

/// The parts of a server, for a command that works on them itself. Its log is silent but for warnings.
async fn open(mut config: Config) -> Result<App> {
    log::quiet();
    let busy = &mut config.database.busy_timeout;
    *busy = (*busy).max(PATIENCE);
    App::open(config).await
}

/// The same for a command that has nothing to do where there is no database yet. Started in a wrong folder, it would
/// otherwise make a server there.
async fn open_existing(config: Config) -> Result<App> {
    if let Some(file) = sqlite_file(&config) {
        let place = file.display();
        match file.try_exists() {
            Ok(true) => {}
            Ok(false) => {
                return Err(Error::Conflict(format!(
                    "there is no database at {place}; set data_dir (--config, SIFHUB__DATA_DIR) or start the server first"
                )));
            }
            Err(fault) => {
                return Err(Error::Conflict(format!(
                    "the database {place} cannot be looked at: {fault}; run sifhub as the user who owns it"
                )));
            }
        }
    }
    open(config).await
}

/// The account of that name.
async fn account(operator: &Caller, name: &str) -> Result<Account> {
    find(operator, name).await.map_err(|error| match error {
        Error::NotFound(_) => {
            let place = match sqlite_file(operator.config()) {
                Some(file) => file.display().to_string(),
                None => operator.config().database_url().to_string(),
            };
            Error::Conflict(format!(
                "there is no user {name} in {place}; see `sifhub user list`"
            ))
        }
        other => other,
    })
}

fn failed(error: &Error) -> ExitCode {
    match error {
        Error::Internal(source) | Error::Unavailable { source, .. } => {
            eprintln!("sifhub: {error}: {source:#}")
        }
        _ => eprintln!("sifhub: {error}"),
    }
    ExitCode::FAILURE
}
