//! What a ring's file says of the crash that its program died of; and that the program dies as it does without.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "there is no safe way to crash")]

use circular_core::{RingFile, RingState};
use fatal::{null, over};
use shared_dir::Dir;
use std::fs;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::ptr;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, SystemTime};
use ways::*;

#[path = "common/child.rs"]
mod child;
#[path = "common/fatal.rs"]
mod fatal;
#[path = "common/shared_dir.rs"]
mod shared_dir;
#[path = "common/watchdog.rs"]
mod watchdog;
#[path = "crash_note/ways.rs"]
mod ways;

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let (before, what) = role.split_once('/').unwrap_or(("", &role));
    match before {
        "mends" => set_handler(libc::SIGSEGV, mend as *const () as usize),
        "mends what is sent" => set_handler(libc::SIGABRT, takes as *const () as usize),
        "one that returns" => set_handler(libc::SIGABRT, says as *const () as usize),
        "one that resets" => set_handler(libc::SIGSEGV, resets as *const () as usize),
        "one that is called once" => {
            set_action(
                libc::SIGSEGV,
                says as *const () as usize,
                libc::SA_ONSTACK | libc::SA_RESETHAND,
            );
        }
        "one that leaves it" => {
            set_handler(libc::SIGABRT, leaves_it_to_the_system as *const () as usize)
        }
        "one that exits" => set_handler(libc::SIGSEGV, exits as *const () as usize),
        "null at exit" => at_exit(nulls_at_exit),
        "overflow at exit" => at_exit(overflows_at_exit),
        "slow" => set_handler(libc::SIGSEGV, waits_for_a_lap as *const () as usize),
        "slow, and aborts" => set_handler(libc::SIGSEGV, aborts_after_a_lap as *const () as usize),
        "one that restores" => set_one_that_restores(libc::SIGSEGV),
        "ignored" => set_handler(libc::SIGSEGV, libc::SIG_IGN),
        "default" => set_handler(libc::SIGSEGV, libc::SIG_DFL),
        "two rings" => drop(ring()),
        "two libraries" => chain(libc::SIGSEGV),
        #[cfg(target_env = "gnu")]
        "left" => set_handler(libc::SIGSEGV, leaves as *const () as usize),
        #[cfg(all(target_env = "gnu", target_arch = "x86_64"))]
        "left, on the same stack" => set_action(libc::SIGSEGV, leaves_up as *const () as usize, 0),
        "stuck" => set_handler(libc::SIGSEGV, never_returns as *const () as usize),
        _ => {}
    }
    drop(ring());
    match before {
        "chained later" => chain(libc::SIGSEGV),
        "mends later" => set_handler(libc::SIGSEGV, mend as *const () as usize),
        _ => {}
    }
    if before.starts_with("slow") {
        writes_a_lap_meanwhile();
    }
    crash(what);
    // What has come so far is survived.
    tell(b"goes on\n");
}

