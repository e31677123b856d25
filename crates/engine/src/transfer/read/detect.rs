//! Telling format and encoding from the content of a file; names and declared types often lie.

use std::io::{Read, Seek};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use super::ReadError;
use crate::transfer::Format;
use crate::vault::files::{Reader, Stored};

const HEAD: usize = 64 << 10;

pub fn format(file: &Stored) -> Result<Format, ReadError> {
    let head = head(file)?;
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Format::Xlsx);
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(ReadError::OldOrProtectedExcel);
    }
    let (encoding, _) = match Encoding::for_bom(&head) {
        Some(found) => found,
        None => (utf16_without_bom(&head).unwrap_or(UTF_8), 0),
    };
    let (text, _) = encoding.decode_with_bom_removal(&head);
    // Text has no control characters but line ends, tabs and the odd form feed.
    let controls = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x0c')).count();
    if head.starts_with(b"%PDF") || controls * 100 > text.chars().count() {
        return Err(ReadError::NotASpreadsheet);
    }
    let start = text.trim_start();
    if start.is_empty() {
        return Err(ReadError::Empty);
    }
    let lower: String = start.chars().take(200).collect::<String>().to_lowercase();
    if ["<!doctype html", "<html", "<table", "<meta", "<head"].iter().any(|tag| lower.starts_with(tag)) {
        return Err(ReadError::Html);
    }
    let first_line = start.lines().next().unwrap_or_default();
    let cut = first_line.len() + 16 > HEAD;
    let json = start.starts_with('{') && (cut || serde_json::from_str::<serde_json::Value>(first_line).is_ok());
    Ok(if json { Format::Ndjson } else { Format::Csv })
}

/// The encoding of a text file. The whole file is looked at: a list may turn Chinese on its last line.
pub fn encoding(file: &Stored) -> Result<&'static Encoding, ReadError> {
    let head = head(file)?;
    if let Some((encoding, _)) = Encoding::for_bom(&head) {
        return Ok(encoding);
    }
    if let Some(encoding) = utf16_without_bom(&head) {
        return Ok(encoding);
    }
    let mut bytes = file.open()?;
    if is_utf8(&mut bytes)? {
        return Ok(UTF_8);
    }
    bytes.rewind()?;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    each_chunk(&mut bytes, |chunk| {
        detector.feed(chunk, false);
        true
    })?;
    detector.feed(b"", true);
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Deny);
    // GB18030 is GBK with the rare characters.
    Ok(if guess == GBK { GB18030 } else { guess })
}

/// Latin text in UTF-16 is every other byte zero, Chinese text at least at its line ends and commas.
fn utf16_without_bom(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let enough = head.len() / 20;
    if odd > enough && even == 0 {
        Some(UTF_16LE)
    } else if even > enough && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn is_utf8(file: &mut Reader) -> Result<bool, ReadError> {
    let mut carry: Vec<u8> = Vec::new();
    let mut valid = true;
    each_chunk(file, |chunk| {
        carry.extend_from_slice(chunk);
        match std::str::from_utf8(&carry) {
            Ok(_) => carry.clear(),
            // A character cut by the end of the chunk is finished by the next.
            Err(error) if error.error_len().is_none() => drop(carry.drain(..error.valid_up_to())),
            Err(_) => valid = false,
        }
        valid
    })?;
    Ok(valid && carry.is_empty())
}

fn each_chunk(file: &mut Reader, mut each: impl FnMut(&[u8]) -> bool) -> Result<(), ReadError> {
    let mut buffer = vec![0; HEAD];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 || !each(&buffer[..read]) {
            return Ok(());
        }
    }
}

fn head(file: &Stored) -> Result<Vec<u8>, ReadError> {
    let mut head = Vec::with_capacity(HEAD);
    file.open()?.take(HEAD as u64).read_to_end(&mut head)?;
    if head.is_empty() { Err(ReadError::Empty) } else { Ok(head) }
}
