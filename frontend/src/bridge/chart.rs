//! The charts of `js/chart.js`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "kezhan-bridge")]
extern "C" {
    #[wasm_bindgen(catch, js_name = mountChart)]
    async fn mount_chart_js(
        element: &web_sys::HtmlElement,
        pressed: &Closure<dyn FnMut(i32, i32)>,
    ) -> Result<JsValue, JsValue>;

    type Handle;
    #[wasm_bindgen(method)]
    fn draw(this: &Handle, option: &str);
    #[wasm_bindgen(method)]
    fn destroy(this: &Handle);
}

/// Open until it is dropped.
pub struct Chart {
    handle: Handle,
    _pressed: Closure<dyn FnMut(i32, i32)>,
}

impl Chart {
    /// `pressed` is told the point's place and its series. Nothing where the script cannot be had.
    pub async fn open(element: &web_sys::HtmlElement, pressed: impl FnMut(i32, i32) + 'static) -> Option<Chart> {
        let pressed = Closure::new(pressed);
        let handle = mount_chart_js(element, &pressed).await.ok()?.unchecked_into();
        Some(Chart { handle, _pressed: pressed })
    }

    pub fn draw(&self, option: &str) {
        self.handle.draw(option);
    }
}

impl Drop for Chart {
    fn drop(&mut self) {
        self.handle.destroy();
    }
}
