import init from "kezhan-wasm";

init({ module_or_path: WASM_URL });
