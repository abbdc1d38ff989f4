//! Why a bundle is not made, not taken, or not gone back from.

use std::io;
use std::path::{Path, PathBuf};

use yici_catalog::{Lang, LoadError};

use crate::signed::Role;

/// Why nothing was changed. Its `Display` is [`Error::say`] in English.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.say(Lang::En))]
pub enum Error {
    /// A file or directory cannot be read or written.
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another program is installing at this moment.
    Busy,
    /// The bytes are no bundle, or one that was cut or altered.
    NotABundle(String),
    /// Larger than [`crate::MAX_BUNDLE_BYTES`], or more files than [`crate::MAX_FILES`].
    TooBig,
    /// A newer format than this program knows.
    NewerFormat(u32),
    /// A file of the catalogue's directory cannot go into a bundle.
    Name {
        /// Its name.
        name: String,
        /// Why not.
        why: NameFault,
    },
    /// A file is not as the manifest says: altered, missing, or one too many.
    Altered(String),
    /// A role has not signed.
    Unsigned(Role),
    /// A signature is by no key that is trusted for its role.
    WrongKey(Role),
    /// A signature does not hold, or was made in another role.
    BadSignature(Role),
    /// One key stands for two roles.
    SameKey(Role, Role),
    /// A role signed already.
    SignedAlready(Role),
    /// A file of public keys cannot be used.
    Keys {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The secret key cannot sign.
    Signing(String),
    /// The counter is not above that of what was installed.
    Older {
        /// The bundle's.
        offered: u64,
        /// The highest installed.
        known: u64,
    },
    /// Other content under the version of what is installed: cases could not be told apart.
    SameVersion(String),
    /// For another region than the terminal's.
    OtherRegion {
        /// The bundle's.
        offered: String,
        /// The terminal's.
        here: String,
    },
    /// The manifest says another version or region than the catalogue itself.
    Contradiction {
        /// In the manifest.
        manifest: String,
        /// In `catalogue.toml`.
        catalogue: String,
    },
    /// The catalogue has mistakes.
    Catalogue(LoadError),
    /// The certificate does not prove this catalogue.
    Certificate(String),
    /// There is none to go back to.
    NothingBefore,
}

/// Why a file cannot go into a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFault {
    /// Something else than letters, digits, `.`, `_`, `-`; or it begins with a dot; or is too long.
    Letters,
    /// Neither file nor directory, a link for example.
    NoFile,
}

