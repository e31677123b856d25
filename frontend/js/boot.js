// Runs before the first paint: theme, language and density as last chosen, else as the system has them.
(() => {
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const root = document.documentElement;
  const theme = read("kz.theme");
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  root.dataset.density = read("kz.density") ?? "normal";
  root.lang = read("kz.locale") === "en" ? "en" : "zh-CN";
})();
