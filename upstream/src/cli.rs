//! The command line.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use yici_catalog::Catalog;
use yici_contract::api::{OpinionKind, State};
use yici_contract::{CaseNumber, KeyId, PublicKey};

use crate::data::Data;
use crate::intake::Intake;
use crate::service::{self, Serve, ServeError};
use crate::store::Store;
use crate::{accesses, cases, devices, init, opinions};

/// Parses the command line and does what it says.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    match Cli::parse().command {
        Command::Init { data, names } => {
            let key = init::init(&data, &names)?;
            println!("{key}");
        }
        Command::Serve {
            listen,
            db,
            catalogue,
            bundle,
            data,
        } => service::serve(Serve {
            listen,
            store: Store::open(&db)?,
            catalogue,
            bundle,
            data: Data::load(&data)?,
        })?,
        Command::Enrol { db, key, name } => {
            let id = key.id();
            Store::open(&db)?.enrol(&key, &name, Timestamp::now())?;
            println!("{id}");
        }
        Command::Device { db, command } => {
            let store = Store::open(&db)?;
            match command {
                DeviceCommand::List { format } => print(&devices::list(&store.devices()?, format))?,
                DeviceCommand::Revoke { id } => store.revoke(&id, Timestamp::now())?,
                DeviceCommand::Restore { id } => store.restore(&id)?,
            }
        }
        Command::Evaluation {
            db,
            command: ListCommand::List { format },
        } => print(&opinions::evaluations(
            &Store::open(&db)?.opinions(OpinionKind::Evaluation)?,
            format,
        ))?,
        Command::Remark {
            db,
            command: ListCommand::List { format },
        } => print(&opinions::remarks(
            &Store::open(&db)?.opinions(OpinionKind::Remark)?,
            format,
        ))?,
        Command::Access {
            db,
            command: ListCommand::List { format },
        } => print(&accesses::list(&Store::open(&db)?.accesses()?, format))?,
        Command::Case { at, command } => {
            let (store, data) = (Store::open(&at.db)?, Data::load(&at.data)?);
            match command {
                CaseCommand::List { format } => cases::list(&store, format)?,
                CaseCommand::Show {
                    number,
                    reason: Some(reason),
                    attachments,
                    ..
                } => {
                    let folder = attachments.as_deref();
                    cases::show_open(&store, &data.vault, &number, reason, folder)?;
                }
                CaseCommand::Show {
                    number,
                    reason: None,
                    format,
                    ..
                } => cases::show(&store, &data.vault, &number, format)?,
                CaseCommand::Take { catalogue, files } => Intake {
                    store: &store,
                    data: &data,
                    catalog: &Catalog::load(&catalogue).map_err(ServeError::from)?,
                }
                .take_files(&files)?,
                CaseCommand::Move {
                    number,
                    item,
                    state,
                    note_zh,
                    note_en,
                } => {
                    let note = note_zh.zip(note_en);
                    cases::advance(&store, &data.vault, &number, &item, state, note)?;
                }
            }
        }
    }
    Ok(())
}