impl Error {
    /// What happened and what to do, for people.
    pub fn say(&self, lang: Lang) -> String {
        let (zh, en) = self.words();
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// A stable word for logs and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Io { .. } => "io",
            Error::Busy => "busy",
            Error::NotABundle(_) => "not-a-bundle",
            Error::TooBig => "too-big",
            Error::NewerFormat(_) => "newer-format",
            Error::Name { .. } => "name",
            Error::Altered(_) => "altered",
            Error::Unsigned(_) => "unsigned",
            Error::WrongKey(_) => "wrong-key",
            Error::BadSignature(_) => "bad-signature",
            Error::SameKey(..) => "same-key",
            Error::SignedAlready(_) => "signed-already",
            Error::Keys { .. } => "keys",
            Error::Signing(_) => "signing",
            Error::Older { .. } => "older",
            Error::SameVersion(_) => "same-version",
            Error::OtherRegion { .. } => "other-region",
            Error::Contradiction { .. } => "contradiction",
            Error::Catalogue(_) => "catalogue",
            Error::Certificate(_) => "certificate",
            Error::NothingBefore => "nothing-before",
        }
    }

    /// Whether the bundle itself is at fault: the same bytes will not do later.
    pub fn is_refusal(&self) -> bool {
        match self {
            Error::Io { .. }
            | Error::Busy
            | Error::Keys { .. }
            | Error::Signing(_)
            | Error::NothingBefore => false,
            Error::NotABundle(_)
            | Error::TooBig
            | Error::NewerFormat(_)
            | Error::Name { .. }
            | Error::Altered(_)
            | Error::Unsigned(_)
            | Error::WrongKey(_)
            | Error::BadSignature(_)
            | Error::SameKey(..)
            | Error::SignedAlready(_)
            | Error::Older { .. }
            | Error::SameVersion(_)
            | Error::OtherRegion { .. }
            | Error::Contradiction { .. }
            | Error::Catalogue(_)
            | Error::Certificate(_) => true,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Error {
        |error| Error::Io {
            path: path.to_owned(),
            error,
        }
    }

    fn words(&self) -> (String, String) {
        match self {
            Error::Io { path, error } => {
                let path = path.display();
                (
                    format!("{path} 不能读写：{error}"),
                    format!("{path} cannot be read or written: {error}"),
                )
            }
            Error::Busy => (
                "另一个程序正在安装事项目录；等它结束再试".into(),
                "another program is installing a catalogue; try again when it has ended".into(),
            ),
            Error::NotABundle(why) => (
                format!("不是事项目录的发布文件，或者传输中损坏：{why}；请重新取得文件"),
                format!("no bundle of a catalogue, or a damaged one: {why}; fetch it again"),
            ),
            Error::TooBig => {
                let (bytes, files) = (crate::MAX_BUNDLE_BYTES >> 20, crate::MAX_FILES);
                (
                    format!("太大：最多 {bytes} MiB、{files} 个文件"),
                    format!("too big: at most {bytes} MiB and {files} files"),
                )
            }
            Error::NewerFormat(format) => (
                format!(
                    "发布文件的格式是 {format}，本程序只认到 {}；请先更新系统",
                    crate::FORMAT
                ),
                format!(
                    "the bundle has format {format}, this program knows up to {}; update the system first",
                    crate::FORMAT
                ),
            ),
            Error::Name {
                name,
                why: NameFault::Letters,
            } => (
                format!(
                    "文件名 {name:?} 不能用：只能有文字、数字和 . _ -，连同目录最多 {} 字节；请改名或移走",
                    crate::MAX_NAME_BYTES
                ),
                format!(
                    "the file name {name:?} cannot be used: letters, digits and . _ - alone, {} bytes at most with its directories; rename it or take it away",
                    crate::MAX_NAME_BYTES
                ),
            ),
            Error::Name {
                name,
                why: NameFault::NoFile,
            } => (
                format!("{name:?} 不是普通文件（链接不能发布）；请换成文件或移走"),
                format!(
                    "{name:?} is no plain file (links are not published); replace it or take it away"
                ),
            ),
            Error::Altered(name) => (
                format!("{name} 与签名时不同；请重新取得文件"),
                format!("{name} is not as it was signed; fetch it again"),
            ),
            Error::Unsigned(role) => (
                format!("缺少{}的签名", role.name(Lang::Zh)),
                format!("the {} has not signed it", role.name(Lang::En)),
            ),
            Error::WrongKey(role) => (
                format!("{}的签名所用的密钥不是本机信任的", role.name(Lang::Zh)),
                format!(
                    "the {}'s signature is by a key that is not trusted here",
                    role.name(Lang::En)
                ),
            ),
            Error::BadSignature(role) => (
                format!(
                    "{}的签名无效：内容被改过，或者是以别的身份签的",
                    role.name(Lang::Zh)
                ),
                format!(
                    "the {}'s signature does not hold: the content was changed, or it was made in another role",
                    role.name(Lang::En)
                ),
            ),
            Error::SameKey(one, other) => (
                format!(
                    "{}和{}用了同一把密钥；三个身份要用三把密钥",
                    one.name(Lang::Zh),
                    other.name(Lang::Zh)
                ),
                format!(
                    "{} and {} have the same key; three roles need three keys",
                    one.name(Lang::En),
                    other.name(Lang::En)
                ),
            ),
            Error::SignedAlready(role) => (
                format!("{}已经签过", role.name(Lang::Zh)),
                format!("the {} has signed it already", role.name(Lang::En)),
            ),
            Error::Keys { path, reason } => {
                let path = path.display();
                (
                    format!("{path}：不是 minisign 公钥文件：{reason}"),
                    format!("{path}: no file of minisign public keys: {reason}"),
                )
            }
            Error::Signing(reason) => (
                format!("不能签名：{reason}"),
                format!("cannot sign: {reason}"),
            ),
            Error::Older { offered, known } => (
                format!("序号 {offered} 不大于已安装的 {known}；要回到旧的，用 --rollback"),
                format!(
                    "its counter {offered} is not above {known}, which was installed; to go back use --rollback"
                ),
            ),
            Error::SameVersion(version) => (
                format!(
                    "版本 {version} 已经安装，内容却不同；办件只记版本号，请改 catalogue.toml 的 version"
                ),
                format!(
                    "version {version} is installed with other content; cases record the version alone, so change `version` in catalogue.toml"
                ),
            ),
            Error::OtherRegion { offered, here } => (
                format!("是区划 {offered} 的事项目录，本机是 {here}"),
                format!("it is the catalogue of region {offered}, and this terminal is in {here}"),
            ),
            Error::Contradiction {
                manifest,
                catalogue,
            } => (
                format!("清单写的是 {manifest}，catalogue.toml 写的是 {catalogue}"),
                format!("the manifest says {manifest}, catalogue.toml says {catalogue}"),
            ),
            Error::Catalogue(findings) => {
                let lines: Vec<String> = findings.findings.iter().map(|f| f.line()).collect();
                let lines = lines.join("\n");
                (
                    format!("事项目录有错：\n{lines}"),
                    format!("the catalogue has mistakes:\n{lines}"),
                )
            }
            Error::Certificate(reason) => (
                format!("证明书不成立：{reason}"),
                format!("the certificate does not hold: {reason}"),
            ),
            Error::NothingBefore => (
                "没有可以退回的旧目录".into(),
                "there is no catalogue to go back to".into(),
            ),
        }
    }
}
