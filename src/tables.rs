//! The tables of a database, across versions of the terminal.

use rusqlite::Connection;
use rusqlite_migration::{Error, M, MigrationDefinitionError, Migrations};

/// Brings tables up to this version. What a later version left, whose update was taken back since, is
/// used as it is: a step may only add, so that the version before it goes on serving.
///
/// # Errors
/// When the database fails.
pub fn bring_up(connection: &mut Connection, steps: Vec<M<'_>>) -> Result<(), Error> {
    match Migrations::new(steps).to_latest(connection) {
        Err(Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead)) => Ok(()),
        done => done,
    }
}
