//! Social security cards (社会保障卡) in readers of the PC/SC service.
//!
//! [`open`] gives a [`SocialCardReader`]; [`record`] is what a card says.

mod driver;
pub mod record;

pub use driver::{SocialCardError, SocialCardReader, open};
pub use record::SocialCard;
