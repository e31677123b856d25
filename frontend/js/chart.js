// Charts: the few kinds that lists draw, as SVG, in the colours of the page.
import { BarChart, FunnelChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";

echarts.use([BarChart, LineChart, PieChart, FunnelChart, GridComponent, LegendComponent, TooltipComponent, AriaComponent, LabelLayout, SVGRenderer]);

// Told apart by people who see colours otherwise, and dark enough or light enough for the page behind.
const LIGHT = ["#3f63d8", "#0f8a78", "#c2571a", "#8a4bc2", "#a3790a", "#c03a64", "#2a7fb8", "#5f7d20", "#7a5a4a", "#5b6472"];
const DARK = ["#8ea6ff", "#4fc7b3", "#f0935a", "#c79bf2", "#e0bd55", "#f0829f", "#74bff0", "#a9c765", "#c9a692", "#aab4c2"];

const dark = () => document.documentElement.dataset.theme === "dark";
const merged = (a, b) => {
  const out = { ...a };
  for (const [key, value] of Object.entries(b ?? {})) {
    out[key] = value && typeof value === "object" && !Array.isArray(value) ? merged(out[key] ?? {}, value) : value;
  }
  return out;
};

/** The page's look; what Rust says comes on top. */
function themed(option) {
  const ink = dark() ? "#d9dde5" : "#30353f";
  const faint = dark() ? "#3a3f49" : "#e2e5ea";
  const text = { color: ink, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
  const axis = {
    axisLabel: { ...text, hideOverlap: true },
    axisLine: { lineStyle: { color: faint } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: faint } },
    nameTextStyle: text,
  };
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const base = {
    color: dark() ? DARK : LIGHT,
    backgroundColor: "transparent",
    animation: !still,
    animationDuration: 250,
    textStyle: text,
    // Drawn, not HTML: that would carry inline styles, which the page's policy forbids.
    tooltip: { backgroundColor: dark() ? "#22262e" : "#fff", borderColor: faint, textStyle: text, confine: true, renderMode: "richText" },
    aria: { enabled: true },
  };
  if (option.legend) base.legend = { type: "scroll", bottom: 0, textStyle: text, pageTextStyle: text };
  if (option.xAxis) Object.assign(base, { xAxis: axis, yAxis: axis });
  return merged(base, option);
}

export function mount(element, pressed) {
  const chart = echarts.init(element, null, { renderer: "svg" });
  let last;
  const draw = (option) => {
    last = option;
    const { money, ...rest } = option;
    const full = themed(rest);
    const format = (value) => (typeof value === "number" ? new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 }).format(value) : value);
    const short = (value) => (typeof value === "number" ? new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumFractionDigits: 1 }).format(value) : value);
    full.tooltip.valueFormatter = (value) => (money ? `${money} ${format(value)}` : format(value));
    for (const key of ["xAxis", "yAxis"]) if (full[key]?.type === "value") full[key].axisLabel = { ...full[key].axisLabel, formatter: short };
    // On a phone names stand aslant before any of them is left out.
    const names = full.xAxis?.type === "category" ? (full.xAxis.data?.length ?? 0) : 0;
    if (names > 3 && names <= 14 && element.clientWidth < 520) {
      full.xAxis.axisLabel = { ...full.xAxis.axisLabel, hideOverlap: false, interval: 0, rotate: 40, width: 80, overflow: "truncate" };
    }
    chart.setOption(full, { notMerge: true });
  };
  chart.on("click", (e) => pressed(e.dataIndex ?? -1, e.seriesIndex ?? 0));
  const size = new ResizeObserver(() => chart.resize());
  size.observe(element);
  const theme = new MutationObserver(() => last && draw(last));
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return {
    draw,
    destroy() {
      size.disconnect();
      theme.disconnect();
      chart.dispose();
    },
  };
}
