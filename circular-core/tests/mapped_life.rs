//! What is said of the program of a ring in a file, from outside, however that program fares.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use circular_core::{RingFile, RingState};
use program::{Program, assert_killed, path_of, ring, say, state, wait};
use shared_dir::Dir;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{self, Command, Stdio};

#[path = "common/child.rs"]
mod child;
#[path = "common/program.rs"]
mod program;
#[path = "common/shared_dir.rs"]
mod shared_dir;
#[path = "common/watchdog.rs"]
mod watchdog;

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    if role == "reuses a pid" {
        return reuse_a_pid();
    }
    let ring = ring();
    let path = path_of(&ring);
    writeln!(&ring, "the last line").unwrap();
    match role.as_str() {
        "returns" | "exits" => say(&path),
        "closes" => {
            ring.handle().close();
            say(&path);
        }
        "forks" => {
            let child = fork(|| {
                loop {
                    // SAFETY: the child has one thread, which waits for a signal.
                    unsafe { libc::pause() };
                }
            });
            say(&format!("{path} {child}"));
        }
        "forks one that exits" => {
            // SAFETY: it ends the child, by way of what is registered for that.
            let child = fork(|| unsafe { libc::exit(0) });
            // SAFETY: nobody wants to know how it ended.
            unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
            say(&path);
        }
        "starts another program" => {
            let mut sleep = Command::new("sh")
                .args(["-c", "echo begun; exec sleep 1000"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            // `spawn` is done a moment before the system has closed what another program is not to have.
            let stdout = sleep.stdout.as_mut().unwrap();
            stdout.read_exact(&mut [0]).unwrap();
            say(&format!("{path} {}", sleep.id()));
            wait();
            sleep.kill().unwrap();
            sleep.wait().unwrap();
        }
        "says its pid" => say(&format!("{path} {}", process::id())),
        _ => unreachable!("{role}"),
    }
    wait();
    if role == "exits" {
        process::exit(0);
    }
}

/// Does something in a forked child, and returns its pid when it has begun: until then the child has not closed what it
/// is to close.
fn fork(work: impl Fn()) -> libc::pid_t {
    let (mut here, mut there) = UnixStream::pair().unwrap();
    // SAFETY: the child does nothing but what it is here for, and ends.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        let _ = there.write_all(b"!");
        work();
        // SAFETY: it does not return.
        unsafe { libc::_exit(0) };
    }
    here.read_exact(&mut [0]).unwrap();
    pid
}

/// Ends a process that another one has left.
fn kill(pid: &str) {
    let killed = Command::new("kill").args(["-KILL", pid]).status().unwrap();
    assert!(killed.success());
}

fn says(path: &Path) -> Vec<u8> {
    let file = RingFile::open(path).unwrap();
    file.snapshot().unwrap().into_bytes()
}

#[test]
fn a_program_runs_until_it_is_killed() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("killed");
    let mut program = Program::start("returns", &dir.0);
    let file = RingFile::open(program.path()).unwrap();
    assert_eq!(file.state().unwrap(), RingState::Running);
    program.kill();
    assert_killed(&program.path());
    // One that was opened while it ran is as good.
    assert!(matches!(
        file.state().unwrap(),
        RingState::Died { signal: None, .. }
    ));
    assert_eq!(says(&program.path()), b"the last line\n");
}

/// A ring in a static is never dropped, and so not closed.
#[test]
fn the_end_of_main_and_exit_are_told_from_a_kill() {
    let _watchdog = watchdog::minutes(2);
    for role in ["returns", "exits"] {
        let dir = Dir::new(role);
        let mut program = Program::start(role, &dir.0);
        assert_eq!(program.state(), RingState::Running);
        assert!(program.end().success());
        assert_eq!(program.state(), RingState::Exited, "{role}");
        assert_eq!(says(&program.path()), b"the last line\n");
    }
}

#[test]
fn a_ring_that_was_closed_stays_so_when_its_program_is_killed() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("closed");
    let mut program = Program::start("closes", &dir.0);
    assert_eq!(program.state(), RingState::Closed);
    program.kill();
    assert_eq!(program.state(), RingState::Closed);
    let mut program = Program::start("closes", &dir.0);
    assert!(program.end().success());
    assert_eq!(program.state(), RingState::Closed, "and not just exited");
}

/// A forked child has the ring's memory, and whatever files its parent had open; a started program has them but for those
/// that are closed then.
#[test]
fn what_a_program_has_started_does_not_keep_its_ring_alive() {
    let _watchdog = watchdog::minutes(2);
    for role in ["forks", "starts another program"] {
        let dir = Dir::new("survived");
        let mut parent = Program::start(role, &dir.0);
        let child = parent.said[1].clone();
        assert_eq!(parent.state(), RingState::Running);
        parent.kill();
        let found = parent.state();
        let is_alive = fs::exists(format!("/proc/{child}")).unwrap();
        kill(&child);
        assert!(is_alive, "{role}: the test is about one that lives");
        let died = matches!(found, RingState::Died { signal: None, .. });
        assert!(died, "{role}: {found:?}");
    }
}

