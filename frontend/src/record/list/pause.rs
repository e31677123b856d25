//! Waiting, between two looks at something that takes its time.

use leptos::prelude::*;

/// Lets the page do other things for a while.
pub async fn pause(milliseconds: i32) {
    let wait = js_sys::Promise::new(&mut |done, _| {
        set_timeout(
            move || {
                let _ = done.call0(&wasm_bindgen::JsValue::NULL);
            },
            std::time::Duration::from_millis(milliseconds.unsigned_abs().into()),
        );
    });
    let _ = wasm_bindgen_futures::JsFuture::from(wait).await;
}
