//! How wide the output may be, and in which characters.

use super::output::Output;

/// The options that tables and figures share.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Width {
    /// Fit into N columns; 0 is no limit [default: the terminal's]
    #[arg(long, value_name = "N")]
    width: Option<usize>,

    /// Keep to ASCII [default: where the locale is not UTF-8]
    #[arg(long)]
    ascii: bool,
}

impl Width {
    /// Columns to fit into; 0 where there is no limit.
    pub(super) fn of(self, out: &Output) -> usize {
        self.width.or(out.width()).unwrap_or(0)
    }

    /// Whether to keep to ASCII.
    pub(super) fn ascii(self) -> bool {
        self.ascii || !utf8_locale()
    }
}

/// Whether the locale has UTF-8, by the variable that decides (POSIX: the first that is set and
/// not empty).
pub(super) fn utf8_locale() -> bool {
    let set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let deciding = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(set);
    deciding.and_then(|name| std::env::var(name).ok()).is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}
