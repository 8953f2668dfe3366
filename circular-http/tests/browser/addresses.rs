//! The page at other addresses of a server's own than the one that it has: as people type them, and as proxies make them.

use crate::page::Page;

#[test]
fn the_page_works_at_whatever_address_it_is_shown() {
    let Some(mut page) = Page::open() else { return };
    page.say("one");
    for (typed, shown) in [
        ("/", "/debug/log"),
        ("/debug/log/", "/debug/log/"),
        ("//debug/log", "//debug/log"),
        ("/debug/lo%67", "/debug/lo%67"),
        ("/admin/debug/log", "/admin/debug/log"),
    ] {
        page.go_to(&format!("http://{}{typed}?since=1h", page.addr));
        page.until_live();
        page.until_rows(&["one"]);
        assert_eq!(page.get("location.pathname"), shown, "{typed}");
        page.click(".chip.warn");
        page.until("new URLSearchParams(location.search).get('level') === 'warn'");
        assert_eq!(page.get("location.pathname"), shown, "{typed}");
        assert_eq!(page.get("location.host"), page.addr.to_string(), "{typed}");
        page.until_row_count(0);
        page.click(".chip.trace");
        page.until_rows(&["one"]);
    }
    page.assert_quiet();
}

#[test]
fn the_title_has_the_programs_name() {
    let name = "<b>shop</b> & \"co\"";
    let options = circular_http::Options::new().name(name);
    let Some(page) = Page::open_with(&[], crate::page::new_ring(1 << 16), options) else {
        return;
    };
    let title = page.get("document.title");
    assert!(
        title.as_str().is_some_and(|title| title.contains(name)),
        "{title}"
    );
    assert_eq!(page.get("document.documentElement.dataset.name"), name);
    page.assert_quiet();
}
