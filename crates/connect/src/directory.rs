//! Directories of people that speak LDAP: who is in there, and whether a password is somebody's.

use crate::guard::{Guard, Refusal};
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, StdStream, ldap_escape};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Of one operation; of all of them together, for who waits and for a synchronisation.
const OPERATION_MAX: Duration = Duration::from_secs(10);
const WAIT_MAX: Duration = Duration::from_secs(20);
const READ_MAX: Duration = Duration::from_secs(600);
const PAGE: i32 = 500;
/// Most entries that are read of one directory.
pub const ENTRIES_MAX: usize = 100_000;

/// Which attribute says what.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    /// Stays the same for good, whatever else changes.
    pub id: String,
    pub login: String,
    pub name: String,
    pub email: String,
    pub mobile: String,
    pub department: String,
    /// The names of the groups that somebody is in, at the person: `memberOf`.
    pub groups: String,
}

/// Where a directory is, and how to read it.
#[derive(Clone, Default)]
pub struct Directory {
    /// `ldaps://host`, or `ldap://host` with StartTLS.
    pub url: String,
    /// `ldap://` without encryption.
    pub plain: bool,
    /// Certificates of an authority of one's own, as PEM.
    pub authority: Option<String>,
    pub bind_dn: String,
    pub bind_password: String,
    pub base: String,
    /// Which entries are people.
    pub people: String,
    pub attributes: Attributes,
    /// Where groups are that name their members, for directories that do not say it at the person.
    pub group_base: Option<String>,
    pub group_filter: String,
}

/// Somebody in a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub dn: String,
    pub id: String,
    pub login: String,
    pub name: String,
    pub email: Option<String>,
    pub mobile: Option<String>,
    pub department: Option<String>,
    /// The organisational units that the entry lies in, the nearest first.
    pub units: Vec<String>,
    /// The names of the groups, in full and by their first part.
    pub groups: BTreeSet<String>,
    /// Known and locked there (Active Directory).
    pub locked: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{0} is no address of a directory")]
    Address(String),
    #[error("the certificate authority cannot be read")]
    Authority,
    #[error("cannot connect: {0}")]
    Away(String),
    #[error("no answer in time")]
    TooSlow,
    #[error("the directory does not accept the bind DN and its password")]
    Bind,
    #[error("the filter cannot be read")]
    Filter,
    #[error("more than {ENTRIES_MAX} entries")]
    TooMany,
    #[error("{0}")]
    Said(String),
}

type Result<T> = std::result::Result<T, DirectoryError>;

impl From<LdapError> for DirectoryError {
    fn from(error: LdapError) -> DirectoryError {
        match error {
            LdapError::Timeout { .. } => DirectoryError::TooSlow,
            LdapError::FilterParsing => DirectoryError::Filter,
            LdapError::LdapResult { result } => DirectoryError::Said(format!("{} {}", result.rc, result.text)),
            LdapError::Io { source } => DirectoryError::Away(source.to_string()),
            other => DirectoryError::Away(other.to_string()),
        }
    }
}

/// Runs apart, so that an answer which the library cannot digest ends this call and nothing else.
async fn apart<T: Send + 'static>(most: Duration, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let task = tokio::spawn(tokio::time::timeout(most, work));
    match task.await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(DirectoryError::TooSlow),
        Err(_) => Err(DirectoryError::Said("an answer that cannot be read".into())),
    }
}

