use std::path::Path;

use crate::program::Program;
use crate::rings::{Rings, circular, ran};

/// What bash offers for words of which the last is not whole.
fn offered(rings: &Rings, words: &str) -> Vec<String> {
    let script = format!(
        "source <(circular completions bash)
         COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_TYPE=9 COMP_LINE='{words}'
         _clap_complete_circular circular \"${{COMP_WORDS[-1]}}\" x
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let binary = Path::new(env!("CARGO_BIN_EXE_circular")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut command = std::process::Command::new("bash");
    command
        .args(["-c", &script])
        .env("PATH", path)
        .env("CIRCULAR_DIR", &rings.0);
    let ran = ran(&mut command);
    assert_eq!(ran.err, "");
    ran.out.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_shell_completes_commands_and_the_names_of_rings() {
    let rings = Rings::new();
    Program::start(&rings, "shopkeeper").end();
    assert_eq!(offered(&rings, "circular du"), ["dump"]);
    assert_eq!(offered(&rings, "circular tail -f shopk"), ["shopkeeper"]);
    assert_eq!(offered(&rings, "circular serve shopk"), ["shopkeeper"]);
    assert_eq!(offered(&rings, "circular serve --redact k"), ["keys"]);
    assert_eq!(offered(&rings, "circular stat -o prom"), ["prometheus"]);
}

#[test]
fn the_directory_on_the_line_is_the_one_whose_names_are_offered() {
    let (rings, elsewhere) = (Rings::new(), Rings::new());
    let _rings_of = [rings.ring("pantry"), elsewhere.ring("pharmacy")];
    let dir = elsewhere.0.display();
    let name = elsewhere.0.file_name().unwrap().to_str().unwrap();
    let tmp = elsewhere.0.parent().unwrap().display();
    for words in [
        format!("circular dump -D {dir} p"),
        format!("circular dump -D{dir} p"),
        format!("circular tail -fD {dir} p"),
        format!("circular tail --dir {dir} -f p"),
        // As bash takes it apart.
        format!("circular tail --dir = {dir} p"),
        format!("circular stat '--dir={dir}' p"),
        format!("circular serve -D '\"{dir}\"' p"),
        format!("circular serve -D '{tmp}/\\{name}' p"),
    ] {
        assert_eq!(offered(&rings, &words), ["pharmacy"], "{words}");
    }
    // This machine may have others, elsewhere.
    let without = offered(&rings, "circular dump p");
    let has = |name: &str| without.iter().any(|word| word == name);
    assert!(has("pantry") && !has("pharmacy"), "{without:?}");
    assert_eq!(offered(&rings, "circular dump -D /nowhere p"), [""]);
}

#[test]
fn a_name_that_a_shell_would_take_apart_is_offered_as_its_id() {
    let rings = Rings::new();
    let names = ["x;touch pwned", "two words", "a:b", "$(id)"];
    let rings_of: Vec<_> = names.iter().map(|name| rings.ring(name)).collect();
    let offered = offered(&rings, "circular dump \"\"");
    for name in names {
        assert!(
            !offered.iter().any(|word| word.contains(name)),
            "{offered:?}"
        );
    }
    // So are flags, and rings elsewhere that this machine has.
    let listed = rings.run(&["ls", "-o", "json"]).out;
    let listed: Vec<serde_json::Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(listed.len(), names.len());
    for ring in listed {
        let id = ring["ring"].as_str().unwrap();
        assert!(offered.iter().any(|word| word == id), "{id}: {offered:?}");
    }
    drop(rings_of);
}

#[test]
fn each_shell_gets_a_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = ran(&mut circular(&["completions", shell]));
        assert_eq!(ran.code, Some(0), "{shell}");
        assert!(ran.out.contains("circular"), "{shell}: {ran:?}");
    }
    assert_eq!(ran(&mut circular(&["completions", "tcsh"])).code, Some(2));
}

#[test]
fn pages_of_the_manual() {
    let page = ran(&mut circular(&["man"]));
    assert!(page.out.contains(".TH circular 1"), "{page:?}");
    let rings = Rings::new();
    let made = ran(&mut circular(&["man", "--dir", rings.0.to_str().unwrap()]));
    assert_eq!(made.code, Some(0), "{made:?}");
    let names: Vec<_> = rings
        .files()
        .iter()
        .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    // Those of commands that people type.
    let commands = [
        "check",
        "completions",
        "dump",
        "ls",
        "man",
        "run",
        "serve",
        "stat",
        "tail",
        "tee",
    ];
    let mut expected = commands.map(|name| format!("circular-{name}.1")).to_vec();
    expected.push(String::from("circular.1"));
    assert_eq!(names, expected);
}
