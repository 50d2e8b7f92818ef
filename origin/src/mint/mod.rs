//! `sluice mint`: tokens for operations and tests.

pub mod cat;
mod sign;
mod viewer;

pub use sign::{SignError, SigningKey};
pub use viewer::{ViewerArgs, run, viewer};

/// The tokens that can be minted.
#[derive(Debug, clap::Subcommand)]
pub enum MintCommand {
    /// A viewer's token (JWT), as the account system of the operator gives them
    Viewer(ViewerArgs),
    /// A Common Access Token (CTA-5007)
    Cat(Box<cat::CatArgs>),
}
