//! Lists that take no more room than their items: a state keeps millions of them for years, most of one item, where a
//! `Vec` that grows by itself would make room for four.

use std::mem;

/// A list of exactly so much room.
pub type Exact<T> = Box<[T]>;

/// Puts an item at the end.
pub fn push<T>(list: &mut Exact<T>, item: T) {
    insert(list, list.len(), item);
}

/// Puts an item at a place.
pub fn insert<T>(list: &mut Exact<T>, place: usize, item: T) {
    let mut items = mem::take(list).into_vec();
    items.reserve_exact(1);
    items.insert(place, item);
    *list = items.into_boxed_slice();
}

/// Takes an item away, and gives it.
pub fn remove<T>(list: &mut Exact<T>, place: usize) -> T {
    let mut items = mem::take(list).into_vec();
    let item = items.remove(place);
    *list = items.into_boxed_slice();
    item
}
