//! `cargo xtask dist`: an archive of what `install` lays out, the same bytes for the same programs, with its SHA-256.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, GzBuilder};
use serde_json::json;
use state::exit::{Exit, Fault};
use state::file;
use state::out::{self, Printer};

use crate::args::DistArgs;
use crate::install::package::{self, Item};
use crate::workspace::{Profile, Workspace};

/// The archive's one folder: what an agent's gateway calls the skill.
const TOP: &str = "clawdtalk-client";

/// Builds, packs, and prints where the archive is.
pub(crate) fn run(workspace: &Workspace, args: &DistArgs, printer: Printer) -> Result<Exit> {
    let folder = args.to.clone().map_or_else(|| workspace.scratch("dist"), Ok)?;
    let time = time(workspace)?;
    out::progress("building the programs");
    let programs = workspace.build(Profile::of_debug(args.debug))?;
    let items = package::items(workspace, &programs)?;
    let (version, target) = (env!("CARGO_PKG_VERSION"), target()?);
    let name = format!("clawdtalk-{version}-{target}.tar.gz");
    let bytes = pack(items, time).with_context(|| format!("packing `{name}`"))?;
    let sha256 = sha256(&bytes);
    let archive = folder.join(&name);
    publish(&archive, &bytes)?;
    // The form that `sha256sum --check` reads.
    publish(&folder.join(format!("{name}.sha256")), format!("{sha256}  {name}\n").as_bytes())?;
    let document = json!({
        "archive": archive, "sha256": sha256, "bytes": bytes.len(), "version": version, "target": target,
    });
    printer.print(&document, || format!("{sha256}  {}", archive.display()))?;
    Ok(Exit::Done)
}

/// Every entry's time: `SOURCE_DATE_EPOCH` as everywhere, else when the sources were last committed.
fn time(workspace: &Workspace) -> Result<u64> {
    let hint = "set SOURCE_DATE_EPOCH to seconds since 1970";
    if let Ok(given) = std::env::var("SOURCE_DATE_EPOCH") {
        let number = given.parse().ok();
        let fault = || Fault::usage(format!("SOURCE_DATE_EPOCH is `{given}`")).hint(hint);
        return Ok(number.ok_or_else(fault)?);
    }
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%ct"]).current_dir(workspace.root());
    let output = git.stdin(Stdio::null()).output().ok().filter(|output| output.status.success());
    let stdout =
        output.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    let fault = || Fault::usage("git does not know when the sources were last changed").hint(hint);
    Ok(stdout.trim().parse().map_err(|_| fault())?)
}

/// What the programs were built for.
fn target() -> Result<String> {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output = rustc.arg("-vV").stdin(Stdio::null()).output().context("starting rustc")?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let host = stdout.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}

/// Packs by name, with nobody's user and group and one time, so that equal programs give equal archives.
fn pack(mut items: Vec<Item>, time: u64) -> Result<Vec<u8>> {
    items.sort_by(|a, b| a.path.cmp(&b.path));
    let gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(gzip);
    for item in &items {
        let bytes = item.bytes()?;
        ensure!(item.path.len() < 90, "`{}` is too long a path for the archive", item.path);
        let mut header = tar::Header::new_ustar();
        header.set_mode(item.mode());
        header.set_mtime(time);
        header.set_size(u64::try_from(bytes.len()).context("a file of this size")?);
        header.set_uid(0);
        header.set_gid(0);
        let path = format!("{TOP}/{}", item.path);
        let packed = archive.append_data(&mut header, &path, &*bytes);
        packed.with_context(|| format!("packing `{path}`"))?;
    }
    let gzip = archive.into_inner().context("ending the archive")?;
    gzip.finish().context("compressing the archive")
}

fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Writes a file for everybody to read; an unfinished one never has its name.
fn publish(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file::replace(path, bytes)?;
    let readable = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(path, readable)
        .with_context(|| format!("publishing `{}`", path.display()))?;
    // A lock beside an archive means nothing to anybody.
    let _ = std::fs::remove_file(state::paths::lock_of(path));
    Ok(())
}
