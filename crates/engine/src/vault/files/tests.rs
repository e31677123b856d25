use super::*;
use proptest::prelude::*;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

const NAME: &str = "acme/1.sealed";

fn key(tenant: u128, id: u128) -> FileKey {
    let bytes = [u8::try_from(id).unwrap(); 32];
    let key = DataKey {
        tenant: Uuid::from_u128(tenant),
        purpose: Purpose::File,
        cipher: cipher::Key::new(&bytes),
        bytes: Zeroizing::new(bytes),
    };
    FileKey { id: Uuid::from_u128(id), key: Arc::new(key) }
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n % 251) as u8).collect()
}

fn sealed(key: &FileKey, name: &str, plain: &[u8], piece: usize) -> Vec<u8> {
    let mut sealer = Sealer::new(key, name).unwrap();
    let mut out = Vec::new();
    for piece in plain.chunks(piece.max(1)) {
        out.extend(sealer.push(piece).unwrap());
    }
    out.extend(sealer.finish().unwrap());
    out
}

/// As a reader of files opens it: the last chunk before anything else.
fn opened(key: &FileKey, name: &str, bytes: &[u8], part: Option<Range<u64>>) -> Option<Vec<u8>> {
    let head = Head::parse(bytes)?;
    let content = Content::new(key, name, &head, bytes.len() as u64).ok()?;
    let chunk = |number| {
        let place = content.place(number);
        content.open(number, bytes[place.start as usize..place.end as usize].to_vec()).ok()
    };
    chunk(content.last())?;
    let part = part.unwrap_or(0..content.len());
    let mut out = Vec::new();
    for number in content.chunks(&part) {
        out.extend_from_slice(&chunk(number)?[content.within(number, &part)]);
    }
    Some(out)
}

const SIZES: &[usize] = &[0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 7];

#[test]
fn what_goes_in_comes_out_and_the_length_is_known_without_opening() {
    let key = key(1, 1);
    for &size in SIZES {
        let plain = content(size);
        for piece in [1 << 10, CHUNK, CHUNK + 1, 10 * CHUNK] {
            let file = sealed(&key, NAME, &plain, piece);
            assert_eq!(sealed_len(size as u64), file.len() as u64);
            assert_eq!(content_len(file.len() as u64), Some(size as u64));
            assert!(opened(&key, NAME, &file, None).unwrap() == plain, "{size} in pieces of {piece}");
        }
    }
}

#[test]
fn what_is_written_is_stream_as_others_have_it() {
    use aead_stream::{DecryptorBE32, NewStream, StreamBE32, StreamPrimitive};
    use aes_gcm::{Aes256Gcm, KeyInit};
    let (key, plain) = (key(1, 1), content(2 * CHUNK + 5));
    let file = sealed(&key, NAME, &plain, CHUNK);
    let own = cipher::mac(&[1; 32], &[PURPOSE, Uuid::from_u128(1).as_bytes(), NAME.as_bytes(), &file[..HEAD]]);
    let nonce: [u8; NONCE] = file[HEAD - NONCE..HEAD].try_into().unwrap();
    let stream: StreamBE32<Aes256Gcm> = StreamBE32::from_aead(Aes256Gcm::new((&*own).into()), &nonce.into());
    let mut stream: DecryptorBE32<Aes256Gcm> = stream.decryptor();
    let mut chunks: Vec<Vec<u8>> = file[HEAD..].chunks(CHUNK + TAG).map(<[u8]>::to_vec).collect();
    let mut last = chunks.pop().unwrap();
    let mut out = Vec::new();
    for mut chunk in chunks {
        stream.decrypt_next_in_place(b"", &mut chunk).unwrap();
        out.extend(chunk);
    }
    stream.decrypt_last_in_place(b"", &mut last).unwrap();
    out.extend(last);
    assert!(out == plain);
}

#[test]
fn nothing_of_the_content_is_in_the_file_and_no_two_files_are_alike() {
    let key = key(1, 1);
    let plain = "a sentence that is found ".repeat(4_000).into_bytes();
    let (one, two) = (sealed(&key, NAME, &plain, 999), sealed(&key, NAME, &plain, 999));
    assert!(!one.windows(12).any(|w| w == &plain[..12]));
    assert_ne!(one[HEAD..HEAD + 64], two[HEAD..HEAD + 64]);
}

#[test]
fn any_bit_that_changes_is_noticed() {
    let key = key(1, 1);
    let plain = content(CHUNK + 300);
    let file = sealed(&key, NAME, &plain, CHUNK);
    let tried = (0..HEAD).chain((HEAD..file.len()).step_by(977)).chain(file.len() - 20..file.len());
    for at in tried {
        let mut changed = file.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(opened(&key, NAME, &changed, None).is_none(), "byte {at}");
    }
}

