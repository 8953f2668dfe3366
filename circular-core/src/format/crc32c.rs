//! CRC-32C, by Castagnoli: the checksum of what is written once into a ring's file. It finds damage; it keeps nobody
//! from forging.
//!
//! Invariant: it is that of iSCSI (RFC 3720), ext4 and SSE 4.2, so that readers in other languages have it already.

/// The polynomial, its lowest power first.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// What a byte does to the sum.
const TABLE: [u32; 256] = table();

/// The checksum of `bytes`.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        let [low, ..] = sum.to_le_bytes();
        TABLE[usize::from(low ^ byte)] ^ (sum >> 8)
    });
    !sum
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    let mut byte = 0;
    while at < table.len() {
        let mut sum: u32 = byte;
        let mut bit = 0;
        while bit < 8 {
            let carry = sum & 1;
            sum >>= 1;
            if carry == 1 {
                sum ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[at] = sum;
        at += 1;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::crc32c;

    /// RFC 3720, appendix B.4, which prints a checksum's bytes from the lowest.
    #[test]
    fn what_the_standard_publishes() {
        let up: Vec<u8> = (0..32).collect();
        let down: Vec<u8> = (0..32).rev().collect();
        let mut read_command = [0; 48];
        read_command[..2].copy_from_slice(&[0x01, 0xc0]);
        for (at, byte) in [
            (16, 0x14),
            (22, 0x04),
            (27, 0x14),
            (31, 0x18),
            (32, 0x28),
            (40, 0x02),
        ] {
            read_command[at] = byte;
        }
        for (bytes, sum) in [
            (&[0; 32][..], [0xaa, 0x36, 0x91, 0x8a]),
            (&[0xff; 32], [0x43, 0xab, 0xa8, 0x62]),
            (&up, [0x4e, 0x79, 0xdd, 0x46]),
            (&down, [0x5c, 0xdb, 0x3f, 0x11]),
            (&read_command, [0x56, 0x3a, 0x96, 0xd9]),
        ] {
            assert_eq!(crc32c(bytes).to_le_bytes(), sum);
        }
        assert_eq!(crc32c(b""), 0);
        // The check value of every catalogue of such checksums.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