fn crash(what: &str) {
    match what {
        "null" => null(),
        "null in main" => in_main(nulls_in_main as *const () as usize),
        "overflow in main" => in_main(overflows_in_main as *const () as usize),
        "null in a thread" => in_thread(null),
        "overflow" => over(),
        "overflow in a thread" => in_thread(over),
        "overflow in a C thread" => in_c_thread(overflows),
        "null in a C thread" => in_c_thread(nulls),
        "abort" => std::process::abort(),
        // The standard library's takes the alternate stack away before.
        // SAFETY: no other thread calls it.
        "exit" => unsafe { libc::exit(0) },
        "panic in C" => panics(),
        "illegal" => illegal(),
        "division" => division(),
        "cut file" => cut_file(),
        "sent" => send(libc::SIGSEGV),
        "sent twice" => {
            send(libc::SIGSEGV);
            send(libc::SIGSEGV);
        }
        "abort sent" => send(libc::SIGABRT),
        "killed" => send(libc::SIGKILL),
        "terminated" => send(libc::SIGTERM),
        "read-only page" => store_to_a_page(),
        "read-only page, and then null" => {
            store_to_a_page();
            null();
        }
        "read-only page, when the ring is cut" => {
            let path = RINGS.lock().unwrap()[0].handle().path().unwrap().to_owned();
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(0).unwrap();
            store_to_a_page();
        }
        "null, when the ring is cut" => {
            let path = RINGS.lock().unwrap()[0].handle().path().unwrap().to_owned();
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(0)
                .unwrap();
            null();
        }
        "child" => crash_in_a_child(),
        "null in a thread, and then in main" => {
            thread::Builder::new().spawn(null).unwrap();
            while !IS_STUCK.load(SeqCst) {
                thread::yield_now();
            }
            null();
        }
        "started" => {
            let started = std::process::Command::new("sh")
                .args(["-c", "kill -SEGV $$"])
                .status();
            assert!(started.unwrap().success(), "it ignores the signal, too");
        }
        "abort with a small stack" => {
            let mut memory = vec![0_u8; 2048];
            let stack = libc::stack_t {
                ss_sp: memory.as_mut_ptr().cast(),
                ss_flags: 0,
                ss_size: memory.len(),
            };
            // SAFETY: memory that stays until this ends.
            unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
            std::process::abort();
        }
        "null in a child, and then here" => {
            #[expect(deprecated, reason = "that is what it is for")]
            // SAFETY: the child does nothing but crash.
            let child = unsafe { libc::vfork() };
            if child == 0 {
                null();
            }
            let mut status = 0;
            // SAFETY: a child of ours, and a place for its status.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            null();
        }
        #[cfg(target_env = "gnu")]
        "null, and elsewhere another ring and abort" => null(),
        "raised, and then null" => {
            // SAFETY: numbers only.
            unsafe { libc::raise(libc::SIGABRT) };
            null();
        }
        "null in many threads" => crowd(),
        "abort among faults" => {
            fault_all_the_time();
            std::process::abort();
        }
        "rings among faults" => {
            fault_all_the_time();
            for _ in 0..50 {
                let kept = RINGS.lock().unwrap().len();
                drop(ring());
                let last = RINGS.lock().unwrap().split_off(kept);
                fs::remove_file(last[0].handle().path().unwrap()).unwrap();
            }
        }
        "after the ring" => {
            RINGS.lock().unwrap().clear();
            null();
        }
        _ => unreachable!("{what}"),
    }
}

/// How a program has ended.
#[derive(Debug, PartialEq)]
struct End {
    status: ExitStatus,
    stderr: String,
    /// Of its ring, or the last one.
    state: String,
    survived: u64,
}

fn run(role: &str, notes: bool) -> End {
    let dir = Dir::new(&format!("crash-{}", role.replace(['/', ' '], "-")));
    run_in(role, notes, &dir.0)
}

fn run_in(role: &str, notes: bool, dir: &Path) -> End {
    let (status, stderr) = status_of(role, notes, dir);
    let path = ring_in(dir);
    let state = RingFile::open(&path).unwrap().state().unwrap();
    End {
        status,
        stderr: without_numbers(&stderr),
        state: without_numbers(&state.to_string()),
        survived: word(&path, 0x10b0),
    }
}

/// And what is on its stderr.
fn status_of(role: &str, notes: bool, dir: &Path) -> (ExitStatus, String) {
    let mut command = child::command(role);
    command
        .env(NOTES, notes.to_string())
        .env(DIR, dir)
        .current_dir(dir)
        .stdin(Stdio::null());
    // Where the system leaves cores as files, it leaves one.
    // SAFETY: it is called between fork and exec, and makes a system call.
    unsafe { command.pre_exec(allow_cores) };
    let mut child = command.spawn().unwrap();
    let mut stderr = String::new();
    let mut pipe = child.stderr.take().unwrap();
    pipe.read_to_string(&mut stderr).unwrap();
    (child.wait().unwrap(), stderr)
}

fn allow_cores() -> std::io::Result<()> {
    let all = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: a valid limit.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const all) };
    Ok(())
}

