// Puts the client together: styles, scripts, icons, hashed names, index.html.
// Usage: node build.mjs styles --work DIR [--release]
//        node build.mjs assemble --work DIR --dist DIR [--release]
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { packed } from "./pack.mjs";
import { reached } from "./reach.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const option = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const release = process.argv.includes("--release");
const work = path.resolve(option("--work"));
const dist = path.resolve(option("--dist") ?? work);

// Everything is written beside the old build and swapped in at the end, so that a running server
// never sees half of it.
const stage = `${dist}.new`;
const assets = path.join(stage, "assets");

/** Bytes of brotli that the browser fetches before the first screen, and for any one part that comes later. */
const BUDGET = { first: 400_000, part: 100_000 };

function emit(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const { name: stem, ext } = path.parse(name);
  const file = `${stem}-${hash}${ext}`;
  fs.writeFileSync(path.join(assets, file), content);
  return `/assets/${file}`;
}

function sources(dir, suffix) {
  return fs.readdirSync(dir, { recursive: true })
    .filter((f) => f.endsWith(suffix))
    .map((f) => [f, fs.readFileSync(path.join(dir, f), "utf8")]);
}

// Text belongs into src/i18n; a Chinese character in a component is a text that nobody translates.
function checkNoLiteralText(files) {
  for (const [file, text] of files) {
    text.split("\n").forEach((line, i) => {
      if (/\p{Script=Han}/u.test(line) && !/^\s*\/\//.test(line)) {
        throw new Error(`${file}:${i + 1}: literal text, move it to src/i18n`);
      }
    });
  }
}

