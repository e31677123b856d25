//! The documents of `js/pdf.js`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "kezhan-bridge")]
extern "C" {
    #[wasm_bindgen(catch, js_name = mountPdf)]
    async fn mount_pdf_js(element: &web_sys::HtmlElement, address: &str, page: &str) -> Result<JsValue, JsValue>;

    type Handle;
    #[wasm_bindgen(method)]
    fn zoom(this: &Handle, closer: bool);
    #[wasm_bindgen(method)]
    fn destroy(this: &Handle);
}

/// Open until it is dropped.
pub struct Pdf(Handle);

impl Pdf {
    /// `page` names a page for those who hear it, with `{n}` for its number. Nothing where the document cannot be read.
    pub async fn open(element: &web_sys::HtmlElement, address: &str, page: &str) -> Option<Pdf> {
        Some(Pdf(mount_pdf_js(element, address, page).await.ok()?.unchecked_into()))
    }

    pub fn zoom(&self, closer: bool) {
        self.0.zoom(closer);
    }
}

impl Drop for Pdf {
    fn drop(&mut self) {
        self.0.destroy();
    }
}