impl Directory {
    /// Looks somebody up by the sign-in name and holds the password against the directory's. None where there is no such
    /// person, or several, or the password is another.
    pub async fn sign_in(self, guard: Guard, login: String, password: String) -> Result<Option<Entry>> {
        // An empty password makes a bind anonymous, and that succeeds.
        if password.is_empty() || login.trim().is_empty() {
            return Ok(None);
        }
        apart(WAIT_MAX, async move {
            let mut ldap = self.open(&guard).await?;
            let typed = ldap_escape(login.trim());
            let mail = match &self.attributes.email {
                mail if !mail.is_empty() && login.contains('@') => format!("({mail}={typed})"),
                _ => String::new(),
            };
            let named = format!("(&{}(|({}={typed}){mail}))", self.people, self.attributes.login);
            let mut found = self.search(&mut ldap, &named, 2).await?;
            let entry = match (found.pop(), found.pop()) {
                (Some(entry), None) if !entry.locked => entry,
                _ => return Ok(None),
            };
            let mut own = self.connect(&guard).await?;
            let bound = own.with_timeout(OPERATION_MAX).simple_bind(&entry.dn, &password).await?;
            let _ = own.unbind().await;
            let entry = match bound.rc {
                0 => self.with_groups(&mut ldap, entry).await?,
                _ => return Ok(None),
            };
            let _ = ldap.unbind().await;
            Ok(Some(entry))
        })
        .await
    }

    /// Everybody.
    pub async fn read(self, guard: Guard) -> Result<Vec<Entry>> {
        apart(READ_MAX, async move {
            let mut ldap = self.open(&guard).await?;
            let mut people = self.search(&mut ldap, &self.people, ENTRIES_MAX).await?;
            let members = self.members(&mut ldap).await?;
            for person in &mut people {
                for key in [person.dn.to_lowercase(), person.login.to_lowercase()] {
                    person.groups.extend(members.get(&key).into_iter().flatten().cloned());
                }
            }
            let _ = ldap.unbind().await;
            Ok(people)
        })
        .await
    }

    /// The first few, to see whether all is well.
    pub async fn sample(self, guard: Guard, most: usize) -> Result<Vec<Entry>> {
        apart(WAIT_MAX, async move {
            let mut ldap = self.open(&guard).await?;
            let mut people = Vec::new();
            for person in self.page(&mut ldap, &self.people, most).await? {
                people.push(self.with_groups(&mut ldap, person).await?);
            }
            let _ = ldap.unbind().await;
            Ok(people)
        })
        .await
    }

