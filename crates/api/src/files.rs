//! Stored files: sealed on their way into the store, opened on their way out. Never more of one in memory than a few
//! pieces.

pub mod convert;

use crate::problem::ApiError;
use crate::server::State;
use bytes::{Bytes, BytesMut};
use diesel::PgConnection;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use kezhan_connect::Storage;
use kezhan_connect::storage::{Pieces, StorageError, Upload};
use kezhan_engine::vault::Vault;
use kezhan_engine::vault::files::{CHUNK, Content, Damaged, FileKey, HEAD, Head, SUFFIX, Sealer, TAG, is_sealed};
use kezhan_meta::problem::Code;
use std::io::{self, Read};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use tokio::runtime::Handle;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Damaged(#[from] Damaged),
    #[error("{0}")]
    Engine(#[from] kezhan_engine::Error),
}

type Result<T> = std::result::Result<T, FileError>;

impl FileError {
    pub fn is_missing(&self) -> bool {
        matches!(self, FileError::Storage(error) if error.is_missing())
    }
}

impl From<FileError> for ApiError {
    /// Where files lie may be down for a while; a file that is not there, or not as it was, is our own fault.
    fn from(error: FileError) -> ApiError {
        match error {
            FileError::Engine(error) => error.into(),
            FileError::Storage(error) if !error.is_missing() => {
                log::error!("{error}");
                ApiError::refused(Code::Unavailable, &[])
            }
            error => ApiError::internal(error.to_string()),
        }
    }
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> io::Error {
        io::Error::other(error)
    }
}

/// The name of a new file of a company.
pub fn name(tenant: Uuid) -> String {
    format!("{tenant}/{}{SUFFIX}", Uuid::now_v7())
}

/// A file that is being written; it is there once it is finished, as a whole or not at all.
pub struct Writing {
    upload: Upload,
    sealer: Sealer,
}

impl Writing {
    pub async fn begin(storage: &Storage, key: &FileKey, name: &str) -> Result<Writing> {
        Ok(Writing { sealer: Sealer::new(key, name)?, upload: storage.begin(name).await? })
    }

    pub async fn write(&mut self, piece: &[u8]) -> Result<()> {
        Ok(self.upload.write(self.sealer.push(piece)?.into()).await?)
    }

    pub async fn finish(self) -> Result<()> {
        let Writing { mut upload, sealer } = self;
        upload.write(sealer.finish()?.into()).await?;
        Ok(upload.finish().await?)
    }

    pub async fn abort(self) -> Result<()> {
        Ok(self.upload.abort().await?)
    }
}

/// A stored file of which the beginning was seen: it is known which key opens it.
pub struct Seen {
    storage: Storage,
    name: String,
    size: u64,
    /// Where it is sealed.
    begins: Option<(Head, Bytes)>,
}

/// Looks at the file of this name. One that was in the clear and was sealed meanwhile is found under its new name.
pub async fn look(storage: &Storage, name: &str) -> Result<Seen> {
    if is_sealed(name) {
        return look_sealed(storage, name).await;
    }
    match storage.size(name).await {
        Ok(size) => Ok(Seen { storage: storage.clone(), name: name.to_owned(), size, begins: None }),
        Err(missing) if missing.is_missing() => match look_sealed(storage, &format!("{name}{SUFFIX}")).await {
            Err(error) if error.is_missing() => Err(missing.into()),
            other => other,
        },
        Err(error) => Err(error.into()),
    }
}

async fn look_sealed(storage: &Storage, name: &str) -> Result<Seen> {
    // With the first chunk, which is all of most files.
    let (size, bytes) = match storage.begins(name, (HEAD + CHUNK + TAG) as u64).await {
        Ok(found) => found,
        // Not every store begins to read a file that is empty.
        Err(error) => match storage.size(name).await {
            Ok(0) => return Err(Damaged(name.to_owned()).into()),
            _ => return Err(error.into()),
        },
    };
    let head = Head::parse(&bytes).ok_or_else(|| Damaged(name.to_owned()))?;
    Ok(Seen { storage: storage.clone(), name: name.to_owned(), size, begins: Some((head, bytes.slice(HEAD..))) })
}

impl Seen {
    /// The key that it was sealed with; none where it is in the clear.
    pub fn key(&self) -> Option<Uuid> {
        self.begins.as_ref().map(|(head, _)| head.key())
    }

    /// Opens the file, and makes sure of its length.
    pub async fn open(self, key: Option<&FileKey>) -> Result<Opened> {
        let Seen { storage, name, size, begins } = self;
        let Some((head, first)) = begins else { return Ok(Opened { storage, name, len: size, sealed: None }) };
        let content = Content::new(key.ok_or_else(|| Damaged(name.clone()))?, &name, &head, size)?;
        let last = content.last();
        let sealed = match last {
            0 => first.to_vec(),
            _ => collect(storage.part(&name, content.place(last)).await?).await?,
        };
        let opened = content.open(last, sealed)?;
        let only = (last == 0).then(|| Bytes::from(opened));
        Ok(Opened { storage, name, len: content.len(), sealed: Some((Arc::new(content), only)) })
    }
}

async fn collect(mut pieces: Pieces) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(CHUNK + TAG);
    while let Some(piece) = pieces.try_next().await? {
        out.extend_from_slice(&piece);
    }
    Ok(out)
}