/// Of several the newest.
fn ring_in(dir: &Path) -> PathBuf {
    let listed = RingFile::list(dir).unwrap();
    let newest = listed.into_iter().max_by_key(|listed| {
        let ring = listed.ring.as_ref().unwrap();
        ring.info().created
    });
    newest.unwrap().path
}

fn word(path: &Path, at: usize) -> u64 {
    let bytes = fs::read(path).unwrap();
    u64::from_le_bytes(bytes[at..][..8].try_into().unwrap())
}

/// Threads and places are called otherwise each time.
fn without_numbers(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_inclusive([' ', '\n']) {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let digits = bare.strip_prefix("0x").filter(|digits| digits.len() > 4);
        let is_digit = |c: char| c.is_digit(if digits.is_some() { 16 } else { 10 });
        let is_long = bare.len() > 1 && digits.unwrap_or(bare).chars().all(is_digit);
        words.push(if is_long {
            word.replace(bare, "N")
        } else {
            String::from(word)
        });
    }
    words.concat()
}

/// Runs it with and without notes: all but the state must be the same.
#[track_caller]
fn both(role: &str) -> End {
    let (without, with) = (run(role, false), run(role, true));
    assert_eq!(with.status, without.status, "{role}");
    assert_eq!(with.stderr, without.stderr, "{role}");
    assert_eq!(with.status.core_dumped(), without.status.core_dumped());
    assert!(!without.state.starts_with("died of"), "{}", without.state);
    with
}

#[track_caller]
fn assert_dies(role: &str, signal: i32, state: &str) -> End {
    let _watchdog = watchdog::minutes(3);
    let end = both(role);
    assert_eq!(end.status.signal(), Some(signal), "{role}: {end:?}");
    assert_eq!(end.state, state, "{role}: {end:?}");
    end
}

const UNNOTED: &str = "died without a note (killed, or out of memory)";
const SEGV: &str = "died of SIGSEGV at 0x10 in thread N (as_child)";

#[test]
fn null_in_main_and_in_a_thread() {
    assert_dies("null", libc::SIGSEGV, SEGV);
    // The main thread is called as the program.
    let state = "died of SIGSEGV at 0x10 in thread N (crash_note-";
    let end = both("null in main");
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV));
    assert!(end.state.starts_with(state), "{end:?}");
    let state = "died of SIGSEGV at 0x10 in thread N (worker)";
    assert_dies("null in a thread", libc::SIGSEGV, state);
}

/// The standard library tells of it, and aborts: the fault is the cause.
#[test]
fn overflow_of_a_stack_of_rust() {
    let _watchdog = watchdog::minutes(3);
    for role in ["overflow", "overflow in main", "overflow in a thread"] {
        let end = both(role);
        assert_eq!(end.status.signal(), Some(libc::SIGABRT), "{role}");
        assert!(end.stderr.contains("has overflowed its stack"), "{end:?}");
        assert!(
            end.state.starts_with("died of SIGSEGV at N in thread N ("),
            "{end:?}"
        );
    }
}

/// There is no stack for a handler.
#[test]
fn overflow_of_a_stack_of_c_leaves_no_note() {
    assert_dies("overflow in a C thread", libc::SIGSEGV, UNNOTED);
    assert_dies("null in a C thread", libc::SIGSEGV, SEGV);
}

#[test]
fn abort_and_a_panic_that_cannot_unwind() {
    let state = "died of SIGABRT in thread N (as_child)";
    assert_dies("abort", libc::SIGABRT, state);
    // Where the system takes one that is too small for the processor.
    assert_dies("abort with a small stack", libc::SIGABRT, state);
    let end = assert_dies("panic in C", libc::SIGABRT, state);
    assert!(end.stderr.contains("out of C"), "{end:?}");
}

