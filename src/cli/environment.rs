//! The environment, read in one step: nothing else in the program looks at it, but for what clouds and terminals read by
//! themselves.

use std::env;
use std::ffi::OsString;

use zeroize::Zeroizing;

use super::actor::actor;
use crate::document::ActorDocument;

/// The variable that holds the API token.
pub(super) const TOKEN_VARIABLE: &str = "PROXYSHARD_TOKEN";
const API_URL_VARIABLE: &str = "PROXYSHARD_API_URL";
const STATE_VARIABLE: &str = "SHARDCTL_STATE";

/// What the environment says to the program.
pub(super) struct Environment {
    /// The API token, as far as it is text.
    pub(super) token: Option<Zeroizing<String>>,
    /// Whether the API's URL is set to nothing, as CI systems do for what is not configured.
    pub(super) api_url_is_empty: bool,
    /// Whether the place of the state is set to nothing.
    pub(super) state_is_empty: bool,
    /// Whether problems are shown as GitHub's workflow commands.
    pub(super) is_github: bool,
    /// Whether nobody looks at a progress bar.
    pub(super) is_ci: bool,
    /// Who runs the program, for the history.
    pub(super) actor: ActorDocument,
}

impl Environment {
    /// Reads it.
    pub(super) fn read() -> Environment {
        let is_empty = |name| env::var_os(name).is_some_and(|value: OsString| value.is_empty());
        Environment {
            token: env::var(TOKEN_VARIABLE).ok().map(Zeroizing::new),
            api_url_is_empty: is_empty(API_URL_VARIABLE),
            state_is_empty: is_empty(STATE_VARIABLE),
            is_github: env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            is_ci: env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false"),
            actor: actor(|name| env::var(name).ok()),
        }
    }
}
