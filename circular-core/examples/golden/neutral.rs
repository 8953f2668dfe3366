//! Makes the file of a ring one of no machine in particular: what IDENTITY and META say of the program that made it is
//! replaced.
//!
//! Invariant: the places are those of `docs/FORMAT.md`, version 1.0, and both checksums are right afterwards.

const CHECKSUM: usize = 0xffc;
const STATE_SINCE: usize = 0x1048;
const META: std::ops::Range<usize> = 0x6000..0x10000;
/// The third row of the table of sections, and in it the argument.
const META_CHECKSUM: usize = 0x200 + 2 * 32 + 0x18;

/// 2026-11-23 23:05:12 UTC.
pub(crate) const CREATED: u64 = 1_795_475_112_000_000_000;

pub(crate) fn make(image: &mut [u8], ring: u64) {
    for (at, number) in [
        (0x020, ring),
        (0x048, CREATED),
        (0x050, 3_600_000_000_000),
        // The boot id, in two halves.
        (0x058, 0x0706_0504_0302_0100),
        (0x060, 0x0f0e_0d0c_0b0a_0908),
        (0x068, 4711),
        (0x070, 360_000),
        (0x078, 4),
        (0x080, 4_026_531_836),
        (0x088, 26),
        (0x090, 17),
        // User and group.
        (0x098, 1000 | 1000 << 32),
        (STATE_SINCE, CREATED),
    ] {
        image[at..at + 8].copy_from_slice(&u64::to_le_bytes(number));
    }
    let meta = &mut image[META];
    let text = b"program=/usr/local/bin/shop\nversion=0.1.0\nhost=shop-1\n";
    meta.fill(0);
    meta[..text.len()].copy_from_slice(text);
    let checksum = crc32c(&image[META]);
    image[META_CHECKSUM..META_CHECKSUM + 8].copy_from_slice(&u64::from(checksum).to_le_bytes());
    let checksum = crc32c(&image[..CHECKSUM]);
    image[CHECKSUM..CHECKSUM + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// As after a store to address 16 in a thread called `worker`, half a second after the ring was made. Before [`make`].
pub(crate) fn note_a_crash(image: &mut [u8]) {
    for (at, number) in [
        (0x018, 1),
        (0x1080, 11 | 1 << 32),
        (0x1088, 4712),
        (0x1090, CREATED + 500_000_000),
        (0x1098, 16),
        (0x10a0, u64::from_le_bytes(*b"worker\0\0")),
        (0x10b0, 2),
    ] {
        image[at..at + 8].copy_from_slice(&u64::to_le_bytes(number));
    }
}

/// As `docs/FORMAT.md` describes it.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0x82f6_3b78 * (sum & 1));
        }
    }
    !sum
}
