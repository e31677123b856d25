// Puts the client together: styles, scripts, icons, hashed names, index.html.
// Usage: node build.mjs --wasm DIR --dist DIR [--release]
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const option = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const release = process.argv.includes("--release");
const wasmDir = path.resolve(option("--wasm"));
const dist = path.resolve(option("--dist"));

// Everything is written beside the old build and swapped in at the end, so that a running server
// never sees half of it.
const stage = `${dist}.new`;
const assets = path.join(stage, "assets");
fs.rmSync(stage, { recursive: true, force: true });
fs.mkdirSync(assets, { recursive: true });

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

// One sprite with the icons that the code names anywhere, and those that a declaration may name.
function sprite(files) {
  const icons = path.join(here, "node_modules/lucide-static/icons");
  const names = new Set(fs.readFileSync(path.join(here, "icons.txt"), "utf8").split(/\s+/).filter(Boolean));
  for (const [, text] of files) {
    for (const m of text.matchAll(/"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)"/g)) {
      if (fs.existsSync(path.join(icons, `${m[1]}.svg`))) names.add(m[1]);
      else if (new RegExp(`icon(?:_large)?\\(\\s*"${m[1]}"`).test(text)) throw new Error(`no icon ${m[1]}`);
    }
  }
  const symbols = [...names].sort().map((name) => {
    const svg = fs.readFileSync(path.join(icons, `${name}.svg`), "utf8").replace(/<!--[\s\S]*?-->/g, "");
    const body = svg.replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="i-${name}" viewBox="0 0 24 24">${body}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" style="display:none" aria-hidden="true">${symbols.join("")}</svg>`;
}

function styles() {
  const out = path.join(wasmDir, "app.css");
  const cli = path.join(here, "node_modules/@tailwindcss/cli/dist/index.mjs");
  const args = [cli, "-i", path.join(here, "css/app.css"), "-o", out, ...(release ? ["--minify"] : [])];
  execFileSync(process.execPath, args, { cwd: here, stdio: ["ignore", "ignore", "pipe"] });
  return fs.readFileSync(out);
}

async function scripts(wasmUrl) {
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
    define: { WASM_URL: JSON.stringify(wasmUrl) },
    alias: {
      "kezhan-wasm": path.join(wasmDir, "app.js"),
      "kezhan-bridge": path.join(here, "js/bridge.js"),
    },
    nodePaths: [path.join(here, "node_modules")],
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
  for (const [file, info] of Object.entries(result.metafile.outputs)) {
    if (info.entryPoint) names[path.parse(info.entryPoint).name] = renamed(`/assets/${path.basename(file)}`);
  }
  return names;
}

const compress = {
  ".br": (data) => promisify(zlib.brotliCompress)(data, {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: data.length },
  }),
  ".gz": (data) => promisify(zlib.gzip)(data, { level: 9 }),
};

async function precompress() {
  let total = 0;
  for (const name of fs.readdirSync(stage, { recursive: true })) {
    if (!/\.(html|js|css|wasm|svg|webmanifest)$/.test(name)) continue;
    const file = path.join(stage, name);
    const data = fs.readFileSync(file);
    for (const [ext, run] of Object.entries(compress)) {
      const small = await run(data);
      fs.writeFileSync(file + ext, small);
      if (ext === ".br") {
        total += small.length;
        console.log(`${String(small.length).padStart(8)} ${name}`);
      }
    }
  }
  console.log(`${String(total).padStart(8)} bytes brotli in all`);
}

const rust = sources(path.join(here, "src"), ".rs");
checkNoLiteralText(rust);
const css = emit("app.css", styles());
const wasm = emit("app.wasm", fs.readFileSync(path.join(wasmDir, "app_bg.wasm")));
const js = await scripts(wasm);
const favicon = emit("favicon.svg", fs.readFileSync(path.join(here, "favicon.svg")));
const page = fs.readFileSync(path.join(here, "index.html"), "utf8")
  .replace("%css%", css).replace("%wasm%", wasm).replace("%favicon%", favicon)
  .replace("%boot%", js.boot).replaceAll("%main%", js.main).replace("%icons%", () => sprite(rust));
fs.writeFileSync(path.join(stage, "index.html"), page);
if (release) await precompress();

fs.mkdirSync(path.dirname(dist), { recursive: true });
fs.rmSync(dist, { recursive: true, force: true });
fs.renameSync(stage, dist);
