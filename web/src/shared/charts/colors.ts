/** A colour per run, the same in every table and chart of this tab: the first twenty runs seen differ clearly. */

const COLORS = [
  "#2e86de", "#e1743a", "#1fa187", "#c94f8c", "#8a68d8", "#b8901f", "#3aa0c9", "#d64545", "#5f9e3f", "#7d7aa8",
  "#0f9d9d", "#c26d2b", "#5b6ee1", "#b44fb8", "#4f8f5f", "#d98aa8", "#8b7a2f", "#3f7f9f", "#a85a4a", "#6fb1a0",
]; // prettier-ignore

const given = new Map<string, string>();

export function colorOf(id: string): string {
  let color = given.get(id);
  if (!color) {
    color = COLORS[given.size % COLORS.length] as string;
    given.set(id, color);
  }
  return color;
}
