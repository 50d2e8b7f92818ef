//! What a suite needs of the machine beyond cargo, installed where that is possible.

use std::process::{Command, Stdio};

use super::suite::Suite;

/// A tool, and the Debian packages that bring it.
struct Tool {
    program: &'static str,
    packages: &'static [&'static str],
}

const CHROMIUM: Tool = Tool { program: "chromium", packages: &["chromium"] };
const FFMPEG: Tool = Tool { program: "ffmpeg", packages: &["ffmpeg"] };
const NODE: Tool = Tool { program: "node", packages: &["nodejs"] };
const REDIS: Tool = Tool { program: "redis-server", packages: &["redis-server"] };
const NPM: Tool = Tool { program: "npm", packages: &["npm"] };

/// Installs what the suite lacks.
///
/// # Errors
/// What to install, where that cannot be done from here.
pub(super) fn prepare(suite: Suite) -> Result<(), String> {
    match suite {
        Suite::Lint => {
            components(&["rustfmt", "clippy"])?;
            wasm_targets()?;
            cargo_deny()
        }
        Suite::Packager => {
            tools(&[FFMPEG, NODE, NPM])?;
            wasm_targets()?;
            npm_packages()
        }
        Suite::Delivery => {
            tools(&[NODE, NPM])?;
            npm_packages()
        }
        Suite::Browser => {
            tools(&[CHROMIUM, FFMPEG, NODE, NPM])?;
            wasm_targets()?;
            npm_packages()
        }
        Suite::Hosts => {
            tools(&[REDIS])?;
            wasm_targets()
        }
        Suite::Unit
        | Suite::Vectors
        | Suite::Ciphers
        | Suite::Gate
        | Suite::Keys
        | Suite::Origin
        | Suite::Infra
        | Suite::Docs => Ok(()),
    }
}

/// What the edge modules are built for.
fn wasm_targets() -> Result<(), String> {
    ["wasm32-wasip1", "wasm32-wasip2"]
        .into_iter()
        .try_for_each(|target| crate::toolchain::add_target(target).map_err(|error| format!("{error:#}")))
}

fn npm_packages() -> Result<(), String> {
    crate::toolchain::npm_packages().map_err(|error| format!("{error:#}"))
}

/// Components of the toolchain.
fn components(names: &[&str]) -> Result<(), String> {
    for name in names {
        let program = if *name == "clippy" { "cargo-clippy" } else { name };
        if !succeeds(Command::new(program).arg("--version")) {
            told(Command::new("rustup").args(["component", "add", name]))
                .map_err(|()| format!("the toolchain's component {name} is missing: rustup component add {name}"))?;
        }
    }
    Ok(())
}

/// Built without optimization, which halves the time and matters to nobody: it runs for a second.
fn cargo_deny() -> Result<(), String> {
    if succeeds(Command::new("cargo").args(["deny", "--version"])) {
        return Ok(());
    }
    println!("installing cargo-deny, once");
    let mut install = Command::new("cargo");
    install.args(["install", "cargo-deny", "--locked", "--debug"]).env("CARGO_PROFILE_DEV_DEBUG", "0");
    told(&mut install).map_err(|()| "cargo-deny is missing: cargo install cargo-deny --locked".to_owned())
}

/// Debian's packages, by apt as root.
fn tools(wanted: &[Tool]) -> Result<(), String> {
    let missing: Vec<&str> =
        wanted.iter().filter(|tool| !on_path(tool.program)).flat_map(|tool| tool.packages.iter().copied()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let lack = || format!("install these Debian packages: {}", missing.join(" "));
    if !on_path("apt-get") || !is_root() {
        return Err(lack());
    }
    println!("installing {}", missing.join(" "));
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet=2");
        command
    };
    // An update may fail for one of many sources; whether the packages can be had, the next command says.
    let _ = told(apt().arg("update"));
    told(apt().args(["install", "--yes", "--no-install-recommends"]).args(&missing)).map_err(|()| lack())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Runs silently.
fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// Runs with its output shown.
fn told(command: &mut Command) -> Result<(), ()> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(()),
    }
}
