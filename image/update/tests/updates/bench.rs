//! A terminal's disk and boot menu, and a publisher, as plain files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use yici_update::chunks::Digest;

pub const KIOSK_UPDATE: &str = env!("CARGO_BIN_EXE_kiosk-update");
const MB: u64 = 1 << 20;

/// Made-up files of a system.
#[derive(Clone)]
pub struct System {
    pub version: String,
    pub counter: u64,
    pub root: Vec<u8>,
    pub verity: Vec<u8>,
    pub uki: Vec<u8>,
    pub root_hash: Digest,
}

pub struct Publisher {
    pub tree: PathBuf,
    work: tempfile::TempDir,
    pub key: String,
}

pub struct Terminal {
    pub directory: tempfile::TempDir,
    /// Every system that was ever made, by its root hash.
    known: BTreeMap<String, System>,
    url: String,
    key: String,
    pub rate: u64,
    pub identity: &'static str,
}

/// Bytes that do not repeat and do not compress.
pub fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let word = |_| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 32) as u32
    };
    (0..size / 4).map(word).flat_map(u32::to_le_bytes).collect()
}

impl System {
    pub fn new(counter: u64, root: Vec<u8>) -> System {
        let root_hash = Digest::of(&[&root[..], b"tree"].concat());
        let name = format!("quiet roothash={} ro\0", String::from(root_hash));
        let mut uki = noise(1000, 200_000);
        uki.splice(100_000..100_000, name.into_bytes());
        System {
            version: format!("2026.11.{counter}"),
            counter,
            verity: noise(u64::from(root_hash.0[0]) + 7, 40_000),
            uki,
            root,
            root_hash,
        }
    }

    pub fn name(&self) -> String {
        self.root_hash.into()
    }
}

impl Publisher {
    pub fn new() -> Publisher {
        let work = tempfile::tempdir().unwrap();
        let pair = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
        fs::write(
            work.path().join("key"),
            pair.sk.to_box(None).unwrap().to_string(),
        )
        .unwrap();
        Publisher {
            tree: work.path().join("tree"),
            key: pair.pk.to_base64(),
            work,
        }
    }

    pub fn publish(&self, system: &System, more: &[&str]) {
        let path = |name: &str| self.work.path().join(name);
        fs::write(path("root"), &system.root).unwrap();
        fs::write(path("verity"), &system.verity).unwrap();
        fs::write(path("uki"), &system.uki).unwrap();
        let made = Command::new(KIOSK_UPDATE)
            .args(["bundle", "--root"])
            .arg(path("root"))
            .arg("--verity")
            .arg(path("verity"))
            .arg("--uki")
            .arg(path("uki"))
            .args(["--root-hash", &system.name(), "--version", &system.version])
            .args(["--counter", &system.counter.to_string(), "--key"])
            .arg(path("key"))
            .arg("--out")
            .arg(&self.tree)
            .args(more)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
    }

    /// Signs whatever is said in the manifest.
    pub fn resign(&self, edit: impl Fn(String) -> String) {
        let path = self.tree.join("manifest.json");
        let text = edit(fs::read_to_string(&path).unwrap());
        let key = fs::read_to_string(self.work.path().join("key")).unwrap();
        let key = minisign::SecretKeyBox::from_string(&key)
            .unwrap()
            .into_unencrypted_secret_key()
            .unwrap();
        let signature = minisign::sign(None, &key, text.as_bytes(), None, None).unwrap();
        fs::write(&path, text).unwrap();
        fs::write(
            self.tree.join("manifest.json.minisig"),
            signature.to_string(),
        )
        .unwrap();
    }
}

