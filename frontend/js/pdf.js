// PDF documents by pdf.js: browsers on phones have no viewer of their own, and the page's own rules hold in this one.
// The build for older browsers, since offices keep them for long.
import * as pdfjs from "pdfjs-dist/legacy/build/pdf.mjs";
import styles from "pdfjs-dist/legacy/web/pdf_viewer.css";

// The viewer looks for the library here.
globalThis.pdfjsLib = pdfjs;
const { EventBus, PDFLinkService, PDFViewer } = await import("pdfjs-dist/legacy/web/pdf_viewer.mjs");
pdfjs.GlobalWorkerOptions.workerSrc = PDF_WORKER;

const sheet = new CSSStyleSheet();
// Beneath the page's own rules, and without the pictures of tools that are not offered.
sheet.replaceSync(`@layer base {${styles.replace(/url\([^)]*\)/g, "none")}}`);

// Words of the viewer's own tools, of which none is shown.
const silent = {
  getLanguage: () => document.documentElement.lang,
  getDirection: () => "ltr",
  get: async (ids) => (Array.isArray(ids) ? ids.map(() => "") : ""),
  translate: async () => {},
  translateOnce: async () => {},
  destroy: async () => {},
  pause: () => {},
  resume: () => {},
};

/** Shows the document at `address`; fails where it cannot be read. `words.page` names a page: "{n}" is its number. */
export async function mount(element, address, words) {
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const task = pdfjs.getDocument({
    url: address,
    cMapUrl: `${PDF_DATA}cmaps/`,
    iccUrl: `${PDF_DATA}iccs/`,
    standardFontDataUrl: `${PDF_DATA}standard_fonts/`,
    wasmUrl: `${PDF_DATA}wasm/`,
    isEvalSupported: false,
    enableXfa: false,
  });
  const pdf = await task.promise;
  const container = document.createElement("div");
  container.className = "pdf-view scroll-thin";
  const pages = document.createElement("div");
  pages.className = "pdfViewer";
  container.append(pages);
  element.replaceChildren(container);
  const eventBus = new EventBus();
  const linkService = new PDFLinkService({ eventBus, externalLinkTarget: 2, externalLinkRel: "noopener noreferrer" });
  const viewer = new PDFViewer({
    container, viewer: pages, eventBus, linkService, l10n: silent,
    // Links and what was filled in are shown; nothing can be changed here.
    annotationMode: pdfjs.AnnotationMode.ENABLE,
    annotationEditorMode: pdfjs.AnnotationEditorType.DISABLE,
  });
  linkService.setViewer(viewer);
  const name = ({ source }) => {
    source.div.removeAttribute("data-l10n-id");
    source.div.setAttribute("role", "region");
    source.div.setAttribute("aria-label", words.page.replace("{n}", source.id));
  };
  eventBus.on("pagerender", name);
  eventBus.on("pagerendered", name);
  eventBus.on("pagesinit", () => { viewer.currentScaleValue = "page-width"; });
  viewer.setDocument(pdf);
  linkService.setDocument(pdf, null);
  // As wide as there is room, until somebody chooses otherwise.
  let chosen = false;
  const watch = new ResizeObserver(() => {
    if (!chosen && viewer.pagesCount > 0) viewer.currentScaleValue = "page-width";
  });
  watch.observe(container);
  return {
    zoom(closer) {
      chosen = true;
      viewer.updateScale({ steps: closer ? 1 : -1 });
    },
    destroy() {
      watch.disconnect();
      viewer.setDocument(null);
      linkService.setDocument(null);
      task.destroy();
    },
  };
}
