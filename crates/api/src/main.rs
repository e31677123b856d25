//! The program `kezhan`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kezhan_api::cli::main()
}
