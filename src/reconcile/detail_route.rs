//! Whether the API tells the details of orders at all: a server of the older description has no such operation.

use std::sync::Mutex;

use crate::api::ApiError;
use crate::model::Foreign;

/// So many orders have to be refused in the API's own words, and none told, before it is the operation that is refused.
const ENOUGH: usize = 3;

/// What one run knows of the operation that tells an order's detail (`GET /user/api/orders/{id}`).
#[derive(Debug, Default)]
pub(super) struct DetailRoute {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Whether any detail was told.
    told: bool,
    refusals: usize,
    /// Why no other order's detail is asked for.
    closed: Option<Foreign>,
}

impl DetailRoute {
    /// Returns why no detail is to be asked for; `None`: it is to be asked for.
    pub(super) fn closed(&self) -> Option<Foreign> {
        self.known().closed.clone()
    }

    /// Takes note of a detail that was told.
    pub(super) fn told(&self) {
        self.known().told = true;
    }

    /// Takes note of a detail that was refused, of an order whose IPs were listed.
    pub(super) fn refused(&self, error: &ApiError) {
        let mut known = self.known();
        let of_the_route = match error.refusal_status() {
            Some(405) => true,
            Some(404) if error.is_refused_elsewhere() => true,
            // One order that the API itself does not find, or show, says nothing of the others.
            Some(403 | 404) => {
                known.refusals += 1;
                known.refusals >= ENOUGH
            }
            _ => false,
        };
        if of_the_route && !known.told && known.closed.is_none() {
            known.closed = Some(Foreign::new(error.to_string()));
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
