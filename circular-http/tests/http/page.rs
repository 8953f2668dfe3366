//! The files of the page: all are served, and their modules fit together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::{Reply, Site, curl, options};

/// What is no file below the page's address: the page, and the form for the token.
const PAGES: [&str; 3] = ["index.html", "login.html", "wrong-token.html"];

/// The files of `page/` that are served below the page's address, and what is in them.
fn files() -> BTreeMap<String, String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let entries = fs::read_dir(directory).expect("it is there");
    let files = entries.map(|entry| {
        let entry = entry.expect("it can be read");
        let name = entry.file_name().into_string().expect("it is text");
        let text = fs::read_to_string(entry.path()).expect("it is text");
        (name, text)
    });
    files
        .filter(|(name, _)| !PAGES.contains(&name.as_str()))
        .collect()
}

fn modules() -> BTreeMap<String, String> {
    let files = files().into_iter();
    files.filter(|(name, _)| name.ends_with(".js")).collect()
}

/// What a module imports: from which file, and the names.
fn imports(text: &str) -> Vec<(&str, Vec<&str>)> {
    let lines = text.lines().filter(|line| line.starts_with("import"));
    lines
        .map(|line| {
            let (names, file) = line
                .strip_prefix("import { ")
                .and_then(|line| line.strip_suffix("\";"))
                .and_then(|line| line.split_once(" } from \"./"))
                .unwrap_or_else(|| panic!("an import is one line, with names in it: {line}"));
            (file, names.split(", ").collect())
        })
        .collect()
}

/// What a module has for others.
fn exports(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("export "));
    lines
        .map(|line| {
            let mut words = line.split([' ', '(']).filter(|&word| word != "async");
            let kind = words.next();
            assert!(
                matches!(kind, Some("const" | "function")),
                "an imported name is not assigned to: {line}"
            );
            words.next().expect("it has a name")
        })
        .collect()
}

#[test]
fn what_is_imported_is_there_and_what_is_there_is_imported() {
    let modules = modules();
    let mut used = BTreeSet::new();
    for (name, text) in &modules {
        for (file, names) in imports(text) {
            let from = modules
                .get(file)
                .unwrap_or_else(|| panic!("{name} imports from {file}, which is not there"));
            for imported in names {
                assert!(
                    exports(from).contains(imported),
                    "{name} imports {imported}, which {file} has not"
                );
                used.insert((file, imported));
            }
        }
    }
    for (name, text) in &modules {
        for exported in exports(text) {
            assert!(
                used.contains(&(name.as_str(), exported)),
                "nobody imports {exported} from {name}"
            );
        }
    }
}

#[test]
fn no_modules_import_each_other() {
    let modules = modules();
    let mut left: BTreeSet<&str> = modules.keys().map(String::as_str).collect();
    // Those go that import from none of those that are left.
    loop {
        let count = left.len();
        let before = left.clone();
        left.retain(|name| {
            let imports = imports(&modules[*name]);
            imports.iter().any(|(file, _)| before.contains(file))
        });
        if left.len() == count {
            break;
        }
    }
    assert_eq!(left, BTreeSet::new(), "in a circle, or above one");
}

/// The files of the page that the page, or a module that it refers to, names; each with the response. `get`
/// answers for what is behind the page's address.
fn named(page: &Reply, folder: &str, get: impl Fn(&str) -> Reply) -> BTreeMap<String, Reply> {
    let beginning = format!("=\"{folder}/");
    let mut next: Vec<String> = page
        .body
        .split(&beginning)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect();
    let named_by_page: BTreeSet<String> = next.iter().cloned().collect();
    let mut found = BTreeMap::new();
    while let Some(name) = next.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let reply = get(&format!("/{name}"));
        for (file, _) in imports(&reply.body) {
            assert!(
                named_by_page.contains(file),
                "the page does not say that it needs {file}: it would come late"
            );
            next.push(file.to_owned());
        }
        found.insert(name, reply);
    }
    found
}

fn assert_complete(found: &BTreeMap<String, Reply>) {
    let files = files();
    assert!(
        found.keys().eq(files.keys()),
        "served are {:?}, and there are {:?}",
        found.keys(),
        files.keys()
    );
    for (name, reply) in found {
        assert_eq!(reply.status, 200, "{name}");
        let content_type = match name.rsplit_once('.') {
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => panic!("what is {name}?"),
        };
        assert_eq!(reply.header("content-type"), Some(content_type), "{name}");
        assert_eq!(reply.body, files[name], "{name}");
    }
}

const HTML: [&str; 2] = ["--header", "accept: text/html"];

#[test]
fn every_file_is_served_and_named() {
    let site = Site::new();
    let page = site.curl("", &HTML);
    assert_complete(&named(&page, "log", |name| site.curl(name, &[])));
    // The page and the form are pages, and nothing else is there.
    for name in PAGES {
        assert_eq!(site.curl(&format!("/{name}"), &[]).status, 404, "{name}");
    }
    for name in ["/app", "/app.js/", "/App.js", "/page.rs"] {
        assert_eq!(site.curl(name, &[]).status, 404, "{name}");
    }
}

#[test]
fn so_it_is_at_another_path_and_at_the_root() {
    for (path, folder) in [("/logs", "./logs"), ("/a/b/my.log", "./my.log")] {
        let site = Site::with(1 << 16, options().path(path).expect("it is a path"));
        let page = site.curl("", &HTML);
        assert_complete(&named(&page, folder, |name| site.curl(name, &[])));
    }
    let site = Site::with(1 << 16, options().path("/").expect("it is a path"));
    let root = format!("http://{}", site.server.local_addr());
    let page = site.curl("", &HTML);
    let get = |name: &str| curl(&(root.clone() + name), &[]);
    assert_complete(&named(&page, ".", get));
}

/// They hold no log, and the form for the token needs some.
#[test]
fn files_are_served_to_whoever_has_no_token() {
    let site = Site::with(1 << 16, options().token("sesame").expect("it is one"));
    let right = [
        "--header",
        "authorization: Bearer sesame",
        "--header",
        "accept: text/html",
    ];
    assert_eq!(site.curl("", &HTML).status, 401);
    let page = site.curl("", &right);
    assert_eq!(page.status, 200);
    assert_complete(&named(&page, "log", |name| site.curl(name, &right)));
    assert_complete(&named(&page, "log", |name| site.curl(name, &[])));
    // Not to another page, by a name that is not this server's.
    for name in files().keys() {
        let host = ["--header", "host: evil.example.com"];
        let reply = site.curl(&format!("/{name}"), &host);
        assert_eq!(reply.status, 403, "{name}");
    }
}

#[cfg(feature = "router")]
#[test]
fn files_are_served_where_the_routes_are_nested() {
    use circular_http::{Options, router};

    let ring = circular_core::Ring::new(1 << 16).expect("there is memory");
    let routes = router(ring.handle(), Options::new());
    let app: axum::Router = axum::Router::new().nest("/admin", routes);
    crate::mounted::with_axum(app, |addr| {
        let url = format!("http://{addr}/admin/debug/log");
        let page = curl(&url, &HTML);
        assert_complete(&named(&page, "log", |name| {
            curl(&(url.clone() + name), &[])
        }));
    });
}
