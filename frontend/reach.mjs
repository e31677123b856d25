// Which sources the first load runs: what `main.rs` names, and what that names, but nothing through `lazy.rs`. What is
// only named counts as run: too much costs some bytes, too little would leave a text out.

/** Every path that a `use` brings, with the name that it has here. */
function imported(tree, prefix = []) {
  const at = tree.indexOf("{");
  if (at < 0) {
    const [path, name] = tree.split(" as ");
    const segments = [...prefix, ...path.trim().split("::")].filter((s, i) => s !== "self" || i === 0);
    return [[(name ?? segments.at(-1)).trim(), segments]];
  }
  const outer = [...prefix, ...tree.slice(0, at).trim().split("::").filter(Boolean)];
  const members = [""];
  let depth = 0;
  for (const c of tree.slice(at + 1, tree.lastIndexOf("}"))) {
    if (c === "," && depth === 0) members.push("");
    else members[members.length - 1] += c;
    depth += (c === "{") - (c === "}");
  }
  return members.filter((m) => m.trim()).flatMap((member) => imported(member.trim(), outer));
}

/** The sources, as pairs of file and text, that the first load runs. */
export function reached(sources) {
  const modules = new Map(sources.map((source) => [source[0].replace(/(^main|\/mod)?\.rs$/, "").replaceAll("/", "::"), source]));
  const seen = new Set();
  const visit = (module) => {
    if (seen.has(module)) return;
    seen.add(module);
    if (module === "lazy") return;
    const text = modules.get(module)[1].replace(/^\s*\/\/.*$/gm, "");
    const here = module.split("::").filter(Boolean);
    const names = new Map([["crate", []], ["self", here]]);
    const follow = (path) => {
      let [base, at] = names.has(path[0]) ? [names.get(path[0]), 1] : [here, 0];
      for (; path[at] === "super"; at++) base = base.slice(0, -1);
      const whole = [...base, ...path.slice(at)];
      const depth = whole.findLastIndex((_, i) => modules.has(whole.slice(0, i + 1).join("::")));
      if (depth >= 0) visit(whole.slice(0, depth + 1).join("::"));
      return whole;
    };
    for (const [, tree] of text.matchAll(/\buse\s+([^;]+);/g)) {
      for (const [name, path] of imported(tree.replace(/\s+/g, " "))) names.set(name, follow(path));
    }
    for (const [path] of text.matchAll(/\b\w+(?:::\w+)+/g)) follow(path.split("::"));
  };
  visit("");
  return [...seen].map((module) => modules.get(module));
}
