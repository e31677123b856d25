/** @type {import("@hey-api/openapi-ts").UserConfig} */
export default {
  input: "openapi.json",
  output: { path: "client", importFileExtension: ".js" },
};
