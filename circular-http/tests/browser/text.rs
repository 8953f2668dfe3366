//! Log text is text, whatever it is made of.

use circular_core::Level;
use serde_json::json;

use crate::page::Page;

#[test]
fn markup_and_escapes_in_a_line_are_shown_and_not_obeyed() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    page.say("<img src=x onerror=\"document.title='broken'\">");
    page.say("</script><script>document.title='broken'</script>");
    page.say("\x1b]0;x\x07title, \x1b[2Jclear, back\x08 and return\rover");
    page.say("\u{202e}right to left, \u{9b}31m and a nul \0");
    page.say_as(Level::Error, "<i>app</i>", "a target");
    page.until_rows(&[
        "<img src=x onerror=\"document.title='broken'\">",
        "</script><script>document.title='broken'</script>",
        r"\x1b]0;x\x07title, \x1b[2Jclear, back\x08 and return\x0dover",
        r"\u{202e}right to left, \xc2\x9b31m and a nul \x00",
        "a target",
    ]);
    assert_eq!(
        page.get("log.querySelectorAll(':not(div, span)').length"),
        0
    );
    assert_eq!(page.get("document.title"), "Log");
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
    page.until_rows(&[
        "bold red plain inverse indexed true",
        "colons nothing",
        "the next record begins plain",
    ]);
    let classes = "[...log.querySelectorAll('.row span:not(.meta, .meta *)')].map(span => [span.textContent, span.className])";
    assert_eq!(
        page.get(classes),
        json!([
            ["bold red", "bold fg-1"],
            ["inverse", "bg-2"],
            ["indexed", "fg-9"],
            ["true", "bg-12"],
            ["colons", "fg-10"],
            [" ", "fg-10"],
            ["nothing", "fg-10"],
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
        row.ends_with("x … 3,616 more characters: see the download"),
        "{}",
        &row[16_384..]
    );
    page.assert_quiet();
}
