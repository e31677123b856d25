//! Where uploaded files lie: a directory, or a bucket of any service that speaks S3.

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    ClientOptions, GetOptions, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart,
};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("storage: {0}")]
    Store(#[from] object_store::Error),
    #[error("storage: {0}")]
    Directory(#[from] std::io::Error),
}

/// How long a service may take to accept a connection, and how long to say nothing on one.
const CONNECT_MAX: Duration = Duration::from_secs(3);
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// Someone waits for the answer: try again a few times, but not for minutes.
const RETRY_MAX: Duration = Duration::from_secs(8);

impl StorageError {
    /// The file is not there, rather than out of reach.
    pub fn is_missing(&self) -> bool {
        matches!(self, StorageError::Store(object_store::Error::NotFound { .. }))
    }
}

type Result<T> = std::result::Result<T, StorageError>;

/// Content on its way.
pub type Pieces = BoxStream<'static, Result<Bytes>>;

/// How much is read from disk at once.
const PIECE: usize = 256 << 10;

/// Where a bucket is and how to get in.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub name: String,
    /// Of a service other than Amazon's: `https://minio.example.com`.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    pub access_key: String,
    pub secret_key: String,
}

/// A store of files by key.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// Of a directory. A bucket keeps what was begun where no listing shows it, and clears it by its own lifecycle rule.
    directory: Option<PathBuf>,
}

impl Storage {
    /// Files below a directory, which is made if it is missing.
    pub fn directory(path: &Path) -> Result<Storage> {
        std::fs::create_dir_all(path)?;
        // A file that was acknowledged must survive a power cut.
        let store = Arc::new(LocalFileSystem::new_with_prefix(path)?.with_fsync(true));
        Ok(Storage { store, directory: Some(path.to_owned()) })
    }

    pub fn bucket(bucket: &Bucket) -> Result<Storage> {
        // Another part of the program may have chosen a provider already: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No limit to a whole transfer: it is as slow as the browser at the other end.
        let options = ClientOptions::new()
            .with_connect_timeout(CONNECT_MAX)
            .with_read_timeout(SILENCE_MAX)
            .with_timeout_disabled();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_access_key_id(&bucket.access_key)
            .with_secret_access_key(&bucket.secret_key)
            .with_region(bucket.region.as_deref().unwrap_or("us-east-1"))
            .with_retry(RetryConfig { max_retries: 3, retry_timeout: RETRY_MAX, ..RetryConfig::default() })
            .with_client_options(options);
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        Ok(Storage { store: Arc::new(builder.build()?), directory: None })
    }

    /// Begins a file; it is there once it is finished, as a whole or not at all.
    pub async fn begin(&self, key: &str) -> Result<Upload> {
        let upload = self.store.put_multipart(&Key::from(key)).await?;
        Ok(Upload(WriteMultipart::new(upload)))
    }

    /// Bytes of a file.
    pub async fn size(&self, key: &str) -> Result<u64> {
        Ok(self.store.head(&Key::from(key)).await?.size)
    }

    /// Bytes of a file and the first `length` of them, in one call.
    pub async fn begins(&self, key: &str, length: u64) -> Result<(u64, Bytes)> {
        let options = GetOptions::new().with_range(Some(0..length));
        let found = self.store.get_opts(&Key::from(key), options).await?;
        Ok((found.meta.size, found.bytes().await?))
    }

    /// A part of a file, piece by piece.
    pub async fn part(&self, key: &str, part: Range<u64>) -> Result<Pieces> {
        if part.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let options = GetOptions::new().with_range(Some(part));
        Ok(pieces(self.store.get_opts(&Key::from(key), options).await?))
    }

    /// Key and size of every file in a folder, in no order.
    pub fn list(&self, folder: &str) -> BoxStream<'static, Result<(String, u64)>> {
        let found = self.store.list(Some(&Key::from(folder)));
        found.map_ok(|file| (file.location.to_string(), file.size)).map_err(StorageError::from).boxed()
    }

    /// Removes all files whose keys begin with this folder, with what was begun in it and never finished. How many
    /// there were.
    pub async fn remove_all(&self, folder: &str) -> Result<u64> {
        let mut found = self.store.list(Some(&Key::from(folder)));
        let mut count = 0;
        while let Some(file) = found.try_next().await? {
            self.store.delete(&file.location).await?;
            count += 1;
        }
        for draft in self.drafts(folder)? {
            draft.remove()?;
            count += 1;
        }
        Ok(count)
    }

    /// What was begun in a folder and is not finished: by somebody who is at it, or who was killed.
    pub fn drafts(&self, folder: &str) -> Result<Vec<Draft>> {
        let Some(root) = &self.directory else { return Ok(Vec::new()) };
        let mut drafts = Vec::new();
        let mut folders = vec![root.join(Key::from(folder).as_ref())];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) else { continue };
                if let Some(key) = drafted(name) {
                    drafts.push(Draft { key: key.to_owned(), path });
                }
            }
        }
        Ok(drafts)
    }

    /// [`Storage::remove`] for threads that wait: background jobs.
    pub fn remove_now(&self, key: &str) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime?.block_on(self.remove(key))
    }

    /// Removes a file; one that is not there is gone already.
    pub async fn remove(&self, key: &str) -> Result<()> {
        match self.store.delete(&Key::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

/// From disk in larger pieces than the library's own: each takes a turn on another thread.
fn pieces(found: GetResult) -> Pieces {
    let part = found.range.clone();
    match found.payload {
        GetResultPayload::Stream(stream) => stream.map_err(StorageError::from).boxed(),
        GetResultPayload::File(file, _) => stream::try_unfold((file, part), |(file, part)| async move {
            if part.is_empty() {
                return Ok(None);
            }
            let work = tokio::task::spawn_blocking(move || next_piece(file, part));
            work.await.map_err(io::Error::other)?.map(Some).map_err(StorageError::from)
        })
        .boxed(),
    }
}

fn next_piece(mut file: File, part: Range<u64>) -> io::Result<(Bytes, (File, Range<u64>))> {
    let length = (part.end - part.start).min(PIECE as u64);
    let mut bytes = vec![0; length as usize];
    file.seek(SeekFrom::Start(part.start))?;
    file.read_exact(&mut bytes)?;
    Ok((bytes.into(), (file, part.start + length..part.end)))
}

/// The file that the store writes under this name until it is whole: `{key}#{number}`.
fn drafted(name: &str) -> Option<&str> {
    let (key, number) = name.rsplit_once('#')?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(key)
}

/// What was begun of a file.
pub struct Draft {
    pub key: String,
    path: PathBuf,
}

impl Draft {
    /// Since when nothing was written to it.
    pub fn idle(&self) -> Result<Duration> {
        Ok(fs::metadata(&self.path)?.modified()?.elapsed().unwrap_or_default())
    }

    /// Takes it away; one that is not there was finished or taken away meanwhile.
    pub fn remove(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// A file that is being written.
pub struct Upload(WriteMultipart);

impl Upload {
    /// Takes the next piece; waits while too much of it is still on its way.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.0.wait_for_capacity(4).await?;
        self.0.put(piece);
        Ok(())
    }

    pub async fn finish(self) -> Result<()> {
        self.0.finish().await?;
        Ok(())
    }

    pub async fn abort(self) -> Result<()> {
        Ok(self.0.abort().await?)
    }
}
