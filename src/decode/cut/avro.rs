//! An Avro object container file, written with the platform's own schema; each object becomes a bare datum.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use apache_avro::error::Details;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Reader, Schema};

use super::{Cut, Problem, Source};

/// Bytes of one block, of its content once inflated, and of the header. Writers close a block after some kilobytes;
/// a few bytes can announce one of any size.
const BLOCK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The objects of a container.
pub(super) struct Container<R: Read> {
    reader: Box<Reader<'static, Counted<R>>>,
    progress: Progress,
    schema: Schema,
    record: u64,
    file: String,
}

impl<R: Read> Container<R> {
    pub(super) fn new(source: &Source, file: String, input: R) -> Result<Self, Problem> {
        let help = "an Avro file is an object container file with the schema in the platform's folder";
        let wrong = |why: &str| Problem::new("CMT-9504", &file, why, help);
        // The library keeps one bound for the process, the first that it is told; nothing else here reads with it.
        apache_avro::util::max_allocation_bytes(BLOCK_BYTES_MAX);
        let schema = Schema::parse_str(&source.schema_text).map_err(|_| wrong("the schema is unusable"))?;
        let progress = Progress::default();
        let input = Counted { input, progress: progress.clone() };
        let reader = Reader::new(input).map_err(|error| {
            let Details::CodecNotSupported(codec) = error.details() else {
                return wrong("is no Avro object container file");
            };
            let why = format!("is compressed with {}, which is not read", shown(codec));
            Problem::new("CMT-9504", &file, why, "write it with null, deflate, snappy or zstandard")
        })?;
        if reader.writer_schema().canonical_form() != schema.canonical_form() {
            return Err(wrong("was written with another schema than the platform's"));
        }
        Ok(Self { reader: Box::new(reader), progress, schema, record: 0, file })
    }

    pub(super) fn next_record(&mut self) -> Result<Option<Cut>, Problem> {
        self.record += 1;
        let value = loop {
            let before = self.progress.bytes.get();
            match self.reader.next() {
                Some(value) => break value,
                // The library ends in three ways, of which one is the file's end: there too where the count of a
                // block is cut off, and behind a block without objects.
                None if !self.progress.ended.get() => {}
                None if self.progress.bytes.get() == before => return Ok(None),
                None => return Err(self.broken("the block that begins here is cut off")),
            }
        };
        let datum = value
            .and_then(|value| value.resolve(&self.schema))
            .and_then(|value| GenericDatumWriter::builder(&self.schema).build()?.write_value_to_vec(value));
        match datum {
            Ok(bytes) => Ok(Some(Cut { bytes, line: self.record })),
            Err(_) => Err(self.broken("cannot be read, nor can what stands behind it")),
        }
    }

    /// The file stops making sense at this record; what was cut before stands.
    fn broken(&self, what: &str) -> Problem {
        let why = format!("record {}: {what}", self.record);
        Problem::new("CMT-9503", &self.file, why, "have the file written again, and feed it from that record on")
    }
}

/// A codec's name as the file gives it, where it can be one.
fn shown(codec: &str) -> &str {
    let is_name = codec.len() <= 32 && codec.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_name && !codec.is_empty() { codec } else { "something without a name" }
}

/// How far a container was read.
#[derive(Debug, Clone, Default)]
struct Progress {
    bytes: Rc<Cell<u64>>,
    ended: Rc<Cell<bool>>,
}

/// An input that says how far it was read; the library tells of neither.
struct Counted<R> {
    input: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        self.progress.bytes.set(self.progress.bytes.get().saturating_add(bytes));
        self.progress.ended.set(self.progress.ended.get() || (read == 0 && !buffer.is_empty()));
        Ok(read)
    }
}