#[test]
fn a_file_that_is_cut_short_or_went_on_gives_no_part_of_it() {
    let key = key(1, 1);
    let file = sealed(&key, NAME, &content(3 * CHUNK + 5), CHUNK);
    let step = CHUNK + TAG;
    // At chunks, which leaves chunks that are good in themselves, and anywhere.
    let ends = [HEAD + step, HEAD + 2 * step, HEAD + 3 * step, file.len() - 1, file.len() - 6, HEAD + 16, HEAD, 20, 0];
    for end in ends {
        assert!(opened(&key, NAME, &file[..end], Some(0..1)).is_none(), "{end} bytes");
    }
    for more in [1, TAG, step] {
        let longer = [file.as_slice(), &vec![0; more]].concat();
        assert!(opened(&key, NAME, &longer, Some(0..1)).is_none(), "{more} bytes more");
    }
    let twice = [&file[..], &file[HEAD..]].concat();
    assert!(opened(&key, NAME, &twice, Some(0..1)).is_none());
}

#[test]
fn chunks_open_in_their_place_only() {
    let key = key(1, 1);
    let step = CHUNK + TAG;
    let file = sealed(&key, NAME, &content(4 * CHUNK), CHUNK);
    let chunk = |n: usize| &file[HEAD + n * step..HEAD + (n + 1) * step];
    let head = &file[..HEAD];
    for order in [[1, 0, 2, 3], [0, 2, 1, 3], [0, 0, 2, 3], [3, 1, 2, 3], [0, 1, 3, 2]] {
        let swapped = [head, chunk(order[0]), chunk(order[1]), chunk(order[2]), chunk(order[3])].concat();
        assert!(opened(&key, NAME, &swapped, None).is_none(), "{order:?}");
    }
    // Of another file of the same company under the same key.
    let other = sealed(&key, NAME, &content(4 * CHUNK), CHUNK);
    let mixed = [&file[..HEAD + step], &other[HEAD + step..]].concat();
    assert!(opened(&key, NAME, &mixed, None).is_none());
}

#[test]
fn a_file_opens_by_its_name_and_with_its_companys_key_only() {
    let file = sealed(&key(1, 1), NAME, b"12", 2);
    assert_eq!(opened(&key(1, 1), NAME, &file, None).unwrap(), b"12");
    assert!(opened(&key(1, 1), "acme/2.sealed", &file, None).is_none(), "in place of another");
    assert!(opened(&key(2, 1), NAME, &file, None).is_none(), "moved to another company, key and all");
    assert!(opened(&key(1, 2), NAME, &file, None).is_none(), "with another key");
    let mut renamed = file.clone();
    renamed[8..24].copy_from_slice(Uuid::from_u128(2).as_bytes());
    assert!(opened(&key(1, 2), NAME, &renamed, None).is_none(), "which it claims to be sealed with");
}

fn boundary() -> impl Strategy<Value = u64> {
    let top = 3 * CHUNK as u64 + 7;
    prop_oneof![
        0..=top,
        (0..=3_u64, 0..=2_u64).prop_map(move |(chunk, off)| (chunk * CHUNK as u64 + off).saturating_sub(1).min(top)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_part_is_that_slice_of_the_whole(a in boundary(), b in boundary(), size in 0..SIZES.len()) {
        let plain = content(SIZES[size]);
        let file = sealed(&key(1, 1), NAME, &plain, CHUNK);
        let (a, b) = (a.min(b).min(plain.len() as u64), a.max(b).min(plain.len() as u64));
        let part = opened(&key(1, 1), NAME, &file, Some(a..b)).unwrap();
        prop_assert!(part == plain[a as usize..b as usize], "{a}..{b} of {}", plain.len());
    }

    #[test]
    fn a_reader_on_disk_jumps_as_a_file_does(jumps in prop::collection::vec((boundary(), 0..70_000_usize), 1..8)) {
        let plain = content(3 * CHUNK + 7);
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(&sealed(&key(1, 1), NAME, &plain, CHUNK)).unwrap();
        let stored = local::tests_only(file.path(), key(1, 1), NAME);
        prop_assert_eq!(stored.size().unwrap(), plain.len() as u64);
        let mut reader = stored.open().unwrap();
        for (at, count) in jumps {
            reader.seek(SeekFrom::Start(at)).unwrap();
            let mut got = Vec::new();
            reader.by_ref().take(count as u64).read_to_end(&mut got).unwrap();
            let at = (at as usize).min(plain.len());
            prop_assert!(got == plain[at..(at + count).min(plain.len())], "{count} bytes at {at}");
        }
    }
}