impl Terminal {
    /// Flashed with `system`, which booted well.
    pub fn flashed(system: &System, publisher: &Publisher, url: &str) -> Terminal {
        let directory = tempfile::tempdir().unwrap();
        let mut terminal = Terminal {
            directory,
            known: BTreeMap::new(),
            url: url.to_owned(),
            key: publisher.key.clone(),
            rate: 100_000_000,
            identity: "a-terminal",
        };
        for made in ["esp/EFI/Linux", "state"] {
            fs::create_dir_all(terminal.path(made)).unwrap();
        }
        fs::write(terminal.path("clock"), "").unwrap();
        fs::File::create(terminal.path("disk"))
            .unwrap()
            .set_len(24 * MB)
            .unwrap();
        let mut disk = gpt::GptConfig::new()
            .writable(true)
            .create(terminal.path("disk"))
            .unwrap();
        gpt::mbr::ProtectiveMBR::with_lb_size((24 * MB / 512 - 1) as u32)
            .overwrite_lba0(disk.device_mut())
            .unwrap();
        for (label, size) in [
            ("root-a", 4),
            ("root-a-verity", 1),
            ("root-b", 4),
            ("root-b-verity", 1),
            ("data", 2),
        ] {
            disk.add_partition(label, size * MB, gpt::partition_types::LINUX_FS, 0, None)
                .unwrap();
        }
        disk.write().unwrap();
        let disk = yici_update::disk::Disk::open(&terminal.path("disk")).unwrap();
        let slot = yici_update::disk::Slot::A;
        let [root, verity] = disk.slot(slot).unwrap();
        disk.file().write_all_at(&system.root, root.start).unwrap();
        disk.file()
            .write_all_at(&system.verity, verity.start)
            .unwrap();
        disk.name_slot(slot, Some(system.root_hash)).unwrap();
        terminal.know(system);
        let uki = format!("esp/EFI/Linux/yici_{}.efi", system.version);
        fs::write(terminal.path(&uki), &system.uki).unwrap();
        terminal.running(system);
        terminal
    }

    pub fn know(&mut self, system: &System) {
        self.known.insert(system.name(), system.clone());
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn running(&self, system: &System) {
        fs::write(
            self.path("cmdline"),
            format!("quiet roothash={} ro", system.name()),
        )
        .unwrap();
        self.configure(system);
    }

    /// Writes the configuration that the image of `system` carries.
    pub fn configure(&self, system: &System) {
        let path = |name| self.path(name).display().to_string();
        fs::write(self.path("identity"), self.identity).unwrap();
        let config = format!(
            "url = '{}'\npublic_key = '{}'\nidentity = '{}'\ndisk = '{}'\nesp = '{}'\nstate = '{}'\nversion = '{}'\ncounter = {}\nbytes_per_second = {}\ntimeout_seconds = 1\nkernel_command_line = '{}'\nclock_synchronized = '{}'\n",
            self.url,
            self.key,
            path("identity"),
            path("disk"),
            path("esp"),
            path("state"),
            system.version,
            system.counter,
            self.rate,
            path("cmdline"),
            path("clock"),
        );
        fs::write(self.path("config.toml"), config).unwrap();
    }

    pub fn now_running(&self) -> &System {
        let text = fs::read(self.path("cmdline")).unwrap();
        let hash = yici_update::menu::root_hash_in(&text).unwrap();
        &self.known[&String::from(hash)]
    }

    pub fn call(&self, command: &str, more: &[&str]) -> Output {
        Command::new(KIOSK_UPDATE)
            .args([command, "--config"])
            .arg(self.path("config.toml"))
            .args(more)
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap()
    }

    #[track_caller]
    pub fn run(&self, more: &[&str]) {
        let ran = self.call("run", more);
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }

    /// A pass that must fail; the error's text.
    #[track_caller]
    pub fn refuses(&self, more: &[&str]) -> String {
        let ran = self.call("run", more);
        assert_eq!(ran.status.code(), Some(2));
        self.check();
        String::from_utf8(ran.stderr).unwrap()
    }

    pub fn phase(&self) -> String {
        let state = fs::read_to_string(self.path("state/state.json")).unwrap();
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        state["phase"].as_str().unwrap().to_owned()
    }

    pub fn status(&self) -> serde_json::Value {
        serde_json::from_slice(&self.call("status", &["--format", "json"]).stdout).unwrap()
    }

    pub fn menu(&self) -> Vec<String> {
        let directory = fs::read_dir(self.path("esp/EFI/Linux")).unwrap();
        let names = directory.map(|item| item.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".efi")).collect();
        names.sort();
        names
    }

