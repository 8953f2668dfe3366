//! Numbers in the bytes of a file: little-endian, at an offset that the format names.

/// What stands at `at`. Beyond the end there are zeroes, as in a part of a section that a writer did not know.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let field = at.checked_add(N).and_then(|end| bytes.get(at..end));
    field
        .and_then(|field| field.try_into().ok())
        .unwrap_or([0; N])
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

/// Puts `field` to `at`; what would be beyond the end is left out.
pub(crate) fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    let rest = bytes.get_mut(at..).unwrap_or_default();
    rest.iter_mut()
        .zip(field)
        .for_each(|(byte, new)| *byte = *new);
}

/// As much of `text` as `room` bytes hold, without half a character.
pub(crate) fn cut(text: &str, room: usize) -> &str {
    let mut end = room.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The text in a field that is padded with zeroes.
pub(crate) fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0);
    let text = &field[..end.unwrap_or(field.len())];
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_beyond_the_end() {
        let bytes = [1, 2, 3, 4];
        assert_eq!(u16_at(&bytes, 2), 0x0403);
        assert_eq!(u16_at(&bytes, 3), 0);
        assert_eq!(u64_at(&bytes, 0), 0);
        assert_eq!(u32_at(&bytes, usize::MAX), 0);
        let mut room = [0; 3];
        put(&mut room, 1, &bytes);
        assert_eq!(room, [0, 1, 2]);
        put(&mut room, 4, &bytes);
        assert_eq!(room, [0, 1, 2]);
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("añb", 4), "añb");
        assert_eq!(cut("añb", 3), "añ");
        assert_eq!(cut("añb", 2), "a");
        assert_eq!(cut("añb", 0), "");
        assert_eq!(text(b"shop\0\0"), "shop");
        assert_eq!(text(b"shop"), "shop");
        assert_eq!(text(b"\xffshop\0x"), "\u{fffd}shop");
    }
}
