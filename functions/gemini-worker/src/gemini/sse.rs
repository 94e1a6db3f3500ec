//! Server-sent events, as far as Google uses them: `data:` lines, and a blank line after each event.

/// Assembles events from the pieces that arrive.
#[derive(Debug, Default)]
pub(crate) struct Events {
    buffer: Vec<u8>,
    data: Vec<u8>,
}

impl Events {
    /// Adds a piece and returns the data of every event that is now complete.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        self.buffer.extend_from_slice(piece);
        let mut events = Vec::new();
        let mut from = 0;
        while let Some(length) = self.buffer[from..].iter().position(|&byte| byte == b'\n') {
            let line = &self.buffer[from..from + length];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(data) = line.strip_prefix(b"data:") {
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
            } else if line.is_empty() && !self.data.is_empty() {
                events.push(std::mem::take(&mut self.data));
            }
            from += length + 1;
        }
        self.buffer.drain(..from);
        events
    }

    /// The rest when the stream ends: an event without its blank line.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        let mut last = self.push(b"\n\n");
        last.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::Events;

    #[test]
    fn events_are_whole_however_they_are_cut() {
        let stream = b"data: {\"a\":1}\r\n\r\n: comment\n\ndata: one\ndata: two\n\ndata: last";
        for size in 1..stream.len() {
            let mut events = Events::default();
            let mut read: Vec<_> = stream.chunks(size).flat_map(|piece| events.push(piece)).collect();
            read.extend(events.finish());
            assert_eq!(read, [b"{\"a\":1}".to_vec(), b"one\ntwo".to_vec(), b"last".to_vec()], "pieces of {size}");
        }
    }
}