#[test]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn an_illegal_instruction() {
    let end = both("illegal");
    assert_eq!(end.status.signal(), Some(libc::SIGILL));
    assert!(
        end.state.starts_with("died of SIGILL at N in thread N ("),
        "{end:?}"
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_division_by_zero() {
    let end = both("division");
    assert_eq!(end.status.signal(), Some(libc::SIGFPE));
    assert!(
        end.state.starts_with("died of SIGFPE at N in thread N ("),
        "{end:?}"
    );
}

#[test]
fn a_file_of_others_that_was_cut() {
    let end = both("cut file");
    assert_eq!(end.status.signal(), Some(libc::SIGBUS));
    assert!(
        end.state.starts_with("died of SIGBUS at N in thread N ("),
        "{end:?}"
    );
}

/// The standard library survives the first, as it takes it for a fault that it will meet again.
#[test]
fn a_signal_that_was_sent() {
    let _watchdog = watchdog::minutes(3);
    let end = both("sent");
    assert!(end.status.success(), "{end:?}");
    assert_eq!((end.survived, &*end.state), (1, EXITED));
    let state = "died of SIGSEGV in thread N (as_child)";
    let end = assert_dies("sent twice", libc::SIGSEGV, state);
    assert_eq!(end.survived, 1);
    assert_dies("default/sent", libc::SIGSEGV, state);
    let state = "died of SIGABRT in thread N (as_child)";
    assert_dies("abort sent", libc::SIGABRT, state);
}

const EXITED: &str = "exited without closing the ring";

#[test]
fn what_nobody_can_handle_leaves_no_note() {
    assert_dies("killed", libc::SIGKILL, UNNOTED);
    assert_dies("terminated", libc::SIGTERM, UNNOTED);
}

#[test]
fn a_program_that_mends_its_own_faults_goes_on() {
    let _watchdog = watchdog::minutes(3);
    for (role, survived) in [
        ("mends/read-only page", 1),
        ("mends later/read-only page", 0),
    ] {
        let end = both(role);
        assert!(end.status.success(), "{role}: {end:?}");
        assert_eq!((&*end.state, end.survived), (EXITED, survived), "{role}");
    }
    let role = "mends/read-only page, and then null";
    assert_eq!(assert_dies(role, libc::SIGSEGV, SEGV).survived, 1);
}

/// A note cannot be written then, and nothing else is different.
#[test]
fn a_ring_that_was_cut_is_in_nobody_s_way() {
    let _watchdog = watchdog::minutes(3);
    let dir = Dir::new("crash-cut-mends");
    let status = status_of("mends/read-only page, when the ring is cut", true, &dir.0);
    assert!(status.0.success(), "errno is kept: {status:?}");
    let dir = Dir::new("crash-cut-null");
    let status = status_of("null, when the ring is cut", true, &dir.0);
    assert_eq!(status.0.signal(), Some(libc::SIGSEGV), "{status:?}");
}

#[test]
fn handlers_of_the_program_s_before_ours() {
    let _watchdog = watchdog::minutes(3);
    let end = assert_dies("one that resets/null", libc::SIGSEGV, SEGV);
    assert_eq!(end.stderr, "a report\n");
    let end = assert_dies("one that is called once/null", libc::SIGSEGV, SEGV);
    assert_eq!(end.stderr, "a handler of the program's\n");
    assert_dies("default/null", libc::SIGSEGV, SEGV);
    // One that is ignored is left so.
    assert_dies("ignored/null", libc::SIGSEGV, UNNOTED);
    for role in ["ignored/sent", "ignored/started"] {
        let end = both(role);
        assert!(end.status.success(), "{role}: {end:?}");
        assert_eq!((&*end.state, end.survived), (EXITED, 0));
    }
    // `abort` does not return, whatever its handler does.
    let state = "died of SIGABRT in thread N (as_child)";
    let end = assert_dies("one that returns/abort", libc::SIGABRT, state);
    assert_eq!(end.stderr, "a handler of the program's\n");
    let end = assert_dies("one that leaves it/abort", libc::SIGABRT, state);
    assert_eq!(end.stderr, "a report\n");
    // But `raise` does.
    let end = assert_dies(
        "one that returns/raised, and then null",
        libc::SIGSEGV,
        SEGV,
    );
    assert_eq!(end.stderr, "a handler of the program's\n");
    let end = both("mends what is sent/abort sent");
    assert!(end.status.success(), "{end:?}");
}

/// The standard library's handler has the fault then, and nobody of ours.
#[test]
fn a_handler_that_restores_what_it_has_found_has_mended_nothing() {
    let end = assert_dies("one that restores/null", libc::SIGSEGV, SEGV);
    assert_eq!(end.stderr, "a report\n");
}

/// It is no signal that ends the program then.
#[test]
fn a_handler_that_calls_exit_leaves_both_to_be_told() {
    let _watchdog = watchdog::minutes(3);
    let end = both("one that exits/null");
    assert_eq!(end.status.code(), Some(3), "{end:?}");
    let state = "exited without closing the ring, after SIGSEGV at 0x10 in thread N (as_child)";
    assert_eq!(end.state, state);
}

/// What was there before the ring is done at the end after the ring has said that this is the end.
#[test]
fn a_crash_in_what_is_done_at_exit_is_told() {
    assert_dies("null at exit/exit", libc::SIGSEGV, SEGV);
    let end = both("overflow at exit/exit");
    assert_eq!(end.status.signal(), Some(libc::SIGABRT), "{end:?}");
    assert!(end.state.starts_with("died of SIGSEGV at N"), "{end:?}");
}

/// That it is a busy program does not mean that it has gone on.
#[test]
fn a_note_is_told_though_others_write_a_lap_until_the_end() {
    assert_dies("slow/null", libc::SIGSEGV, SEGV);
    // Nobody of ours is asked again, as its stack is short.
    assert_dies("slow, and aborts/null", libc::SIGABRT, SEGV);
}

/// A child of `vfork` has our memory, and a handler that is called once in each.
#[test]
fn what_a_child_s_handlers_do_is_the_child_s() {
    let role = "one that is called once/null in a child, and then here";
    let end = assert_dies(role, libc::SIGSEGV, SEGV);
    assert_eq!(end.stderr, "a handler of the program's\n".repeat(2));
}

/// SIGABRT is left to the system while a handler is on a short stack, which nobody comes back from here.
#[test]
#[cfg(target_env = "gnu")]
fn a_handler_that_is_left_takes_no_later_note_along() {
    let role = "left/null, and elsewhere another ring and abort";
    assert_dies(
        role,
        libc::SIGABRT,
        "died of SIGABRT in thread N (as_child)",
    );
}

/// The handler of the second one runs on the alternate stack, which is further down than the first one's, and is no part of that.
#[test]
#[cfg(all(target_env = "gnu", target_arch = "x86_64"))]
fn a_handler_that_was_left_on_another_stack_is_left() {
    let _watchdog = watchdog::minutes(3);
    let end = both("left, on the same stack/null in main");
    assert_eq!(end.status.signal(), Some(libc::SIGILL), "{end:?}");
    let state = "died of SIGILL at N in thread N (crash_note-";
    assert!(end.state.starts_with(state), "{end:?}");
}

#[test]
fn handlers_that_pass_on() {
    let end = assert_dies("chained later/null", libc::SIGSEGV, SEGV);
    assert!(end.stderr.contains("another library's handler"), "{end:?}");
    // The same before ours, which has the standard library's behind it.
    let end = assert_dies("two libraries/null", libc::SIGSEGV, SEGV);
    assert!(end.stderr.contains("another library's handler"), "{end:?}");
    let end = both("two libraries/overflow");
    assert_eq!(end.status.signal(), Some(libc::SIGABRT));
    assert!(end.stderr.contains("has overflowed its stack"), "{end:?}");
    assert!(end.state.starts_with("died of SIGSEGV at N"), "{end:?}");
}

/// What came of the first one is not known; the second ended the program.
#[test]
fn a_later_crash_takes_the_place_of_one_that_was_survived() {
    let role = "stuck/null in a thread, and then in main";
    assert_eq!(assert_dies(role, libc::SIGSEGV, SEGV).survived, 1);
}

/// Each might take another's note for its own.
#[test]
fn of_many_that_crash_at_once_one_is_told_as_a_whole() {
    let _watchdog = watchdog::minutes(5);
    for round in 0..30 {
        let dir = Dir::new(&format!("crash-crowd-{round}"));
        let (status, _) = status_of("default/null in many threads", true, &dir.0);
        assert_eq!(status.signal(), Some(libc::SIGSEGV));
        let state = RingFile::open(ring_in(&dir.0)).unwrap().state().unwrap();
        let told = state.to_string();
        let RingState::Died {
            address: Some(address),
            thread_name: Some(name),
            ..
        } = state
        else {
            panic!("{told}");
        };
        assert_eq!(format!("t{}", address / 16 - 1), name);
    }
}

/// What they note, and take back, is not the program's end.
#[test]
fn a_crash_is_told_though_others_mend_faults_all_the_time() {
    let _watchdog = watchdog::minutes(5);
    for round in 0..10 {
        let dir = Dir::new(&format!("crash-among-{round}"));
        let end = run_in("mends/abort among faults", true, &dir.0);
        assert_eq!(end.status.signal(), Some(libc::SIGABRT));
        assert_eq!(end.state, "died of SIGABRT in thread N (as_child)");
    }
}

#[test]
fn a_ring_can_be_dropped_while_others_mend_faults_all_the_time() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("crash-drop");
    let end = run_in("mends/rings among faults", true, &dir.0);
    assert!(end.status.success(), "{end:?}");
}

