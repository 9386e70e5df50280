//! Confluent framing: one zero byte, four bytes of schema id (big-endian), the Avro datum.

/// Appends the frame of a schema id.
pub fn frame(_schema_id: i32, _out: &mut Vec<u8>) {
    todo!()
}

/// Splits a framed value into its schema id and its datum; `None` where it is no frame.
pub fn unframe(_bytes: &[u8]) -> Option<(i32, &[u8])> {
    todo!()
}
