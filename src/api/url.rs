//! Where the API is, checked before a token can leave the process.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// The base URL of the API: https, or http to a loopback address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Url);

/// Why a text cannot be the API's URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadApiUrl {
    /// Not a URL at all.
    #[error("the API URL cannot be read: {0}; it looks like https://user-api.proxyshard.com")]
    NotAUrl(String),
    /// The token would travel in the clear.
    #[error("the API URL must be https, or http to a loopback address such as http://127.0.0.1:4010, not {0}")]
    NotEncrypted(String),
    /// Credentials in a URL end up in logs.
    #[error("the API URL must not hold a user name or password; give the token by PROXYSHARD_TOKEN or --token-file")]
    HasCredentials,
    /// Only a base makes sense.
    #[error("the API URL must not have a query or a fragment")]
    HasQuery,
}

impl ApiUrl {
    /// The vendor's own API.
    pub const DEFAULT: &'static str = "https://user-api.proxyshard.com";

    /// Returns the URL of a path below the base; the path starts with `/`.
    pub(super) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// Returns whether requests are encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns whether requests stay on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => false,
        }
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for ApiUrl {
    type Err = BadApiUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = ApiUrl(Url::parse(text.trim()).map_err(|error| BadApiUrl::NotAUrl(error.to_string()))?);
        if !url.0.username().is_empty() || url.0.password().is_some() {
            return Err(BadApiUrl::HasCredentials);
        }
        if url.0.query().is_some() || url.0.fragment().is_some() {
            return Err(BadApiUrl::HasQuery);
        }
        match url.0.scheme() {
            "https" => Ok(url),
            "http" if url.is_loopback() => Ok(url),
            _ => Err(BadApiUrl::NotEncrypted(url.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_or_loopback_and_nothing_else() {
        for good in [
            "https://user-api.proxyshard.com",
            "https://example.com/prefix/",
            "http://127.0.0.1:4010",
            "http://127.9.9.9",
            "http://[::1]:4010",
            "http://localhost:4010",
        ] {
            assert!(good.parse::<ApiUrl>().is_ok(), "{good}");
        }
        for bad in [
            "http://user-api.proxyshard.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "https://user:secret@example.com",
            "https://example.com/?token=1",
            "user-api.proxyshard.com",
            "",
        ] {
            let error = bad.parse::<ApiUrl>().expect_err(bad).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_trailing_slash_makes_no_other_url() {
        let url: ApiUrl = "https://example.com/prefix/".parse().expect("a good URL");
        assert_eq!(url.to_string(), "https://example.com/prefix");
        assert_eq!(url.join("/user/api").as_str(), "https://example.com/prefix/user/api");
    }
}
