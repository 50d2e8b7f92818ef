use anyhow::{Context, Result};

/// The values of Viceroy's KV stores with their keys. It lets nobody list them, but prints them: `ObjectKey("…"): ObjectValue { body: [1, 2], …`.
pub(super) fn values(printed: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in printed.split("ObjectKey(\"").skip(1) {
        let (key, rest) = entry.split_once("\"): ObjectValue { body: [").context("an entry of another form")?;
        let (body, _) = rest.split_once(']').context("a body without an end")?;
        let body = body.split(", ").filter(|byte| !byte.is_empty()).map(str::parse).collect::<Result<_, _>>()?;
        all.push((key.to_owned(), body));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use viceroy_lib::config::FastlyConfig;

    use super::*;

    #[test]
    fn values_are_read_as_viceroy_prints_them() {
        let config: FastlyConfig = r#"
            name = "x"
            language = "rust"
            manifest_version = 2
            [local_server.kv_stores]
            one = [{ key = "a/1", data = "x,]y" }, { key = "b", data = "" }]
        "#
        .parse()
        .expect("a manifest");
        let values = values(&format!("{:?}", config.object_stores())).expect("values");
        assert_eq!(values, [("a/1".to_owned(), b"x,]y".to_vec()), ("b".to_owned(), Vec::new())]);
    }
}
