//! What a technician is told.

use serde::Serialize;

use crate::chunks::Digest;
use crate::config::Config;
use crate::disk::Slot;
use crate::error::Error;
use crate::state::{self, Phase, State};
use crate::update::System;

/// All there is to tell.
#[derive(Debug, Serialize)]
pub struct Status {
    /// What runs.
    pub running: Installed,
    /// What the other slot holds, if the menu offers it.
    pub other: Option<Installed>,
    /// What is remembered.
    pub state: State,
    /// Whether nobody need look into it.
    pub well: bool,
    /// Where the last pass ended, in Chinese and English.
    pub says: [&'static str; 2],
    /// What stopped the last pass and what to do, in Chinese and English.
    pub advice: Option<[&'static str; 2]>,
}

/// A system in a slot.
#[derive(Debug, Serialize)]
pub struct Installed {
    /// Where.
    pub slot: Slot,
    /// As its boot image's name says.
    pub version: String,
    /// Tries left; `None` once it started well.
    pub tries_left: Option<u32>,
    /// Its root hash.
    pub root_hash: Option<Digest>,
}

impl Status {
    /// Looks at the disk and the state file; changes nothing.
    pub fn look(config: &Config) -> Result<Status, Error> {
        let system = System::look(config)?;
        let installed = |slot, entry: &crate::menu::Entry| Installed {
            slot,
            version: entry.version.clone(),
            tries_left: entry.left,
            root_hash: entry.root_hash,
        };
        let mut other = None;
        for entry in &system.others {
            let slot = entry
                .root_hash
                .map(|hash| system.disk.slot_of(hash))
                .transpose()?;
            if let Some(slot) = slot.flatten() {
                other = Some(installed(slot, entry));
            }
        }
        let state = state::read(&config.state)?;
        Ok(Status {
            running: installed(system.slot, &system.running),
            other,
            well: state.fault.is_none() && state.phase.is_well(),
            says: phase(state.phase).into(),
            advice: state.fault.map(|fault| fault.advice().into()),
            state,
        })
    }

    /// For people, Chinese first.
    pub fn text(&self) -> String {
        let [zh, en] = self.says;
        let line = |zh: &str, en: &str, installed: &Installed| {
            format!("{zh} {en}: {} ({:?})", installed.version, installed.slot)
        };
        let mut lines = vec![line("当前系统", "running", &self.running)];
        lines.extend(
            self.other
                .as_ref()
                .map(|other| line("另一系统", "other slot", other)),
        );
        lines.push(format!("状态 state: {zh} · {en}"));
        if let Some(target) = &self.state.target {
            let State {
                done,
                total,
                fetched,
                bytes_per_second,
                ..
            } = self.state;
            lines.push(format!("目标版本 target: {}", target.version));
            lines.push(format!("进度 progress: {done} / {total} B"));
            lines.push(format!(
                "已下载 fetched: {fetched} B, {bytes_per_second} B/s"
            ));
        }
        for failed in &self.state.failed {
            lines.push(format!("已回退 rolled back: {}", failed.version));
        }
        if let Some([zh, en]) = self.advice {
            lines.push(format!("上次未完成 last pass stopped: {zh} · {en}"));
        }
        lines.join("\n")
    }
}

fn phase(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::Running => ("运行正常，没有待装更新", "running, nothing to install"),
        Phase::Waiting => (
            "有新版本，等待本机批次",
            "something newer waits for this terminal's wave",
        ),
        Phase::ClockUntrusted => (
            "有新版本，但本机时间未校准，无法判断批次：请校时或用U盘更新",
            "something newer waits, and the clock is not trusted: set the time, or use a stick",
        ),
        Phase::Downloading => ("正在下载", "downloading"),
        Phase::Staged => ("已就绪，等待重启", "staged, waiting for a reboot"),
        Phase::Trial => (
            "新系统试运行，等待自检",
            "on trial, waiting for the health check",
        ),
        Phase::RolledBack => (
            "新版本自检未通过，已回退",
            "the new version was not found well and was rolled back",
        ),
    }
}