#[test]
fn of_two_rings_both_are_told() {
    let _watchdog = watchdog::minutes(3);
    let dir = Dir::new("crash-two");
    let end = run_in("two rings/null", true, &dir.0);
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV));
    let listed = RingFile::list(&dir.0).unwrap();
    assert_eq!(listed.len(), 2);
    for listed in listed {
        let state = listed.ring.unwrap().state().unwrap();
        assert_eq!(without_numbers(&state.to_string()), SEGV);
    }
}

#[test]
fn a_forked_child_s_crash_is_not_its_parent_s() {
    let end = both("child");
    assert!(end.status.success(), "{end:?}");
    assert_eq!((&*end.state, end.survived), (EXITED, 0));
}

#[test]
fn a_ring_that_is_gone_is_left_alone() {
    let end = both("after the ring");
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV));
    assert_eq!(end.state, "closed");
}

#[test]
fn a_note_says_when() {
    let dir = Dir::new("crash-when");
    let before = SystemTime::now();
    let end = run_in("null in a thread", true, &dir.0);
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV));
    let path = ring_in(&dir.0);
    assert!(word(&path, 0x1000) > 0);
    // The program died of it, whatever else was to come.
    const IS_FINAL: u64 = 2;
    assert_eq!(word(&path, 0x10b8), word(&path, 0x1000) | IS_FINAL);
    let file = RingFile::open(path).unwrap();
    let RingState::Died {
        signal,
        thread_name,
        address,
        at,
        ..
    } = file.state().unwrap()
    else {
        panic!("it died");
    };
    assert_eq!((signal, address), (Some(libc::SIGSEGV), Some(16)));
    assert_eq!(thread_name.as_deref(), Some("worker"));
    let at = at.unwrap();
    assert!(at >= before && at <= SystemTime::now() + Duration::from_secs(1));
    assert_eq!(file.snapshot().unwrap().bytes(), b"the last line\n");
}

/// A core is made with the fault's own registers; here it is looked at whether there is one at all.
#[test]
fn a_core_is_still_made() {
    let _watchdog = watchdog::minutes(3);
    let without = run("null", false);
    if !without.status.core_dumped() {
        tell(b"NOT TESTED: this system makes no core dumps: see /proc/sys/kernel/core_pattern\n");
        return;
    }
    for role in ["null", "overflow", "abort", "default/sent"] {
        let end = run(role, true);
        assert!(end.status.core_dumped(), "{role}: {end:?}");
    }
}
