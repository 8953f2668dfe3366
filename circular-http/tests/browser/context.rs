//! From a filtered row to its neighbours and back; and the rest of a record that is long.

use circular_core::Level;
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring, say};

const MARKED: &str = "document.querySelector('.marked')?.textContent";
const CONTEXT: &str = "!document.getElementById('context').hidden";

#[test]
fn a_filtered_row_has_neighbours_and_one_comes_back_to_it() {
    let mut ring = new_ring(4 << 20);
    for number in 0..6_000 {
        let kind = if number % 10 == 7 { "payment" } else { "other" };
        say(
            &mut ring,
            Level::Info,
            "app",
            &format!("number {number}, {kind}."),
        );
    }
    let Some(page) = Page::open_with(&[], ring, Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    assert_eq!(
        page.get("document.getElementById('open-context').hidden"),
        true
    );
    page.press("x");
    page.until("document.getElementById('answer').textContent.startsWith('Nothing is filtered')");
    page.go_to(&page.url("?q=payment"));
    page.until_row_count(600);
    let row = "[...document.querySelectorAll('.row')].find(row => row.textContent.includes('number 3007,'))";
    page.run(
        &format!("({row}).scrollIntoView(); ({row}).click();"),
        &json!([]),
    );
    page.click("#open-context");
    page.until(CONTEXT);
    page.until(&format!("{MARKED}?.includes('number 3007,')"));
    page.until("document.querySelectorAll('.row').length >= 700");
    for (step, number) in [(-1, 3_006), (1, 3_008)] {
        let text = page.get(&format!(
            "(all => all[all.findIndex(row => row.textContent.includes('number 3007,')) + {step}].textContent)
             ([...document.querySelectorAll('.row')])"
        ));
        assert!(
            text.as_str()
                .is_some_and(|text| text.contains(&format!("number {number}, other"))),
            "{text}"
        );
    }
    assert_eq!(page.get("document.getElementById('text').value"), "");
    // A reload stays in it.
    page.reload();
    page.until(CONTEXT);
    page.until(&format!("{MARKED}?.includes('number 3007,')"));
    page.click("#close-context");
    page.until(&format!("!({CONTEXT})"));
    page.until("document.getElementById('text').value === 'payment'");
    page.until(&format!("{MARKED}?.includes('number 3007,')"));
    page.until(
        "(box => box.top > log.getBoundingClientRect().top && box.bottom < log.getBoundingClientRect().bottom)
         (document.querySelector('.marked').getBoundingClientRect())",
    );
    // The 300 from it on that match, and a page of those before it.
    page.until_row_count(500);
    page.assert_quiet();
}

#[test]
fn the_rest_of_a_long_record_comes_when_it_is_asked_for() {
    const MORE: &str = "document.querySelector('button.more')";
    let Some(mut page) = Page::open() else { return };
    let long: String = (0..60_000).map(|number| format!("{number} ")).collect();
    page.say(&long);
    page.until_row_count(1);
    page.until(MORE);
    let told = page.get(&format!("{MORE}.textContent"));
    let left = long.trim_end_matches('\n').len() - (16 << 10);
    assert_eq!(
        told,
        format!(
            " … {},{:03} more characters: show",
            left / 1_000,
            left % 1_000
        )
    );
    while page.get(&format!("!!({MORE})")) == true {
        page.get(&format!("{MORE}.disabled || {MORE}.click()"));
        page.until(&format!("!{MORE}?.disabled"));
    }
    let shown = page.get("document.querySelector('.row').textContent");
    assert!(
        shown
            .as_str()
            .is_some_and(|shown| shown.ends_with(long.trim_end_matches('\n')))
    );
    page.assert_quiet();
}
