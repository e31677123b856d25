// Refreshes crates/meta/data/regions.txt from the npm packages @vant/area-data and pinyin-pro (both MIT), which are
// not needed to build: install them anywhere, then `node frontend/regions.mjs DIR > crates/meta/data/regions.txt`.
//
// One line a region: code, name, initials. Kept is what GB/T 2260 knows: development zones, towns and "市辖区" are no
// divisions, and counties that a province governs directly stand for themselves.
import { createRequire } from "node:module";
import * as path from "node:path";

const require = createRequire(path.resolve(process.argv[2] ?? ".", "x.js"));
const { areaList } = require("@vant/area-data");
const { pinyin } = require("pinyin-pro");

/** Merged into a neighbour or never founded, though the source has them still. */
const GONE = new Set(["320112", "320611", "321150", "370634", "500200"]);

/** Readings of place names that the dictionary does not have. */
const READ = { 乐清市: "yqs", 乐亭县: "ltx", 洪洞县: "htx", 浚县: "xx", 繁峙县: "fsx", 尉犁县: "ylx" };

function kept(code, name) {
  const [province, city, district] = [code.slice(0, 2), code.slice(2, 4), code.slice(4)];
  if (["71", "81", "82"].includes(province)) return city === "00";
  if (district === "00") return city !== "90";
  if (["4419", "4420", "4604"].includes(province + city)) return false;
  return Number(district) < 71 || (Number(district) > 80 && Number(district) < 90);
}

const all = { ...areaList.province_list, ...areaList.city_list, ...areaList.county_list };
for (const code of Object.keys(all).sort()) {
  const name = all[code];
  if (GONE.has(code) || name === "市辖区" || !kept(code, name)) continue;
  const initials = READ[name] ?? pinyin(name, { pattern: "first", toneType: "none", type: "array", surname: "off" }).join("");
  console.log(`${code} ${name} ${initials}`);
}
