import { expect, test } from "vitest";
import { contour, surface } from "./contour";

test("a surface goes through its spots and nowhere beyond them", () => {
  const { heights, wide } = surface([{ x: 0, y: 0, z: 1 }, { x: 1, y: 1, z: 3 }], 11, 11);
  expect(heights[0]).toBeCloseTo(1, 3);
  expect(heights[wide * 11 - 1]).toBeCloseTo(3, 3);
  expect(heights[5 * wide + 5]).toBeCloseTo(2, 3);
  expect(Math.min(...heights)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...heights)).toBeLessThanOrEqual(3);
});

test("a line of equal height lies where the surface has that height", () => {
  const tilted = { wide: 3, tall: 3, heights: Float64Array.from([0, 1, 2, 0, 1, 2, 0, 1, 2]) };
  const pieces = contour(tilted, 0.5);
  expect(pieces).toHaveLength(2);
  for (const [x1, , x2] of pieces) expect([x1, x2]).toEqual([0.25, 0.25]);
  expect(contour(tilted, 5)).toEqual([]);
});
