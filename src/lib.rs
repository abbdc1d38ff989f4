//! The terminal: one visit from first touch to wipe. `visit` is its pure heart; everything
//! around it turns the world into events and effects into deeds.

pub mod visit;
