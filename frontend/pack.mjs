// The splitter makes a module of whatever some set of parts has in common: hundreds, most of them under two kilobytes.
// Here they are put together into a few files, of which a part fetches those that it needs something of.
import * as fs from "node:fs";
import * as path from "node:path";

/** One more request is worth as much as this many bytes that nobody has asked for. */
const REQUEST = 15_000;
/** A file that is fetched together is no larger; modules above half of it stay by themselves, where browsers keep what they
 * have compiled. */
const LARGEST = 200_000;

const LOAD = new RegExp(
  String.raw`/\* ([^*]*) \*/\nconst \w+ = makeLoad\(\(\) => \{\s*const src = fetch\(new URL\("\./([\w.]+)", import\.meta\.url\)\);` +
    String.raw`|__wasm_split_load_(\w+) = wrapAsyncCb\(makeLoad\(\(\) => \{\s*const src = fetch\(new URL\("\./([\w.]+)", import\.meta\.url\)\);`,
  "g",
);

/** The modules that the loader knows, each with the parts that it is for. */
function modules(loader, from, strip) {
  return [...loader.matchAll(LOAD)].map(([, users, shared, part, own]) => {
    const file = shared ?? own;
    return { file, users: new Set(shared ? users.split(", ") : [part]), bytes: strip(fs.readFileSync(path.join(from, file))) };
  });
}

const union = (a, b) => new Set([...a, ...b]);
const shared = (a, b) => [...a].filter((user) => b.has(user)).length;

/** What is saved by fetching two files as one. */
function gain(a, b) {
  if (a.size + b.size > LARGEST) return -1;
  const both = shared(a.users, b.users);
  return both * REQUEST - (a.users.size - both) * b.size - (b.users.size - both) * a.size;
}

/** Puts the two together that save most, until nothing is saved any more. */
function grouped(all) {
  const groups = all.map((module) => ({ users: module.users, size: module.bytes.length, modules: [module] }));
  // For each the best of those after it, so that a merger has only its neighbours looked at again.
  const best = (i) => {
    let found = { to: -1, gain: 0 };
    for (let j = i + 1; j < groups.length; j++) {
      const value = groups[j] ? gain(groups[i], groups[j]) : 0;
      if (value > found.gain) found = { to: j, gain: value };
    }
    return found;
  };
  const bests = groups.map((_, i) => best(i));
  for (;;) {
    let from = -1;
    groups.forEach((group, i) => {
      if (group && bests[i].to >= 0 && (from < 0 || bests[i].gain > bests[from].gain)) from = i;
    });
    if (from < 0) return groups.filter(Boolean);
    const to = bests[from].to;
    const [a, b] = [groups[from], groups[to]];
    groups[from] = { users: union(a.users, b.users), size: a.size + b.size, modules: [...a.modules, ...b.modules] };
    groups[to] = undefined;
    for (let i = 0; i < groups.length; i++) {
      if (!groups[i]) continue;
      if (i === from || bests[i].to === to || bests[i].to === from) bests[i] = best(i);
      else if (i < from && gain(groups[i], groups[from]) > bests[i].gain) bests[i] = { to: from, gain: gain(groups[i], groups[from]) };
    }
  }
}

const HELPERS = `
const packs = new Map();
function pack(name) {
    if (!packs.has(name)) {
        const whole = fetch(new URL(name, import.meta.url)).then((answer) => {
            if (!answer.ok) throw new Error(name + ": " + answer.status);
            return answer.arrayBuffer();
        });
        // Another attempt asks again.
        whole.catch(() => packs.delete(name));
        packs.set(name, whole);
    }
    return packs.get(name);
}
const piece = async (name, at, size) => new Uint8Array(await pack(name), at, size);
`;

/** Writes the files by \`emit\` and gives the loader that knows them. */
export function packed(from, emit, strip) {
  let loader = fs.readFileSync(path.join(from, "__wasm_split.js"), "utf8");
  const all = modules(loader, from, strip);
  const unknown = loader.match(/new URL\("/g).length - all.length;
  if (unknown !== 0) throw new Error(`the loader has ${unknown} modules of another form`);
  const files = [];
  const put = (file, expression, streaming) => {
    const fetched = `fetch(new URL("./${file}", import.meta.url));`;
    const start = loader.indexOf(fetched);
    const given = "WebAssembly.instantiateStreaming(src, imports)";
    const end = loader.indexOf(given, start);
    const between = loader.slice(start + fetched.length, end);
    const run = streaming ? given : "WebAssembly.instantiate(await src, imports)";
    loader = loader.slice(0, start) + expression + ";" + between + run + loader.slice(end + given.length);
  };
  const alone = all.filter((module) => module.bytes.length > LARGEST / 2);
  for (const group of grouped(all.filter((module) => !alone.includes(module)))) {
    if (group.modules.length === 1) {
      alone.push(group.modules[0]);
      continue;
    }
    const url = emit("parts.bin", Buffer.concat(group.modules.map((module) => module.bytes)));
    let at = 0;
    for (const { file, bytes } of group.modules) {
      put(file, `piece("./${path.basename(url)}", ${at}, ${bytes.length})`, false);
      at += bytes.length;
    }
    files.push(url);
  }
  for (const { file, bytes } of alone) {
    const url = emit(file, bytes);
    put(file, `fetch(new URL("./${path.basename(url)}", import.meta.url))`, true);
    files.push(url);
  }
  return { loader: loader.replace(/\n(?=function makeLoad)/, HELPERS), files };
}