/// How a command prints what it found.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// Lines for people.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Parser)]
#[command(
    name = "kiosk-upstream",
    version,
    about = "The reference upstream of Yici terminals"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make keys, a private CA and the server's certificate; print the public key to seal to
    Init {
        /// The folder to make; it must not exist
        #[arg(long)]
        data: PathBuf,
        /// A name or IP address that terminals reach the service by; may be repeated
        #[arg(long = "name", default_values = ["localhost", "127.0.0.1"])]
        names: Vec<String>,
    },
    /// Serve terminals
    Serve {
        /// Address and port; port 0 takes a free one, which is printed
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long, help = DB)]
        db: String,
        /// The catalogue's folder
        #[arg(long)]
        catalogue: PathBuf,
        /// The signed catalogue that terminals are given; another file in its place is served at once
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
        #[arg(long, help = DATA)]
        data: PathBuf,
    },
    /// Enrol a terminal by its public key; print the key's id
    Enrol {
        #[arg(long, help = DB)]
        db: String,
        /// The device's public key, 64 hexadecimal digits
        key: PublicKey,
        /// What people call the terminal
        name: String,
    },
    /// Look at terminals, refuse one, let it back in
    Device {
        #[arg(long, help = DB)]
        db: String,
        #[command(subcommand)]
        command: DeviceCommand,
    },
    /// Look at evaluations
    Evaluation {
        #[arg(long, help = DB)]
        db: String,
        #[command(subcommand)]
        command: ListCommand,
    },
    /// Look at what citizens say is wrong in guides and in what is answered for them
    Remark {
        #[arg(long, help = DB)]
        db: String,
        #[command(subcommand)]
        command: ListCommand,
    },
    /// Look at who opened what is personal in a case
    Access {
        #[arg(long, help = DB)]
        db: String,
        #[command(subcommand)]
        command: ListCommand,
    },
    /// Look at cases and move them on
    Case {
        #[command(flatten)]
        at: At,
        #[command(subcommand)]
        command: CaseCommand,
    },
}

const DB: &str = "The database: sqlite:FILE";
const DATA: &str = "The folder that `init` made";

#[derive(Args)]
struct At {
    #[arg(long, help = DB)]
    db: String,
    #[arg(long, help = DATA)]
    data: PathBuf,
}

#[derive(Subcommand)]
enum DeviceCommand {
    /// Every terminal, in the order enrolled
    List {
        /// How to print it
        #[arg(long, default_value = "text")]
        format: Format,
    },
    /// Refuse a terminal from now on; what it delivered stays
    Revoke {
        /// The id of its key
        #[arg(value_parser = key_id)]
        id: KeyId,
    },
    /// Let a revoked terminal back in
    Restore {
        /// The id of its key
        #[arg(value_parser = key_id)]
        id: KeyId,
    },
}

#[derive(Subcommand)]
enum ListCommand {
    /// All of them
    List {
        /// How to print it
        #[arg(long, default_value = "text")]
        format: Format,
    },
}

#[derive(Subcommand)]
enum CaseCommand {
    /// Every case, the latest first
    List {
        /// How to print it
        #[arg(long, default_value = "text")]
        format: Format,
    },
    /// One case, and how each unit is getting on
    Show {
        /// The number
        number: CaseNumber,
        /// Print the case itself as JSON, with everything personal in it; that is logged
        #[arg(long, requires = "reason")]
        open: bool,
        /// Why it is opened; nothing personal may be in it
        #[arg(long, requires = "open", value_parser = accesses::reason)]
        reason: Option<String>,
        /// A folder to make, for its attachments and signatures
        #[arg(long, requires = "open", value_name = "DIR")]
        attachments: Option<PathBuf>,
        /// How to print it
        #[arg(long, default_value = "text")]
        format: Format,
    },
    /// Take in what a terminal's staff brought: sealed cases that were exported there
    Take {
        /// The catalogue's folder
        #[arg(long)]
        catalogue: PathBuf,
        /// The files; what is here already is left as it is
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Say where an item stands now
    Move {
        /// The number
        number: CaseNumber,
        /// The item
        #[arg(long)]
        item: String,
        /// Where it stands: received, supplement, accepted, not-accepted, in-process or done
        #[arg(long, value_parser = state)]
        state: State,
        /// What the unit says about it, in Chinese
        #[arg(long, requires = "note_en")]
        note_zh: Option<String>,
        /// The same in English
        #[arg(long, requires = "note_zh")]
        note_en: Option<String>,
    },
}

fn key_id(text: &str) -> Result<KeyId, &'static str> {
    KeyId::try_from(text.to_owned()).map_err(|_| "an id has 16 small hexadecimal digits")
}

fn print(text: &str) -> std::io::Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes())
}

fn state(code: &str) -> Result<State, String> {
    State::from_code(code).ok_or_else(|| {
        let codes: Vec<&str> = State::ALL.iter().map(|state| state.code()).collect();
        format!("a state is one of {}", codes.join(", "))
    })
}
