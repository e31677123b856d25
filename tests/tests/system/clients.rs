//! Other people's programs: clients generated from the OpenAPI document compile and do what they should.

use kezhan_tests::server::PASSWORD;
use kezhan_tests::{TestServer, client_tool, root};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An empty directory with this client's own files in it.
fn workshop(language: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(language);
    let _ = fs::remove_dir_all(&here);
    fs::create_dir_all(&here).unwrap();
    for file in fs::read_dir(root().join("tests/clients").join(language)).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), here.join(file.file_name())).unwrap();
        }
    }
    here
}

/// A server with somebody who may work with accounts and nothing else.
fn server() -> TestServer {
    let server = TestServer::new();
    let all = json!({"read": "all", "create": "self", "edit": "self", "delete": "self"});
    let role = server.role("外勤", json!({"account": all}));
    server.user("wang", &role, json!({}));
    server
}

fn document(server: &TestServer, into: &Path) -> PathBuf {
    let file = into.join("openapi.json");
    fs::write(&file, server.anonymous().get("/openapi.json").text).unwrap();
    file
}

/// Runs to success, or fails showing what was said.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    said
}

#[test]
fn a_typescript_client_compiles_and_works() {
    let server = server();
    let here = workshop("typescript");
    let modules = client_tool("typescript/node_modules");
    std::os::unix::fs::symlink(&modules, here.join("node_modules")).unwrap();
    document(&server, &here);
    run(Command::new(modules.join(".bin/openapi-ts")).arg("--no-log-file").current_dir(&here));
    run(Command::new("node").arg(modules.join("typescript-native/bin/tsc")).args(["-p", "."]).current_dir(&here));
    let said = run(Command::new("node").args(["build/smoke.js", &server.url(""), "wang", PASSWORD]).current_dir(&here));
    assert_eq!(said.trim(), "ok");
}

#[test]
fn a_python_client_is_complete_and_works() {
    let server = server();
    let here = workshop("python");
    let file = document(&server, &here);
    let mut generate = Command::new(client_tool("python/bin/openapi-python-client"));
    // Everything that it cannot express is a warning, and fails here.
    generate.args([
        "generate",
        "--meta",
        "none",
        "--output-path",
        "client",
        "--fail-on-warning",
        "--config",
        "config.yaml",
    ]);
    run(generate.arg("--path").arg(&file).current_dir(&here));
    let said = run(Command::new(client_tool("python/bin/python"))
        .args(["smoke.py", &server.url(""), "wang", PASSWORD])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(&here));
    assert_eq!(said.trim(), "ok");
}
