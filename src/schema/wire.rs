//! Confluent framing: one zero byte, four bytes of schema id (big-endian), the Avro datum.

/// Bytes of a frame.
pub const FRAME_BYTES: usize = 5;

/// Appends the frame of a schema id.
pub fn frame(schema_id: i32, out: &mut Vec<u8>) {
    out.push(0);
    out.extend_from_slice(&schema_id.to_be_bytes());
}

/// Splits a framed value into its schema id and its datum; `None` where it is no frame.
pub fn unframe(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (head, datum) = bytes.split_first_chunk::<FRAME_BYTES>()?;
    let [0, id @ ..] = *head else { return None };
    Some((i32::from_be_bytes(id), datum))
}
