//! `kiosk catalog import`: a workbook as a matter's file.

use std::path::PathBuf;

use miette::IntoDiagnostic;
use yici_catalog_sheet::{ImportError, MAX_WORKBOOK_BYTES};

use crate::cli::Verdict;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The workbook.
    file: PathBuf,
    /// The catalogue's directory.
    #[arg(long)]
    dir: PathBuf,
    /// Only say what is wrong; write nothing.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let size = std::fs::metadata(&args.file).into_diagnostic()?.len();
    if size > MAX_WORKBOOK_BYTES {
        miette::bail!(
            help = "pictures do not belong into it; they are files in samples/",
            "{} is bigger than {MAX_WORKBOOK_BYTES} bytes",
            args.file.display()
        );
    }
    let workbook = std::fs::read(&args.file).into_diagnostic()?;
    let imported = match yici_catalog_sheet::import(&workbook, &args.dir) {
        Ok(imported) => imported,
        Err(ImportError::Faults(faults)) => {
            for fault in &faults {
                println!("{fault}");
            }
            println!("有 {} 个错，什么也没有导入。", faults.len());
            return Ok(Verdict::Findings);
        }
        Err(error @ (ImportError::Read { .. } | ImportError::Shared(_))) => {
            miette::bail!(help = "name a catalogue's directory", "{error}")
        }
    };
    if !imported.lost.is_empty() {
        println!("原文件里这些注释，工作簿的备注里没有，导入后就没有了：");
        for line in &imported.lost {
            println!("  # {line}");
        }
    }
    let file = &imported.file;
    if args.check {
        println!("没有错，可以导入 {file}。");
        return Ok(Verdict::Fine);
    }
    imported.write(&args.dir).into_diagnostic()?;
    if imported.exists {
        println!("已导入 {file}；原来的文件存为 {file}.old。");
    } else {
        println!("已导入 {file}，这是新的事项。");
    }
    Ok(Verdict::Fine)
}
