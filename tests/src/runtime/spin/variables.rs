use super::{
    engine::bindings::fermyon::spin::variables::{Error, Host},
    state::State,
};

impl Host for State {
    async fn get(&mut self, name: String) -> Result<String, Error> {
        if !is_valid(&name) {
            return Err(Error::InvalidName(name));
        }
        self.variables.get(&name).cloned().ok_or(Error::Undefined(name))
    }
}

/// Spin's rule for the names of variables: words of lower-case letters and digits, joined by single underscores, each beginning
/// with a letter or, after the first, a digit.
fn is_valid(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .split('_')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn names_follow_spins_rule() {
        for good in ["a", "sluice_config", "kek_previous", "key2"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "A", "a-b", "_a", "a_", "a__b", "2a", "a.b"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
