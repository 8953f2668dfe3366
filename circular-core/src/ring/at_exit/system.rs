//! Having the system call us when the program ends.
//!
//! Invariant: what is called can wait for other threads. Where these are gone by then, nothing is called.

/// Has `handler` called when the program ends, and tells whether it will be. To be called once for each
/// handler.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library has no hook on exit")]
pub(super) fn call(handler: extern "C" fn()) -> bool {
    // SAFETY: the handler is a function that lives as long as the program and does not unwind.
    unsafe { libc::atexit(handler) == 0 }
}

/// The C runtime that every program is linked with on Windows calls it when `main` returns, before it asks
/// the system to end the process, and so while other threads still run. [`std::process::exit`] asks the
/// system itself. A DLL's handlers are called when the system has ended all other threads.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library has no hook on exit")]
pub(super) fn call(handler: extern "C" fn()) -> bool {
    unsafe extern "C" {
        fn atexit(handler: extern "C" fn()) -> std::ffi::c_int;
    }
    // SAFETY: the handler is a function that is there as long as the program, of which it is a part, and does
    // not unwind.
    is_part_of_the_program() && unsafe { atexit(handler) == 0 }
}

/// Whether this code is in the program's own file, and not in a DLL.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library does not tell")]
fn is_part_of_the_program() -> bool {
    use std::ffi::c_void;
    use std::ptr;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleW(name: *const u16) -> *const c_void;
    }
    unsafe extern "C" {
        /// Where the linker has put the file that this is linked into.
        safe static __ImageBase: u8;
    }
    // SAFETY: without a name it gives the program's own, and touches no memory of ours.
    let program = unsafe { GetModuleHandleW(ptr::null()) };
    ptr::eq(program, (&raw const __ImageBase).cast())
}

#[cfg(not(any(unix, windows)))]
pub(super) fn call(_handler: extern "C" fn()) -> bool {
    false
}
