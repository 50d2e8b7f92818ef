//! `sluice mint`: tokens for operations and tests.

mod admin;
mod akamai;
pub mod cat;
mod cloudfront;
mod key;
mod sign;
mod viewer;

pub use admin::{AdminArgs, admin};
pub use akamai::{AkamaiArgs, akamai};
pub use cloudfront::{CloudFrontArgs, cloudfront};
pub use key::KeyArgs;
pub use sign::{SignError, SigningKey};
pub use viewer::{ViewerArgs, viewer};

/// The tokens that can be minted.
#[derive(Debug, clap::Subcommand)]
pub enum MintCommand {
    /// A viewer's token (JWT), as the account system of the operator gives them
    Viewer(ViewerArgs),
    /// An administrator's token (JWT), for what the edge lets administrators do
    Admin(AdminArgs),
    /// A signed URL or signed cookies of CloudFront
    #[command(name = "cloudfront")]
    CloudFront(CloudFrontArgs),
    /// An EdgeAuth token of Akamai
    Akamai(AkamaiArgs),
    /// A Common Access Token (CTA-5007)
    Cat(Box<cat::CatArgs>),
}

/// Mints the token and prints it.
///
/// # Errors
/// A key that cannot be read or does not serve, a token that no edge would take.
pub fn run(command: &MintCommand) -> anyhow::Result<()> {
    let now = key::now()?;
    let token = match command {
        MintCommand::Viewer(args) => viewer(args, now)?,
        MintCommand::Admin(args) => admin(args, now)?,
        MintCommand::CloudFront(args) => cloudfront(args, now)?,
        MintCommand::Akamai(args) => akamai(args, now)?,
        MintCommand::Cat(args) => return cat::run(args),
    };
    println!("{token}");
    Ok(())
}