    /// As firmware, boot loader and kernel do it: the highest version that has tries left.
    pub fn boot(&self) -> &System {
        let left = |name: &String| {
            name.split_once('+')
                .and_then(|(_, tries)| tries.chars().next())
                .and_then(|c| c.to_digit(10))
        };
        let name = self
            .menu()
            .into_iter()
            .filter(|name| left(name) != Some(0))
            .max_by_key(|name| {
                let version = name
                    .split(['_', '+'])
                    .nth(1)
                    .unwrap()
                    .trim_end_matches(".efi")
                    .to_owned();
                version
                    .split('.')
                    .map(|part| part.parse().unwrap())
                    .collect::<Vec<u32>>()
            });
        let name = name.unwrap();
        let directory = self.path("esp/EFI/Linux");
        let tried = name.replace("+1.efi", "+0-1.efi");
        fs::rename(directory.join(&name), directory.join(&tried)).unwrap();
        let hash = yici_update::menu::root_hash(&directory.join(tried))
            .unwrap()
            .unwrap();
        let system = &self.known[&String::from(hash)];
        assert!(self.whole(system));
        self.running(system);
        system
    }

    /// As systemd-bless-boot does it once the health check passed.
    pub fn bless(&self) {
        let directory = self.path("esp/EFI/Linux");
        for name in self.menu() {
            fs::rename(
                directory.join(&name),
                directory.join(name.replace("+0-1.efi", ".efi")),
            )
            .unwrap();
        }
        let confirmed = self.call("confirm", &[]);
        assert!(
            confirmed.status.success(),
            "{}",
            String::from_utf8_lossy(&confirmed.stderr)
        );
    }

    /// The invariant: the running system is whole and in the menu, started well, and everything else the
    /// menu offers is whole, and so is every slot that a boot image could find.
    #[track_caller]
    pub fn check(&self) {
        let directory = self.path("esp/EFI/Linux");
        let running = self.now_running();
        let mut found = false;
        for name in self.menu() {
            let bytes = fs::read(directory.join(&name)).unwrap();
            let hash = yici_update::menu::root_hash_in(&bytes).unwrap();
            let system = &self.known[&String::from(hash)];
            assert!(bytes == system.uki, "{name} is torn");
            assert!(self.whole(system), "{name} finds no slot");
            found |= system.root_hash == running.root_hash && !name.contains('+');
        }
        for system in self.known.values() {
            self.whole(system);
        }
        assert!(found, "the running system left the menu: {:?}", self.menu());
    }

    /// Whether there are partitions that `system` is found by, which must hold it, as another reader of
    /// partition tables sees them.
    #[track_caller]
    fn whole(&self, system: &System) -> bool {
        let mut bytes = fs::read(self.path("disk")).unwrap();
        let open = |bytes: &[u8]| {
            let disk = std::io::Cursor::new(bytes.to_vec());
            gpt::GptConfig::new().open_from_device(disk)
        };
        // Firmware and kernel take the other copy where the first one's entries are torn; this reader
        // does so only where its header is.
        let disk = open(&bytes).or_else(|_| {
            bytes[512..1024].fill(0);
            open(&bytes)
        });
        let disk = disk.unwrap();
        let file = bytes;
        let (root, verity) = system.root_hash.0.split_at(16);
        for (half, bytes) in [(root, &system.root), (verity, &system.verity)] {
            let unique = uuid::Uuid::from_slice(half).unwrap();
            let mut partitions = disk.partitions().values();
            let Some(partition) = partitions.find(|p| p.part_guid == unique) else {
                return false;
            };
            let start = partition
                .bytes_start(gpt::disk::LogicalBlockSize::Lb512)
                .unwrap();
            let there = &file[start as usize..][..bytes.len()];
            assert!(there == bytes.as_slice(), "{} is torn", partition.name);
        }
        true
    }
}

pub fn text(path: &Path) -> String {
    path.display().to_string()
}
