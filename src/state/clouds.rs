//! From a place's URL and the environment to the client of its cloud.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{BackoffConfig, ClientConfigKey, Error, ObjectStore, RetryConfig};
use url::Url;

use super::error::StoreError;
use super::words::reason;

/// How long one request may take, unless the environment says otherwise.
const REQUEST_TIMEOUT: &str = "15 seconds";

/// Reads the URL of a place; it must not hold credentials.
pub(super) fn parse_place(url: &str) -> Result<Url, StoreError> {
    let parsed = Url::parse(url).map_err(|_| StoreError::bad_place("--state: the URL cannot be read"))?;
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
        let problem = "--state: the URL must not hold credentials; they come from the environment";
        return Err(StoreError::bad_place(problem));
    }
    match (parsed.scheme(), parsed.host_str()) {
        ("s3" | "gs" | "az", Some(_)) => Ok(parsed),
        ("s3" | "gs" | "az", None) => Err(StoreError::bad_place(format!("--state {parsed}: the URL names no bucket"))),
        (scheme, _) => Err(StoreError::bad_place(format!(
            "--state: {scheme}:// is no place for the state: use a directory, s3://, gs:// or az://"
        ))),
    }
}

/// Builds a client from the cloud's usual environment.
pub(super) fn connect(url: &Url) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let failed = |why: &str| StoreError::bad_place(format!("--state {url}: {why}"));
    match variables("AZURE_").find(|(name, value)| url.scheme() == "az" && starts_a_program(name, value)) {
        Some((name, _)) => Err(failed(&format!(
            "{} would start another program, and that would see the API's token: run `az account get-access-token \
             --resource https://storage.azure.com` yourself, and set AZURE_STORAGE_TOKEN",
            name.to_ascii_uppercase()
        ))),
        None => build(url).map_err(|error| failed(&reason(&error))),
    }
}

/// Returns whether a variable would have Azure's client ask the program `az` for credentials: it would be started with
/// the environment of this process.
fn starts_a_program(name: &str, value: &str) -> bool {
    match name.parse() {
        Ok(AzureConfigKey::UseAzureCli) => !["0", "false", "off", "no", "n"].contains(&&*value.to_ascii_lowercase()),
        Ok(AzureConfigKey::CredentialType) => value == "azure_cli",
        _ => false,
    }
}

fn build(url: &Url) -> Result<Arc<dyn ObjectStore>, Error> {
    let retry =
        RetryConfig { backoff: BackoffConfig::default(), max_retries: 4, retry_timeout: Duration::from_secs(30) };
    Ok(match url.scheme() {
        "s3" => {
            let builder = variables("AWS_").fold(
                // Not every store that speaks S3 deletes in bulk.
                AmazonS3Builder::new()
                    .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT)
                    .with_disable_bulk_delete(true),
                |builder, (name, value)| set(builder, &name, |b, key| b.with_config(key, value)),
            );
            Arc::new(builder.with_url(url.as_str()).with_retry(retry).build()?)
        }
        "gs" => {
            let builder = variables("GOOGLE_").chain(variables("SERVICE_ACCOUNT")).fold(
                GoogleCloudStorageBuilder::new()
                    .with_config(GoogleConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT),
                |builder, (name, value)| set(builder, &name, |b, key| b.with_config(key, value)),
            );
            Arc::new(builder.with_url(url.as_str()).with_retry(retry).build()?)
        }
        _ => {
            let builder = variables("AZURE_").chain(variables("IDENTITY_ENDPOINT")).fold(
                MicrosoftAzureBuilder::new()
                    .with_config(AzureConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT),
                |builder, (name, value)| set(builder, &name, |b, key| b.with_config(key, value)),
            );
            Arc::new(builder.with_url(url.as_str()).with_retry(retry).build()?)
        }
    })
}

/// Returns what the environment says to a cloud's client. A variable that is set to nothing says nothing, as CI systems
/// set those that are not configured; an empty session token would be sent.
fn variables(prefix: &'static str) -> impl Iterator<Item = (String, String)> {
    let text =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    text.filter(move |(name, value)| name.starts_with(prefix) && !value.is_empty())
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
}

/// Sets what a client knows, and passes over all else.
fn set<Builder, Key: FromStr>(builder: Builder, name: &str, set: impl FnOnce(Builder, Key) -> Builder) -> Builder {
    match name.parse() {
        Ok(key) => set(builder, key),
        Err(_) => builder,
    }
}
