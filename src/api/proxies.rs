//! The proxy that the environment names for requests that leave this machine.

use std::ffi::OsString;
use std::fmt;

use reqwest::{NoProxy, Proxy};
use url::Url;

/// The variables that name a proxy for https, in the order in which they count.
const NAMING: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// The variables that list who is asked directly.
const EXCEPTING: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// What the environment says about proxies. Values are not shown: a proxy's URL may hold a password.
#[derive(Clone, Default)]
pub struct Proxies {
    named: Option<(&'static str, OsString)>,
    excepted: Option<(&'static str, OsString)>,
}

impl Proxies {
    /// Takes what the usual variables hold (`HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not); one that is
    /// set to nothing says nothing. What they hold is read when a connection is made that leaves this machine.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Proxies {
        let first = |names: &[&'static str]| {
            let set = names.iter().filter_map(|name| Some((*name, variable(name)?)));
            set.filter(|(_, value)| !value.is_empty()).take(1).next()
        };
        Proxies { named: first(&NAMING), excepted: first(&EXCEPTING) }
    }

    /// Returns the variable that names a proxy.
    pub(super) fn variable(&self) -> Option<&'static str> {
        self.named.as_ref().map(|(name, _)| *name)
    }

    /// Reads the proxy; fails where that is none, and names the variable but not what it holds.
    pub(super) fn proxy(&self) -> Result<Option<Proxy>, String> {
        let Some((name, value)) = &self.named else { return Ok(None) };
        let wrong = || format!("{name} holds no URL of a proxy; it looks like http://proxy.example.com:3128");
        let text = value.to_str().ok_or_else(wrong)?.trim();
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&text).ok().filter(Url::has_host).ok_or_else(wrong)?;
        match url.scheme() {
            "http" | "https" => {}
            socks if socks.starts_with("socks") => {
                return Err(format!("{name} names a SOCKS proxy, which cannot be used here: name an HTTP proxy"));
            }
            _ => return Err(wrong()),
        }
        let proxy = Proxy::https(url).map_err(|_| wrong())?;
        Ok(Some(proxy.no_proxy(self.no_proxy()?)))
    }

    fn no_proxy(&self) -> Result<Option<NoProxy>, String> {
        let Some((name, value)) = &self.excepted else { return Ok(None) };
        let list = value.to_str().ok_or_else(|| format!("{name} holds no text"))?;
        Ok(NoProxy::from_string(list))
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [&self.named, &self.excepted].map(|variable| variable.as_ref().map(|(name, _)| *name));
        f.debug_list().entries(names.iter().flatten()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(environment: &[(&str, &str)]) -> Proxies {
        let value = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        Proxies::from_environment(value)
    }

    #[test]
    fn the_first_variable_that_says_something_counts() {
        assert_eq!(proxies(&[]).variable(), None);
        assert_eq!(proxies(&[("HTTP_PROXY", "http://127.0.0.1:1"), ("https_proxy", "")]).variable(), None);
        let both = [("ALL_PROXY", "http://127.0.0.1:1"), ("https_proxy", "127.0.0.1:2"), ("HTTPS_PROXY", "")];
        assert_eq!(proxies(&both).variable(), Some("https_proxy"));
    }

    #[test]
    fn what_is_no_proxy_is_an_error_that_does_not_show_it() {
        for good in
            ["http://127.0.0.1:3128", "https://proxy.example.com", "proxy.example.com:3128", "http://u:p@[::1]:1/"]
        {
            assert!(matches!(proxies(&[("HTTPS_PROXY", good), ("NO_PROXY", "*")]).proxy(), Ok(Some(_))), "{good}");
        }
        assert!(matches!(proxies(&[]).proxy(), Ok(None)));
        for bad in
            ["not a url, s3cret", "http://", "ftp://u:s3cret@proxy", "socks5://u:s3cret@proxy:1080", "http://:s3cret@"]
        {
            let proxies = proxies(&[("all_proxy", bad)]);
            let error = proxies.proxy().expect_err(bad);
            assert!(error.starts_with("all_proxy ") && !error.contains("s3cret"), "{error}");
            assert_eq!(format!("{proxies:?}"), r#"["all_proxy"]"#);
        }
    }
}
