import type uPlot from "uplot";

const none = null;

/** Days before months, hours to 24; a second line where the larger unit changes. As uPlot wants them. */
export const TIME_AXIS: uPlot.Axis.Values = [
  [86_400 * 365, "{YYYY}", none, none, none, none, none, none, 1],
  [86_400 * 28, "{MMM}", "\n{YYYY}", none, none, none, none, none, 1],
  [86_400, "{D} {MMM}", "\n{YYYY}", none, none, none, none, none, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", none, "\n{D} {MMM}", none, none, none, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", none, "\n{D} {MMM}", none, none, none, 1],
  [0.001, ":{ss}.{fff}", "\n{D} {MMM} {YYYY} {HH}:{mm}", none, "\n{D} {MMM} {HH}:{mm}", none, "\n{HH}:{mm}", none, 1],
];