/** The icons that the code names, and those that a declaration may name: what the first load shows, and the rest. */
function sprites(files) {
  const icons = path.join(here, "node_modules/lucide-static/icons");
  const declared = fs.readFileSync(path.join(here, "icons.txt"), "utf8").split(/\s+/).filter(Boolean);
  const named = (sources) => {
    const names = new Set();
    for (const [, text] of sources) {
      for (const m of text.matchAll(/"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)"/g)) {
        if (fs.existsSync(path.join(icons, `${m[1]}.svg`))) names.add(m[1]);
        else if (new RegExp(`icon(?:_large)?\\(\\s*"${m[1]}"`).test(text)) throw new Error(`no icon ${m[1]}`);
      }
    }
    return names;
  };
  const first = new Set([...declared, ...named(early)]);
  const symbol = (name) => {
    const svg = fs.readFileSync(path.join(icons, `${name}.svg`), "utf8").replace(/<!--[\s\S]*?-->/g, "");
    const body = svg.replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="i-${name}" viewBox="0 0 24 24">${body}</symbol>`;
  };
  const sprite = (names) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" class="hidden" aria-hidden="true">${names.sort().map(symbol).join("")}</svg>`;
  return [sprite([...first]), sprite([...named(files)].filter((name) => !first.has(name)))];
}

// Made anew only where something has changed that they depend on.
function styles(files) {
  const out = path.join(work, "app.css");
  const digest = createHash("sha256").update(String(release));
  for (const [, text] of files) digest.update(text);
  for (const file of ["css/app.css", "package-lock.json"]) digest.update(fs.readFileSync(path.join(here, file)));
  const stamp = digest.digest("hex");
  const old = path.join(work, "app.css.stamp");
  if (fs.existsSync(out) && fs.existsSync(old) && fs.readFileSync(old, "utf8") === stamp) return;
  const cli = path.join(here, "node_modules/@tailwindcss/cli/dist/index.mjs");
  const args = [cli, "-i", path.join(here, "css/app.css"), "-o", out, ...(release ? ["--minify"] : [])];
  execFileSync(process.execPath, args, { cwd: here, stdio: ["ignore", "ignore", "pipe"] });
  fs.writeFileSync(old, stamp);
}

/** Reads a module's numbers and texts, one after the other. */
class Reader {
  constructor(bytes) {
    Object.assign(this, { bytes, at: 0 });
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  text() {
    const size = this.number();
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at).toString();
  }
}

/** What a module consists of. */
function sections(bytes) {
  const reader = new Reader(bytes);
  reader.at = 8;
  const found = [];
  while (reader.at < bytes.length) {
    const start = reader.at;
    const kind = bytes[reader.at++];
    const length = reader.number();
    const body = bytes.subarray(reader.at, reader.at + length);
    reader.at += length;
    found.push({ kind, body, whole: bytes.subarray(start, reader.at) });
  }
  return found;
}

/** A module without the names of its functions, which are half of it and for debuggers only. */
function withoutNames(bytes) {
  const needed = ({ kind, body }) => kind !== 0 || !["name", "producers"].includes(new Reader(body).text());
  return Buffer.concat([bytes.subarray(0, 8), ...sections(bytes).filter(needed).map((section) => section.whole)]);
}

const encoded = (number) => (number < 128 ? [number] : [(number & 127) | 128, ...encoded(number >>> 7)]);
const prefixed = (bytes) => Buffer.concat([Buffer.from(encoded(bytes.length)), bytes]);

/**
 * Module and glue agree on names such as `__wbg_append_2636721c685d9a4d`, which do not compress: they become short ones
 * in both. Everything that the glue itself gives to the module is a function.
 */
function withShortNames(bytes, glue) {
  const from = "./app_bg.js";
  const short = new Map();
  const parts = sections(bytes).map(({ kind, body, whole }) => {
    if (kind !== 2) return whole;
    const reader = new Reader(body);
    const count = reader.number();
    const imports = [Buffer.from(encoded(count))];
    for (let i = 0; i < count; i++) {
      const [module, name, start] = [reader.text(), reader.text(), reader.at];
      if (body[reader.at++] !== 0) throw new Error(`${module} ${name}: the module imports more than functions`);
      reader.number();
      if (module === from && !short.has(name)) short.set(name, short.size.toString(36));
      const names = module === from ? ["g", short.get(name)] : [module, name];
      imports.push(...names.map((text) => prefixed(Buffer.from(text))), body.subarray(start, reader.at));
    }
    return Buffer.concat([Buffer.from([kind]), prefixed(Buffer.concat(imports))]);
  });
  const given = glue.replace(`"${from}":`, '"g":').replace(/^( +)(__wb\w+): function\(/gm, (line, indent, name) => {
    const key = short.get(name);
    if (key === undefined) return line;
    short.delete(name);
    return `${indent}"${key}": function(`;
  });
  if (short.size > 0 || given === glue) throw new Error(`the glue does not give ${[...short.keys()].join(", ")}`);
  return [Buffer.concat([bytes.subarray(0, 8), ...parts]), given];
}

/** What is loaded later. */
function parts() {
  const from = path.join(work, "split");
  if (!release || !fs.existsSync(path.join(from, "__wasm_split.js"))) return [];
  const { loader, files } = packed(from, emit, withoutNames);
  fs.writeFileSync(path.join(work, "parts.js"), loader.replace('import { initSync } from "./app.js";', LOADER));
  const names = [...loader.matchAll(/export const (__wasm_split_load_\w+)/g)].map(([, name]) => name);
  fs.writeFileSync(path.join(work, "__wasm_split.js"), STUB + names.map((name) => `export const ${name} = load("${name}");\n`).join(""));
  return files;
}

// What knows all the parts is as long as some of them: it comes with the first, and is told what it would import, which
// would otherwise become a script of its own.
const LOADER = "let initSync;\nexport const begin = (init) => (initSync = init);\n";
const STUB = `import { initSync } from "./app.js";
let loader;
const load = (name) => async (callback, data) => {
  let parts;
  try {
    parts = await (loader ??= import("./parts.js"));
  } catch (e) {
    console.error(e);
    loader = undefined;
    return initSync(undefined, undefined).__indirect_function_table.get(callback)(data, false);
  }
  parts.begin(initSync);
  return parts[name](callback, data);
};
`;

/**
 * Two files per language, a line per text, in the order that `build.rs` has given the keys: what the first load shows, and
 * the rest. What stands in the other file is an empty line.
 */
function texts() {
  const read = (tag) => JSON.parse(fs.readFileSync(path.join(here, `src/i18n/${tag}.json`), "utf8"));
  const keys = Object.keys(read("zh-CN"));
  const named = new Set(early.flatMap(([, text]) => text.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []));
  return ["zh-CN", "en"].map((tag) => {
    const all = read(tag);
    const broken = keys.find((key) => all[key].includes("\n"));
    if (broken) throw new Error(`${broken}: a text is one line`);
    const lines = (first) => keys.map((key) => (named.has(key.toUpperCase()) === first ? all[key] : "")).join("\n");
    return [true, false].map((first) => emit(`texts-${tag}.txt`, lines(first)));
  });
}

/** What documents need while they are read: the reader itself, and what only some of them ask for. */
function documents() {
  const from = path.join(here, "node_modules/pdfjs-dist");
  const reader = emit("pdf-worker.js", fs.readFileSync(path.join(from, "legacy/build/pdf.worker.min.mjs")));
  const { version } = JSON.parse(fs.readFileSync(path.join(from, "package.json"), "utf8"));
  const data = `pdf-${version}`;
  for (const dir of ["cmaps", "iccs", "standard_fonts", "wasm"]) {
    fs.cpSync(path.join(from, dir), path.join(assets, data, dir), { recursive: true });
  }
  return { reader, data: `/assets/${data}/` };
}

async function scripts(glue, urls) {
  const { build } = await import("esbuild");
  const result = await build({
    entryPoints: { main: path.join(here, "js/main.js"), boot: path.join(here, "js/boot.js") },
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: release,
    outdir: assets,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    metafile: true,
    logLevel: "error",
    // Styles of libraries come with the script that needs them.
    loader: { ".css": "text" },
    define: Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, JSON.stringify(url)])),
    alias: {
      "kezhan-wasm": path.join(work, "app.js"),
      "kezhan-bridge": path.join(here, "js/bridge.js"),
    },
    nodePaths: [path.join(here, "node_modules")],
    plugins: [{
      name: "glue",
      setup: (builder) => builder.onLoad({ filter: /[/\\]app\.js$/ }, (file) =>
        file.path === path.join(work, "app.js") ? { contents: glue, loader: "js" } : undefined),
    }],
  });
  // The server caches for ever what bears a hexadecimal digest; the bundler's own are of another alphabet.
  const files = Object.keys(result.metafile.outputs).map((file) => path.resolve(file));
  const digests = files.map((file) => [
    path.basename(file).replace(/^.*-|\.js$/g, ""),
    createHash("sha256").update(fs.readFileSync(file)).digest("hex").slice(0, 10),
  ]);
  const renamed = (text) => digests.reduce((t, [old, digest]) => t.replaceAll(`-${old}.js`, `-${digest}.js`), text);
  for (const file of files) {
    fs.writeFileSync(renamed(file), renamed(fs.readFileSync(file, "utf8")));
    if (renamed(file) !== file) fs.rmSync(file);
  }
  const names = {};
  const url = (file) => renamed(`/assets/${path.basename(file)}`);
  for (const [file, info] of Object.entries(result.metafile.outputs)) {
    if (!info.entryPoint) continue;
    const name = path.parse(info.entryPoint).name;
    // It runs as it is, before anything else has come.
    if (name === "boot" && info.imports.length > 0) throw new Error("boot.js must not import anything");
    names[name] = url(file);
    if (name === "main") names.first = imported(result.metafile.outputs, file).map(url);
  }
  return names;
}

