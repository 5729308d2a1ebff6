//! Whether what runs on connections is found out.

/// Whether somebody listens to what is said on connections.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Apps {
    /// Tell what runs on connections, by what is said there: HTTP, TLS, SSH, ...
    #[arg(long, overrides_with = "no_apps")]
    apps: bool,

    /// Leave that out, where it is told by itself
    #[arg(long, overrides_with = "apps")]
    no_apps: bool,
}

impl Apps {
    /// Whether it is asked for; `usual` where nothing is said.
    pub(super) fn or(self, usual: bool) -> bool {
        self.apps || usual && !self.no_apps
    }
}
