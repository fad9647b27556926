//! The list of an order's active IPs, which is taken in one IP after the other: it may be long.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::shapes::Object;
use super::told::Told;
use crate::model::{Foreign, LiveIp, LiveSignature, ProxyIp, Renewal};

/// The IPs in the order of the answer, and the earliest end of their paid period. Texts are as they came.
#[derive(Debug, Default)]
pub struct ActiveList {
    /// The IPs, each with what is told of it.
    pub ips: Vec<(ProxyIp, LiveIp)>,
    /// The earliest `until`.
    pub renewal: Option<Renewal>,
    /// The `until` that was read last: all IPs of an order mostly end at one moment.
    last_until: String,
}

#[derive(Deserialize)]
struct ActiveItem {
    ip: ProxyIp,
    #[serde(default)]
    until: Told,
    #[serde(default)]
    status: Told,
    #[serde(default)]
    signature: Told,
}

impl ActiveList {
    fn take(&mut self, item: &ActiveItem) {
        if let Some(until) = item.until.text()
            && self.last_until != until
        {
            until.clone_into(&mut self.last_until);
            let until = Renewal::parse(until);
            self.renewal = Some(self.renewal.take().map_or(until.clone(), |earliest| earliest.min(until)));
        }
        let status = item.status.text().filter(|status| !status.trim().eq_ignore_ascii_case("active"));
        let status = status.map(|status| Box::new(Foreign::from(status)));
        self.ips.push((item.ip, LiveIp { signature: signature(&item.signature), status }));
    }
}

/// Reads a signature: a key that is absent is not the same as none.
fn signature(told: &Told) -> Option<LiveSignature> {
    match told {
        Told::Null => Some(LiveSignature::None),
        Told::Text(text) => Some(match text.trim().to_ascii_lowercase().as_str() {
            "" | "none" => LiveSignature::None,
            word => {
                word.parse().map_or_else(|_| LiveSignature::Other(Box::new(text.as_str().into())), LiveSignature::Known)
            }
        }),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for ActiveList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;

        impl<'de> Visitor<'de> for ListVisitor {
            type Value = ActiveList;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ActiveList, A::Error> {
                let mut list = ActiveList::default();
                while let Some(Object(item)) = items.next_element()? {
                    list.take(&item);
                }
                Ok(list)
            }
        }

        deserializer.deserialize_seq(ListVisitor)
    }
}
