use anyhow::{Context, Result};

use super::measures::{Measure, Measures};
use crate::runtime::EdgeHost;

/// The sizes of what is deployed.
pub(super) fn measure(into: &mut Measures) -> Result<()> {
    for host in EdgeHost::ALL {
        let module = host.build()?;
        let bytes = module.metadata().with_context(|| module.display().to_string())?.len();
        into.add(format!("module_{}", host.as_str()), Measure { seconds: 0.0, bytes });
    }
    Ok(())
}
