//! Encrypted archives: the age format, under a passphrase or for recipients who keep a key.

use age::secrecy::SecretString;
use age::x25519::Recipient;
use age::{Decryptor, Encryptor, Identity, IdentityFile, scrypt};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// How every age file begins.
const MAGIC: &[u8] = b"age-encryption.org/";

/// Whom an archive is written for.
pub enum Cover {
    Passphrase(SecretString),
    Recipients(Vec<Recipient>),
}

impl Cover {
    pub fn passphrase(text: &str) -> Cover {
        Cover::Passphrase(SecretString::from(text.to_owned()))
    }

    /// From `age1…` keys.
    pub fn recipients(keys: &[String]) -> io::Result<Cover> {
        let parsed = keys.iter().map(|key| {
            key.parse::<Recipient>().map_err(|e| io::Error::other(format!("{key} is no recipient of age: {e}")))
        });
        Ok(Cover::Recipients(parsed.collect::<io::Result<_>>()?))
    }
}

impl Cover {
    /// Encrypts what is written; whoever began it finishes it.
    pub fn over<W: Write>(&self, out: W) -> io::Result<age::stream::StreamWriter<W>> {
        let encryptor = match self {
            Cover::Passphrase(secret) => Encryptor::with_user_passphrase(secret.clone()),
            Cover::Recipients(all) => {
                Encryptor::with_recipients(all.iter().map(|r| r as &dyn age::Recipient)).map_err(io::Error::other)?
            }
        };
        encryptor.wrap_output(out)
    }
}

/// What may open one.
#[derive(Default)]
pub struct Opening {
    passphrase: Option<SecretString>,
    identities: Vec<Box<dyn Identity>>,
}

impl Opening {
    pub fn passphrase(text: &str) -> Opening {
        Opening { passphrase: Some(SecretString::from(text.to_owned())), identities: Vec::new() }
    }

    /// From a file of `AGE-SECRET-KEY-1…` keys.
    pub fn identities(path: &Path) -> io::Result<Opening> {
        let wrong = |e: &dyn std::fmt::Display| io::Error::other(format!("{}: {e}", path.display()));
        let file = IdentityFile::from_buffer(BufReader::new(File::open(path).map_err(|e| wrong(&e))?));
        let identities = file.map_err(|e| wrong(&e))?.into_identities().map_err(|e| wrong(&e))?;
        Ok(Opening { passphrase: None, identities: identities.into_iter().map(|i| i as Box<dyn Identity>).collect() })
    }
}

/// Where an archive is written to.
pub enum Sink {
    Plain(BufWriter<File>),
    Covered(age::stream::StreamWriter<BufWriter<File>>),
}

impl Sink {
    pub fn new(file: File, cover: Option<&Cover>) -> io::Result<Sink> {
        let out = BufWriter::new(file);
        Ok(match cover {
            None => Sink::Plain(out),
            Some(cover) => Sink::Covered(cover.over(out)?),
        })
    }

    /// Ends the archive and has it on disk.
    pub fn finish(self) -> io::Result<()> {
        let out = match self {
            Sink::Plain(out) => out,
            Sink::Covered(writer) => writer.finish()?,
        };
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Plain(out) => out.write(bytes),
            Sink::Covered(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Plain(out) => out.flush(),
            Sink::Covered(out) => out.flush(),
        }
    }
}

/// Is this an encrypted archive?
pub fn is_covered(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(MAGIC.len() as u64).read_to_end(&mut start)?;
    Ok(start == MAGIC)
}

/// Is it one that a passphrase opens?
pub fn wants_passphrase(path: &Path) -> io::Result<bool> {
    if !is_covered(path)? {
        return Ok(false);
    }
    Ok(Decryptor::new_buffered(BufReader::new(File::open(path)?)).map_err(io::Error::other)?.is_scrypt())
}

/// The archive's bytes, decrypted where it is encrypted.
pub fn source(path: &Path, opening: &Opening) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(File::open(path)?);
    if !file.fill_buf()?.starts_with(MAGIC) {
        return Ok(Box::new(file));
    }
    let decryptor = Decryptor::new_buffered(file).map_err(io::Error::other)?;
    let scrypt: Option<scrypt::Identity> = opening.passphrase.clone().map(scrypt::Identity::new);
    let keys = opening.identities.iter().map(|i| &**i as &dyn Identity);
    let keys: Vec<&dyn Identity> = keys.chain(scrypt.as_ref().map(|i| i as &dyn Identity)).collect();
    if keys.is_empty() {
        return Err(io::Error::other("it is encrypted: give its passphrase, or the key file with --identity"));
    }
    Ok(Box::new(decryptor.decrypt(keys.into_iter()).map_err(io::Error::other)?))
}
