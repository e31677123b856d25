//! The program `kezhan`.

use std::process::ExitCode;

// The system's allocator keeps what password hashing (19 MB at a time) and large pages have once used.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kezhan_api::cli::main()
}
