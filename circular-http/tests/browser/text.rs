//! Log text is text, whatever it is made of.

use circular_core::Level;
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring};

#[test]
fn markup_and_escapes_in_a_line_are_shown_and_not_obeyed() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.say("<img src=x onerror=\"document.title='broken'\">");
    page.say("</script><script>document.title='broken'</script>");
    page.say("\x1b]0;x\x07title, \x1b[2Jclear, back\x08 and return\rover");
    page.say("\u{202e}right to left, \u{9b}31m and a nul \0");
    page.say_as(Level::Error, "<i>app</i>", "a target");
    page.say("\x1b[31m<img src=x onerror=\"document.title='broken'\"><b>red</b>\x1b[0m");
    page.until_rows(&[
        "<img src=x onerror=\"document.title='broken'\">",
        "</script><script>document.title='broken'</script>",
        r"\x1b]0;x\x07title, \x1b[2Jclear, back\x08 and return\x0dover",
        r"\u{202e}right to left, \xc2\x9b31m and a nul \x00",
        "a target",
        "<img src=x onerror=\"document.title='broken'\"><b>red</b>",
    ]);
    assert_eq!(
        page.get("log.querySelectorAll(':not(div, span, #older)').length"),
        0
    );
    let title = page.get("document.title");
    assert!(
        title
            .as_str()
            .is_some_and(|title| title.ends_with(" – log")),
        "{title}"
    );
    assert_eq!(page.get("log.querySelectorAll('.control').length"), 8);
    page.assert_quiet();
}

#[test]
fn colours_are_shown_as_colours() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.prefer("light");
    page.say("\x1b[1;31mbold red\x1b[0m plain \x1b[7;32minverse\x1b[m \x1b[38;5;196mindexed\x1b[39m \x1b[48;2;0;0;255mtrue");
    page.say("\x1b[38:2::0:255:0mcolons\x1b[4:0m \x1b[999mnothing");
    page.say("the next record begins plain");
    // As the text has it.
    page.say("\x1b[8mhidden \x1b[1;08mso \x1b[38;5;8mgrey \x1b[48;8mand \x1b[38;2;1;8mso");
    page.until_rows(&[
        "bold red plain inverse indexed true",
        "colons nothing",
        "the next record begins plain",
        r"\x1b[8mhidden \x1b[1;08mso grey \x1b[48;8mand \x1b[38;2;1;8mso",
    ]);
    let classes = "[...log.querySelectorAll('.row span:not(.meta, .meta *)')].map(span => [span.textContent, span.className])";
    assert_eq!(
        page.get(classes),
        json!([
            ["bold red", "bold fg-1"],
            ["inverse", "bg-2"],
            ["indexed", "fg-9"],
            ["true", "bg-12"],
            ["colons nothing", "fg-10"],
            [r"\x1b", "control"],
            [r"\x1b", "control"],
            ["grey ", "fg-8"],
            [r"\x1b", "control"],
            ["[48;8mand ", "fg-8"],
            [r"\x1b", "control"],
            ["[38;2;1;8mso", "fg-8"],
        ])
    );
    assert_eq!(
        page.get("getComputedStyle(log.querySelector('.fg-1')).color"),
        "rgb(179, 38, 30)"
    );
    page.assert_quiet();
}

#[test]
fn a_very_long_line_is_cut_and_says_so() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.say(&"x".repeat(20_000));
    page.until_row_count(1);
    let row = &page.rows()[0];
    assert!(row.starts_with(&"x".repeat(16_384)), "16 Ki characters");
    assert!(
        row.ends_with("x … 3,616 more characters: show"),
        "{}",
        &row[16_384..]
    );
    page.assert_quiet();
}

#[test]
fn control_characters_by_the_thousand_are_few_nodes() {
    let Some(mut page) = Page::open_with(&[], new_ring(8 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    page.say(&"\x01".repeat(16_000));
    page.say(&"a\x01".repeat(8_000));
    page.say(&"\x1b[31mr\x1b[32mg".repeat(1_300));
    for _ in 0..50 {
        page.say(&"\x1b[1m\x02".repeat(3_200));
    }
    page.say("the end");
    page.until_last_row("the end");
    let nodes = page.get("[...log.querySelectorAll('.row')].map(row => row.childNodes.length)");
    let nodes = nodes.as_array().expect("a list").iter();
    let most = nodes.map(|count| count.as_u64().expect("a number")).max();
    assert!(most < Some(310), "{most:?} nodes in a row");
    let rows = page.rows();
    assert_eq!(rows[0], r"\x01".repeat(16_000));
    assert_eq!(rows[1], r"a\x01".repeat(8_000));
    assert_eq!(rows[2], "rg".repeat(1_300));
    assert_eq!(
        page.get("log.querySelectorAll('.row')[0].querySelectorAll('.control').length"),
        1
    );
    page.assert_quiet();
}

/// Chromium makes nothing higher than 33,554,432 px: what is below that cannot be scrolled to.
#[test]
fn the_newest_row_is_in_reach_below_lines_by_the_million() {
    let Some(mut page) = Page::open_with(&[], new_ring(8 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    // One by one: only what was shown is known to be so high.
    for number in 0..110 {
        page.say(&format!("{}number {number}", "\n".repeat(16_000)));
        page.until_last_row(&format!("number {number}"));
    }
    page.until("log.scrollHeight < 30_000_000");
    page.until(
        "[...document.querySelectorAll('.row')].at(-1).getBoundingClientRect().bottom
         <= log.getBoundingClientRect().bottom",
    );
    page.assert_quiet();
}
