//! `kiosk-update`: see `docs/updates.md`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use yici_update::config::Config;
use yici_update::error::Error;
use yici_update::state::Phase;
use yici_update::status::Status;
use yici_update::update;

/// 系统更新 · Updates of the terminal's system.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 制作并签名一个更新 · Makes and signs an update.
    #[cfg(feature = "publish")]
    Bundle(Box<publish::Bundle>),
    /// 检查、下载并就绪一个更新 · One pass: looks for an update, fetches and stages it.
    Run {
        /// 配置文件 · The configuration.
        #[arg(long)]
        config: PathBuf,
        /// U盘上的发布目录 · A published tree on a stick, instead of the server.
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// 是否需要重启；0 需要，1 不需要 · Whether a reboot is wanted: 0 yes, 1 no.
    Apply {
        /// 配置文件 · The configuration.
        #[arg(long)]
        config: PathBuf,
    },
    /// 自检通过后确认当前系统 · Keeps the running system, after its health check.
    Confirm {
        /// 配置文件 · The configuration.
        #[arg(long)]
        config: PathBuf,
    },
    /// 自检未通过后放弃当前系统 · Gives the running system up, after its health check.
    Reject {
        /// 配置文件 · The configuration.
        #[arg(long)]
        config: PathBuf,
    },
    /// 更新状态 · Where the terminal is with its updates.
    Status {
        /// 配置文件 · The configuration.
        #[arg(long)]
        config: PathBuf,
        /// 输出格式 · For people or programs.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Text,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    match execute(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            let (zh, en) = error.fault().advice();
            eprintln!("{error}\n{zh}\n{en}");
            ExitCode::from(2)
        }
    }
}

fn execute(command: Command) -> Result<ExitCode, Error> {
    match command {
        #[cfg(feature = "publish")]
        Command::Bundle(bundle) => bundle.make()?,
        Command::Run { config, from } => {
            let phase = update::run(&Config::load(&config)?, from.as_deref())?;
            tracing::info!(?phase, "done");
            if phase == Phase::ClockUntrusted {
                tracing::warn!(
                    "the clock is not trusted: waves that open later are not waited for"
                );
            }
        }
        Command::Apply { config } => {
            return match update::apply(&Config::load(&config)?)? {
                true => {
                    println!("reboot");
                    Ok(ExitCode::SUCCESS)
                }
                false => Ok(ExitCode::from(1)),
            };
        }
        Command::Confirm { config } => update::confirm(&Config::load(&config)?)?,
        Command::Reject { config } => update::reject(&Config::load(&config)?)?,
        Command::Status { config, format } => {
            let status = Status::look(&Config::load(&config)?)?;
            match format {
                Format::Text => println!("{}", status.text()),
                Format::Json => {
                    let json = serde_json::to_string(&status);
                    println!("{}", json.map_err(|error| Error::Io(config, error.into()))?);
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "publish")]
mod publish {
    use std::path::PathBuf;

    use clap::Args;
    use jiff::{Timestamp, ToSpan};
    use yici_update::bundle::{Files, pack, sign};
    use yici_update::chunks::Digest;
    use yici_update::error::Error;
    use yici_update::manifest::{FORMAT, Manifest, Notes, PRODUCT, Version, Wave};

    #[derive(Args)]
    pub struct Bundle {
        /// 根文件系统 · The root file system.
        #[arg(long)]
        root: PathBuf,
        /// 校验树 · Its verity tree.
        #[arg(long)]
        verity: PathBuf,
        /// 引导映像 · The unified kernel image.
        #[arg(long)]
        uki: PathBuf,
        /// 根哈希 · The verity root hash.
        #[arg(long, value_parser = |text: &str| Digest::try_from(text.to_owned()))]
        root_hash: Digest,
        /// 版本号，如 2026.12.1 · The version.
        #[arg(long)]
        version: Version,
        /// 单调递增的发布序号 · The release's counter.
        #[arg(long)]
        counter: u64,
        /// 能升级的最低序号 · The lowest counter that can take it.
        #[arg(long, default_value_t = 0)]
        minimum_counter: u64,
        /// minisign 私钥文件；口令取自环境变量 MINISIGN_PASSWORD · The secret key; its password is in MINISIGN_PASSWORD.
        #[arg(long)]
        key: PathBuf,
        /// 批次：5%@2026-12-01T00:00:00Z · A wave; may be given again.
        #[arg(long, value_parser = wave)]
        wave: Vec<Wave>,
        /// 制作时间，默认 SOURCE_DATE_EPOCH 或现在 · When it was made.
        #[arg(long)]
        made: Option<Timestamp>,
        /// 过期时间，默认 90 天 · When it expires; 90 days on.
        #[arg(long)]
        expires: Option<Timestamp>,
        /// 架构 · The machine.
        #[arg(long, default_value = std::env::consts::ARCH)]
        architecture: String,
        /// 中文说明 · Notes in Chinese.
        #[arg(long, default_value = "")]
        notes_zh: String,
        /// 英文说明 · Notes in English.
        #[arg(long, default_value = "")]
        notes_en: String,
        /// 发布目录 · Where the tree is made; chunks of earlier releases stay in it.
        #[arg(long)]
        out: PathBuf,
    }

    impl Bundle {
        pub fn make(self) -> Result<(), Error> {
            let invalid = |error: &dyn ToString| Error::Manifest(error.to_string());
            let made = match self.made {
                Some(made) => made,
                None => made_now().map_err(|error| invalid(&error))?,
            };
            let expires = match self.expires {
                Some(expires) => expires,
                None => made
                    .checked_add((90 * 24).hours())
                    .map_err(|error| invalid(&error))?,
            };
            let files = Files {
                root: self.root,
                verity: self.verity,
                uki: self.uki,
            };
            let [root, verity, uki] = pack(&files, self.root_hash, &self.out)?;
            let manifest = Manifest {
                format: FORMAT,
                product: PRODUCT.to_owned(),
                architecture: self.architecture,
                version: self.version,
                counter: self.counter,
                minimum_counter: self.minimum_counter,
                made,
                expires,
                root_hash: self.root_hash,
                root,
                verity,
                uki,
                waves: self.wave,
                notes: Notes {
                    zh: self.notes_zh,
                    en: self.notes_en,
                },
            };
            sign(
                &manifest,
                &self.key,
                std::env::var("MINISIGN_PASSWORD").ok(),
                &self.out,
            )
        }
    }

    fn made_now() -> Result<Timestamp, jiff::Error> {
        let epoch = std::env::var("SOURCE_DATE_EPOCH")
            .ok()
            .and_then(|epoch| epoch.parse().ok());
        match epoch {
            Some(epoch) => Timestamp::from_second(epoch),
            None => Ok(Timestamp::now()),
        }
    }

    fn wave(text: &str) -> Result<Wave, String> {
        let (percent, from) = text
            .split_once("%@")
            .ok_or("as in 5%@2026-12-01T00:00:00Z")?;
        Ok(Wave {
            percent: percent.parse().map_err(|_| "a percentage is 1 to 100")?,
            from: from
                .parse()
                .map_err(|error: jiff::Error| error.to_string())?,
        })
    }
}