const compress = {
  ".br": (data) => promisify(zlib.brotliCompress)(data, {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: data.length },
  }),
  ".gz": (data) => promisify(zlib.gzip)(data, { level: 9 }),
};

/** Compresses what can be and tells how much each file weighs on its way to the browser. */
async function precompress() {
  const files = fs.readdirSync(stage, { recursive: true }).filter((f) => /\.(html|js|css|wasm|bin|svg|txt|webmanifest)$/.test(f));
  const sizes = await Promise.all(files.map(async (name) => {
    const file = path.join(stage, name);
    const data = fs.readFileSync(file);
    const small = await Promise.all(Object.entries(compress).map(async ([ext, run]) => {
      const out = await run(data);
      fs.writeFileSync(file + ext, out);
      return out.length;
    }));
    return [`/${name}`, small[0]];
  }));
  return new Map(sizes);
}

function checkBudget(sizes, first, later) {
  const total = first.reduce((sum, name) => sum + sizes.get(name), 0);
  for (const name of [...first, ...later]) console.log(`${String(sizes.get(name)).padStart(8)} ${name}`);
  console.log(`${String(total).padStart(8)} bytes of brotli before the first screen, of ${BUDGET.first}`);
  const heavy = later.filter((name) => sizes.get(name) > BUDGET.part);
  if (total > BUDGET.first || heavy.length > 0) {
    throw new Error(`the client is too heavy: ${total} of ${BUDGET.first} bytes at first; too large a part: ${heavy.join(", ") || "none"}`);
  }
}

