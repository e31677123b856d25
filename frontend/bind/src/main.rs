//! The last step from the compiler to the browser: JavaScript around the WASM, and the parts that come later cut out of
//! it. Part of the build, never of the product.
//!
//! ```text
//! kezhan-bind web IN OUT      the whole client
//! kezhan-bind parts IN OUT    the client that ships, cut where `frontend/src/lazy.rs` says
//! kezhan-bind run IN          tests, in Node: a runner for cargo
//! ```

use anyhow::{Context, Result, anyhow, bail};
use std::path::Path;
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

const NAME: &str = "app";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["web", input, out] => {
            Bindgen::new().web(true)?.input_path(input).typescript(false).out_name(NAME).generate(out)
        }
        ["parts", input, out] => parts(Path::new(input), Path::new(out)),
        ["run", input, ..] => run(Path::new(input)),
        _ => bail!("usage: kezhan-bind web|parts IN OUT, or run IN"),
    }
}

fn parts(input: &Path, out: &Path) -> Result<()> {
    let (dir, wasm) = (out.join("split"), std::fs::read(input)?);
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let main = dir.join(NAME).with_extension("wasm");
    let main_module = format!("./{NAME}.js");
    let mut options = Options::new(&wasm);
    (options.output_dir, options.main_out_path, options.main_module) = (&dir, &main, &main_module);
    options.target.web();
    transform(options).map_err(|e| anyhow!("{e:#}"))?;
    // Names that the linker made up are how the parts find each other.
    Bindgen::new()
        .web(true)?
        .input_path(&main)
        .typescript(false)
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name(NAME)
        .generate(out)
}

/// `main` runs when the module is loaded; a panic ends Node with a trace that names the test.
fn run(input: &Path) -> Result<()> {
    let dir = tempfile::tempdir()?;
    Bindgen::new().nodejs(true)?.input_path(input).typescript(false).out_name(NAME).generate(dir.path())?;
    let script = dir.path().join(NAME).with_extension("js");
    if !std::fs::read_to_string(&script)?.contains("wasm.__wbindgen_start()") {
        bail!("nothing would run");
    }
    let status = Command::new("node").arg(&script).status().context("node")?;
    if !status.success() {
        bail!("failed in Node: {status}");
    }
    Ok(())
}
