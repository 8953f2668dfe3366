//! Finding where the page is full: no row is read twice, and whoever types is not kept waiting.

use circular_http::Options;
use serde_json::{Value, json};

use crate::page::{Page, new_ring};

const PLACE: &str = "document.getElementById('found').textContent";

/// Counts in `read` how often a row's text is read.
const COUNT_READS: &str = "
    window.read = 0;
    const text = Object.getOwnPropertyDescriptor(Node.prototype, 'textContent');
    Object.defineProperty(Node.prototype, 'textContent', { ...text, get() {
        if (this.classList?.contains('row')) read += 1;
        return text.get.call(this);
    } });";

/// To the page a millisecond passes each time that it looks at the clock, and `type` types in one go.
const SLOW: &str = "
    let clock = 0;
    performance.now = () => clock += 1;
    window.type = (text) => {
        needle.value = text;
        needle.dispatchEvent(new Event('input'));
    };";

#[test]
fn five_letters_read_each_row_once() {
    const ROWS: usize = 10_000;
    let Some(mut page) = Page::open_with(&[], new_ring(32 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    // As much as the page holds, nearly.
    let long = "some of what a record says ".repeat(55);
    for number in 0..ROWS {
        page.say(&format!("number {number}. {long}"));
    }
    page.until_row_count(ROWS);
    page.run(COUNT_READS, &json!([]));
    page.run(
        "window.tasks = [];
         new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
            .observe({ type: 'longtask' });",
        &json!([]),
    );
    page.press("/");
    page.press("r 77.");
    page.until(&format!("{PLACE} === '1 of 1'"));
    let read = page.get("read");
    let tasks = page.get("tasks");
    eprintln!("five letters in {ROWS} rows: long tasks {tasks} ms");
    assert_eq!(read, ROWS, "rows read");
    page.assert_quiet();
}

/// A page with two hundred rows, scrolled to the first, and a slow clock.
fn slow_page() -> Option<Page> {
    let lines: Vec<_> = (0..200).map(|number| format!("number {number}.")).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let page = Page::open_with(&lines, new_ring(1 << 20), Options::new())?;
    page.until_row_count(200);
    page.wheel(-100_000);
    page.until("document.getElementById('newest').ariaPressed === 'false'");
    page.press("/");
    page.run(COUNT_READS, &json!([]));
    page.run(SLOW, &json!([]));
    // All that is told of what was found.
    page.run(
        "window.told = [];
         new MutationObserver(() => told.push(found.textContent)).observe(found, { childList: true });",
        &json!([]),
    );
    Some(page)
}

#[test]
fn a_search_gives_way_and_is_given_up_for_the_next_key() {
    let Some(page) = slow_page() else { return };
    let read = page.run("type('number'); return read;", &json!([]));
    let read = read.as_u64().expect("a number");
    assert!((1..50).contains(&read), "{read} rows at once");
    page.until(&format!("{PLACE} === '1 of 200'"));

    page.run(
        "told.length = 0; type('numb'); type('number 7.');",
        &json!([]),
    );
    page.until(&format!("{PLACE} === '1 of 1'"));
    assert_eq!(page.get("told"), json!(["1 of 1"]));
    // So it is when nothing is to be found any more. What comes last runs behind what the search has put off.
    let read = page.run_async(
        "type('numb');
         document.getElementById('close-find').click();
         read = 0;
         setTimeout(() => arguments[0](read), 0);",
    );
    assert_eq!(read, 0, "rows after it was closed");
    page.assert_quiet();
}

#[test]
fn steps_that_come_before_a_search_is_done_are_taken_when_it_is() {
    let Some(page) = slow_page() else { return };
    for (steps, place) in [
        (
            "needle.form.requestSubmit(); needle.form.requestSubmit();",
            "3 of 200",
        ),
        ("document.getElementById('previous').click();", "2 of 200"),
    ] {
        page.run(&format!("type('number'); {steps}"), &json!([]));
        page.until(&format!("{PLACE} === '{place}'"));
    }
    let current = "document.querySelector('.found').lastChild.textContent";
    assert_eq!(page.get(current), Value::from("number 1."));
    page.assert_quiet();
}

#[test]
fn an_expression_is_found_in_what_records_say() {
    let lines = [
        "GET /users/17 took 12 ms",
        "POST /users took 340 ms",
        "GET /users/18 took 7 ms",
        "see GET",
    ];
    let Some(page) = Page::open_with(&lines, new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_row_count(4);
    page.press("/");
    // As text it is none.
    page.press("^get .*ms$");
    page.until(&format!("{PLACE} === 'Not found'"));
    page.click("#needle-re");
    page.until(&format!("{PLACE}.endsWith(' of 2')"));
    let marked = "[...CSS.highlights.get('match')].map(range => range.toString())";
    page.until(&format!("{marked}.length === 2"));
    assert_eq!(
        page.get(&format!("{marked}.sort()")),
        json!([lines[0], lines[2]])
    );
    // What is none, or not one for here, is told, and nothing is marked.
    page.run(
        "needle.value = '(a'; needle.dispatchEvent(new Event('input'));",
        &json!([]),
    );
    page.until(&format!("{PLACE}.startsWith('Not an expression')"));
    page.until(&format!("{marked}.length === 0"));
    page.assert_quiet();
}

#[test]
fn an_expression_is_looked_for_in_what_is_held_as_well() {
    let mut ring = new_ring(16 << 20);
    for number in 0..5_000 {
        crate::page::say(
            &mut ring,
            circular_core::Level::Info,
            "app",
            &format!("number {number}"),
        );
    }
    let Some(page) = Page::open_with(&[], ring, Options::new()) else {
        return;
    };
    page.until_row_count(2_000);
    page.press("/");
    page.click("#needle-re");
    page.run(
        "needle.value = '^number 1[67]$'; needle.dispatchEvent(new Event('input'));",
        &json!([]),
    );
    page.until(&format!(
        "{PLACE}.startsWith('Not in what is shown, but at ')"
    ));
    page.run("needle.form.requestSubmit();", &json!([]));
    page.until("document.querySelector('.found')?.textContent.endsWith('number 17')");
    page.assert_quiet();
}