/** Pictures of the icons in the sizes that systems ask for which install a page: `icon.svg` fills its square, so that any mask fits. */
async function pictures() {
  const { Resvg } = await import("@resvg/resvg-js");
  const picture = (svg, width) => {
    const drawn = new Resvg(fs.readFileSync(path.join(here, svg)), { fitTo: { mode: "width", value: width } });
    return emit(`${path.parse(svg).name}-${width}.png`, drawn.render().asPng());
  };
  const icon = (svg, size, purpose) => ({ src: picture(svg, size), sizes: `${size}x${size}`, type: "image/png", purpose });
  const icons = [192, 512].flatMap((size) => [icon("favicon.svg", size, "any"), icon("icon.svg", size, "maskable")]);
  return { icons, touch: picture("icon.svg", 180) };
}

/** The service worker, with the names of everything it keeps; what it is changes with any of them. What shows documents
 * is not kept: they cannot be had without the network either. */
async function worker(page) {
  const { build } = await import("esbuild");
  const kept = fs.readdirSync(assets).filter((f) => !/\.(br|gz)$/.test(f) && !f.startsWith("pdf"));
  const shell = ["/", ...kept.sort().map((f) => `/assets/${f}`)];
  const version = createHash("sha256").update(page).update(shell.join()).digest("hex").slice(0, 10);
  await build({
    entryPoints: [path.join(here, "js/sw.js")],
    bundle: true,
    target: "es2022",
    minify: release,
    outfile: path.join(stage, "sw.js"),
    define: { SHELL: JSON.stringify(shell), VERSION: JSON.stringify(version) },
    logLevel: "error",
  });
}

/** The scripts that a script loads at once, itself included. */
function imported(outputs, file) {
  const seen = new Set();
  const walk = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const next of outputs[name].imports) if (next.kind === "import-statement" && outputs[next.path]) walk(next.path);
  };
  walk(file);
  return [...seen];
}

async function assemble() {
  fs.rmSync(stage, { recursive: true, force: true });
  fs.mkdirSync(assets, { recursive: true });
  const css = emit("app.css", fs.readFileSync(path.join(work, "app.css")));
  const whole = ["app_bg.wasm", "app.js"].map((file) => fs.readFileSync(path.join(work, file)));
  const [module, glue] = release ? withShortNames(whole[0], whole[1].toString()) : whole;
  const wasm = emit("app.wasm", module);
  const later = parts();
  const regions = emit("regions.txt", fs.readFileSync(path.join(here, "../crates/meta/data/regions.txt")));
  const [[zh, zhRest], [en, enRest]] = texts();
  const [first, rest] = sprites(rust);
  const { reader, data } = documents();
  const js = await scripts(glue, {
    WASM_URL: wasm, TEXTS_ZH: zh, TEXTS_ZH_REST: zhRest, TEXTS_EN: en, TEXTS_EN_REST: enRest,
    ICONS_URL: emit("icons.svg", rest), REGIONS_URL: regions, PDF_WORKER: reader, PDF_DATA: data,
  });
  const favicon = emit("favicon.svg", fs.readFileSync(path.join(here, "favicon.svg")));
  const { icons, touch } = await pictures();
  const page = fs.readFileSync(path.join(here, "index.html"), "utf8")
    .replace("%css%", css).replace("%wasm%", wasm).replace("%favicon%", favicon).replace("%touch%", touch)
    .replace("%boot%", js.boot).replaceAll("%main%", js.main).replace("%icons%", () => first);
  fs.writeFileSync(path.join(stage, "index.html"), page);
  const manifest = JSON.parse(fs.readFileSync(path.join(here, "manifest.json"), "utf8"));
  manifest.icons = [...icons, { src: favicon, sizes: "any", type: "image/svg+xml", purpose: "any" }];
  fs.writeFileSync(path.join(stage, "manifest.webmanifest"), JSON.stringify(manifest));
  await worker(page);
  if (release) {
    const sizes = await precompress();
    checkBudget(sizes, ["/index.html", favicon, css, js.boot, ...js.first, wasm, zh], [...later, regions]);
  }
  fs.mkdirSync(path.dirname(dist), { recursive: true });
  fs.rmSync(dist, { recursive: true, force: true });
  fs.renameSync(stage, dist);
}

const rust = sources(path.join(here, "src"), ".rs");
const early = reached(rust);
if (process.argv[2] === "styles") {
  checkNoLiteralText(rust);
  styles(rust);
} else {
  await assemble();
}
