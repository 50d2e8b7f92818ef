//! Cargo, rustup and npm, called from programs that cargo runs.

use std::{
    io,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// The workspace's root: of the checkout that cargo runs us in, which need not be the one that a shared target directory was filled from.
pub fn workspace() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.filter(|package| package.ends_with("tests"));
    let root = package.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR"))).join("..");
    root.canonicalize().unwrap_or(root)
}

/// Where cargo puts what it builds, and we what is made once and kept.
pub fn target_dir() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    std::path::absolute(&target).unwrap_or(target)
}

/// The cargo that runs us, in the workspace, without what it set for our own package: build scripts that watch those variables
/// would run again each time.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];
    for (name, _) in std::env::vars_os() {
        if ours.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Adds a target to the toolchain, where it is missing.
///
/// # Errors
/// Where there is no rustup to do it, or it fails.
pub fn add_target(target: &str) -> Result<()> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().context("running rustc")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(target).join("lib").is_dir() {
        return Ok(());
    }
    eprintln!("adding the compiler's target {target}");
    let status = Command::new("rustup").args(["target", "add", target]).status();
    let status =
        status.with_context(|| format!("the target {target} is missing, and rustup, which would add it, too"))?;
    ensure!(status.success(), "rustup could not add the target {target}");
    Ok(())
}

/// `npm ci` in `tests`, where the lock file is newer than what was installed.
///
/// # Errors
/// What to install, where there is no npm, or what failed.
pub fn npm_packages() -> Result<()> {
    let folder = workspace().join("tests");
    let changed = |file: &str| folder.join(file).metadata().and_then(|file| file.modified()).ok();
    let Some(locked) = changed("package-lock.json") else { return Ok(()) };
    if changed("node_modules/.package-lock.json").is_some_and(|installed| installed >= locked) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder).stdin(Stdio::null());
    match npm.status() {
        Ok(status) => ensure!(status.success(), "npm ci failed in tests/, and has said why"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("npm is missing: install Debian's packages nodejs and npm")
        }
        Err(error) => return Err(error).context("running npm"),
    }
    Ok(())
}