/// A file that can be read.
pub struct Opened {
    storage: Storage,
    name: String,
    len: u64,
    /// With the content, where that is a single chunk.
    sealed: Option<(Arc<Content>, Option<Bytes>)>,
}

impl Opened {
    /// Bytes of content.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// The content from here to there, piece by piece. What is not as it was stored is an error in its place, and the
    /// end.
    pub async fn read(&self, part: Range<u64>) -> Result<BoxStream<'static, Result<Bytes>>> {
        let part = part.start.min(self.len)..part.end.min(self.len);
        if part.is_empty() {
            return Ok(stream::empty().boxed());
        }
        match &self.sealed {
            None => Ok(self.storage.part(&self.name, part).await?.map_err(FileError::from).boxed()),
            Some((_, Some(only))) => {
                let piece = only.slice(part.start as usize..part.end as usize);
                Ok(stream::once(async { Ok(piece) }).boxed())
            }
            Some((content, None)) => {
                let chunks = content.chunks(&part);
                let bytes = content.place(*chunks.start()).start..content.place(*chunks.end()).end;
                let pieces = self.storage.part(&self.name, bytes).await?;
                let opening = Opening { content: content.clone(), part, chunks, pieces, held: BytesMut::new() };
                Ok(stream::try_unfold(opening, Opening::next).boxed())
            }
        }
    }

    /// All of it.
    pub async fn whole(&self) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.read(0..self.len).await
    }
}

/// Chunks on their way from the store to a reader.
struct Opening {
    content: Arc<Content>,
    part: Range<u64>,
    chunks: RangeInclusive<u32>,
    pieces: Pieces,
    held: BytesMut,
}

impl Opening {
    async fn next(mut self) -> Result<Option<(Bytes, Opening)>> {
        let Some(chunk) = self.chunks.next() else { return Ok(None) };
        let place = self.content.place(chunk);
        let length = (place.end - place.start) as usize;
        while self.held.len() < length {
            match self.pieces.try_next().await? {
                Some(piece) => self.held.extend_from_slice(&piece),
                // Shorter than it was a moment ago.
                None => break,
            }
        }
        let sealed = self.held.split_to(length.min(self.held.len()));
        let opened = Bytes::from(self.content.open(chunk, sealed.to_vec())?);
        let within = self.content.within(chunk, &self.part);
        Ok(Some((opened.slice(within), self)))
    }
}

/// Opens a file for a call of this company.
pub async fn open(state: &State, tenant: Uuid, name: &str) -> std::result::Result<Opened, ApiError> {
    let seen = look(&state.files, name).await?;
    let key = match seen.key() {
        None => None,
        Some(id) => Some(match state.engine.vault().file_key_known(tenant, id) {
            Some(key) => key,
            None => {
                let engine = state.engine.clone();
                state.db.run(move |conn| Ok(engine.vault().file_key_of(conn, tenant, id)?)).await?
            }
        }),
    };
    Ok(seen.open(key.as_ref()).await?)
}

/// Opens a file for a thread that may wait.
pub fn open_waiting(
    conn: &mut PgConnection,
    vault: &Vault,
    tenant: Uuid,
    (storage, handle): (&Storage, &Handle),
    name: &str,
) -> Result<Waiting> {
    let seen = handle.block_on(look(storage, name))?;
    let key = seen.key().map(|id| vault.file_key_of(conn, tenant, id)).transpose()?;
    let (pieces, len) = handle.block_on(async {
        let file = seen.open(key.as_ref()).await?;
        Ok::<_, FileError>((file.whole().await?, file.size()))
    })?;
    Ok(Waiting { pieces, len, handle: handle.clone(), piece: Bytes::new() })
}

/// The content of a stored file, for a thread that may wait.
pub struct Waiting {
    pieces: BoxStream<'static, Result<Bytes>>,
    /// Bytes of content.
    pub len: u64,
    handle: Handle,
    piece: Bytes,
}

impl Waiting {
    /// The next piece of it; none at the end.
    pub fn advance(&mut self) -> Result<Option<Bytes>> {
        self.handle.block_on(self.pieces.try_next())
    }
}

impl Read for Waiting {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.advance()? {
                None => return Ok(0),
                Some(piece) => self.piece = piece,
            }
        }
        let count = self.piece.len().min(into.len());
        into[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}
