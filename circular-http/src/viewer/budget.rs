//! A limit of bytes, which a stream ends at without saying half of anything.

/// How much a stream may still say.
pub(super) struct Budget {
    left: u64,
    pub(super) is_over: bool,
}

impl Budget {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self {
            left: limit.unwrap_or(u64::MAX),
            is_over: limit == Some(0),
        }
    }

    /// Lets `say` append something, which is taken back, and ends the stream, if that is too much.
    pub(super) fn spend(&mut self, out: &mut Vec<u8>, say: impl FnOnce(&mut Vec<u8>)) {
        if self.is_over {
            return;
        }
        let before = out.len();
        say(out);
        match self.left.checked_sub((out.len() - before) as u64) {
            Some(left) => {
                self.left = left;
                self.is_over = left == 0;
            }
            None => {
                out.truncate(before);
                self.is_over = true;
            }
        }
    }
}
