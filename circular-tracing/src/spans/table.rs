//! A hash table of spans which never allocates and never frees by itself: room is brought, and what is left is
//! handed out. So it can be used under a lock even where the program's allocator logs.
//!
//! The nodes lie in one run, and each chain goes through those of the same hash. A node that is not in use is in
//! one of two lists: with memory that the next span may use, or without.

use std::mem;

use super::above::Around;
use super::draft::LARGEST_SPARE;
use super::fields::{Room, SpanFields};
use super::place::{mix, place};

/// What a span is called, and which one it is in, of those that the layer's filter lets through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanInfo {
    pub(crate) name: &'static str,
    pub(crate) parent: Option<u64>,
}

/// So many closed spans' memory is kept, and none that is larger than `LARGEST_SPARE`.
const SPARES: usize = 48;

/// A span does not get memory that is larger than what it needs by more than this factor, or these bytes.
const LARGER: usize = 4;
const LITTLE: usize = 256;

/// No node.
const NONE: u32 = u32::MAX;

pub(super) struct Table<T> {
    /// The first node of each chain. A power of two of them.
    heads: Vec<u32>,
    /// No more than there is capacity for.
    nodes: Vec<Node<T>>,
    /// The first node that is not in use and has no memory, and the first that has.
    free: u32,
    spare: u32,
    spares: usize,
}

pub(super) struct Node<T> {
    /// 0 if it is not in use.
    id: u64,
    name: &'static str,
    pub(super) around: Around,
    pub(super) fields: T,
    /// By so many events.
    held: u16,
    is_closed: bool,
    /// The next one of the same chain or list.
    next: u32,
}

impl<T: SpanFields> Node<T> {
    /// Appends the span to a line, if there is room for as many bytes as it tells otherwise.
    pub(super) fn show(&self, text: &mut String) -> Result<(), usize> {
        let longest = self.fields.longest(self.name);
        if text.capacity() - text.len() < longest {
            return Err(longest);
        }
        self.fields.show(self.name, text);
        Ok(())
    }

    /// An event is going to show it, even if it is closed meanwhile.
    pub(super) fn hold(&mut self) {
        self.held = self.held.saturating_add(1);
    }
}

impl<T: SpanFields> Table<T> {
    pub(super) const fn new() -> Self {
        Self {
            heads: Vec::new(),
            nodes: Vec::new(),
            free: NONE,
            spare: NONE,
            spares: 0,
        }
    }

    /// One that is empty, and larger than another one that has `room`.
    pub(super) fn larger_than(room: usize) -> Self {
        let room = (room + room / 4).max(8);
        Self {
            heads: vec![NONE; room.next_power_of_two()],
            nodes: Vec::with_capacity(room),
            ..Self::new()
        }
    }

    /// For how many spans there is room.
    pub(super) fn room(&self) -> usize {
        self.nodes.capacity().min(NONE as usize)
    }

    /// Whether there is room for one more.
    pub(super) fn has_room(&self) -> bool {
        self.free != NONE || self.spare != NONE || self.nodes.len() < self.room()
    }

    /// Goes on in `larger`, which is empty, and hands out what is left. Each node is in use.
    pub(super) fn move_to(&mut self, mut larger: Self) -> Self {
        larger.nodes.append(&mut self.nodes);
        let Self { heads, nodes, .. } = &mut larger;
        for (number, node) in (0..).zip(nodes.iter_mut()) {
            let chain = chain(node.id, heads.len());
            node.next = mem::replace(&mut heads[chain], number);
        }
        mem::replace(self, larger)
    }

