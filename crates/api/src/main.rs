//! The program `kezhan`.

use std::process::ExitCode;

// The system's allocator keeps what password hashing (19 MB at a time) and large pages of records have once used.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A page of 2 MB stays in memory for the sake of one object in it: a server at rest holds half as much without.
    // Where the kernel does not know the switch, nothing is lost but memory.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    kezhan_api::cli::main()
}
