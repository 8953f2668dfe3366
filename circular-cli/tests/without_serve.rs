//! The command as most machines have it: without a server. `ci/features.sh` runs this; with all features there is nothing in it.
#![cfg(not(feature = "serve"))]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn circular(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_circular"));
    command.args(args).output().unwrap()
}

#[test]
fn serve_says_how_to_get_it() {
    for args in [
        &["serve"][..],
        &["serve", "shop", "cart"],
        &["serve", "--addr=127.0.0.1:0", "--token-env=SHOP_TOKEN"],
    ] {
        let output = circular(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{args:?}: {output:?}");
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(err.contains("built without its page"), "{args:?}: {err}");
        let next = "Try: cargo install --path circular-cli --features serve\n";
        assert!(err.ends_with(next), "{args:?}: {err}");
    }
}

#[test]
fn it_is_not_hidden_and_its_help_says_so_too() {
    let output = circular(&["--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("  serve  "), "{help}");
    for help in ["--help", "-h"] {
        let output = circular(&["serve", help]);
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.starts_with("Examples:"), "{help}");
        assert!(
            help.contains("cargo install --path circular-cli --features serve"),
            "{help}"
        );
    }
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-serve-man");
    fs::create_dir_all(&dir).unwrap();
    circular(&["man", "--dir", dir.to_str().unwrap()]);
    let page = fs::read_to_string(dir.join("circular-serve.1")).unwrap();
    fs::remove_dir_all(&dir).unwrap();
    assert!(page.contains("has no server in it"), "{page}");
}
