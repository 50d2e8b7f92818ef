use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use percent_encoding::percent_decode_str;

/// Resolves `reference` against `base`, both relative to the folder of a manifest (RFC 3986, 5.2, without scheme and authority).
///
/// # Errors
/// Addresses of other hosts and absolute paths: media is taken from the manifest's own folder only.
pub(super) fn join(base: &str, reference: &str) -> anyhow::Result<String> {
    let reference = reference.trim();
    let scheme = reference.split_once(':').map_or("", |(scheme, _)| scheme);
    if !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
        bail!("names {reference:?}, on another host: copy the media beside the manifest and make the address relative");
    }
    if reference.starts_with('/') {
        bail!("names {reference:?}, an absolute path: media is taken from the manifest's own folder only");
    }
    let reference = reference.split(['?', '#']).next().unwrap_or_default();
    let folder = base.rfind('/').map_or("", |at| &base[..=at]);
    Ok(if reference.is_empty() { base.to_owned() } else { format!("{folder}{reference}") })
}

/// The file that a resolved reference names in the folder `root`.
///
/// # Errors
/// A name that leads out of `root`, also by a symbolic link, and a file that is not there.
pub(super) fn file(root: &Path, reference: &str) -> anyhow::Result<PathBuf> {
    let mut parts: Vec<String> = Vec::new();
    for part in reference.split('/') {
        let part = percent_decode_str(part).decode_utf8();
        let part = part.with_context(|| format!("names {reference:?}, which is not UTF-8"))?;
        match part.as_ref() {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    bail!("names {reference:?}, which leads out of the manifest's folder");
                }
            }
            part if part.contains(['/', '\\', '\0']) => bail!("names {reference:?}, which is no file name"),
            part => parts.push(part.to_owned()),
        }
    }
    let path = root.join(parts.iter().collect::<PathBuf>());
    if parts.is_empty() || !path.is_file() {
        bail!("names {reference:?}, but there is no file {}", path.display());
    }
    let within = |path: &Path| path.canonicalize().with_context(|| format!("{}: cannot be read", path.display()));
    let folder = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    if !within(&path)?.starts_with(within(folder)?) {
        bail!("names {reference:?}, a link that leads out of the manifest's folder");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_are_resolved_within_the_folder() {
        for (base, reference, joined) in [
            ("", "v/1.m4s", "v/1.m4s"),
            ("video/", "1.m4s", "video/1.m4s"),
            ("video/a.mpd", "../b/1.m4s?x=1#t", "video/../b/1.m4s"),
            ("a.mp4", "", "a.mp4"),
            ("", " init.mp4 ", "init.mp4"),
        ] {
            assert_eq!(join(base, reference).expect("relative"), joined);
        }
        for remote in ["https://cdn.example/1.m4s", "file:///etc/passwd", "//cdn.example/1.m4s", "/srv/1.m4s", "C:\\1"]
        {
            assert!(join("v/", remote).is_err(), "{remote}");
        }
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("title");
        fs::create_dir_all(root.join("a b")).expect("creates");
        fs::write(root.join("a b/1.m4s"), "x").expect("writes");
        fs::write(dir.path().join("secret"), "x").expect("writes");
        let there = file(&root, "v/../a%20b/./1.m4s").expect("is there");
        assert_eq!(there, root.join("a b/1.m4s"));
        for (reference, says) in [
            ("../secret", "leads out"),
            ("a%20b/..%2f..%2fsecret", "no file name"),
            ("%2e%2e/secret", "leads out"),
            ("", "no file"),
            ("a b", "no file"),
            ("2.m4s", "no file"),
        ] {
            let said = file(&root, reference).expect_err(reference).to_string();
            assert!(said.contains(says), "{said}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("secret"), root.join("link")).expect("links");
            let said = file(&root, "link").expect_err("a link out").to_string();
            assert!(said.contains("a link"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_reference_leads_out(base in ".{0,20}", reference in "(\\.\\./|\\./|a/|%2e%2e/|[a-z]|.){0,12}") {
            let dir = tempfile::tempdir().expect("a folder");
            if let Ok(found) = join(&base, &reference).and_then(|joined| file(dir.path(), &joined)) {
                prop_assert!(found.starts_with(dir.path()));
            }
        }
    }
}
