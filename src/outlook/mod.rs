//! What is to be expected of orders, made of the same rows as a plan: pure, like the plan.

mod cycle;
mod forecast;
mod next_period;
mod price_effect;
mod status;

pub use forecast::{ExpectedRenewal, Forecast, ForecastSummary, Unforeseen, forecast};
pub use next_period::{NowAndAfter, PeriodPrice};
pub use price_effect::{PriceEffect, price_effect};
pub use status::{Standing, Standings, standings};
