//! Making an update: chunks, lists, and the signed manifest. The same input makes the same bytes, but for
//! the signature, which minisign makes anew each time.

use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use crate::chunks::{self, Digest, Piece};
use crate::error::Error;
use crate::manifest::{MAX_SIZE, Manifest};
use crate::menu;

/// The files of an update.
pub struct Files {
    /// The root file system.
    pub root: PathBuf,
    /// Its verity tree.
    pub verity: PathBuf,
    /// The unified kernel image whose command line names the root hash.
    pub uki: PathBuf,
}

// What is in an update is mostly compressed already: more effort wins little.
const LEVEL: i32 = 9;

/// Cuts and packs `files` into the tree at `out`.
pub fn pack(files: &Files, root_hash: Digest, out: &Path) -> Result<[Piece; 3], Error> {
    if menu::root_hash(&files.uki)? != Some(root_hash) {
        return Err(Error::BootImage);
    }
    Ok([
        pack_file(&files.root, out)?,
        pack_file(&files.verity, out)?,
        pack_file(&files.uki, out)?,
    ])
}

/// Signs `manifest` with the minisign key in the file `key` and puts both into the tree at `out`, the
/// signature first: a terminal that asks in between finds one that does not hold, and asks again later.
pub fn sign(
    manifest: &Manifest,
    key: &Path,
    password: Option<String>,
    out: &Path,
) -> Result<(), Error> {
    let signing = |error: minisign::PError| Error::Signing(error.to_string());
    let text = fs::read_to_string(key).map_err(Error::io(key))?;
    let key = minisign::SecretKeyBox::from_string(&text).map_err(signing)?;
    let key = match password {
        Some(password) => key.into_secret_key(Some(password)),
        None => key.into_unencrypted_secret_key(),
    };
    let mut bytes =
        serde_json::to_vec_pretty(manifest).map_err(|error| Error::Manifest(error.to_string()))?;
    bytes.push(b'\n');
    if bytes.len() > MAX_SIZE {
        return Err(Error::Manifest("too large".into()));
    }
    Manifest::parse(&bytes)?;
    let comment = format!("yici update {}", manifest.version);
    let signature = minisign::sign(
        None,
        &key.map_err(signing)?,
        Cursor::new(&bytes),
        Some(&comment),
        Some("yici update"),
    );
    replace(
        &out.join("manifest.json.minisig"),
        signature.map_err(signing)?.to_string().as_bytes(),
    )?;
    replace(&out.join("manifest.json"), &bytes)
}

fn pack_file(path: &Path, out: &Path) -> Result<Piece, Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    let size = file.metadata().map_err(Error::io(path))?.len();
    let sha256 = Digest::of_reader(&file, size).map_err(Error::io(path))?;
    let mut list = Vec::new();
    chunks::cut(
        File::open(path).map_err(Error::io(path))?,
        |_, chunk, bytes| {
            list.push(chunk);
            store(bytes, chunk.digest, out)
        },
    )?;
    let blob = chunks::write_list(&list);
    let piece = Piece {
        size,
        sha256,
        chunks: list.len() as u32,
        list: Digest::of(&blob),
    };
    store(&blob, piece.list, out)?;
    Ok(piece)
}

fn store(blob: &[u8], digest: Digest, out: &Path) -> Result<(), Error> {
    let path = out.join(digest.path());
    if fs::exists(&path).map_err(Error::io(&path))? {
        return Ok(());
    }
    let packed = zstd::bulk::compress(blob, LEVEL).map_err(Error::io(&path))?;
    replace(&path, &packed)
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let mut file = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(Error::io(path))
}
