//! `sluice mint`: tokens for operations and tests.

mod admin;
mod key;
mod sign;
mod viewer;

pub use admin::{AdminArgs, admin, run_admin};
pub use key::KeyArgs;
pub use sign::{SignError, SigningKey};
pub use viewer::{ViewerArgs, run, viewer};

/// The tokens that can be minted.
#[derive(Debug, clap::Subcommand)]
pub enum MintCommand {
    /// A viewer's token (JWT), as the account system of the operator gives them
    Viewer(ViewerArgs),
    /// An administrator's token (JWT), for what the edge lets administrators do
    Admin(AdminArgs),
}