    pub(super) fn get(&self, id: u64) -> Option<&Node<T>> {
        self.chain(id).find(|node| node.id == id)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Node<T>> {
        let number = self.find(id)?;
        self.nodes.get_mut(number as usize)
    }

    /// A span of the same place, which has to be gone when another one is opened there.
    pub(super) fn of_place(&self, id: u64) -> Option<u64> {
        let mut chain = self.chain(id).map(|node| node.id);
        chain.find(|&other| place(other) == place(id))
    }

    /// Adds a span. There is room for it, and it is not there yet. Hands out memory that is left.
    pub(super) fn insert(&mut self, id: u64, info: SpanInfo, fields: T) -> Option<T> {
        let chain = chain(id, self.heads.len());
        let next = self.heads[chain];
        if self.free == NONE && self.nodes.len() < self.room() {
            self.heads[chain] = u32::try_from(self.nodes.len()).unwrap_or(NONE);
            self.nodes.push(Node {
                id,
                name: info.name,
                around: Around::new(info.parent),
                fields,
                held: 0,
                is_closed: false,
                next,
            });
            return None;
        }
        let number = if self.free == NONE {
            self.spares -= 1;
            self.unlink(List::Spare, self.spare)
        } else {
            self.unlink(List::Free, self.free)
        };
        self.heads[chain] = number;
        let node = &mut self.nodes[number as usize];
        node.id = id;
        node.name = info.name;
        node.around = Around::new(info.parent);
        node.held = 0;
        node.is_closed = false;
        node.next = next;
        Some(mem::replace(&mut node.fields, fields))
    }

    /// Takes a span out, if nobody holds it.
    pub(super) fn close(&mut self, id: u64) -> Option<T> {
        let span = self.get_mut(id)?;
        span.is_closed = true;
        if span.held > 0 {
            return None;
        }
        self.remove(id)
    }

    /// Holds it once less, and takes it out if it was closed meanwhile.
    pub(super) fn let_go(&mut self, id: u64) -> Option<T> {
        let span = self.get_mut(id)?;
        span.held = span.held.saturating_sub(1);
        if span.held > 0 || !span.is_closed {
            return None;
        }
        self.remove(id)
    }

    /// Takes a span out. Hands out its memory if that is not kept for the next.
    pub(super) fn remove(&mut self, id: u64) -> Option<T> {
        let number = self.find(id)?;
        self.unlink(List::Chain(chain(id, self.heads.len())), number);
        let node = &mut self.nodes[number as usize];
        node.id = 0;
        let room = node.fields.room();
        if room.bytes == 0 || room.bytes > LARGEST_SPARE || self.spares == SPARES {
            node.next = mem::replace(&mut self.free, number);
            return Some(mem::take(&mut node.fields));
        }
        node.fields.clear();
        node.next = mem::replace(&mut self.spare, number);
        self.spares += 1;
        None
    }

    /// Hands out the memory of a closed span if no more could be kept.
    pub(super) fn make_place_for_spare(&mut self) -> Option<T> {
        (self.spares == SPARES).then(|| self.free_spare(self.spare))
    }

    /// Memory of a closed span that is large enough, and as little too large as there is.
    pub(super) fn take_spare(&mut self, needed: Room) -> Option<T> {
        let most = (needed.bytes * LARGER).max(needed.bytes + LITTLE);
        let mut best = None;
        let mut next = self.spare;
        while next != NONE {
            let node = self.node(next);
            let room = node.fields.room();
            if room.holds(needed) && best.is_none_or(|(bytes, _)| room.bytes < bytes) {
                best = Some((room.bytes, next));
            }
            next = node.next;
        }
        let (_, number) = best.filter(|&(bytes, _)| bytes <= most)?;
        Some(self.free_spare(number))
    }

    fn free_spare(&mut self, number: u32) -> T {
        self.spares -= 1;
        self.unlink(List::Spare, number);
        let node = &mut self.nodes[number as usize];
        node.next = mem::replace(&mut self.free, number);
        mem::take(&mut node.fields)
    }

    fn node(&self, number: u32) -> &Node<T> {
        &self.nodes[number as usize]
    }

    fn find(&self, id: u64) -> Option<u32> {
        let mut number = *self.heads.get(chain(id, self.heads.len()))?;
        while number != NONE && self.node(number).id != id {
            number = self.node(number).next;
        }
        (number != NONE).then_some(number)
    }

    fn chain(&self, id: u64) -> impl Iterator<Item = &Node<T>> {
        let head = self.heads.get(chain(id, self.heads.len()));
        let first = head.and_then(|&head| self.nodes.get(head as usize));
        std::iter::successors(first, |node| self.nodes.get(node.next as usize))
    }

    /// Takes the node, which is there, out of the list or chain.
    fn unlink(&mut self, list: List, number: u32) -> u32 {
        let after = self.node(number).next;
        let first = match list {
            List::Free => &mut self.free,
            List::Spare => &mut self.spare,
            List::Chain(chain) => &mut self.heads[chain],
        };
        if *first == number {
            *first = after;
            return number;
        }
        let mut before = *first;
        while self.node(before).next != number {
            before = self.node(before).next;
        }
        self.nodes[before as usize].next = after;
        number
    }
}

#[derive(Clone, Copy)]
enum List {
    Free,
    Spare,
    Chain(usize),
}

/// The chain of a span among `chains`, which are a power of two or none.
fn chain(id: u64, chains: usize) -> usize {
    // The highest bits have chosen the table.
    (mix(place(id)) >> 24) as usize & chains.wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn text(id: u64) -> String {
        let mut text = String::with_capacity(64);
        text.push_str(&id.to_string());
        text
    }

    fn info() -> SpanInfo {
        SpanInfo {
            name: "name",
            parent: None,
        }
    }

    proptest! {
        /// Whatever comes and goes, it has what a map has; and memory is used again, or handed out.
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((1_u64..300, 0..3), 0..2000)) {
            let mut table = Table::<String>::new();
            let mut map = HashMap::new();
            for (id, step) in steps {
                if step == 0 {
                    table.remove(id);
                    map.remove(&id);
                } else if table.get(id).is_none() {
                    if !table.has_room() {
                        table.move_to(Table::larger_than(table.room()));
                    }
                    let needed = Room { bytes: 3, members: 0 };
                    let mut fields = table.take_spare(needed).unwrap_or_else(|| text(id));
                    prop_assert!(fields.is_empty() || fields == id.to_string());
                    fields.clear();
                    fields.push_str(&id.to_string());
                    table.insert(id, info(), fields);
                    map.insert(id, id.to_string());
                }
                prop_assert!(table.spares <= SPARES);
            }
            for id in 1..300 {
                let fields = table.get(id).map(|node| &node.fields);
                prop_assert_eq!(fields, map.get(&id));
                let fields = table.get_mut(id).map(|node| &node.fields);
                prop_assert_eq!(fields, map.get(&id));
            }
        }
    }

    #[test]
    fn a_span_does_not_get_memory_that_is_much_too_large() {
        let mut table = Table::<String>::larger_than(0);
        for (id, bytes) in [(1, 2000), (2, 100), (3, 800)] {
            table.insert(id, info(), String::with_capacity(bytes));
            assert!(table.remove(id).is_none(), "it is kept");
        }
        let mut take = |bytes| table.take_spare(Room { bytes, members: 0 });
        assert_eq!(take(60).map(|spare| spare.capacity()), Some(100));
        assert_eq!(take(60), None);
        assert_eq!(take(500).map(|spare| spare.capacity()), Some(800));
        assert_eq!(take(2001), None);
        assert_eq!(take(600).map(|spare| spare.capacity()), Some(2000));
    }
}
