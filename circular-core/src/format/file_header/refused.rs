//! Why the bytes of a file are not taken for a ring.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It does not begin as a ring does.
    NotARing,
    /// A format that this version does not know.
    Major(u16),
    /// Bits of `incompat` that this version does not know.
    Incompatible(u64),
    /// A kind of section that this version does not know, and must.
    Section(u32),
    /// The checksum of the first page is not that of what stands there.
    Damaged,
    /// It cannot be, whatever the checksum says: why.
    Bounds(&'static str),
    /// More than this machine can address.
    TooLarge,
}

impl Refused {
    /// Whether a newer version, or a larger machine, may read it: so nobody can say here that it is damaged.
    pub(crate) fn is_for_others(&self) -> bool {
        match self {
            Self::Major(_) | Self::Incompatible(_) | Self::Section(_) | Self::TooLarge => true,
            Self::NotARing | Self::Damaged | Self::Bounds(_) => false,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARing => f.write_str(
                "this is no ring: it does not begin as a ring's file does; pass the path of a file that ends in .ring",
            ),
            Self::Major(number) => write!(
                f,
                "this ring has format {number}, and this version of circular reads format 1: read it with a newer one"
            ),
            Self::Incompatible(bits) => write!(
                f,
                "this ring uses what this version of circular does not know (bits {bits:#x}): read it with a newer one"
            ),
            Self::Section(kind) => write!(
                f,
                "this ring has a section that this version of circular does not know (kind {kind}): read it with a newer one"
            ),
            Self::Damaged => f.write_str(
                "the first page of this ring is damaged (its checksum is wrong): without it nothing can be read; look for a copy",
            ),
            Self::Bounds(wrong) => write!(
                f,
                "the first page of this ring contradicts itself ({wrong}): whatever wrote it is no version of circular"
            ),
            Self::TooLarge => f.write_str(
                "this ring is larger than this machine can address: read it on one with 64 bits",
            ),
        }
    }
}

impl std::error::Error for Refused {}
