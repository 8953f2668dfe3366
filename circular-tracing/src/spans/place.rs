//! What the registry's ids say.

/// The bits of an id that say where the registry keeps the span: page, slot and thread. Those above count how
/// often the place was used again. (`sharded_slab`'s default configuration, which the registry takes.)
const PLACE_BITS_64: u32 = 51;
const PLACE_BITS_32: u32 = 30;

/// Where the registry keeps the span. The next span in the same place finds what the one before has left.
///
/// For other ids than the registry's this is a hash of sorts, and no two need to differ in it.
pub(super) const fn place(id: u64) -> u64 {
    place_in(id, usize::BITS)
}

const fn place_in(id: u64, pointer_bits: u32) -> u64 {
    let bits = if pointer_bits < 64 {
        PLACE_BITS_32
    } else {
        PLACE_BITS_64
    };
    // An id is one more than the registry's number, as no id is 0.
    id.wrapping_sub(1) & ((1 << bits) - 1)
}

/// All bits of the result depend on the lower bits of the place, the highest ones most.
pub(super) const fn mix(place: u64) -> u64 {
    // 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
    place.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place in `sharded_slab`, how often it was used, and how wide these are: what `Registry` makes of them.
    fn id(slot: u64, thread: u64, generation: u64, [slot_bits, thread_bits]: [u32; 2]) -> u64 {
        let number = slot | thread << slot_bits | generation << (slot_bits + thread_bits);
        number + 1
    }

    /// On 64 bits: 32 pages, the first of 2^5 slots, take 38 bits; 4,096 threads take 13. On 32: 16 pages take
    /// 22, and 128 threads 8, so there are only three generations.
    const WIDTHS: [(u32, [u32; 2], u64); 2] = [(64, [38, 13], 1 << 13), (32, [22, 8], 3)];

    #[test]
    fn the_same_place_is_found_again_in_each_generation() {
        for (bits, widths, generations) in WIDTHS {
            for (slot, thread) in [(0, 0), (1, 0), (31, 1), (32, 127), (2047, 3)] {
                let first = place_in(id(slot, thread, 0, widths), bits);
                for generation in 0..generations {
                    let id = id(slot, thread, generation, widths);
                    assert_eq!(
                        place_in(id, bits),
                        first,
                        "{bits} {slot} {thread} {generation}"
                    );
                }
            }
        }
    }

    #[test]
    fn places_differ_by_slot_and_by_thread() {
        for (bits, widths, _) in WIDTHS {
            let ids = (0..100).flat_map(|slot| (0..50).map(move |thread| (slot, thread)));
            let mut places: Vec<_> = ids
                .map(|(slot, thread)| place_in(id(slot, thread, 0, widths), bits))
                .collect();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), 100 * 50, "{bits}");
        }
    }
}
