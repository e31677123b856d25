// What an integrator's first program does, in types that the OpenAPI document alone has told.
import assert from "node:assert/strict";
import { client } from "./client/client.gen.js";
import { createAccount, deleteAccount, getAccount, getMe, listAccounts, login, updateAccount } from "./client/index.js";
import type { Account, Problem } from "./client/index.js";

const [baseUrl = "", username = "", password = ""] = process.argv.slice(2);
client.setConfig({ baseUrl, headers: { "accept-language": "en" } });

const anonymous = await getMe();
assert.equal(anonymous.response?.status, 401);

const signedIn = await login({ body: { username, password } });
assert.ok(signedIn.data, JSON.stringify(signedIn.error));
// Otherwise a further step is asked for, such as a second factor.
assert.ok("access_token" in signedIn.data, JSON.stringify(signedIn.data));
client.setConfig({ auth: signedIn.data.access_token });
const me = await getMe();
assert.equal(me.data?.username, username);

const created = await createAccount({ body: { name: "苏州平江丝绸有限公司", city: "苏州", employees: 120, annual_revenue: "1250000.25" } });
const account: Account | undefined = created.data;
assert.ok(account, JSON.stringify(created.error));
assert.equal(created.response?.status, 201);
assert.equal(account.name, "苏州平江丝绸有限公司");
assert.equal(account.annual_revenue, "1250000.25");
const version = account.version ?? 0;
const ifMatch = { "If-Match": `"${version}"` };

const listed = await listAccounts({ query: { city: "苏州", sort: "-created_at", limit: 10 } });
assert.deepEqual(listed.data?.data.map((a) => a.id), [account.id]);

const changed = await updateAccount({
  path: { id: account.id },
  headers: ifMatch,
  body: { city: "杭州" },
});
assert.equal(changed.data?.city, "杭州");
assert.equal(changed.data?.version, version + 1);

const stale = await updateAccount({
  path: { id: account.id },
  headers: ifMatch,
  body: { city: "上海" },
});
assert.equal(stale.response?.status, 412);
const conflict = stale.error as Problem;
assert.equal(conflict.code, "stale");
assert.equal(conflict.current_version, version + 1);

const refused = await createAccount({ body: { name: "绍兴", email: "nobody", website: "nowhere" } });
assert.equal(refused.response?.status, 422);
const problem = refused.error as Problem;
assert.equal(problem.code, "invalid");
assert.deepEqual(problem.errors.map((e) => e.field).sort(), ["email", "website"]);

const deleted = await deleteAccount({ path: { id: account.id } });
assert.equal(deleted.response?.status, 204);
const gone = await getAccount({ path: { id: account.id } });
assert.equal(gone.response?.status, 404);

console.log("ok");
