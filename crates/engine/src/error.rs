//! What can go wrong in the engine, ready to become a problem body.

use kezhan_meta::problem::Code;
use kezhan_meta::resolve::QueryFault;
use kezhan_meta::{Lang, Problem, Violation};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request as a whole.
    #[error("{code:?} {args:?}")]
    Refused { code: Code, args: Vec<String> },
    /// Fields of a record.
    #[error("{0:?}")]
    Invalid(Vec<Violation>),
    /// The record has moved on; the version that is current.
    #[error("stale, current version {0}")]
    Stale(i64),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    pub fn refused(code: Code, args: &[&str]) -> Error {
        Error::Refused { code, args: args.iter().map(|a| (*a).to_owned()).collect() }
    }

    pub fn invalid(field: &str, code: Code) -> Error {
        Error::Invalid(vec![Violation::new(field, code)])
    }

    pub fn not_found() -> Error {
        Error::refused(Code::NotFound, &[])
    }

    /// The problem body in the reader's language; `instance` and `request_id` are the caller's to fill.
    pub fn problem(&self, lang: Lang) -> Problem {
        let (code, args, errors, current_version) = match self {
            Error::Refused { code, args } => (*code, args.clone(), Vec::new(), None),
            Error::Invalid(list) => {
                let items = list.iter().map(|v| v.item(lang)).collect();
                (Code::Invalid, vec![list.len().to_string()], items, None)
            }
            Error::Stale(version) => (Code::Stale, Vec::new(), Vec::new(), Some(*version)),
            Error::Database(error) if is_unstorable(error) => {
                (Code::BadRequest, vec!["U+0000".to_owned()], Vec::new(), None)
            }
            Error::Database(error) if is_overload(error) => (Code::Unavailable, Vec::new(), Vec::new(), None),
            Error::Database(_) | Error::Internal(_) => (Code::Internal, Vec::new(), Vec::new(), None),
        };
        Problem {
            kind: format!("https://kezhan.dev/problems/{}", code.key()),
            title: code.message(lang, &args),
            status: code.status(),
            detail: errors.iter().map(describe).collect::<Vec<_>>().join("; "),
            code: code.key().to_owned(),
            errors,
            current_version,
            ..Problem::default()
        }
    }
}

fn describe(item: &kezhan_meta::ProblemItem) -> String {
    format!("{}: {}", item.field, item.message)
}

/// Text with a NUL character, which PostgreSQL holds in no type.
fn is_unstorable(error: &diesel::result::Error) -> bool {
    let diesel::result::Error::DatabaseError(_, info) = error else { return false };
    ["invalid byte sequence", "unsupported Unicode escape sequence"].iter().any(|sign| info.message().contains(sign))
}

/// Timeouts and lock conflicts pass; everything else is our fault.
fn is_overload(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind as Kind, Error as E};
    match error {
        E::DatabaseError(Kind::SerializationFailure | Kind::ClosedConnection, _) => true,
        E::DatabaseError(_, info) => info.message().contains("canceling statement"),
        _ => false,
    }
}

impl From<QueryFault> for Error {
    fn from(fault: QueryFault) -> Error {
        Error::Refused { code: fault.code, args: fault.args }
    }
}