    async fn connect(&self, guard: &Guard) -> Result<Ldap> {
        let address = || DirectoryError::Address(self.url.clone());
        let (scheme, rest) = self.url.split_once("://").ok_or_else(address)?;
        let secure = match scheme {
            "ldaps" => true,
            "ldap" => false,
            _ => return Err(address()),
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| address())?),
            _ => (authority, if secure { 636 } else { 389 }),
        };
        if host.is_empty() || host.contains('@') {
            return Err(address());
        }
        let mut failure = None;
        for at in guard.addresses(host, port).await? {
            match tokio::time::timeout(CONNECT_MAX, TcpStream::connect(at)).await {
                Ok(Ok(stream)) => return self.greet(stream, secure).await,
                Ok(Err(e)) => failure = Some(DirectoryError::Away(e.to_string())),
                Err(_) => failure = Some(DirectoryError::TooSlow),
            }
        }
        Err(failure.unwrap_or_else(address))
    }

    /// Speaks over a connection whose other end has been checked.
    async fn greet(&self, stream: TcpStream, secure: bool) -> Result<Ldap> {
        let stream = stream.into_std().map_err(|e| DirectoryError::Away(e.to_string()))?;
        let settings = LdapConnSettings::new()
            .set_conn_timeout(CONNECT_MAX)
            .set_std_stream(StdStream::Tcp(stream))
            .set_starttls(!secure && !self.plain)
            .set_config(self.tls()?);
        let (conn, ldap) = LdapConnAsync::with_settings(settings, &self.url).await?;
        tokio::spawn(async move {
            if let Err(e) = conn.drive().await {
                log::debug!("a directory's connection: {e}");
            }
        });
        Ok(ldap)
    }

    fn tls(&self) -> Result<Arc<ClientConfig>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut roots = RootCertStore::empty();
        match self.authority.as_deref().filter(|pem| !pem.trim().is_empty()) {
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                    let certificate = certificate.map_err(|_| DirectoryError::Authority)?;
                    roots.add(certificate).map_err(|_| DirectoryError::Authority)?;
                }
                if roots.is_empty() {
                    return Err(DirectoryError::Authority);
                }
            }
            None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        }
        Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
    }

    /// Connected, as whoever reads.
    async fn open(&self, guard: &Guard) -> Result<Ldap> {
        let mut ldap = self.connect(guard).await?;
        let bound = ldap.with_timeout(OPERATION_MAX).simple_bind(&self.bind_dn, &self.bind_password).await?;
        match bound.rc {
            0 => Ok(ldap),
            49 | 48 | 53 => Err(DirectoryError::Bind),
            _ => Err(DirectoryError::Said(format!("{} {}", bound.rc, bound.text))),
        }
    }

    fn wanted(&self) -> Vec<String> {
        let a = &self.attributes;
        let all = [&a.id, &a.login, &a.name, &a.email, &a.mobile, &a.department, &a.groups];
        let named = all.into_iter().filter(|name| !name.is_empty()).cloned();
        named.chain(["userAccountControl".to_owned()]).collect()
    }

    /// All that match, page by page.
    async fn search(&self, ldap: &mut Ldap, filter: &str, most: usize) -> Result<Vec<Entry>> {
        let adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let ldap = ldap.with_timeout(OPERATION_MAX);
        let mut stream =
            ldap.streaming_search_with(adapters, &self.base, Scope::Subtree, filter, self.wanted()).await?;
        let mut found = Vec::new();
        while let Some(entry) = stream.next().await? {
            if found.len() >= most {
                return if most == ENTRIES_MAX { Err(DirectoryError::TooMany) } else { Ok(found) };
            }
            found.extend(self.entry(SearchEntry::construct(entry)));
        }
        stream.finish().await.success()?;
        Ok(found)
    }

    /// No more than the first ones.
    async fn page(&self, ldap: &mut Ldap, filter: &str, most: usize) -> Result<Vec<Entry>> {
        let adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(i32::try_from(most).unwrap_or(PAGE)))];
        let ldap = ldap.with_timeout(OPERATION_MAX);
        let mut stream =
            ldap.streaming_search_with(adapters, &self.base, Scope::Subtree, filter, self.wanted()).await?;
        let mut found = Vec::new();
        while let Some(entry) = stream.next().await? {
            found.extend(self.entry(SearchEntry::construct(entry)));
            if found.len() >= most {
                return Ok(found);
            }
        }
        stream.finish().await.success()?;
        Ok(found)
    }

    /// Without an id and a name to sign in with it is nobody.
    fn entry(&self, found: SearchEntry) -> Option<Entry> {
        let a = &self.attributes;
        let many = |name: &str| -> Vec<String> {
            let texts = found.attrs.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            texts.flat_map(|(_, values)| values.iter().cloned()).collect()
        };
        let one = |name: &str| many(name).into_iter().map(|v| v.trim().to_owned()).find(|v| !v.is_empty());
        let binary = found.bin_attrs.iter().find(|(key, _)| key.eq_ignore_ascii_case(&a.id));
        let id = match binary {
            Some((_, values)) => values.first().map(|bytes| bytes.iter().map(|b| format!("{b:02x}")).collect()),
            None => one(&a.id),
        };
        let login = one(&a.login)?;
        let locked = one("userAccountControl").and_then(|v| v.parse::<u32>().ok()).is_some_and(|flags| flags & 2 != 0);
        Some(Entry {
            id: id?,
            name: one(&a.name).unwrap_or_else(|| login.clone()),
            login,
            email: one(&a.email),
            mobile: one(&a.mobile),
            department: one(&a.department),
            units: units(&found.dn),
            groups: many(&a.groups).iter().flat_map(|group| names_of_group(group)).collect(),
            locked,
            dn: found.dn,
        })
    }

    /// With the groups that name this person.
    async fn with_groups(&self, ldap: &mut Ldap, mut entry: Entry) -> Result<Entry> {
        let Some(base) = self.group_base.as_deref().filter(|base| !base.is_empty()) else { return Ok(entry) };
        let (dn, login) = (ldap_escape(entry.dn.as_str()), ldap_escape(entry.login.as_str()));
        let filter = format!("(&{}(|(member={dn})(uniqueMember={dn})(memberUid={login})))", self.group_filter);
        let found = ldap.with_timeout(OPERATION_MAX).search(base, Scope::Subtree, &filter, vec!["cn"]).await?;
        for group in found.success()?.0 {
            if !group.is_ref() {
                entry.groups.extend(names_of_group(&SearchEntry::construct(group).dn));
            }
        }
        Ok(entry)
    }

    /// Member, by DN or by sign-in name → the names of groups.
    async fn members(&self, ldap: &mut Ldap) -> Result<HashMap<String, BTreeSet<String>>> {
        let mut members: HashMap<String, BTreeSet<String>> = HashMap::new();
        let Some(base) = self.group_base.as_deref().filter(|base| !base.is_empty()) else { return Ok(members) };
        let adapters: Vec<Box<dyn Adapter<'_, &str, Vec<&str>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let wanted = vec!["member", "uniqueMember", "memberUid"];
        let ldap = ldap.with_timeout(OPERATION_MAX);
        let mut stream = ldap.streaming_search_with(adapters, base, Scope::Subtree, &self.group_filter, wanted).await?;
        while let Some(group) = stream.next().await? {
            let group = SearchEntry::construct(group);
            let names = names_of_group(&group.dn);
            for member in group.attrs.into_values().flatten() {
                members.entry(member.to_lowercase()).or_default().extend(names.iter().cloned());
            }
        }
        stream.finish().await.success()?;
        Ok(members)
    }
}

