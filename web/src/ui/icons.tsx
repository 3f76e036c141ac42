/** Line icons on a 16-pixel grid. Decorative: what they mean stands beside them or in a label. */

const SHAPES = {
  home: "M2.500 7 8 2.500 13.500 7v6.500h-4V9.500h-3v4h-4z",
  flask: "M6 2h4M7 2v4.500L3 13a1 1 0 0 0 .900 1.500h8.200A1 1 0 0 0 13 13L9 6.500V2M5 10.500h6",
  cube: "M8 1.800 13.500 5v6L8 14.200 2.500 11V5zM2.700 5.100 8 8l5.300-2.900M8 8v6",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zm3.600-1.400L14 14",
  plus: "M8 3v10M3 8h10",
  close: "m4 4 8 8m0-8-8 8",
  check: "m3 8.500 3.300 3.300L13 5",
  right: "m6 3.500 4.500 4.500L6 12.500",
  down: "m3.500 6 4.500 4.500L12.500 6",
  up: "m3.500 10 4.500-4.500L12.500 10",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1.100 1.100M11.900 11.900 13 13M13 3l-1.100 1.100M4.100 11.900 3 13",
  moon: "M13.500 9.500A5.800 5.800 0 0 1 6.500 2.500a5.800 5.800 0 1 0 7 7z",
  auto: "M8 2a6 6 0 1 0 0 12zm0 0a6 6 0 0 1 0 12",
  trash: "M2.500 4h11M6 4V2.500h4V4M4 4l.600 9.500h6.800L12 4M6.500 6.500v5M9.500 6.500v5",
  restore: "M3 3v3.500h3.500M3.300 6.300A5.300 5.300 0 1 1 3 9.500",
  tag: "M2 2.500v5L8.500 14 14 8.500 7.500 2H2.500M5.200 5.200h.010",
  edit: "M10.500 3 13 5.500 5.500 13H3v-2.500z",
  copy: "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
  columns: "M2.500 2.500h11v11h-11zM6.200 2.500v11M9.800 2.500v11",
  pin: "M6 2h4l-.500 4.500L12 9H4l2.500-2.500zM8 9v5",
  table: "M2 3h12v10H2zM2 6.500h12M6 6.500V13",
  chart: "M2 2.500V13.500H14M4.500 10.500l3-3.500 2.500 2 3.500-4.500",
  compare: "M6 2.500H2.500v11H6M10 2.500h3.500v11H10M8 1.500v13",
  file: "M4 1.800h5l3.500 3.500v9H4zM9 1.800v3.500h3.500",
  folder: "M2 3.500h4l1.500 1.800H14V13H2z",
  download: "M8 2v8m-3.300-3.300L8 10l3.300-3.300M2.500 13.500h11",
  eye: "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  user: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.500 14c.500-3 2.700-4.500 5.500-4.500s5 1.500 5.500 4.500",
  menu: "M2 4h12M2 8h12M2 12h12",
  more: "M3.500 8h.010M8 8h.010M12.500 8h.010",
  diff: "M4 3.500h8M8 1v5M4 12.500h8",
  expand: "M9.500 2.500h4v4M13.500 2.500 9 7M6.500 13.500h-4v-4M2.500 13.500 7 9",
  link: "M6.500 9.500l3-3M7 4.500l1.500-1.500a2.800 2.800 0 0 1 4 4L11 8.500M9 11.500 7.500 13a2.800 2.800 0 0 1-4-4L5 7.500",
  warn: "M8 2 14.500 13.500h-13zM8 6.500v3.500M8 12h.010",
  settings: "M2 4.500h7M12 4.500h2M2 11.500h2M7 11.500h7M10.500 6a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3zM5.500 13a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3z",
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg className="logo" width="26" height="26" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path className="wave" d="M5 13c3.700-3.400 7.300-3.400 11 0s7.300 3.400 11 0" />
      <path className="wave faint" d="M5 21c3.700-3.400 7.300-3.400 11 0s7.300 3.400 11 0" />
    </svg>
  );
}
