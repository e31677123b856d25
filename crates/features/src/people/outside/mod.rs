//! People who are known elsewhere: at providers of identities, and in directories.

pub mod arrive;
pub mod check;
pub mod flow;
pub mod hooks;
pub mod own;
pub mod plan;
pub mod preview;
pub mod secret;
pub mod settings;
pub mod sync;

pub use arrive::{Arrival, Decision, Kind};
pub use settings::{DirectoryOf, GroupRole, ProviderOf, Rules};