/// Can the filter be read, and is it one?
pub fn is_filter(text: &str) -> bool {
    text.starts_with('(') && ldap3::parse_filter(text).is_ok()
}

/// A group is known by its DN and by the value of its first part.
fn names_of_group(group: &str) -> Vec<String> {
    let first = parts(group).into_iter().next().map(|(_, value)| value);
    [Some(group.to_owned()), first.filter(|first| first != group)].into_iter().flatten().collect()
}

fn units(dn: &str) -> Vec<String> {
    parts(dn).into_iter().skip(1).filter(|(key, _)| key.eq_ignore_ascii_case("ou")).map(|(_, value)| value).collect()
}

/// The parts of a DN with their escapes undone (RFC 4514).
fn parts(dn: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let (mut key, mut value, mut in_value) = (String::new(), Vec::new(), false);
    let mut bytes = dn.bytes().peekable();
    let mut finish = |key: &mut String, value: &mut Vec<u8>, in_value: &mut bool| {
        if *in_value {
            out.push((key.trim().to_owned(), String::from_utf8_lossy(value).trim().to_owned()));
        }
        (*in_value, *value) = (false, Vec::new());
        key.clear();
    };
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_value => {
                let Some(next) = bytes.next() else { break };
                let hex = |b: u8| (b as char).to_digit(16);
                let second = hex(next).and_then(|high| Some((high, hex(*bytes.peek()?)?)));
                match second {
                    Some((high, low)) => {
                        bytes.next();
                        value.push(u8::try_from(high * 16 + low).unwrap_or_default());
                    }
                    None => value.push(next),
                }
            }
            b',' => finish(&mut key, &mut value, &mut in_value),
            b'=' if !in_value => in_value = true,
            other if in_value => value.push(other),
            other => key.push(other as char),
        }
    }
    finish(&mut key, &mut value, &mut in_value);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_name_are_told_apart() {
        assert_eq!(units("uid=li,ou=华东,ou=销售部,dc=example,dc=com"), ["华东", "销售部"]);
        assert_eq!(units("cn=Wei\\, Li,OU=R\\26D \\3d x,dc=e"), ["R&D = x"]);
        assert_eq!(units("ou=people"), Vec::<String>::new());
        assert_eq!(names_of_group("cn=crm-admins,ou=groups,dc=e"), ["cn=crm-admins,ou=groups,dc=e", "crm-admins"]);
        assert_eq!(names_of_group("plain"), ["plain"]);
        assert_eq!(parts("cn=\\e5\\8d\\8e,dc=e")[0].1, "华");
    }
}
