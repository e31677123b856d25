import "./keys.js";
import "./whole.js";
import { ahead, texts } from "kezhan-bridge";
import init from "kezhan-wasm";

// On its way while the rest is.
texts(document.documentElement.lang);
ahead(document.documentElement.lang);
init({ module_or_path: WASM_URL });
