//! Actions of the panel as JSON: the last word of the path, and a body.

use serde::{Deserialize, Deserializer};

use super::control_paths::{read, unknown_action};
use super::object::Object;
use super::order::OrderStatus;
use super::panel::PanelAction;
use super::refusal::Refusal;
use crate::model::PendingChange;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slots {
    qty: Option<u32>,
    #[serde(default, deserialize_with = "given")]
    pending: Option<Option<PendingChange>>,
}

/// Tells a null from a key that is absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<PendingChange>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    status: OrderStatus,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AutoRenewal {
    auto_renewal: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tag {
    tag: Option<String>,
}

impl PanelAction {
    /// Reads an action from its name and its body.
    pub(super) fn read(name: &str, body: &[u8]) -> Result<PanelAction, Refusal> {
        Ok(match name {
            "renew" => PanelAction::Renew,
            "expire" => PanelAction::Expire,
            "signatures" => PanelAction::Signatures(read(name, body)?),
            "marks" => PanelAction::Marks(read(name, body)?),
            "slots" => {
                let Object(Slots { qty, pending }) = read(name, body)?;
                PanelAction::Slots { qty, pending }
            }
            "status" => {
                let Object(Status { status }) = read(name, body)?;
                PanelAction::Status { status }
            }
            "auto_renewal" => {
                let Object(AutoRenewal { auto_renewal }) = read(name, body)?;
                PanelAction::AutoRenewal { auto_renewal }
            }
            "tag" => {
                let Object(Tag { tag }) = read(name, body)?;
                PanelAction::Tag { tag }
            }
            "proxies" => PanelAction::Proxies(read(name, body)?),
            "remove" => PanelAction::Remove(read(name, body)?),
            "replace" => PanelAction::Replace(read(name, body)?),
            _ => return Err(unknown_action(name)),
        })
    }
}