#[test]
fn a_forked_child_that_exits_does_not_end_its_parents_ring() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("fork-exits");
    let mut parent = Program::start("forks one that exits", &dir.0);
    assert_eq!(parent.state(), RingState::Running);
    parent.kill();
    assert_killed(&parent.path());
}

#[test]
fn a_copy_says_nothing_of_its_program_and_all_of_its_records() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("copied");
    let mut program = Program::start("returns", &dir.0);
    let copy = |name: &str| {
        let copy = dir.0.join(name);
        fs::copy(program.path(), &copy).unwrap();
        copy
    };
    let alive = copy("alive");
    assert_eq!(state(&alive), RingState::Copy);
    let path = program.path();
    program.kill();
    let dead = dir.0.join("dead");
    fs::copy(&path, &dead).unwrap();
    for copy in [alive, dead] {
        assert_eq!(state(&copy), RingState::Copy);
        assert_eq!(says(&copy), b"the last line\n");
    }
    // By another name it is the same file.
    let moved = dir.0.join("moved");
    fs::rename(&path, &moved).unwrap();
    assert_killed(&moved);
}

/// `unshare` in front of a program: it is the first process of a pid namespace, with a `/proc` of its own. `None` if that
/// may not be done here.
fn in_a_pid_namespace(command: &Command) -> Option<Command> {
    let unshare = || {
        let mut unshare = Command::new("unshare");
        unshare.args([
            "--user",
            "--map-root-user",
            "--pid",
            "--fork",
            "--mount-proc",
        ]);
        unshare
    };
    let tried = unshare().arg("true").stderr(Stdio::piped()).output();
    let refused = match tried {
        Ok(output) if output.status.success() => {
            let mut inside = unshare();
            inside.arg(command.get_program()).args(command.get_args());
            for (name, value) in command.get_envs() {
                match value {
                    Some(value) => inside.env(name, value),
                    None => inside.env_remove(name),
                };
            }
            inside
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped());
            return Some(inside);
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    say(&format!(
        "NOT TESTED: no pid namespace can be had here: {}",
        refused.trim_end()
    ));
    None
}

/// In a container a program is process 1, and there is a process 1 outside, too, which lives.
#[test]
fn a_program_in_a_container_is_seen_from_outside() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("container");
    let command = program::command("says its pid", &dir.0);
    let Some(mut command) = in_a_pid_namespace(&command) else {
        return;
    };
    let mut program = Program::ready(command.spawn().unwrap());
    assert_eq!(program.said[1], "1");
    assert_eq!(program.state(), RingState::Running);
    assert_eq!(RingFile::open(program.path()).unwrap().info().pid, 1);
    // Not `unshare`, whose child outlives it.
    let unshare = program.process.id();
    let children = format!("/proc/{unshare}/task/{unshare}/children");
    kill(fs::read_to_string(children).unwrap().trim());
    program.process.wait().unwrap();
    assert_killed(&program.path());
}

#[test]
fn another_process_with_the_same_pid_is_not_the_program() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("pid");
    let command = program::command("reuses a pid", &dir.0);
    let Some(mut command) = in_a_pid_namespace(&command) else {
        return;
    };
    let mut program = Program::ready(command.spawn().unwrap());
    let said = program.said.join(" ");
    assert_eq!(
        said,
        "running, and then died without a note (killed, out of memory, or by a crash)"
    );
    program.end();
}

/// In a pid namespace of its own, where it may say which pid comes next: what a program's ring says while it runs, and
/// when its pid is another's.
fn reuse_a_pid() {
    let dir = std::env::var_os("CIRCULAR_TEST_DIR").unwrap();
    let mut program = Program::start("says its pid", Path::new(&dir));
    let (path, pid) = (program.path(), program.process.id());
    assert_eq!(program.said[1], pid.to_string());
    let (running, began) = (program.state(), start(pid));
    program.kill();
    // Starts are told in hundredths of a second: two in the same one, with the same pid, are not told apart.
    let mut other = loop {
        fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).unwrap();
        let mut other = Command::new("sleep").arg("1000").spawn().unwrap();
        if other.id() == pid && start(pid) != began {
            break other;
        }
        other.kill().unwrap();
        other.wait().unwrap();
    };
    say(&format!("{running}, and then {}", state(&path)));
    other.kill().unwrap();
    other.wait().unwrap();
}

/// When a process began: field 22, the second being a name in brackets that may have spaces.
fn start(pid: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, behind_the_name) = stat.rsplit_once(") ").unwrap();
    let start = behind_the_name.split(' ').nth(22 - 3);
    String::from(start.unwrap())
}
