//! The environment, read in one step: nothing else in the program looks at it, but for what clouds and terminals read by
//! themselves.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::actor::actor;
use super::event::head_of_pull_request;
use crate::api::Proxies;
use crate::document::ActorDocument;
use crate::render::markdown::Commit;

/// The variable that holds the API token.
pub(super) const TOKEN_VARIABLE: &str = "PROXYSHARD_TOKEN";
const API_URL_VARIABLE: &str = "PROXYSHARD_API_URL";
const STATE_VARIABLE: &str = "SHARDCTL_STATE";
/// The variable by which the script of a shell asks how to complete a line; it names the shell.
pub(super) const COMPLETE_VARIABLE: &str = "SHARDCTL_COMPLETE";
/// A variable whose value is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotText;

/// What the environment says to the program.
pub(super) struct Environment {
    /// The API token, or why it is none.
    pub(super) token: Option<Result<Zeroizing<String>, NotText>>,
    /// The proxies that requests go through.
    pub(super) proxies: Proxies,
    /// Whether the API's URL is set to nothing, as CI systems do for what is not configured.
    pub(super) api_url_is_empty: bool,
    /// Whether the place of the state is set to nothing.
    pub(super) state_is_empty: bool,
    /// Whether problems are shown as GitHub's workflow commands.
    pub(super) is_github: bool,
    /// Whether nobody looks at a progress bar.
    pub(super) is_ci: bool,
    /// The commit that the run is for.
    pub(super) commit: Option<Commit>,
    /// The checkout that GitHub shows annotations in.
    pub(super) github_workspace: Option<PathBuf>,
    /// Who runs the program, for the history.
    pub(super) actor: ActorDocument,
}

/// Returns the shell that asks how to complete a line, where one does.
pub(super) fn asking_shell() -> Option<OsString> {
    env::var_os(COMPLETE_VARIABLE).filter(|shell| !shell.is_empty())
}

impl Environment {
    /// Reads it.
    pub(super) fn read() -> Environment {
        let is_empty = |name| env::var_os(name).is_some_and(|value: OsString| value.is_empty());
        let event = env::var_os("GITHUB_EVENT_PATH").map(PathBuf::from);
        let actor = actor(|name| env::var(name).ok(), event.and_then(|event| head_of_pull_request(&event)));
        Environment {
            token: env::var_os(TOKEN_VARIABLE)
                .map(|token| token.into_string().map(Zeroizing::new).map_err(|_| NotText)),
            proxies: Proxies::from_environment(|name| env::var_os(name)),
            api_url_is_empty: is_empty(API_URL_VARIABLE),
            state_is_empty: is_empty(STATE_VARIABLE),
            is_github: env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            is_ci: env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false"),
            commit: actor.commit.as_deref().and_then(Commit::parse),
            github_workspace: env::var_os("GITHUB_WORKSPACE").filter(|path| !path.is_empty()).map(PathBuf::from),
            actor,
        }
    }
}
