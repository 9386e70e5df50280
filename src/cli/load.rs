//! What most commands need first: the settings, and the platforms, proved.

use super::{Common, Failure};
use crate::config::{self, Settings};
use crate::platform::Platform;

/// The valid configuration.
pub(super) fn settings(common: &Common) -> Result<Settings, Failure> {
    config::load(&common.config).map_err(Failure::configuration)
}

/// Every enabled platform.
pub(super) fn platforms(settings: &Settings) -> Result<Vec<Platform>, Failure> {
    config::folders::load(&settings.platforms).map_err(Failure::configuration)
}
