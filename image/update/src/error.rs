//! What can go wrong, and what a technician is told to do about it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Why a pass ended without what was wanted. The old system is whole after each of them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration, with the file and the reason.
    #[error("{0}: {1}")]
    Config(PathBuf, String),
    /// Another pass holds the lock.
    #[error("another pass is at work")]
    Busy,
    /// A file or the disk.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// The partition table is not one this program can use.
    #[error("{0}: {1}")]
    Disk(PathBuf, &'static str),
    /// The running system's slot or boot entry was not found, so nothing is safe to write.
    #[error("cannot tell which slot is running: {0}")]
    Running(&'static str),
    /// The server or the stick did not give a file.
    #[error("{path}: {reason}")]
    Fetch {
        /// Path in the published tree.
        path: String,
        /// What happened.
        reason: String,
        /// Whether another try may help.
        again: bool,
    },
    /// The signature is not one by the configured key over this manifest.
    #[error("the manifest's signature does not hold: {0}")]
    Signature(String),
    /// The manifest has a newer format than this program knows.
    #[error("the manifest has format {0}; this terminal understands up to {known}", known = crate::manifest::FORMAT)]
    NewerFormat(u32),
    /// The manifest says what cannot be.
    #[error("the manifest is not valid: {0}")]
    Manifest(String),
    /// The manifest is for another product or machine.
    #[error("the update is for {0}, not for this terminal")]
    OtherProduct(String),
    /// The manifest's time is over.
    #[error("the manifest expired at {0}")]
    Expired(jiff::Timestamp),
    /// The update is not newer than what has run well here.
    #[error("counter {offered} is not above {known}: a downgrade")]
    Downgrade {
        /// The manifest's counter.
        offered: u64,
        /// The highest that booted well.
        known: u64,
    },
    /// Only a newer system can take this update.
    #[error("this update needs a system of counter {0} or above")]
    TooOld(u64),
    /// The boot loader would not prefer the update.
    #[error("version {0} does not sort above the running one")]
    Unordered(String),
    /// This very image was tried and given up.
    #[error("version {0} was tried here and rolled back")]
    Failed(String),
    /// Too many updates in a row were rolled back.
    #[error("{0} updates in a row were rolled back; only a stick is taken now")]
    Blocked(u32),
    /// A file does not fit its partition.
    #[error("{0} does not fit its partition")]
    TooLarge(&'static str),
    /// A blob is not what its name says.
    #[error("{0} is not what its name says")]
    Content(String),
    /// What was read back is not what was to be written.
    #[error("{0} read back wrong from the disk")]
    ReadBack(&'static str),
    /// The boot image would start another root.
    #[error("the boot image does not name the manifest's root hash")]
    BootImage,
    /// A key for signing could not be used.
    #[error("signing: {0}")]
    Signing(String),
}

impl Error {
    /// For `map_err` on calls that touch `path`.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
        move |error| Error::Io(path.to_owned(), error)
    }

    /// The class of fault that the state file keeps: no path and no text of others.
    pub fn fault(&self) -> Fault {
        match self {
            Error::Config(..) | Error::Signing(_) => Fault::Configuration,
            Error::Busy => Fault::Busy,
            Error::Io(_, error) if error.kind() == std::io::ErrorKind::StorageFull => Fault::Full,
            Error::Io(..) | Error::Disk(..) | Error::ReadBack(_) => Fault::Disk,
            Error::Running(_) => Fault::Running,
            Error::Fetch { .. } => Fault::Unreached,
            Error::Signature(_) | Error::Content(_) => Fault::Untrusted,
            Error::NewerFormat(_)
            | Error::Manifest(_)
            | Error::OtherProduct(_)
            | Error::Unordered(_)
            | Error::TooLarge(_)
            | Error::BootImage
            | Error::TooOld(_) => Fault::Unfit,
            Error::Expired(_) => Fault::Expired,
            Error::Downgrade { .. } => Fault::Downgrade,
            Error::Failed(_) => Fault::RolledBack,
            Error::Blocked(_) => Fault::Blocked,
        }
    }
}

/// A class of faults, as the status names it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The configuration or a key.
    Configuration,
    /// Another pass was at work.
    Busy,
    /// The disk failed or holds what it should not.
    Disk,
    /// A disk is full.
    Full,
    /// Which slot runs cannot be told.
    Running,
    /// The server or the stick was not reached or gave nothing.
    Unreached,
    /// What was fetched is not what was signed.
    Untrusted,
    /// The update is not one for this terminal.
    Unfit,
    /// What is published is out of date.
    Expired,
    /// What is published is older than what ran here.
    Downgrade,
    /// The published version failed here before.
    RolledBack,
    /// Too many rollbacks.
    Blocked,
}

impl Fault {
    /// What happened and what to do, in Chinese and English.
    pub fn advice(self) -> (&'static str, &'static str) {
        match self {
            Fault::Configuration => (
                "更新配置有误：请检查更新配置文件",
                "the update's configuration is wrong: check its file",
            ),
            Fault::Busy => (
                "另一次更新正在进行：请稍候",
                "another pass is at work: wait",
            ),
            Fault::Disk => (
                "磁盘读写有误：请运行磁盘自检，必要时更换磁盘",
                "the disk failed: run the self-test of the disk, replace it if need be",
            ),
            Fault::Full => (
                "磁盘空间不足：请检查引导分区和数据分区",
                "a disk is full: look at the boot and the data partition",
            ),
            Fault::Running => (
                "无法确认当前运行的系统分区：请重新刷写",
                "which slot runs cannot be told: flash the terminal anew",
            ),
            Fault::Unreached => (
                "无法从更新服务器或U盘取得文件：请检查网络、代理、地址和证书",
                "the server or the stick gave no file: check network, proxy, address and certificate",
            ),
            Fault::Untrusted => (
                "下载内容与签名不符，已拒绝：请核对发布目录与公钥",
                "what was fetched is not what was signed, and was refused: check the published tree and the public key",
            ),
            Fault::Unfit => (
                "该更新不适用于本终端：请联系发布人员",
                "the update is not for this terminal: ask who published it",
            ),
            Fault::Expired => (
                "发布清单已过期：请发布人员重新签发，并检查终端时间",
                "the manifest expired: have it signed anew, and check the terminal's clock",
            ),
            Fault::Downgrade => (
                "拒绝降级：请检查更新地址",
                "a downgrade was refused: check the update's address",
            ),
            Fault::RolledBack => (
                "该版本曾在本机回退，不再尝试：请等待新版本",
                "this version was rolled back here and is not tried again: wait for a newer one",
            ),
            Fault::Blocked => (
                "连续多次回退，已停止网络更新：请技术人员到场用U盘更新",
                "too many rollbacks in a row, network updates have stopped: a technician should update from a stick",
            ),
        }
    }
}
