//! What is not on the page and is held all the same: found by Find, and errors one goes to by a key.

use circular_core::{Level, Ring};
use circular_http::Options;

use crate::page::{Page, new_ring, say};

const ENTER: &str = "\u{e007}";
const PLACE: &str = "document.getElementById('found').textContent";
const ANSWER: &str = "document.getElementById('answer').textContent";
const MARKED: &str = "document.querySelector('.marked')?.textContent";
const IN_SIGHT: &str = "(box => box && box.top >= log.getBoundingClientRect().top && box.bottom <= log.getBoundingClientRect().bottom)
    (document.querySelector('.found, .marked')?.getBoundingClientRect())";

/// Six thousand records, of which these are errors.
fn with_errors(errors: &[usize]) -> Ring {
    let mut ring = new_ring(4 << 20);
    for number in 0..6_000 {
        let level = if errors.contains(&number) {
            Level::Error
        } else {
            Level::Info
        };
        say(&mut ring, level, "app", &format!("number {number}."));
    }
    ring
}

#[test]
fn find_that_sees_nothing_on_the_page_looks_in_what_is_held() {
    let Some(page) = Page::open_with(&[], with_errors(&[]), Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.press("/");
    page.press("Number 77.");
    page.until(&format!("{PLACE} === 'Not found'"));
    page.set("#needle", "number 77.");
    page.until(&format!(
        "{PLACE}.startsWith('Not in what is shown, but at ')"
    ));
    assert_eq!(
        page.rows().len(),
        2_000,
        "nobody is taken there while they type"
    );
    page.press(ENTER);
    page.until(&format!("{PLACE} === '1 of 1'"));
    page.until("document.querySelector('.found').textContent.includes('number 77.')");
    page.until(IN_SIGHT);
    // The other way: what is newer than all that is shown now.
    page.set("#needle", "number 5999.");
    page.until(&format!(
        "{PLACE}.startsWith('Not in what is shown, but at ')"
    ));
    page.press(ENTER);
    page.until("document.querySelector('.found')?.textContent.includes('number 5999.')");
    page.set("#needle", "nowhere");
    page.until(&format!("{PLACE} === 'Not found'"));
    page.assert_quiet();
}

#[test]
fn e_goes_from_error_to_error_on_the_page_and_in_what_is_held() {
    let Some(page) = Page::open_with(&[], with_errors(&[50, 3_000, 5_100, 5_900]), Options::new())
    else {
        return;
    };
    page.until_row_count(2_000);
    page.until("document.getElementById('older')");
    page.press("e");
    page.until(&format!("{ANSWER} === 'No later error'"));
    for number in [5_900, 5_100, 3_000, 50] {
        page.press("E");
        page.until(&format!("{MARKED}?.includes('number {number}.')"));
        page.until(IN_SIGHT);
    }
    page.press("E");
    page.until(&format!("{ANSWER} === 'No earlier error is held'"));
    for number in [3_000, 5_100, 5_900] {
        page.press("e");
        page.until(&format!("{MARKED}?.includes('number {number}.')"));
        page.until(IN_SIGHT);
    }
    page.assert_quiet();
}
