//! The calendar of `js/calendar.js`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "kezhan-bridge")]
extern "C" {
    #[wasm_bindgen(catch, js_name = mountCalendar)]
    async fn mount_calendar_js(
        element: &web_sys::HtmlElement,
        options: &str,
        told: &Closure<dyn FnMut(String, String)>,
    ) -> Result<JsValue, JsValue>;

    type Handle;
    #[wasm_bindgen(method, js_name = setEvents)]
    fn set_events(this: &Handle, events: &str);
    #[wasm_bindgen(method)]
    fn go(this: &Handle, date: &str);
    #[wasm_bindgen(method)]
    fn destroy(this: &Handle);
}

/// Open until it is dropped.
pub struct Calendar {
    handle: Handle,
    _told: Closure<dyn FnMut(String, String)>,
}

impl Calendar {
    /// Nothing where the script cannot be had.
    pub async fn open(
        element: &web_sys::HtmlElement,
        options: &str,
        told: impl FnMut(String, String) + 'static,
    ) -> Option<Calendar> {
        let told = Closure::new(told);
        let handle = mount_calendar_js(element, options, &told).await.ok()?.unchecked_into();
        Some(Calendar { handle, _told: told })
    }

    pub fn show(&self, events: &str) {
        self.handle.set_events(events);
    }

    pub fn go(&self, date: &str) {
        self.handle.go(date);
    }
}

impl Drop for Calendar {
    fn drop(&mut self) {
        self.handle.destroy();
    }
}
