//! Failures of files and programs, with what was being done.

use std::io;

#[derive(Debug, thiserror::Error)]
#[error("{what}: {cause}")]
pub struct IoFault {
    what: String,
    cause: io::Error,
}

pub trait Context<T> {
    /// Says what was being done.
    fn context(self, what: impl FnOnce() -> String) -> Result<T, IoFault>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, IoFault> {
        self.map_err(|cause| IoFault { what: what(), cause })
    }
}
